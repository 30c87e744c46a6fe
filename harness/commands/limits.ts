/** Node.js counts to 2^31 - 1 ms: a longer timer fires at once. */
const LONGEST_SECONDS = 2_147_483;

/** The most of what a run may be asked for. */
export const MOST = {
  seconds: LONGEST_SECONDS,
  /** All runs of a plan are in memory. */
  repeat: 100_000,
  /** `panic=` is an int of the kernel's. */
  panic: 2 ** 31 - 1,
  /** Of UDP. */
  port: 65_535,
};
