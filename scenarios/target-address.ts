import { family, scenario } from '../harness/lab/scenario.ts';
import { bindByMac } from './parameter.ts';
import { makeSecond, SECOND, SECOND_PORT } from './second-target.ts';
import { say, SPECIAL } from './special-records.ts';

const ALL = Object.values(SPECIAL);
const BROADCAST = 'ff:ff:ff:ff:ff:ff';

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
});
