import { createWriteStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { inflateSync } from 'node:zlib';
import { execa } from 'execa';
import { CrashlabError } from '../host/error.ts';
import { hostError } from '../host/failure.ts';
import { pathWithSbin } from '../host/programs.ts';
import { openScratch } from '../host/scratch.ts';
import { linesOfMessage, type LogLine } from '../oops/log-line.ts';
import { shownText, toByteString } from '../printk/byte-string.ts';
import type { ReadAt } from '../printk/elf.ts';
import { openElfCore } from '../printk/elf-core.ts';
import { openKdumpCore } from '../printk/kdump-core.ts';
import type { MemoryFailure } from '../printk/memory.ts';
import { readRing } from '../printk/ring.ts';
import { rearrange } from './flattened.ts';
import { LogReader } from './log.ts';
import { readAt } from './read-at.ts';

/** Dumps of a kernel's memory: ELF, and makedumpfile's own, as a file and as it goes over a pipe. */
const DUMPS = { elf: '\u007FELF', kdump: 'KDUMP ', flattened: 'makedu' } as const;
const LONGEST_MAGIC = 6;
export type DumpFormat = keyof typeof DUMPS;

/** What a file with this beginning is a dump of memory in; null for a log. */
export function dumpFormatOf(first: Uint8Array): DumpFormat | null {
  const text = toByteString(first.subarray(0, LONGEST_MAGIC));
  const begins = (magic: string) => text.startsWith(magic);
  if (begins(DUMPS.elf)) return 'elf';
  if (begins(DUMPS.kdump)) return 'kdump';
  return begins(DUMPS.flattened) ? 'flattened' : null;
}

/**
 * The log of a kernel, out of a dump of its memory; makedumpfile is asked for what our own readers can't read.
 * Errors: VMCORE_UNREADABLE, VMCORE_READER_MISSING, those of the disk.
 *
 * @param file where it lies; null where it only comes as these pieces, packed or through a pipe
 */
export async function readVmcore(
  format: DumpFormat,
  { name, file, pieces }: { name: string; file: string | null; pieces: AsyncIterable<Uint8Array> },
): Promise<LogLine[]> {
  await using scratch = await openScratch();
  const copy = path.join(scratch.folder, 'vmcore');
  if (format === 'flattened') await spoolFlattened(pieces, copy, name);
  else if (file === null) await spool(pieces, copy);
  const dump = format === 'flattened' || file === null ? copy : file;
  const own = await readRingOf(format, dump);
  return Array.isArray(own)
    ? own
    : await dmesgOf(dump, { name, failure: own.failure, folder: scratch.folder });
}

async function spool(pieces: AsyncIterable<Uint8Array>, dump: string): Promise<void> {
  try {
    await pipeline(Readable.from(pieces), createWriteStream(dump));
  } catch (error) {
    throw hostError(error, 'unpacking a dump of memory');
  }
}

async function spoolFlattened(pieces: AsyncIterable<Uint8Array>, copy: string, name: string): Promise<void> {
  const whole = await rearrange(pieces, copy).catch((error: unknown) => {
    throw hostError(error, 'putting a dump of memory together');
  });
  if (!whole) throw unreadable(name, 'it was cut short');
}

/** By our own reader of the ring buffer, which Linux has since 5.10. */
async function readRingOf(format: DumpFormat, dump: string): Promise<LogLine[] | MemoryFailure> {
  await using handle = await open(dump, 'r');
  const read: ReadAt = (offset, length) => readAt(handle, offset, length);
  const kernel = await (format === 'elf' ? openElfCore(read) : openKdumpCore(read, inflate));
  if ('failure' in kernel) return kernel;
  let failure = '';
  for (const info of kernel.infos) {
    const ring = await readRing(kernel.memory, info);
    if (!('failure' in ring))
      return ring.records.flatMap(({ text, caller }) => linesOfMessage(shownText(text), caller));
    failure = ring.failure;
  }
  return { failure };
}

/** No page is longer. */
const inflate = (packed: Uint8Array) => inflateSync(packed, { maxOutputLength: 65_536 });

/** By makedumpfile, which knows older kernels too, and other ways to pack. */
async function dmesgOf(
  dump: string,
  { name, failure, folder }: { name: string; failure: string; folder: string },
): Promise<LogLine[]> {
  const log = path.join(folder, 'dmesg');
  const { failed, code, stderr, stdout } = await execa('makedumpfile', ['--dump-dmesg', dump, log], {
    env: { PATH: pathWithSbin() },
    reject: false,
    stdin: 'ignore',
  });
  if (code === 'ENOENT') {
    throw new CrashlabError(
      'host',
      'VMCORE_READER_MISSING',
      `No log can be read from ${name} here (${failure}), and makedumpfile is not installed.`,
      { advice: 'Install makedumpfile: it reads older kernels too, and other ways to pack.' },
    );
  }
  if (failed) throw unreadable(name, `${failure}; makedumpfile says: ${reasonIn(`${stderr}\n${stdout}`)}`);
  const reader = new LogReader();
  return [...reader.take(await readFile(log, 'latin1')), ...reader.finish()];
}

/** Its last words are only that it failed. */
function reasonIn(said: string): string {
  const lines = said.split('\n').map((line) => line.trim().replace(/\.$/, ''));
  return lines.findLast((line) => line !== '' && line !== 'makedumpfile Failed') ?? 'nothing';
}

function unreadable(name: string, failure: string): CrashlabError {
  return new CrashlabError('usage', 'VMCORE_UNREADABLE', `No log can be read from ${name}: ${failure}.`, {
    advice: 'A dump of a kernel’s memory is wanted here, whole.',
  });
}
