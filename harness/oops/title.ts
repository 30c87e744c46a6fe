import type { OopsKind } from './headline.ts';
import type { RawReport } from './report.ts';

/** What people call them, where the kernel's own first words are no name. */
const NAMES: Partial<Record<OopsKind, string>> = {
  'null-dereference': 'NULL pointer dereference',
  'page-fault': 'page fault',
  'general-protection': 'general protection fault',
  bug: 'kernel BUG',
  'invalid-opcode': 'invalid opcode',
  'divide-error': 'divide error',
  breakpoint: 'breakpoint',
  'double-fault': 'double fault',
  'stack-overflow': 'stack overflow',
  oops: 'oops',
  warning: 'WARNING',
  lockdep: 'lockdep report',
  slab: 'slab corruption',
  'atomic-sleep': 'sleep in atomic context',
  'memory-leak': 'memory leak',
  'soft-lockup': 'soft lockup',
  'hard-lockup': 'hard lockup',
  'rcu-stall': 'RCU stall',
  'hung-task': 'hung task',
  'workqueue-lockup': 'workqueue lockup',
  oom: 'out of memory',
};
/** `BUG: KASAN: use-after-free in …`. */
const SANITIZER = /^BUG: (K[A-Z]+: .+?)(?: in | at |$)|^(UBSAN: .+?)(?: in |$)/;

/** A crash in a few words, without addresses and numbers that differ from one time to the next. */
export function titleOf(
  { kind, headline }: Pick<RawReport, 'kind' | 'headline'>,
  fault: string | null,
): string {
  const where = fault === null ? '' : ` in ${fault}`;
  if (kind === 'panic') return wordsOnly(headline.replace(/^Kernel panic(?: - not syncing)?:? ?/, 'panic: '));
  const sanitizer = SANITIZER.exec(headline);
  const name = sanitizer?.[1] ?? sanitizer?.[2] ?? NAMES[kind];
  return name === undefined ? wordsOnly(headline) : `${name}${where}`;
}

/** A headline without what differs from one time to the next. */
export function wordsOnly(headline: string): string {
  return headline
    .trim()
    .replaceAll(/0x[0-9a-f]+|\b[0-9a-f]{8,}\b|\d+/gi, '#')
    .replaceAll(/\s+/g, ' ');
}
