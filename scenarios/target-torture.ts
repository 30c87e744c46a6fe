import { scenario } from '../harness/lab/scenario.ts';
import { repeated, sayMeanwhile } from './meanwhile.ts';
import { makeSecond, SECOND } from './second-target.ts';
import { say, SPECIAL, TARGET } from './special-records.ts';

const ROUNDS = 30;
/** What is done all at once, by name. To an interface that is down no target says anything. */
const TORTURES = {
  target: `echo 0 > ${TARGET}/enabled && echo 1 > ${TARGET}/enabled`,
  second: `${makeSecond()} && echo 1 > ${SECOND}/enabled && echo 0 > ${SECOND}/enabled && rmdir ${SECOND}`,
  interface: 'ip link set eth0 down && ip link set eth0 up',
};
const USERDATA = {
  userdata: `mkdir ${TARGET}/userdata/k && echo v > ${TARGET}/userdata/k/value && rmdir ${TARGET}/userdata/k`,
};

export default scenario({
  title:
    'targets, userdata and the interface come and go, all at once, while records are said; the guest lives on',
  why: 'Setting netconsole up must never be what kills the machine, and afterwards it has to work.',
  needs: ['vcpus:2'],
  suite: 'full',
  format: 'extended',
  async run({ guest }) {
    const { status } = await guest.attempt(`[ -e ${TARGET}/userdata ]`);
    const tortures = Object.entries({ ...TORTURES, ...(status === 0 ? USERDATA : {}) });
    const commands = tortures.map(([name, command]) => repeated(ROUNDS, command, `/tmp/${name}`));
    const said = await sayMeanwhile(guest, 'torture', commands);
    for (const [name] of tortures) {
      const times = Number(await guest.run(`cat /tmp/${name}`));
      if (times < ROUNDS) guest.missed(`Of ${ROUNDS} rounds of torture for ${name} only ${times} succeeded.`);
    }
    if (said < ROUNDS) guest.missed(`Only ${said} records were said meanwhile.`);
    await guest.run(`[ "$(cat ${TARGET}/enabled)" = 1 ]`);
    await guest.run('until [ "$(cat /sys/class/net/eth0/carrier)" = 1 ]; do usleep 10000; done');
    await say(guest, Object.values(SPECIAL));
  },
  measure({ written, arrived }) {
    const said = written.filter(({ text }) => text.startsWith('crashlab: torture '));
    const came = said.filter(({ sequence }) => arrived.records.has(sequence));
    return [
      { name: 'records said meanwhile', unit: 'records', value: said.length },
      { name: 'of these arrived', unit: 'records', value: came.length },
    ];
  },
  // The known loss is of whole records.
  check: ({ wire }) => (wire.torn.length === 0 ? [] : [`${wire.torn.length} records were torn.`]),
  expect: {
    kind: 'none',
    ends: 'alive',
    says: /a plain record/,
    losses: [
      {
        when: () => true,
        how: 'sometimes',
        only: /^(?:crashlab: torture |netconsole: |netpoll: |printk: )/,
        because: 'what is said while the target is off, or its interface down, has nowhere to go',
        source:
          'drivers/net/netconsole.c enabled_store(), net/core/netpoll.c netpoll_send_skb(); measured: 572 to 1110 of 844 to 1379 records on 6.1 and 331 to 384 of 683 to 763 on 6.12 in 10 runs each, 380 to 407 of 700 to 732 on 7.2 in 5',
      },
    ],
  },
});
