import { family, type Scenario, scenario, type Seen } from '../harness/lab/scenario.ts';
import { cameAs, type Format, FORMATS, needFormat } from './formats.ts';
import { bindByName, targetParameter } from './parameter.ts';
import { say, SPECIAL, TARGET } from './special-records.ts';

/** The first words of every kernel's log. */
const FIRST = 'Linux version ';

/** What a target of the module's own sends: the log from its beginning. */
function wholeLog({ arrived }: Seen, { format }: Format): string[] {
  if (format === 'basic') return arrived.basicText.includes(FIRST) ? [] : [NOT_WHOLE];
  const sequences = [...arrived.records.keys()];
  const first = Math.min(...sequences);
  const last = Math.max(...sequences);
  const problems = first === 0 ? [] : [`The log was sent again from record ${first} on, not from 0.`];
  if (sequences.length !== last - first + 1) {
    problems.push(`Of records ${first} to ${last} only ${sequences.length} came.`);
  }
  return problems;
}

const NOT_WHOLE = 'The log was not sent again from its beginning.';

const expect = { kind: 'none', ends: 'alive', says: /a plain record/ } as const;

function byParameter(about: Format): Scenario {
  return scenario({
    title: `a target from the module’s parameter, ${about.what}: the whole log is sent again; the guest lives on`,
    why: 'How netconsole is set up at boot: what was said before it came must not be lost.',
    needs: [],
    format: about.format,
    async prepare({ guest }) {
      await needFormat(guest, about);
      await bindByName(guest, about);
    },
    run: ({ guest }) => say(guest, Object.values(SPECIAL)),
    check: (seen) => [...cameAs(seen, about), ...wholeLog(seen, about)],
    expect,
  });
}

function byBootParameter(about: Format): Scenario {
  const target = `netconsole.netconsole=${targetParameter(about)}`;
  return scenario({
    ...byParameter(about),
    title: `a target from the kernel’s command line, ${about.what}: the log of the boot is sent; the guest lives on`,
    why: 'How netconsole is there before anybody has logged in.',
    suite: 'full',
    // A kernel that knows no release takes no such target: its netconsole comes up without, and says what it lacks.
    boot: { append: 'release' in about.settings ? `${target} crashlab.try-parameters` : target },
    // A clone’s witness was not there when its template booted.
    fresh: true,
    async prepare({ guest }) {
      await needFormat(guest, about);
      // The other target, which the lab has made.
      await guest.run(`echo 0 > ${TARGET}/enabled`);
    },
  });
}

export default family(
  Object.fromEntries(
    Object.entries(FORMATS).flatMap(([name, about]) => [
      [name, byParameter(about)],
      [`boot-${name}`, byBootParameter(about)],
    ]),
  ),
);
