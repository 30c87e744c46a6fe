/**
 * Fisher's exact test, two-sided: how likely counts at least as lopsided as these are where both series are of one kind.
 * `bad` of `total` in each; 1 where a series is empty.
 */
export function fisherExact(
  one: { bad: number; total: number },
  other: { bad: number; total: number },
): number {
  const all = one.total + other.total;
  const bad = one.bad + other.bad;
  const logs = logFactorials(all);
  const choose = (from: number, some: number) =>
    (logs[from] ?? 0) - (logs[some] ?? 0) - (logs[from - some] ?? 0);
  const chance = (badInOne: number) =>
    Math.exp(choose(one.total, badInOne) + choose(other.total, bad - badInOne) - choose(all, bad));
  const seen = chance(one.bad);
  let sum = 0;
  for (let count = Math.max(0, bad - other.total); count <= Math.min(one.total, bad); count += 1) {
    const each = chance(count);
    // Equal ones differ in their last bits.
    if (each <= seen * (1 + 1e-9)) sum += each;
  }
  return Math.min(1, sum);
}

function logFactorials(most: number): number[] {
  const logs = [0];
  for (let number = 1; number <= most; number += 1) logs.push((logs[number - 1] ?? 0) + Math.log(number));
  return logs;
}

/**
 * Of many tests the share of false alarms, instead of each one's own: Benjamini and Hochberg's adjusted values, in the
 * order given.
 */
export function adjusted(values: readonly number[]): number[] {
  const order = values.map((_, at) => at).sort((a, b) => (values[b] ?? 1) - (values[a] ?? 1));
  const result = values.map(() => 1);
  let least = 1;
  for (const [fromTop, at] of order.entries()) {
    const rank = values.length - fromTop;
    least = Math.min(least, ((values[at] ?? 1) * values.length) / rank);
    result[at] = least;
  }
  return result;
}
