import { defineConfig } from 'vitest/config';

/** `quick` needs no guest and runs in every commit's check; `guest` boots real kernels. */
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    projects: [
      {
        extends: true,
        test: { name: 'quick', include: ['test/**/*.test.ts'], exclude: ['test/**/*.guest.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'guest',
          include: ['test/**/*.guest.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
