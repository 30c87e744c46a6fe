import { scenario } from '../harness/lab/scenario.ts';

/** A device that no driver has, so that nobody misses it. */
const FREE = 'for d in /sys/bus/pci/devices/*; do [ -e $d/driver ] || { echo $d; break; }; done';

export default scenario({
  title: 'a PCI device goes and comes: records with a dictionary; the guest lives on',
  why: 'What a driver says names its device beside the text: SUBSYSTEM and DEVICE must arrive with it.',
  needs: [],
  format: 'extended',
  async run({ guest }) {
    const device = (await guest.run(FREE)).trim();
    if (device === '') guest.lacks('Every PCI device of this guest has a driver.');
    await guest.run(`echo 1 > ${device}/remove && echo 1 > /sys/bus/pci/rescan`);
  },
  check({ written, arrived, guest }) {
    const named = written.filter(({ dictionary }) => dictionary['DEVICE'] !== undefined);
    if (named.length === 0) guest.missed('No record has a dictionary.');
    return named.flatMap(({ sequence, dictionary }) => {
      const came = Object.fromEntries(arrived.records.get(sequence)?.[0]?.dictionary ?? []);
      const lacking = Object.entries(dictionary).filter(([key, value]) => came[key] !== value);
      return lacking.map(([key, value]) => `Record ${sequence} came without ${key}=${value}.`);
    });
  },
  expect: { kind: 'none', ends: 'alive', says: /^pci / },
});
