import { family, scenario, type ScenarioGuest, type Seen } from '../harness/lab/scenario.ts';
import { makeSecond, SECOND } from './second-target.ts';
import { say, SPECIAL, TARGET } from './special-records.ts';
import { modulesOf, sendThrough, STACKED } from './stacked.ts';

const ALL = Object.values(SPECIAL);
const REFUSED = /^netpoll: .*\bpair0 doesn't support polling, aborting$/;
const POLLED = 'veth can be polled';

async function makePair(guest: ScenarioGuest): Promise<void> {
  await guest.load('veth');
  await guest.run('ip link add name pair0 type veth && ip link set pair0 up && ip link set veth0 up');
}

/**
 * What was done with the veth must be what the kernel says of it: 6.1 takes it as a target’s interface and as a port,
 * 6.12 and 7.2, where a veth has IFF_DISABLE_NETPOLL, as neither.
 */
function check({ written, guest }: Seen): string[] {
  const refused = written.some(({ text }) => REFUSED.test(text));
  return refused === guest.probed.has(POLLED)
    ? ['The kernel refused the veth, or did not, without saying so.']
    : [];
}

export default family({
  target: scenario({
    title:
      'a target on a veth, refused where that can’t be polled: the first one goes on; the guest lives on',
    why: 'An interface that can’t be polled would lose everything, and nobody would know.',
    needs: ['module:veth'],
    format: 'extended',
    async prepare({ guest }) {
      await makePair(guest);
      await guest.run(makeSecond('pair0'));
    },
    async run({ guest }) {
      await guest.probe(POLLED, { command: `echo 1 > ${SECOND}/enabled` });
      await say(guest, ALL);
    },
    check,
    expect: { kind: 'none', ends: 'alive', says: /a plain record/ },
  }),
  'bond-port': scenario({
    title:
      'a veth for the bond that netconsole sends through, refused where it can’t be polled; the guest lives on',
    why: 'A port that can’t be polled would take its share of the packets with it.',
    needs: [...modulesOf(STACKED.bond), 'module:veth'],
    format: 'extended',
    async prepare({ guest }) {
      await makePair(guest);
      await guest.run('ip link set pair0 down');
      await sendThrough(guest, STACKED.bond);
    },
    async run({ guest }) {
      await guest.probe(POLLED, { command: 'echo +pair0 > /sys/class/net/bond0/bonding/slaves' });
      if ((await guest.run(`cat ${TARGET}/enabled`)).trim() !== '1')
        guest.missed('The veth ended the target.');
      await say(guest, ALL);
    },
    check,
    expect: { kind: 'none', ends: 'alive', says: /a plain record/ },
  }),
});
