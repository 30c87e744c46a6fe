/**
 * Mann and Whitney's rank-sum test, two-sided: how likely two samples lie at least so far apart where both are of one
 * kind. By the normal approximation, with corrections for ties and continuity; 1 where a sample is empty.
 */
export function rankSum(one: readonly number[], other: readonly number[]): number {
  const all = [...one, ...other].sort((a, b) => a - b);
  const ranks = new Map<number, { rank: number; tied: number }>();
  for (const [at, value] of all.entries()) {
    const tied = (ranks.get(value)?.tied ?? 0) + 1;
    // The mean of the ranks that equal values share.
    ranks.set(value, { rank: at + 1 - (tied - 1) / 2, tied });
  }
  const sum = one.reduce((total, value) => total + (ranks.get(value)?.rank ?? 0), 0);
  const apart = Math.abs(sum - (one.length * (all.length + 1)) / 2);
  const ties = [...ranks.values()].reduce((total, { tied }) => total + (tied ** 3 - tied), 0);
  const spread = all.length + 1 - ties / (all.length * (all.length - 1));
  const deviation = Math.sqrt(((one.length * other.length) / 12) * spread);
  return deviation > 0 ? Math.min(1, erfc(Math.max(0, apart - 0.5) / deviation / Math.SQRT2)) : 1;
}

/**
 * The complementary error function for x >= 0, by Lentz's continued fraction far out and the power series near 0:
 * Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.5 and 7.1.14.
 */
function erfc(x: number): number {
  if (x > 2) {
    let fraction = 0;
    for (let level = 60; level > 0; level -= 1) fraction = level / 2 / (x + fraction);
    return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
  }
  let term = x;
  let sum = x;
  for (let n = 1; n < 60; n += 1) {
    term *= -(x * x) / n;
    sum += term / (2 * n + 1);
  }
  return 1 - (2 / Math.sqrt(Math.PI)) * sum;
}
