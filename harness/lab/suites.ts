import { CrashlabError } from '../host/error.ts';
import { nearest } from '../host/nearest.ts';
import type { NamedScenario } from './catalogue.ts';

/** From small to large: each has the scenarios of those before it. */
export const SUITES = ['quick', 'standard', 'full'] as const;
export type Suite = (typeof SUITES)[number];

/** The suites a scenario belongs to, given the smallest of them. */
export function suitesOf(smallest: Suite = 'standard'): Suite[] {
  return SUITES.slice(SUITES.indexOf(smallest));
}

/** The scenarios of a suite. Errors: NO_SUITE. */
export function scenariosOf(suite: string, catalogue: readonly NamedScenario[]): NamedScenario[] {
  const known = SUITES.find((name) => name === suite);
  if (known) return catalogue.filter(({ scenario }) => suitesOf(scenario.suite).includes(known));
  const near = nearest(suite, SUITES);
  throw new CrashlabError('usage', 'NO_SUITE', `There is no suite "${suite}".`, {
    advice: `${near ? `Did you mean ${near}? ` : ''}There are: ${SUITES.join(', ')}. A Debian suite goes with its kernel: --kernel debian:7@sid.`,
  });
}
