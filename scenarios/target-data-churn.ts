import {
  type ArrivedRecord,
  family,
  type KnownLoss,
  type Scenario,
  scenario,
  type ScenarioGuest,
  type Seen,
} from '../harness/lab/scenario.ts';
import { repeated, sayMeanwhile } from './meanwhile.ts';
import { needAttribute, TARGET, valueOf } from './special-records.ts';

const USERDATA = `${TARGET}/userdata`;
const SAID = /^crashlab: churn \d+$/;
const ROUNDS = 40;

/** What the item `churned` may say, and `passing`, which comes and goes; null: nothing. */
const CHURNED = ['a'.repeat(20), 'b'.repeat(150), null];
const PASSING = ['p'.repeat(60), null];
/** With these a record needs two datagrams. */
const BULK = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`bulk${at}`, `${at}`.repeat(190)]));

const setItem = (key: string, value: string | null | undefined) =>
  `echo ${value ?? ''} > ${USERDATA}/${key}/value`;

const COMMANDS = [
  repeated(
    ROUNDS,
    CHURNED.map((value) => `${setItem('churned', value)} && usleep 1000`).join(' && '),
    '/tmp/changed',
  ),
  repeated(
    ROUNDS,
    `mkdir ${USERDATA}/passing && ${setItem('passing', PASSING[0])} && rmdir ${USERDATA}/passing`,
    '/tmp/passed',
  ),
];

const REWRITTEN = 'userdata is rewritten in place';

/** Kernels whose userdata has room for 16 items write it anew in one buffer; later ones put another in its place. */
async function probeRewritten(guest: ScenarioGuest): Promise<void> {
  const items = Array.from({ length: 17 }, (_, at) => `${USERDATA}/probe${at}`).join(' ');
  await guest.probe(REWRITTEN, { command: `! mkdir ${items} 2>/dev/null` });
  await guest.run(`rmdir ${USERDATA}/probe*`);
}

const rewrittenInPlace: KnownLoss = {
  when: ({ probed }) => probed.has(REWRITTEN),
  how: 'sometimes',
  only: SAID,
  torn: SAID,
  because:
    'userdata is written anew in place, without the lock that the sender holds: the two datagrams of a record are of two states, or it comes with none of its items, some, or one twice',
  source:
    'update_userdata() in drivers/net/netconsole.c, which in 6.12.117 takes no lock; measured there with nine items, in 11 runs of about 100 to 115 records: 0 to 4 torn, 0 to 8 whole with what never was so; none with one item or two',
};

const saidOf = ({ arrived }: Pick<Seen, 'arrived'>) =>
  [...arrived.records.values()].flat().filter(({ text }) => SAID.test(text));

/** Whether what came with the record was never so. */
function isMixed(bulk: Record<string, string>, came: ArrivedRecord): boolean {
  const allowed = new Map<string, (string | null)[]>([
    ['churned', CHURNED],
    ['passing', PASSING],
    ...Object.entries(bulk).map(([key, value]): [string, string[]] => [key, [value]]),
  ]);
  const keys = came.dictionary.map(([key]) => key);
  return (
    new Set(keys).size < keys.length ||
    keys.some((key) => !allowed.has(key)) ||
    [...allowed].some(([key, values]) => !values.includes(valueOf(key, came)))
  );
}

function churn(bulk: Record<string, string>, what: string): Scenario {
  return scenario({
    title: `userdata changes all the time while records are sent, ${what}; the guest lives on`,
    why: 'Each record must come whole, with what was so at one moment: never half of one value and half of another.',
    needs: ['vcpus:2'],
    format: 'extended',
    async prepare({ guest }) {
      await needAttribute(guest, 'userdata');
      await probeRewritten(guest);
      for (const [key, value] of Object.entries({ churned: CHURNED[0], ...bulk }))
        await guest.run(`mkdir ${USERDATA}/${key} && ${setItem(key, value)}`);
    },
    async run({ guest }) {
      const said = await sayMeanwhile(guest, 'churn', COMMANDS);
      const done = (await guest.run('cat /tmp/changed /tmp/passed')).trim().split('\n');
      if (done.some((times) => Number(times) !== ROUNDS) || said < ROUNDS)
        guest.missed(`${said} records were said, and of ${ROUNDS} changes each ${done.join(' and ')} made.`);
    },
    measure(seen) {
      const said = saidOf(seen);
      const mixed = said.filter((came) => isMixed(bulk, came)).length;
      return [
        ...CHURNED.map((value) => ({
          name: 'records with this value',
          unit: 'records',
          value: said.filter((came) => valueOf('churned', came) === value).length,
          bytes: value?.length ?? 0,
        })),
        { name: 'records with userdata that never was so', unit: 'records', value: mixed },
      ];
    },
    check(seen) {
      const torn = seen.written.filter(({ sequence }) => seen.wire.torn.includes(sequence));
      if (torn.some(({ text }) => !SAID.test(text))) return ['A record was torn while nothing changed.'];
      if (seen.guest.probed.has(REWRITTEN)) return [];
      const mixed = saidOf(seen).filter((came) => isMixed(bulk, came));
      return mixed.map(({ text, dictionary }) => `Userdata at “${text}” never was ${dictionary.join(' ')}.`);
    },
    expect: { kind: 'none', ends: 'alive', says: SAID, losses: [rewrittenInPlace] },
  });
}

export default family({
  small: churn({}, 'each in one datagram'),
  fragmented: churn(BULK, 'each in several datagrams'),
});
