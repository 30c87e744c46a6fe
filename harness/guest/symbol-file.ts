import { readFile } from 'node:fs/promises';
import { replaceFile, sha256 } from '../host/store.ts';
import { type KernelSymbol, parseKallsyms } from '../symbols/kallsyms.ts';

/** Symbols that {@link keepSymbols} wrote; null where there are none, or not all of them as they were. */
export async function keptSymbols(file: string): Promise<KernelSymbol[] | null> {
  const bytes = await readFile(file).catch(() => null);
  if (bytes === null) return null;
  const end = bytes.indexOf('\n');
  const [digest, lines] = [bytes.toString('latin1', 0, end), bytes.subarray(end + 1)];
  return digest === sha256(lines) ? parseKallsyms(lines.toString('latin1')) : null;
}

/** Lines as of /proc/kallsyms behind their SHA-256. They can be read again: a disk that takes no more is no error. */
export async function keepSymbols(file: string, symbols: readonly KernelSymbol[]): Promise<void> {
  const text = symbols.map(
    ({ address, type, name }) => `${address.toString(16).padStart(16, '0')} ${type} ${name}\n`,
  );
  const lines = Buffer.from(text.join(''), 'latin1');
  await replaceFile(file, Buffer.concat([Buffer.from(`${sha256(lines)}\n`), lines])).catch(() => undefined);
}
