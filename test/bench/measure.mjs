import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/** CPU seconds of this process and of all its children that have ended. */
export function cpuSeconds() {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const children = (fields[13] + fields[14]) / TICKS_PER_SECOND;
  const { user, system } = process.cpuUsage();
  return children + (user + system) / 1e6;
}

/** Runs `work` so many times; wall seconds of each, and CPU seconds per run. */
export async function measure(times, work) {
  const walls = [];
  const cpuBefore = cpuSeconds();
  for (let run = 0; run < times; run++) {
    const startedMs = performance.now();
    await work(run);
    walls.push((performance.now() - startedMs) / 1000);
  }
  return { walls, cpu: (cpuSeconds() - cpuBefore) / times };
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
