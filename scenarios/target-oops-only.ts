import { scenario } from '../harness/lab/scenario.ts';
import { hangsIn8139cp, rebootsBeforeFlush } from './known-losses.ts';
import { say, SPECIAL } from './special-records.ts';

/** What no oops is in progress for: the record before the panic, and what follows its stack trace’s end. */
const OUTSIDE = /^crashlab: a plain record$|^sysrq: Trigger a crash$|^Rebooting in \d+ seconds\.\.$/;

export default scenario({
  title: 'a netconsole that sends oopses only (oops_only=1), and a panic',
  why: 'A quiet machine’s netconsole: it has to wake up in time.',
  needs: [],
  async run({ guest }) {
    await guest.run('echo 1 > /sys/module/netconsole/parameters/oops_only');
    await say(guest, [SPECIAL.plain]);
    guest.kill('echo c > /proc/sysrq-trigger');
  },
  expect: {
    kind: 'panic',
    context: 'task',
    ends: 'panic',
    says: /crashlab: a plain record/,
    losses: [
      hangsIn8139cp,
      rebootsBeforeFlush,
      {
        when: () => true,
        only: OUTSIDE,
        because: 'nothing is sent while no oops is in progress',
        source:
          'drivers/net/netconsole.c oops_only, kernel/panic.c bust_spinlocks(); measured on 6.1, 6.12 and 7.2, whose thread may still catch the line before the panic',
      },
    ],
  },
});
