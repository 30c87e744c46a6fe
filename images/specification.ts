import { CrashlabError } from '../harness/host/error.ts';
import { nearest } from '../harness/host/nearest.ts';

/** Which Debian kernel is meant: the release's own newest, the newest of a version, or a package. */
export type Specification = { version: string | null } | { package: string };

/** Errors: NO_KERNEL; `known` are further names for its "did you mean". */
export function parseSpecification(specification: string, known: string[] = []): Specification {
  if (specification === 'debian') return { version: null };
  const version = /^debian:(\d+(?:\.\d+)*)$/.exec(specification)?.[1];
  if (version) return { version };
  if (/^linux-image-[a-z0-9][a-z0-9.+~-]+$/.test(specification)) return { package: specification };
  if (specification.includes('/')) {
    throw new CrashlabError(
      'usage',
      'NO_MODULES',
      `${specification} is a kernel of your own, without its modules.`,
      {
        advice: 'Say where they are: --modules DIR, the folder that `make modules_install` filled.',
      },
    );
  }
  const near = nearest(specification, ['debian', ...known]);
  throw new CrashlabError('usage', 'NO_KERNEL', `"${specification}" names no kernel.`, {
    advice: `${near ? `Did you mean ${near}? ` : ''}Say debian, debian:6.12, a package such as linux-image-6.1.0-56-cloud-amd64, or a release that crashlab kernel list shows; your own: --kernel bzImage --modules DIR.`,
  });
}
