import { open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { CrashlabError } from '../host/error.ts';
import { hostError } from '../host/failure.ts';
import { openScratch } from '../host/scratch.ts';
import { type ElfSymbol, readElfSymbols } from '../symbols/elf-symbols.ts';
import { readAt } from './read-at.ts';

/** A place in a kernel's code: `name+0x12/0x34`. */
export interface Call {
  call: string;
  /** A call trace has where a call returns to: what called stands right before it. */
  returns: boolean;
}

/** Where a call stands in the source, innermost first where functions were put into each other; null: not found. */
export type Places = (call: Call) => string[] | null;

const CALL = /^(.+)\+(0x[0-9a-f]+)\/(0x[0-9a-f]+)$/;
/** Addresses that one program is asked for: an argument list has an end. */
const MOST_ADDRESSES = 1000;
/** A call's function may be some bytes longer in kallsyms, which counts to the next one. */
const PADDING = 64;

/**
 * Finds `name+0x12/0x34` in the source by a kernel's debug information: of a vmlinux, of a folder that one lies in, or of
 * a Debian debug package. What another kernel's function has another size of is left out, as are modules.
 * Errors: VMLINUX_UNUSABLE, SYMBOLIZER_MISSING.
 */
export async function findPlaces(vmlinux: string, calls: readonly Call[]): Promise<Places> {
  await using scratch = await openScratch();
  const file = await vmlinuxIn(vmlinux, scratch.folder);
  const symbols = await symbolsOf(file);
  const unique = [...new Set(calls.flatMap((call) => addressOf(call, symbols) ?? []))];
  const found = new Map<string, string[]>();
  for (let at = 0; at < unique.length; at += MOST_ADDRESSES)
    for (const [address, lines] of await ask(file, unique.slice(at, at + MOST_ADDRESSES)))
      found.set(address, lines);
  return (call) => {
    const lines = (found.get(addressOf(call, symbols) ?? '') ?? []).filter((line) => !line.startsWith('??'));
    return lines.length > 0 ? lines : null;
  };
}

/** Hexadecimal; null where it isn't known. */
function addressOf({ call, returns }: Call, symbols: ReadonlyMap<string, ElfSymbol[]>): string | null {
  const [, name = '', offset, size] = CALL.exec(call) ?? [];
  const length = Number(size);
  const fits = (symbol: ElfSymbol) => symbol.size <= length && length < symbol.size + PADDING;
  const [symbol, another] = (symbols.get(name) ?? []).filter(fits);
  // Of two that both fit nobody can say which it was.
  if (!symbol || another || offset === undefined) return null;
  const address = symbol.address + BigInt(offset) - (returns ? 1n : 0n);
  return `0x${address.toString(16)}`;
}

async function symbolsOf(file: string): Promise<Map<string, ElfSymbol[]>> {
  await using handle = await open(file, 'r').catch((error: unknown) => {
    throw hostError(error, `reading ${file}`);
  });
  const symbols = await readElfSymbols((offset, length) => readAt(handle, offset, length));
  if ('failure' in symbols) throw unusable(file, symbols.failure);
  return symbols;
}

/** What answers for each address with `file:line`, one or more, behind a line of the address itself. */
const PROGRAMS = [
  { name: 'addr2line', args: ['-a', '-i', '-e'] },
  {
    name: 'llvm-symbolizer',
    args: ['--output-style=GNU', '--addresses', '--functions=none', '--inlines', '--obj'],
  },
] as const;

async function ask(file: string, addresses: readonly string[]): Promise<Map<string, string[]>> {
  for (const { name, args } of PROGRAMS) {
    const { failed, code, stdout, stderr } = await execa(name, [...args, file, ...addresses], {
      reject: false,
    });
    if (code === 'ENOENT') continue;
    if (failed) throw unusable(file, `${name} says: ${stderr.trim().split('\n').at(-1) ?? ''}`);
    return answers(stdout);
  }
  throw new CrashlabError(
    'host',
    'SYMBOLIZER_MISSING',
    'Neither addr2line nor llvm-symbolizer is installed: one of them finds the lines of the source.',
    { advice: 'Install binutils or llvm, or leave --vmlinux out.' },
  );
}

function answers(output: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let places: string[] = [];
  for (const line of output.split('\n')) {
    if (/^0x[0-9a-f]+$/.test(line)) {
      places = [];
      found.set(`0x${BigInt(line).toString(16)}`, places);
    } else if (line !== '') {
      places.push(line.replace(/ \(discriminator \d+\)$/, ''));
    }
  }
  return found;
}

async function vmlinuxIn(given: string, scratch: string): Promise<string> {
  const what = await stat(given).catch(() => null);
  if (!what) throw unusable(given, 'there is no such file');
  if (what.isDirectory()) return searchIn(given);
  if (!given.endsWith('.deb')) return given;
  const { failed, stderr } = await execa('dpkg-deb', ['-x', given, scratch], { reject: false });
  if (failed) throw unusable(given, stderr.trim().split('\n').at(-1) ?? '');
  return searchIn(scratch);
}

/** Where distributions and a kernel's own build put it, in a folder or below it. */
const USUAL = ['.', 'boot', 'usr/lib/debug/boot', 'lib/debug/boot', 'usr/lib/debug/lib/modules'];

async function searchIn(folder: string): Promise<string> {
  const found: string[] = [];
  for (const place of USUAL) {
    const names = await readdir(path.join(folder, place)).catch(() => []);
    for (const name of names) {
      if (/^vmlinux(?:-|$)/.test(name)) found.push(path.join(folder, place, name));
      const inside = path.join(folder, place, name, 'vmlinux');
      if (place.endsWith('modules') && (await stat(inside).catch(() => null))) found.push(inside);
    }
  }
  const [file, another] = found;
  if (file === undefined) throw unusable(folder, 'no vmlinux lies in it');
  if (another !== undefined) throw unusable(folder, `more than one vmlinux lies in it: ${found.join(', ')}`);
  return file;
}

function unusable(file: string, why: string): CrashlabError {
  return new CrashlabError('usage', 'VMLINUX_UNUSABLE', `${file} is no use for finding the source: ${why}.`, {
    advice: 'Give the vmlinux of that kernel, with its debug information, or the debug package that has it.',
  });
}
