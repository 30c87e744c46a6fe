/**
 * Kernel tests in vitest: `import { test, expect } from 'crashlab/vitest'`. Each test that asks for `guest` gets a
 * clone of its own; what it is made of is said with `test.override('crashlab', { kernel: 'debian:6.12@trixie' })`.
 */
export { expect } from './matchers.ts';
export { test } from './fixtures.ts';
export type { Death, TestGuest } from './death.ts';
export type { ExperimentOptions } from '../lab/standalone.ts';
