import type { KernelSymbol } from './kallsyms.ts';

/** A function's name as people write it: `symbol`, `symbol [module]`, and `symbol@2` for the second so called. */
const NAME = /^([^\s@]+)(?:@([1-9]\d*))?(?: \[([\w-]+)\])?$/;

/**
 * What compilers append. `.isra` and `.constprop` are the function with other parameters, `.part` a piece of it,
 * `.cold` its unlikely part, which has no entry of its own; `.llvm` tells static functions apart.
 */
const SUFFIX = /\.(?:isra|constprop|part|cold|llvm)\b.*$/;

/** Bytes before a function that are no function: Linux scripts/kallsyms and objtool, `CONFIG_CALL_PADDING`. */
const PADDING = '__pfx_';

export type Found =
  | { kind: 'found'; symbol: KernelSymbol }
  /** All so called, lowest address first: the order that `@N` counts in. */
  | { kind: 'ambiguous'; symbols: KernelSymbol[] }
  | { kind: 'none' };

/** The function of exactly this name, suffixes of the compiler's included. Pure. */
export function findFunction(table: readonly KernelSymbol[], name: string): Found {
  const [, wanted, index, module] = NAME.exec(name) ?? [];
  if (wanted === undefined) return { kind: 'none' };
  const symbols = table
    .filter((one) => one.name === wanted && moduleName(one.module) === moduleName(module) && isFunction(one))
    .sort((a, b) => (a.address < b.address ? -1 : 1));
  const [first] = symbols;
  if (index !== undefined) {
    const symbol = symbols[Number(index) - 1];
    if (symbol) return { kind: 'found', symbol };
    return symbols.length > 0 ? { kind: 'ambiguous', symbols } : { kind: 'none' };
  }
  if (!first) return { kind: 'none' };
  // Aliases: one function with two entries in the table.
  const places = new Set(symbols.map(({ address }) => address));
  return places.size === 1 ? { kind: 'found', symbol: first } : { kind: 'ambiguous', symbols };
}

/** A symbol as {@link findFunction} takes it. */
export function renderName({ name, module }: KernelSymbol): string {
  return module === undefined ? name : `${name} [${module}]`;
}

/**
 * What a name that is not there was probably meant to be, the likeliest first: the same name elsewhere or with a
 * compiler's suffix, with other underscores before it, or within another name.
 */
export function similarFunctions(table: readonly KernelSymbol[], name: string, most: number): string[] {
  const wanted = (NAME.exec(name)?.[1] ?? name).trim();
  const bare = bareName(wanted);
  if (bare === '') return [];
  const found: { text: string; rank: number }[] = [];
  for (const symbol of table) {
    if (!isFunction(symbol) || symbol.name.startsWith(PADDING) || symbol.name.includes('.cold')) continue;
    const rank = likeness(symbol.name, wanted, bare);
    if (rank !== null) found.push({ text: renderName(symbol), rank });
  }
  found.sort((a, b) => a.rank - b.rank || a.text.length - b.text.length || (a.text < b.text ? -1 : 1));
  return [...new Set(found.map(({ text }) => text))].slice(0, most);
}

/** Smaller is nearer; null is nothing alike. */
function likeness(name: string, wanted: string, bare: string): number | null {
  if (name === wanted) return 0;
  if (name.replace(SUFFIX, '') === wanted) return 1;
  if (bareName(name) === bare) return 2;
  // Three letters are within everything.
  if (bare.length < 4 || !name.includes(bare)) return null;
  return name.startsWith(wanted) ? 3 : 4;
}

function bareName(name: string): string {
  return name.replace(SUFFIX, '').replace(/^_+/, '');
}

function isFunction({ type }: KernelSymbol): boolean {
  return /^[tTwW]$/.test(type);
}

/** The kernel writes modules with `_`, their files may have `-`. */
function moduleName(module: string | undefined): string | undefined {
  return module?.replaceAll('-', '_');
}

/** Bytes from a function's address to the next symbol, or `most`. */
export function functionLength(table: readonly KernelSymbol[], address: bigint, most: number): number {
  let end = address + BigInt(most);
  for (const symbol of table) if (symbol.address > address && symbol.address < end) end = symbol.address;
  return Number(end - address);
}
