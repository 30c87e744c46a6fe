import { defineConfig } from 'vitest/config';

const guests = { fileParallelism: false, testTimeout: 120_000, hookTimeout: 300_000 };

/** `quick` needs no guest and runs in every commit's check; `guest` boots real kernels; `long` is not of `npm test`. */
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    projects: [
      {
        extends: true,
        test: {
          name: 'quick',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.{guest,long}.test.ts'],
        },
      },
      { extends: true, test: { name: 'guest', include: ['test/**/*.guest.test.ts'], ...guests } },
      { extends: true, test: { name: 'long', include: ['test/**/*.long.test.ts'], ...guests } },
    ],
  },
});
