import type { Crash } from '../oops/crash.ts';
import { type LogLine, secondsOf } from '../oops/log-line.ts';
import type { Boot } from './boot.ts';

/** A crash as one log has it. */
export interface Testimony {
  crash: Crash;
  lines: readonly LogLine[];
  /** What stands before and behind it, and belongs to no other crash. */
  around: readonly string[];
}

/** One crash in two logs. */
export interface Comparison {
  /** Of which testimony of each. */
  first: number;
  second: number;
  /** Lines of it that only the other log has. */
  lacks: { first: string[]; second: string[] };
}

/** Of lines that no two crashes share at least this part is the same. */
const KIN = 0.5;

/**
 * Holds two logs of one machine against each other: which crashes they both tell of, and which lines of them only one
 * has. A line counts where the kernel wrote it for sure. Their order is not looked at: two CPUs may be told in either.
 */
export function holdAgainst(first: readonly Testimony[], second: readonly Testimony[]): Comparison[] {
  const found: Comparison[] = [];
  const places = new Map<string, Set<number>>();
  for (const [at, { lines }] of second.entries()) {
    for (const line of distinctive(lines)) places.set(line, (places.get(line) ?? new Set()).add(at));
  }
  const taken = new Set<number>();
  for (const [at, testimony] of first.entries()) {
    const own = distinctive(testimony.lines);
    const shared = new Map<number, number>();
    for (const line of own)
      for (const place of places.get(line) ?? []) shared.set(place, (shared.get(place) ?? 0) + 1);
    const [best] = [...shared].filter(([place]) => !taken.has(place)).toSorted((a, b) => b[1] - a[1]);
    const other = best && second[best[0]];
    if (!best || !other) continue;
    if (best[1] < KIN * Math.min(own.size, distinctive(other.lines).size)) continue;
    taken.add(best[0]);
    found.push({ first: at, second: best[0], lacks: compare(testimony, other) });
  }
  return found;
}

/** The crashes of a log, but those told in another that has these of them too: where that was written by then. */
export function lackedBy(boot: Boot, own: readonly Testimony[], told: ReadonlySet<number>): Testimony[] {
  const { firstSeconds } = boot;
  return own.filter(({ lines }, at) => {
    const [seconds] = lines.flatMap((line) => secondsOf(line) ?? []);
    return !told.has(at) && seconds !== undefined && firstSeconds !== null && firstSeconds <= seconds;
  });
}

/** Addresses, pids and times: what is the same only where the crash is the same. */
function distinctive(lines: readonly LogLine[]): Set<string> {
  const texts = lines.map(({ text }) => text.trimEnd());
  return new Set(texts.filter((text) => /[1-9a-f][0-9a-f]{7}|PID: \d+|\d{4}/.test(text)));
}

function compare(first: Testimony, second: Testimony): Comparison['lacks'] {
  const onlyFirst = without(first.lines, second);
  const onlySecond = without(second.lines, first);
  return { first: untorn(onlySecond, onlyFirst), second: untorn(onlyFirst, onlySecond) };
}

/** Lines of a log that another lacks. */
function without(lines: readonly LogLine[], { lines: others, around }: Testimony): string[] {
  const there = new Map<string, number>();
  for (const text of [...others.map((line) => line.text), ...around]) {
    const key = text.trimEnd();
    there.set(key, (there.get(key) ?? 0) + 1);
  }
  const stamps = lines.some(({ stamped }) => stamped);
  const missing: string[] = [];
  for (const { text, stamped } of lines) {
    const key = text.trimEnd();
    const count = there.get(key) ?? 0;
    there.set(key, count - 1);
    if (count <= 0 && key !== '' && (stamped || !stamps)) missing.push(key);
  }
  return missing;
}

/** A line that is a piece of one that only the other log has is torn: it is not missing there. */
function untorn(lines: readonly string[], others: readonly string[]): string[] {
  return lines.filter((line) => !others.some((other) => other.length > line.length && other.includes(line)));
}
