import type { Body } from './body.ts';
import { CPU, LOCATED, PANIC, PANIC_END, REBOOTING, TRACE } from './lines.ts';
import { type Architecture, releaseOf } from './machine.ts';

/** die() says so of itself: a panic after it names no CPU. */
const AFTER_DIE = /^Fatal exception/;

/**
 * From the panic's first line: who died, a trace unless something died before, where the kernel lies, the end.
 *
 * @param tainted something died before in this boot, and was survived: no later panic names its CPU, kernel/panic.c
 */
export function panicDamage(
  { text, panic }: Body,
  arch: Architecture,
  { silent, tainted }: { silent: boolean; tainted: boolean },
): string[] {
  const after = text.slice(panic);
  const message = PANIC.exec(after[0] ?? '')?.[1] ?? '';
  const damage: string[] = [];
  const reboots = after.findIndex((line) => REBOOTING.test(line));
  const halts = after.findIndex((line) => PANIC_END.test(line));
  const capture = text.some((line) => CPU.test(line) && line.includes('Kdump: loaded'));
  if (reboots === -1 && halts === -1 && !capture && !silent)
    damage.push('The panic has no end: neither its end marker nor “Rebooting in …”.');
  const repeated = halts === -1 ? undefined : PANIC_END.exec(after[halts] ?? '')?.[1];
  if (repeated !== undefined && repeated !== message)
    damage.push('The panic’s end marker repeats another message.');
  const died =
    tainted || AFTER_DIE.test(message) || text.slice(0, panic).some((line) => /\[#\d+\]/.test(line));
  const dumps = after.findIndex((line) => CPU.test(line));
  const traces = after.findIndex((line) => TRACE.test(line));
  if (!died || dumps !== -1 || traces !== -1) {
    if (!died && dumps === -1) damage.push('The panic does not say on which CPU (no “CPU: …” line).');
    if (traces === -1 && dumps !== -1) damage.push('The panic has no call trace.');
    if (traces !== -1 && dumps === -1) damage.push('The panic’s call trace has no “CPU: …” line before it.');
  }
  const located = after.some((line) => LOCATED.test(line));
  if (arch === 'x86-64' && !located && !capture) damage.push('“Kernel Offset: …” is missing.');
  if (arch === 'arm64' && !capture) damage.push(...arm64EndDamage(after, releaseOf(text)));
  return damage;
}

/** Linux arch/arm64/kernel/setup.c and cpufeature.c: all of these or, on old kernels, none. */
function arm64EndDamage(after: readonly string[], release: number | null): string[] {
  const begin = ['Kernel Offset: ', 'CPU features: ', 'Memory Limit: '];
  const says = begin.some((words) => after.some((line) => line.startsWith(words)));
  const missing = begin.filter((words) => !after.some((line) => line.startsWith(words)));
  const offset = after.some((line) => line.startsWith('Kernel Offset: 0x'));
  if (offset && !after.some((line) => line.startsWith('PHYS_OFFSET: '))) missing.push('PHYS_OFFSET: ');
  return says || (release ?? 0) >= SAYS_ALWAYS ? missing.map((words) => `“${words}…” is missing.`) : [];
}

/** `Kernel Offset: disabled` where it lies at none. */
const SAYS_ALWAYS = 500;
