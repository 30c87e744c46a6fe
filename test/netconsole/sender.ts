/** Writes datagrams as a kernel does, for the tests of what reads them. All text is byte strings. */
export interface SentRecord {
  sequence: number;
  timestampUs: number;
  /** Unescaped. */
  text: string;
  prefix?: number;
  /** Before the record's header, with its comma; and after the flag, with theirs. */
  release?: string;
  fields?: string;
  /** Lines after the message, as sent. */
  dictionary?: string;
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function escaped(text: string): string {
  return Array.from(text, (character) => {
    const byte = character.charCodeAt(0);
    const plain = byte >= 0x20 && byte < 0x7f && character !== '\\';
    return plain ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
  }).join('');
}

export function headerOf(it: SentRecord): string {
  const { prefix = 6, sequence, timestampUs, release = '', fields = '' } = it;
  return `${release}${prefix},${sequence},${timestampUs},-${fields}`;
}

export function bodyOf(it: SentRecord): string {
  return `${escaped(it.text)}\n${it.dictionary ?? ''}`;
}

/** In one datagram. */
export function whole(it: SentRecord): Uint8Array {
  return bytesOf(`${headerOf(it)};${bodyOf(it)}`);
}

/** The bytes `start` … `end` (exclusive) of its body. */
export function fragment(it: SentRecord, start: number, end: number): Uint8Array {
  const body = bodyOf(it);
  return bytesOf(`${headerOf(it)},ncfrag=${start}/${body.length};${body.slice(start, end)}`);
}

/** In fragments of `size` bytes of body, or in one datagram where that is enough. */
export function sent(it: SentRecord, size: number): Uint8Array[] {
  const { length } = bodyOf(it);
  if (length <= size) return [whole(it)];
  return Array.from({ length: Math.ceil(length / size) }, (_, at) =>
    fragment(it, at * size, Math.min(length, (at + 1) * size)),
  );
}

/** A record with the clock that a kernel would have: 10 µs a record. */
export function record(sequence: number, text = `record ${sequence}`): SentRecord {
  return { sequence, timestampUs: 1_000_000 + sequence * 10, text };
}
