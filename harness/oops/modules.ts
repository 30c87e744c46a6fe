import { MODULES } from './lines.ts';

/** kernel/module print_modules(): ` name(OE)`, each; `+` and `-` for one that comes or goes. */
const MODULE = String.raw`(?!0x)[\w-]+(?:\([A-Z]*[-+]?\))?`;
/** A record holds 1024 bytes at most: a long list goes on in the next one, at a blank. */
const CONTINUES = new RegExp(`^(?: ${MODULE})+(?: \\[last unloaded:.*)?\\s*$|^ \\[last unloaded:`);

/** `Modules linked in: a(O) b [last unloaded: c]`, over as many lines as it takes. */
export function modulesIn(own: readonly string[]): string[] {
  const at = own.findIndex((text) => MODULES.test(text));
  if (at === -1) return [];
  const end = own.findIndex((text, index) => index > at && !CONTINUES.test(text));
  const names = own
    .slice(at, end === -1 ? undefined : end)
    .join('')
    .replace(/^.*?linked in:/, '')
    .replace(/\[last unloaded:.*/, '')
    .trim();
  return names === '' ? [] : names.split(/\s+/).map((name) => name.replace(/\(.*\)$/, ''));
}
