import { expect } from 'vitest';
import type { Death } from './death.ts';

const RECORDS_SHOWN = 10;

interface Matchers<Result = unknown> {
  /** Every record the guest wrote is on the wire: once, whole, in order. */
  toHaveArrivedComplete(): Result;
  /** The guest died of this; what is not said may be anything. Kinds and contexts as in harness/oops. */
  toDieOf(expected: { kind?: string; context?: string; title?: string | RegExp }): Result;
}

declare module 'vitest' {
  // eslint-disable-next-line typescript/no-explicit-any -- vitest's own declaration, to be merged with
  interface Assertion<T = any> extends Matchers<T> {}
  interface AsymmetricMatchersContaining extends Matchers {}
}

expect.extend({
  toHaveArrivedComplete(death: Death) {
    const { wire } = death;
    return {
      pass: wire.status === 'complete',
      message: () =>
        wire.status === 'complete'
          ? `All ${wire.written} records arrived, though that was not expected.`
          : sayIncomplete(death),
    };
  },
  toDieOf({ oops, end }: Death, expected: { kind?: string; context?: string; title?: string | RegExp }) {
    const { kind, context, title } = oops;
    const titleFits =
      expected.title === undefined ||
      (typeof expected.title === 'string'
        ? title === expected.title
        : title !== null && expected.title.test(title));
    const pass =
      (expected.kind === undefined || kind === expected.kind) &&
      (expected.context === undefined || context === expected.context) &&
      titleFits;
    return {
      pass,
      message: () => `The guest died of ${kind} in ${context} context (${title ?? 'no title'}; end: ${end}).`,
      actual: { kind, context, title },
      expected,
    };
  },
});

function sayIncomplete({ wire }: Death): string {
  if (wire.status === 'undecidable') return `Nothing is proved: ${wire.reason ?? 'no reason known'}.`;
  const lost = wire.lost
    .slice(0, RECORDS_SHOWN)
    .map(({ sequence, where, text }) => `  ${sequence} ${where}: ${text}`);
  const more = wire.lost.length > RECORDS_SHOWN ? [`  … and ${wire.lost.length - RECORDS_SHOWN} more`] : [];
  return [
    `${wire.arrived} of ${wire.written} records arrived whole and once.`,
    ...lost,
    ...more,
    ...(['torn', 'doubled', 'misplaced'] as const).flatMap((what) =>
      wire[what].length === 0 ? [] : [`${what}: ${wire[what].slice(0, RECORDS_SHOWN).join(', ')}`],
    ),
  ].join('\n');
}

export { expect };
