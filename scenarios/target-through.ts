import { family, type Scenario, scenario } from '../harness/lab/scenario.ts';
import { panicLosses } from './known-losses.ts';
import { record, say, SPECIAL, TARGET } from './special-records.ts';
import {
  joinWithTarget,
  make,
  modulesOf,
  needsOf,
  sendThrough,
  type Stacked,
  STACKED,
  STOPPED,
} from './stacked.ts';

function through(kind: string, stacked: Stacked): Scenario {
  return scenario({
    title: `netconsole through a ${kind}: hard records, then a panic`,
    why: 'Servers have their address there, not on the network card.',
    needs: needsOf(stacked),
    format: 'extended',
    prepare: ({ guest }) => sendThrough(guest, stacked),
    async run({ guest }) {
      await say(guest, Object.values(SPECIAL));
      guest.kill('echo c > /proc/sysrq-trigger');
    },
    expect: { kind: 'panic', context: 'task', ends: 'panic', losses: panicLosses },
  });
}

/** The interface of a living target becomes a part of another. */
function joined(kind: 'bridge' | 'bond'): Scenario {
  return scenario({
    title: `the target’s interface becomes part of a ${kind}; the guest lives on`,
    why: 'The netconsole that stopped when the network was set up: for years the most reported trouble with it.',
    needs: modulesOf(STACKED[kind]),
    format: 'extended',
    async run({ guest }) {
      await joinWithTarget(guest, STACKED[kind]);
      await say(guest, [SPECIAL.plain]);
    },
    expect: {
      kind: 'none',
      ends: 'alive',
      says: STOPPED,
      losses: [
        {
          when: () => true,
          from: /^netconsole: network logging stopped on interface/,
          because:
            'netpoll can’t send through an interface that belongs to another: the target is disabled for good, and can’t be enabled there',
          source:
            'drivers/net/netconsole.c netconsole_netdev_event(), net/core/netpoll.c netpoll_setup(); measured on 6.1, 6.12 and 7.2',
        },
      ],
    },
  });
}

const LAST = record('crashlab: the last one before it is disabled');

const teamJoined = scenario({
  title: 'the target’s interface becomes part of a team, which tells nobody; the guest lives on',
  why: 'As with a bond, but the driver never says that it takes the interface: netconsole just goes on.',
  needs: modulesOf(STACKED.team),
  format: 'extended',
  async run({ guest }) {
    await make(guest, STACKED.team);
    await guest.run(STACKED.team.join);
    if ((await guest.run(`cat ${TARGET}/enabled`)).trim() !== '1') guest.missed('The target was disabled.');
    await say(guest, [...Object.values(SPECIAL), LAST]);
    await guest.untilSent(LAST.text);
    await guest.run(`echo 0 > ${TARGET}/enabled`);
    const { status } = await guest.attempt(`echo 1 > ${TARGET}/enabled`);
    if (status === 0) guest.missed('The target could be enabled on an enslaved interface.');
  },
  expect: {
    kind: 'none',
    ends: 'alive',
    says: /eth0 is a slave device, aborting/,
    losses: [
      {
        when: () => true,
        only: /^(?!crashlab: )/,
        because:
          'a target that is disabled can’t be enabled on an interface that belongs to another, and what the kernel says of that has nowhere to go',
        source:
          'net/core/netpoll.c netpoll_setup(); drivers/net/team has no NETDEV_JOIN; measured in 5 runs each: 7 of 18 records on 6.1, 8 of 19 on 6.12, 10 of 21 on 7.2',
      },
    ],
  },
});

export default family({
  ...Object.fromEntries(Object.entries(STACKED).map(([kind, stacked]) => [kind, through(kind, stacked)])),
  'bridge-joined': joined('bridge'),
  'bond-joined': joined('bond'),
  'team-joined': teamJoined,
});
