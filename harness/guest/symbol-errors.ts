import { CrashlabError } from '../host/error.ts';
import { nearest } from '../host/nearest.ts';
import { renderName, similarFunctions } from '../symbols/find.ts';
import type { KernelSymbol } from '../symbols/kallsyms.ts';

const SHOWN = 8;

/** Several functions have the name: their addresses, and what to write. */
export function ambiguous(release: string, name: string, symbols: readonly KernelSymbol[]): CrashlabError {
  const list = symbols.map(
    (symbol, at) => `${symbol.name}@${at + 1}${moduleOf(symbol)} at 0x${symbol.address.toString(16)}`,
  );
  const more = list.length > SHOWN ? `, and ${list.length - SHOWN} more` : '';
  const [plain = name] = name.split('@');
  return new CrashlabError(
    'guest',
    'SYMBOL_AMBIGUOUS',
    `${release} has ${symbols.length} functions called ${plain}: ${list.slice(0, SHOWN).join(', ')}${more}.`,
    {
      advice:
        'Choose one by its number, in order of address, as written here: it is another one after each build.',
    },
  );
}

/** No function has any of the names: what may have been meant. */
export function noSymbol(
  release: string,
  names: readonly string[],
  table: readonly KernelSymbol[],
): CrashlabError {
  const similar = [...new Set(names.flatMap((name) => meant(table, name)))].slice(0, SHOWN);
  return new CrashlabError('guest', 'NO_SYMBOL', `${release} has no function ${names.join(' nor ')}.`, {
    advice:
      similar.length > 0
        ? `It has ${similar.join(', ')}. A variant the compiler made (.isra, .constprop, .part) has other parameters or is only a piece: name it in full if it will do.`
        : 'It may be inlined or renamed there: look in that kernel’s /proc/kallsyms.',
  });
}

function meant(table: readonly KernelSymbol[], name: string): string[] {
  const similar = similarFunctions(table, name, SHOWN);
  if (similar.length > 0) return similar;
  // A slip of the finger. The table is large: only names of about this length.
  const known = table.filter(
    (symbol) => /^[tTwW]$/.test(symbol.type) && Math.abs(symbol.name.length - name.length) <= 2,
  );
  const near = nearest(name, [...new Set(known.map(({ name: one }) => one))]);
  const symbol = known.find((one) => one.name === near);
  return symbol ? [renderName(symbol)] : [];
}

function moduleOf({ module }: KernelSymbol): string {
  return module === undefined ? '' : ` [${module}]`;
}
