import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { execa } from 'execa';
import { CrashlabError } from '../host/error.ts';
import { hostError } from '../host/failure.ts';

/** The most that is judged at once, bytes unpacked: a text of that size is held in memory. */
const MOST_BYTES = 256 * 1024 * 1024;

const unzip = promisify(gunzip);
const PACKED = [
  { name: 'gzip', magic: [0x1f, 0x8b] },
  { name: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { name: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd] },
] as const;

/**
 * The bytes of a file, `-` for standard input, unpacked where they are gzip, xz or zstd: told by their first bytes, not
 * by the name. Errors: LOG_UNREADABLE, LOG_TOO_LARGE, LOG_DAMAGED, UNPACKER_MISSING.
 */
export async function readSource(file: string, most = MOST_BYTES): Promise<Uint8Array> {
  const bytes = file === '-' ? await readStandardInput() : await readWhole(file, most);
  const packed = PACKED.find(({ magic }) => magic.every((byte, at) => bytes[at] === byte));
  if (packed === undefined) return checkedSize(bytes, file, most);
  return packed.name === 'gzip'
    ? await gunzipped(bytes, file, most)
    : await unpacked(packed.name, bytes, file, most);
}

async function readStandardInput(): Promise<Uint8Array> {
  return await buffer(process.stdin);
}

async function readWhole(file: string, most: number): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    const why = { ENOENT: 'there is no such file', EISDIR: 'it is a folder', EACCES: 'no permission' }[
      String(code)
    ];
    if (code === 'ERR_FS_FILE_TOO_LARGE') throw tooLarge(file, most);
    if (why === undefined) throw hostError(error, `reading ${file}`);
    throw new CrashlabError('usage', 'LOG_UNREADABLE', `${file} can’t be read: ${why}.`, {
      advice: 'Give a log, or - for standard input.',
      cause: error,
    });
  }
}

async function gunzipped(bytes: Uint8Array, file: string, most: number): Promise<Uint8Array> {
  try {
    return await unzip(bytes, { maxOutputLength: most });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    throw code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge(file, most) : damaged(file, 'gzip', error);
  }
}

async function unpacked(program: string, bytes: Uint8Array, file: string, most: number): Promise<Uint8Array> {
  const { stdout, failed, isMaxBuffer, code, cause } = await execa(program, ['-dc'], {
    input: bytes,
    encoding: 'buffer',
    maxBuffer: most,
    stripFinalNewline: false,
    reject: false,
  });
  if (isMaxBuffer) throw tooLarge(file, most);
  if (code === 'ENOENT') {
    throw new CrashlabError(
      'host',
      'UNPACKER_MISSING',
      `${file} is packed with ${program}, which is not installed.`,
      {
        advice: `Install it, or unpack the log yourself: ${program} -dc FILE | crashlab judge -`,
      },
    );
  }
  if (failed) throw damaged(file, program, cause);
  return stdout;
}

function checkedSize(bytes: Uint8Array, file: string, most: number): Uint8Array {
  if (bytes.length > most) throw tooLarge(file, most);
  return bytes;
}

function tooLarge(file: string, most: number): CrashlabError {
  const mebibytes = Math.floor(most / 1024 / 1024);
  return new CrashlabError('usage', 'LOG_TOO_LARGE', `${file} has more than ${mebibytes} MiB of text.`, {
    advice: 'Cut out the part around the crash: grep -n "end trace\\|Kernel panic" says where that is.',
  });
}

function damaged(file: string, format: string, cause: unknown): CrashlabError {
  return new CrashlabError('usage', 'LOG_DAMAGED', `${file} begins like ${format} and can’t be unpacked.`, {
    advice: 'It was cut short or changed on its way: fetch it again.',
    cause,
  });
}
