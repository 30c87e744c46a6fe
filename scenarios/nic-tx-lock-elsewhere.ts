import { family, type Scenario, scenario, type ScenarioGuest } from '../harness/lab/scenario.ts';

const title = 'panic while another CPU holds the transmit lock for ever';
const why = 'That CPU is stopped with the lock in its hand: whoever waits for it waits for ever.';

const BECAUSE =
  'netpoll polls the driver before it sends, and virtio-net’s poll of the transmit queue takes its lock without asking (virtnet_poll_tx): the CPU that prints waits for ever';
/** Said while that CPU has the lock: the first that is lost. */
const FIRST_LOST = /^sysrq: Trigger a crash$/;
const SOURCE =
  'drivers/net/virtio_net.c virtnet_poll_tx(), where virtnet_poll_cleantx() only tries; measured on 6.1, 6.12 and 7.2';

async function dieAgainstTheLock(guest: ScenarioGuest): Promise<void> {
  const lab = await guest.lab();
  // The agent must not sit on the CPU that the holder keeps busy.
  await guest.run('taskset -p 1 $$ > /dev/null');
  await lab.hold({ lock: 'tx', cpu: 1, ms: 'forever' });
  guest.kill('echo c > /proc/sysrq-trigger');
}

/** A console that prints where printk is called takes the whole machine with it, before it can panic. */
const legacy: Scenario = scenario({
  title: `${title}, netconsole printing in place`,
  why,
  suite: 'full',
  needs: ['lab-module', 'vcpus:2'],
  async run({ guest }) {
    if (guest.facts.netconsole !== 'legacy') guest.lacks('Its netconsole prints from a thread of its own.');
    await dieAgainstTheLock(guest);
  },
  expect: {
    kind: ['none', 'panic'],
    ends: 'hang',
    says: /sysrq: Trigger a crash/,
    losses: [{ when: () => true, from: FIRST_LOST, because: BECAUSE, source: SOURCE }],
  },
});

/** Here only the printing thread waits: the machine panics, and everything behind the lock is lost. */
const nbcon: Scenario = scenario({
  title: `${title}, netconsole printing from its thread`,
  why,
  suite: 'full',
  needs: ['lab-module', 'vcpus:3'],
  async run({ guest }) {
    if (guest.facts.netconsole !== 'nbcon') guest.lacks('Its netconsole prints where printk is called.');
    // Else it may wait on the CPU that is to panic, with interrupts off.
    await guest.run(
      'for task in /proc/[0-9]*; do case $(cat $task/comm) in pr/netcon*) taskset -p 4 ${task#/proc/} > /dev/null ;; esac; done',
    );
    await dieAgainstTheLock(guest);
  },
  expect: {
    kind: 'panic',
    context: 'task',
    ends: 'panic',
    losses: [{ when: () => true, from: FIRST_LOST, because: BECAUSE, source: SOURCE }],
  },
});

export default family({ legacy, nbcon });
