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
    const parts = pieces(word, room);
    line = parts.pop() ?? '';
    lines.push(...parts);
  }
  lines.push(line);
  // Of all blanks only a space is nothing.
  return lines.map((each, index) => `${index === 0 ? first : indent}${each}`.replace(/ +$/, ''));
}

/** A word, broken where a line is full; read once, however long it is. */
function pieces(word: string, room: number): string[] {
  const parts: string[] = [];
  let from = 0;
  let at = 0;
  let used = 0;
  for (const character of word) {
    const wide = columnsOf(character);
    if (used + wide > room) {
      parts.push(word.slice(from, at));
      from = at;
      used = 0;
    }
    used += wide;
    at += character.length;
  }
  return [...parts, word.slice(from)];
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
