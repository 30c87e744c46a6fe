import { type KnownLoss, scenario, type Seen } from '../harness/lab/scenario.ts';
import { PANIC } from './known-losses.ts';

/** netconsole's port of the second kernel; that of the first is 6666. */
const PORT = 6667;
/** As images/init.sh says it: with the memory of the crashed kernel in its hand. */
const ITS_WORDS = /^crashlab: capture kernel, \/proc\/vmcore of [1-9]\d* bytes$/;

/** Linux 7.0 on. That the serial console says no more, as legacy consoles then wait for the nbcon ones, is inferred. */
const jumpsBeforeFlush: KnownLoss = {
  when: ({ facts }) => facts.netconsole === 'nbcon',
  from: PANIC,
  because:
    'netconsole is an nbcon console marked unsafe in atomic context: panic() prints through it only at its very end, and goes into the capture kernel before that, whatever panic= is',
  source:
    'vpanic() in kernel/panic.c; measured on 7.2: every record of the panic lost in 10 of 10 runs with panic=0 and 10 of 10 with panic=5, on the serial console as well; of 6.1 and 6.12 none in 20 runs each',
};

function secondTexts({ arrivedAt }: Seen): string[] {
  return [...arrivedAt(PORT).records.values()].flatMap((copies) => copies.map(({ text }) => text));
}

export default scenario({
  title: 'a panic that goes on in a capture kernel (kdump), which has a netconsole of its own',
  why: 'Where a crash dump is taken nobody waits for the first kernel’s last words, and the second one has to report as well.',
  needs: ['capture-kernel'],
  boot: { append: 'crashkernel=128M', memoryMiB: 384, start: 'with-capture' },
  prepare: ({ guest }) => guest.captureKernel({ port: PORT }),
  async run({ guest }) {
    guest.kill('echo c > /proc/sysrq-trigger');
  },
  check(seen) {
    const said = seen.console.includes('crashlab: capture kernel');
    const texts = secondTexts(seen);
    return [
      ...(said ? [] : ['The capture kernel did not come up.']),
      ...(texts.some((text) => ITS_WORDS.test(text))
        ? []
        : ['The capture kernel’s netconsole said nothing.']),
    ];
  },
  measure(seen) {
    return [
      {
        name: 'records of the capture kernel that arrived',
        unit: 'records',
        value: secondTexts(seen).length,
      },
    ];
  },
  expect: { kind: 'panic', context: 'task', ends: 'power-off', losses: [jumpsBeforeFlush] },
});
