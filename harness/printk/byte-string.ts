/**
 * Bytes as a *byte string*: one character (0–255) a byte, nothing decoded, so that two are equal only when
 * their bytes are. `TextDecoder('latin1')` would not do: by its standard it means windows-1252.
 */
export function toByteString(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** Both sides of the first `mark`; the second is empty without one. */
export function cutAt(text: string, mark: string): [before: string, after: string] {
  const at = text.indexOf(mark);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + mark.length)];
}

// `ignoreBOM` keeps a byte order mark: what the kernel wrote is shown, all of it.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A byte string shown as text: UTF-8 where it is valid. Not safe for a terminal, only readable. */
export function shownText(text: string): string {
  if (!/[^\x00-\x7f]/.test(text)) return text;
  return decoder.decode(Uint8Array.from(text, (character) => character.charCodeAt(0)));
}

/** The bytes of a view, without copying them. */
export function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
