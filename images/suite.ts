import { CrashlabError } from '../harness/host/error.ts';
import { nearest } from '../harness/host/nearest.ts';

/** For "did you mean": what mirrors carry these years. */
const KNOWN_SUITES = [
  'bookworm',
  'bookworm-backports',
  'trixie',
  'trixie-backports',
  'forky',
  'testing',
  'sid',
];

/** A suite as the user named it; it becomes part of a path and of a sources.list. Errors: NO_SUITE. */
export function suiteName(suite: string): string {
  if (!/^[a-z][a-z0-9-]*$/.test(suite)) throw noSuite(suite);
  return suite;
}

export function noSuite(suite: string): CrashlabError {
  const near = nearest(suite, KNOWN_SUITES);
  return new CrashlabError('usage', 'NO_SUITE', `The mirror has no suite "${suite}".`, {
    advice: `${near && near !== suite ? `Did you mean ${near}? ` : ''}Debian's suites are for example ${KNOWN_SUITES.join(', ')}.`,
  });
}
