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
      run: async (name: string, crowded: boolean) => {
        running += 1;
        const together = running;
        await Promise.resolve();
        running -= 1;
        const attempt = (tries.get(name) ?? 0) + 1;
        tries.set(name, attempt);
        if (name === options.abortAfter) controller.abort();
        return { name, attempt, together, crowded };
      },
      spoilt: ({ name }: { name: string }) => spoiltNames.includes(name),
      done: (
        { name, together, crowded }: { name: string; together: number; crowded: boolean },
        attempts: number,
      ) => {
        const alone = attempts === 2 ? ` alone ${together === 1}` : '';
        log.push(`done ${name} ${attempts}${alone}${crowded ? ' crowded' : ''}`);
      },
    },
  };
}

test('a result that the host spoilt is made once more, alone, after all others, and then stands', async () => {
  const { log, options } = watched(['b']);
  await inTwoPasses(['a', 'b', 'c'], options);
  expect(log.filter((line) => line.startsWith('begin'))).toEqual(['begin a', 'begin b', 'begin c']);
  expect(log.filter((line) => line.startsWith('done'))).toEqual([
    'done a 1 crowded',
    'done c 1 crowded',
    'done b 2 alone true',
  ]);
});

test('nothing that is not spoilt is made twice', async () => {
  const { log, options } = watched([]);
  await inTwoPasses(['a', 'b'], options);
  expect(log.filter((line) => line.startsWith('done'))).toEqual(['done a 1 crowded', 'done b 1 crowded']);
});

test.each([
  ['one work', ['a'], 2],
  ['one job', ['a', 'b'], 1],
])('with %s nothing else is under way', async (_, work, jobs) => {
  const { log, options } = watched([]);
  await inTwoPasses(work, { ...options, jobs });
  expect(log.filter((line) => line.includes('crowded'))).toEqual([]);
});

test('after an abort nothing more is begun or told', async () => {
  const { log, options } = watched(['a'], { abortAfter: 'a' });
  await inTwoPasses(['a', 'b', 'c', 'd'], { ...options, jobs: 1 });
  expect(log).toEqual(['begin a']);
});
