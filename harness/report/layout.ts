/**
 * How many terminal columns a text takes at most. Outside the scripts below U+1100 and our own marks a
 * character is counted as two, since some there are wide: a line may end early but never runs over.
 */
export function columns(text: string): number {
  return Array.from(text).reduce((sum, character) => sum + columnsOf(character), 0);
}

function columnsOf(character: string): number {
  return character < '\u1100' || '–…✓✗○'.includes(character) ? 1 : 2;
}

/** The text, or as much of its beginning as fits with an ellipsis. */
export function cut(text: string, width: number): string {
  return columns(text) <= width ? text : `${head(text, width - 1)}…`;
}

export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columns(text)));
}

/**
 * Breaks a text at its spaces, and a word that is too long anywhere, into lines of at most `width` columns.
 * The first line begins with `first`, the others with as many spaces.
 */
export function wrap(text: string, width: number, first = ''): string[] {
  const indent = ' '.repeat(columns(first));
  const room = Math.max(2, width - indent.length);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (columns(longer) <= room) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (columns(line) > room) {
      const part = head(line, room);
      lines.push(part);
      line = line.slice(part.length);
    }
  }
  lines.push(line);
  // Of all blanks only a space is nothing.
  return lines.map((each, index) => `${index === 0 ? first : indent}${each}`.replace(/ +$/, ''));
}

function head(text: string, width: number): string {
  let taken = '';
  let used = 0;
  for (const character of text) {
    used += columnsOf(character);
    if (used > width) break;
    taken += character;
  }
  return taken;
}
