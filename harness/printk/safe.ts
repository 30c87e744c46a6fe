/**
 * Text that a terminal, a log viewer or a parser shows but never obeys.
 *
 * A guest writes its own last words, so they may hold escape sequences, newlines or bidi overrides. Every
 * character that is not plainly visible (Unicode categories C, Zl and Zp: controls, format and bidi controls,
 * lone surrogates, noncharacters, private use, line separators) becomes `\xNN` or `\u{NNNN}`.
 */
export function safe(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    const hexadecimal = (character.codePointAt(0) ?? 0).toString(16);
    return hexadecimal.length <= 2 ? `\\x${hexadecimal.padStart(2, '0')}` : `\\u{${hexadecimal}}`;
  });
}
