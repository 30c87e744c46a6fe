import { family, type Scenario, scenario, type ScenarioGuest } from '../harness/lab/scenario.ts';
import { cameAs, type Format, FORMATS, needFormat } from './formats.ts';
import { panicLosses } from './known-losses.ts';
import { say, SPECIAL } from './special-records.ts';

async function prepare(guest: ScenarioGuest, about: Format): Promise<void> {
  await needFormat(guest, about);
  if (Object.keys(about.settings).length > 0) await guest.netconsole(about.settings);
}

function living(about: Format): Scenario {
  return scenario({
    title: `${about.what}: records that are hard to write; the guest lives on`,
    why: 'Every format has to carry every byte: what can’t be read is as good as lost.',
    needs: [],
    format: about.format,
    prepare: ({ guest }) => prepare(guest, about),
    run: ({ guest }) => say(guest, Object.values(SPECIAL)),
    check: (seen) => cameAs(seen, about),
    expect: { kind: 'none', ends: 'alive', says: /crashlab: a plain record/ },
  });
}

function dying(about: Format): Scenario {
  return scenario({
    ...living(about),
    title: `${about.what}: a panic`,
    async run({ guest }) {
      await say(guest, [SPECIAL.plain]);
      guest.kill('echo c > /proc/sysrq-trigger');
    },
    expect: { kind: 'panic', context: 'task', ends: 'panic', losses: panicLosses },
  });
}

export default family(
  Object.fromEntries(
    Object.entries(FORMATS).flatMap(([name, about]) => [
      [name, living(about)],
      [`${name}-panic`, dying(about)],
    ]),
  ),
);
