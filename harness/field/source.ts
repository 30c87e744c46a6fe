import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { execa } from 'execa';
import { CrashlabError } from '../host/error.ts';
import { hostError } from '../host/failure.ts';

const PACKED = [
  { name: 'gzip', magic: [0x1f, 0x8b] },
  { name: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { name: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd] },
] as const;
const LONGEST_MAGIC = 6;
const PIECE_BYTES = 1 << 20;

/**
 * The bytes of a file, `-` for standard input, piece by piece, unpacked where they are gzip, xz or zstd: told by their
 * first bytes, not by the name. `onProblem` hears a sentence where it is cut short, and what could be unpacked came.
 * Errors: LOG_UNREADABLE, LOG_DAMAGED where nothing can be unpacked, UNPACKER_MISSING.
 */
export async function* readSource(
  file: string,
  onProblem: (sentence: string) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = readPieces(file);
  const head: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < LONGEST_MAGIC) {
    const { value, done } = await pieces.next();
    if (done === true) break;
    head.push(value);
    bytes += value.length;
  }
  const first = Buffer.concat(head);
  const all = async function* () {
    yield first;
    yield* pieces;
  };
  const packed = packingOf(first);
  if (packed === undefined) {
    yield* all();
    return;
  }
  let isEmpty = true;
  try {
    const { name } = packed;
    for await (const piece of name === 'gzip' ? gunzipped(all(), file) : unpacked(name, all(), file)) {
      isEmpty = false;
      yield piece;
    }
  } catch (error) {
    if (isEmpty || !(error instanceof CrashlabError) || error.code !== 'LOG_DAMAGED') throw error;
    onProblem(`It is packed with ${packed.name}, and cut short or changed: this is what could be unpacked.`);
  }
}

/** Whether a file can be read here and there, and has in it what `readSource` gives. */
export async function isPlain(file: string): Promise<boolean> {
  if (file === '-') return false;
  await using handle = await open(file, 'r');
  if (!(await handle.stat()).isFile()) return false;
  const { buffer } = await handle.read(Buffer.alloc(LONGEST_MAGIC), 0, LONGEST_MAGIC, 0);
  return packingOf(buffer) === undefined;
}

const packingOf = (first: Uint8Array) =>
  PACKED.find(({ magic }) => magic.every((byte, at) => first[at] === byte));

async function* readPieces(file: string): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: PIECE_BYTES });
  try {
    for await (const piece of stream) yield typeof piece === 'string' ? Buffer.from(piece) : piece;
  } catch (error) {
    throw unreadable(error, file);
  }
}

function unreadable(error: unknown, file: string): CrashlabError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const why = { ENOENT: 'there is no such file', EISDIR: 'it is a folder', EACCES: 'no permission' }[code];
  if (why === undefined) return hostError(error, `reading ${file}`);
  return new CrashlabError('usage', 'LOG_UNREADABLE', `${file} can’t be read: ${why}.`, {
    advice: 'Give a log, or - for standard input.',
    cause: error,
  });
}

type Pieces = AsyncGenerator<Uint8Array, void, undefined>;

/** So little, packed, is unpacked at once: a thousand times as much at most. */
const SLICE_BYTES = 1 << 14;

/** All that comes before an error is given: a stream that is destroyed throws away what nobody has read of it yet. */
async function* gunzipped(pieces: Pieces, file: string): Pieces {
  const unzip = createGunzip({ chunkSize: PIECE_BYTES });
  const ready: Uint8Array[] = [];
  const failures: Error[] = [];
  const over = new Promise<void>((resolve) => {
    unzip.on('data', (bytes: Uint8Array) => ready.push(bytes));
    unzip.on('end', resolve);
    unzip.on('error', (error) => {
      failures.push(error);
      resolve();
    });
  });
  try {
    for await (const piece of pieces) {
      for (let at = 0; at < piece.length && failures.length === 0; at += SLICE_BYTES) {
        const slice = piece.subarray(at, at + SLICE_BYTES);
        await Promise.race([over, new Promise<void>((taken) => void unzip.write(slice, () => taken()))]);
        yield* ready.splice(0);
      }
      // What stands behind its end is padding.
      if (unzip.readableEnded || failures.length > 0) break;
    }
    unzip.end();
    await over;
    yield* ready.splice(0);
  } finally {
    unzip.destroy();
  }
  if (failures.length > 0) throw damaged(file, 'gzip', failures[0]);
}

async function* unpacked(program: string, pieces: Pieces, file: string): Pieces {
  const unpacking = execa(program, ['-dc'], {
    input: Readable.from(pieces),
    encoding: 'buffer',
    buffer: false,
    reject: false,
  });
  for await (const piece of unpacking.stdout) yield piece;
  const { failed, code, cause } = await unpacking;
  if (code === 'ENOENT') {
    throw new CrashlabError(
      'host',
      'UNPACKER_MISSING',
      `${file} is packed with ${program}, which is not installed.`,
      { advice: `Install it, or unpack the log yourself: ${program} -dc FILE | crashlab judge -` },
    );
  }
  if (failed) throw cause instanceof CrashlabError ? cause : damaged(file, program, cause);
}

function damaged(file: string, format: string, cause: unknown): CrashlabError {
  return new CrashlabError('usage', 'LOG_DAMAGED', `${file} begins like ${format} and can’t be unpacked.`, {
    advice: 'It was cut short or changed on its way: fetch it again.',
    cause,
  });
}
