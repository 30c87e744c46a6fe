/** A byte string shown as text: UTF-8 where it is valid. Not safe for a terminal, only readable. */
export function shownText(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(text, (character) => character.charCodeAt(0)));
}
