import { CrashlabError } from '../harness/host/error.ts';
import { nearest } from '../harness/host/nearest.ts';

/**
 * Which Debian kernel is meant: the newest of a version, or the release's own newest where that is null, in one of
 * Debian's flavours; or a package.
 */
export type Specification = { version: string | null; flavour: string } | { package: string };

/** `cloud` is small and boots fast; `rt` has PREEMPT_RT; an architecture's name is Debian's full, generic kernel. */
const FLAVOURS = ['cloud', 'rt', 'amd64', 'arm64'];
const DEFAULT_FLAVOUR = 'cloud';
const DEBIAN = /^debian(?::(\d+(?:\.\d+)*))?(?:-(\w+))?$/;

/** Errors: NO_KERNEL; `known` are further names for its "did you mean". */
export function parseSpecification(specification: string, known: string[] = []): Specification {
  const debian = DEBIAN.exec(specification);
  if (debian) {
    const [, version = null, flavour = DEFAULT_FLAVOUR] = debian;
    if (FLAVOURS.includes(flavour)) return { version, flavour };
    throw noFlavour(specification, flavour);
  }
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
  const near = nearest(specification, ['debian', ...known]) ?? mistypedDebian(specification);
  throw new CrashlabError('usage', 'NO_KERNEL', `"${specification}" names no kernel.`, {
    advice: `${near ? `Did you mean ${near}? ` : ''}Say debian, debian:6.12, debian:6.12-rt, a package such as linux-image-6.1.0-56-cloud-amd64, or a release that crashlab kernel list shows; your own: --kernel bzImage --modules DIR.`,
  });
}

/** `debain:6.1` is as far from `debian` as its version is long: only the word before it counts. */
function mistypedDebian(specification: string): string | null {
  const [, word = '', version = ''] = /^([^:-]*)(.*)$/.exec(specification) ?? [];
  const corrected = `debian${version}`;
  return word !== 'debian' && nearest(word, ['debian']) && DEBIAN.test(corrected) ? corrected : null;
}

function noFlavour(specification: string, flavour: string): CrashlabError {
  const near = nearest(flavour, FLAVOURS);
  const corrected = near && `${specification.slice(0, -flavour.length)}${near}`;
  return new CrashlabError('usage', 'NO_KERNEL', `Debian has no kernels of flavour "${flavour}".`, {
    advice: corrected ? `Did you mean ${corrected}?` : `The flavours are ${FLAVOURS.join(', ')}.`,
  });
}
