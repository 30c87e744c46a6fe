import { family, scenario, type Seen } from '../harness/lab/scenario.ts';
import { bindByMac, bindByName, BY_NAME } from './parameter.ts';
import { makeSecond, SECOND, SECOND_PORT } from './second-target.ts';
import { arrivedOf, say, SPECIAL, TARGET } from './special-records.ts';

const ALL = Object.values(SPECIAL);
const BROADCAST = 'ff:ff:ff:ff:ff:ff';

/** What a target of the module's own sends: the log from its beginning. */
function wholeLog(seen: Seen): string[] {
  const sequences = [...seen.arrived.records.keys()];
  const first = Math.min(...sequences);
  const last = Math.max(...sequences);
  const problems = first === 0 ? [] : [`The log was sent again from record ${first} on, not from 0.`];
  if (sequences.length !== last - first + 1) {
    problems.push(`Of records ${first} to ${last} only ${sequences.length} came.`);
  }
  if (!arrivedOf(SPECIAL.plain, seen)) problems.push('The plain record never came.');
  return problems;
}

export default family({
  broadcast: scenario({
    title: 'a target without a MAC address of its own: broadcast; the guest lives on',
    why: 'What everybody gets who does not know the receiver’s MAC address.',
    needs: [],
    prepare: ({ guest }) => guest.netconsole({ remote_mac: BROADCAST }),
    run: ({ guest }) => say(guest, ALL),
    check({ datagrams }) {
      const mac = datagrams.findLast(({ destination }) => destination.port === 6666)?.destination.mac;
      return mac === BROADCAST ? [] : [`The last datagram went to ${mac}.`];
    },
    expect: { kind: 'none', ends: 'alive', says: /a plain record/ },
  }),
  mac: scenario({
    title: 'a target bound to the interface by its MAC address; the guest lives on',
    why: 'Names of interfaces change from boot to boot.',
    needs: [],
    format: 'extended',
    prepare: ({ guest }) => bindByMac(guest),
    run: ({ guest }) => say(guest, ALL),
    expect: { kind: 'none', ends: 'alive', says: /a plain record/ },
  }),
  several: scenario({
    title: 'two targets at once; the guest lives on',
    why: 'Two receivers, so that one may fail: each must get everything.',
    needs: ['own-wire'],
    format: 'extended',
    async prepare({ guest }) {
      await guest.run(`${makeSecond()} && echo 1 > ${SECOND}/enabled`);
    },
    run: ({ guest }) => say(guest, ALL),
    check({ arrivedAt, written }) {
      const { records, torn } = arrivedAt(SECOND_PORT);
      const lacking = written.filter(({ sequence }) => records.get(sequence)?.length !== 1);
      return lacking.length === 0 && torn.length === 0
        ? []
        : [`The second target lacks ${lacking.length} of ${written.length} records.`];
    },
    expect: { kind: 'none', ends: 'alive', says: /a plain record/ },
  }),
  parameter: scenario({
    title: 'a target from the module’s parameter: the whole log is sent again; the guest lives on',
    why: 'How netconsole is set up at boot: what was said before it came must not be lost.',
    needs: [],
    format: 'extended',
    prepare: ({ guest }) => bindByName(guest),
    run: ({ guest }) => say(guest, ALL),
    check: wholeLog,
    expect: { kind: 'none', ends: 'alive', says: /a plain record/ },
  }),
  'boot-parameter': scenario({
    title: 'a target from the kernel’s command line: the log of the boot is sent; the guest lives on',
    why: 'How netconsole is there before anybody has logged in.',
    needs: [],
    suite: 'full',
    format: 'extended',
    boot: { append: `netconsole.netconsole=${BY_NAME}` },
    // A clone’s witness was not there when its template booted.
    fresh: true,
    prepare: async ({ guest }) => {
      // The other target, which the lab has made.
      await guest.run(`echo 0 > ${TARGET}/enabled`);
    },
    run: ({ guest }) => say(guest, ALL),
    check: wholeLog,
    expect: { kind: 'none', ends: 'alive', says: /a plain record/ },
  }),
});
