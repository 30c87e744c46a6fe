import PQueue from 'p-queue';

/**
 * Does every piece of work, so many at once; those whose result the host has spoilt (`spoilt`) once more, alone,
 * when all others are done. `done` gets one result each, with how often it was tried: the second one stands,
 * whatever it is. This is no retrying until green: a spoilt result is no verdict, and its cause has passed.
 */
export async function inTwoPasses<Work, Result>(
  work: readonly Work[],
  options: {
    jobs: number;
    signal: AbortSignal;
    begin: (one: Work) => void;
    /** `crowded`: others may be under way beside it. */
    run: (one: Work, crowded: boolean) => Promise<Result>;
    spoilt: (result: Result) => boolean;
    done: (result: Result, attempts: number) => void;
  },
): Promise<void> {
  const { signal, run, done } = options;
  const again: Work[] = [];
  const crowded = Math.min(options.jobs, work.length) > 1;
  const queue = new PQueue({ concurrency: options.jobs });
  const first = async (one: Work) => {
    if (signal.aborted) return;
    options.begin(one);
    const result = await run(one, crowded);
    if (options.spoilt(result)) again.push(one);
    else if (!signal.aborted) done(result, 1);
  };
  await Promise.all(work.map((one) => queue.add(() => first(one))));
  for (const one of again) {
    if (signal.aborted) return;
    const result = await run(one, false);
    if (!signal.aborted) done(result, 2);
  }
}
