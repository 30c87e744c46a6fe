import { scenario } from '../harness/lab/scenario.ts';
import { panicLosses } from './known-losses.ts';

export default scenario({
  title: 'a panic that tells the hypervisor (pvpanic)',
  why: 'The notifier runs in the middle of panic(): it must not cut off what is still to be said.',
  needs: ['module:pvpanic-pci'],
  boot: { devices: ['pvpanic-pci'] },
  prepare: ({ guest }) => guest.load('pvpanic-pci'),
  async run({ guest }) {
    guest.kill('echo c > /proc/sysrq-trigger');
  },
  check({ guest }) {
    const told = guest.events().some((name) => name === 'GUEST_PANICKED' || name === 'GUEST_CRASHLOADED');
    return told ? [] : guest.missed('QEMU was not told of the panic.');
  },
  expect: { kind: 'panic', context: 'task', ends: 'panic', losses: panicLosses },
});
