import { expect, test } from 'vitest';
import { inTwoPasses } from '../../harness/lab/passes.ts';

function watched(spoiltNames: string[], options: { abortAfter?: string } = {}) {
  const controller = new AbortController();
  const log: string[] = [];
  let running = 0;
  const tries = new Map<string, number>();
  return {
    log,
    options: {
      jobs: 2,
      signal: controller.signal,
      begin: (name: string) => void log.push(`begin ${name}`),
      run: async (name: string) => {
        running += 1;
        const together = running;
        await Promise.resolve();
        running -= 1;
        const attempt = (tries.get(name) ?? 0) + 1;
        tries.set(name, attempt);
        if (name === options.abortAfter) controller.abort();
        return { name, attempt, together };
      },
      spoilt: ({ name }: { name: string }) => spoiltNames.includes(name),
      done: ({ name, together }: { name: string; together: number }, attempts: number) =>
        void log.push(`done ${name} ${attempts}${attempts === 2 ? ` alone ${together === 1}` : ''}`),
    },
  };
}

test('a result that the host spoilt is made once more, alone, after all others, and then stands', async () => {
  const { log, options } = watched(['b']);
  await inTwoPasses(['a', 'b', 'c'], options);
  expect(log.filter((line) => line.startsWith('begin'))).toEqual(['begin a', 'begin b', 'begin c']);
  expect(log.filter((line) => line.startsWith('done'))).toEqual([
    'done a 1',
    'done c 1',
    'done b 2 alone true',
  ]);
});

test('nothing that is not spoilt is made twice', async () => {
  const { log, options } = watched([]);
  await inTwoPasses(['a', 'b'], options);
  expect(log.filter((line) => line.startsWith('done'))).toEqual(['done a 1', 'done b 1']);
});

test('after an abort nothing more is begun or told', async () => {
  const { log, options } = watched(['a'], { abortAfter: 'a' });
  await inTwoPasses(['a', 'b', 'c', 'd'], { ...options, jobs: 1 });
  expect(log).toEqual(['begin a']);
});
