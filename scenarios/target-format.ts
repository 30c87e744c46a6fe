import { family, type Scenario, scenario, type ScenarioGuest, type Seen } from '../harness/lab/scenario.ts';
import { rebootsBeforeFlush } from './known-losses.ts';
import { arrivedOf, needAttribute, needIpv6, say, SPECIAL } from './special-records.ts';

const IPV6 = { local_ip: 'fec0::15', remote_ip: 'fec0::2' };

interface Format {
  what: string;
  format: 'basic' | 'extended';
  settings: Record<string, string | number>;
}

const FORMATS: Record<string, Format> = {
  'basic-ipv4': { what: 'basic format over IPv4', format: 'basic', settings: {} },
  'basic-ipv6': { what: 'basic format over IPv6', format: 'basic', settings: IPV6 },
  'extended-ipv4': { what: 'extended format over IPv4', format: 'extended', settings: {} },
  'extended-ipv6': { what: 'extended format over IPv6', format: 'extended', settings: IPV6 },
  'release-ipv4': { what: 'the release before each record', format: 'extended', settings: { release: 1 } },
  'release-ipv6': {
    what: 'the release before each record, over IPv6',
    format: 'extended',
    settings: { release: 1, ...IPV6 },
  },
};

async function prepare(guest: ScenarioGuest, { settings }: Format): Promise<void> {
  if ('release' in settings) await needAttribute(guest, 'release');
  if ('remote_ip' in settings) await needIpv6(guest);
  if (Object.keys(settings).length > 0) await guest.netconsole(settings);
}

function check(seen: Seen, { settings, format }: Format): string[] {
  const address = 'remote_ip' in settings ? IPV6.remote_ip : '10.0.2.2';
  const own = seen.datagrams.filter(({ destination }) => destination.port === 6666);
  const last = own.at(-1)?.destination.address;
  const problems = last === address ? [] : [`The last datagram went to ${last}, not to ${address}.`];
  if (format === 'basic') {
    if (!seen.arrived.basicText.includes(SPECIAL.plain.text)) problems.push('The plain record never came.');
    return problems;
  }
  const wanted = 'release' in settings ? seen.guest.facts.release : undefined;
  const came = arrivedOf(SPECIAL.plain, seen);
  if (!came) problems.push('The plain record never came.');
  else if (came.release !== wanted) problems.push(`Its release is ${came.release}, not ${wanted}.`);
  return problems;
}

function living(about: Format): Scenario {
  return scenario({
    title: `${about.what}: records that are hard to write; the guest lives on`,
    why: 'Every format has to carry every byte: what can’t be read is as good as lost.',
    needs: [],
    format: about.format,
    prepare: ({ guest }) => prepare(guest, about),
    run: ({ guest }) => say(guest, Object.values(SPECIAL)),
    check: (seen) => check(seen, about),
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
    expect: { kind: 'panic', context: 'task', ends: 'panic', losses: [rebootsBeforeFlush] },
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
