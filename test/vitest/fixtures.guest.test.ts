import { describe } from 'vitest';
import { openExperiment } from '../../harness/lab/standalone.ts';
import { testGuest } from '../../harness/vitest/death.ts';
import { expect, test } from '../../harness/vitest/index.ts';

const EIO = -5;
/** One call; `cat` would try twice. */
const READ = 'read uptime < /proc/uptime && echo $uptime';

describe('a guest as a fixture', () => {
  test('dies as it is told, and everything it said has arrived', async ({ guest }) => {
    guest.kill('echo c > /proc/sysrq-trigger');
    const death = await guest.death();
    expect(death).toDieOf({ kind: 'panic', context: 'task', title: /sysrq triggered crash/ });
    expect(death).toHaveArrivedComplete();
    expect(death.log).toContain('sysrq: Trigger a crash');
  });

  test('lives on after an oops in a task, and says so', async ({ guest }) => {
    await guest.crashAt('uptime_proc_show', { provoke: 'cat /proc/uptime' });
    expect(await guest.run('echo still here')).toBe('still here\n');
    const death = await guest.death('alive');
    expect(death).toDieOf({ kind: 'invalid-opcode', context: 'task' });
    expect(death).toHaveArrivedComplete();
  });

  test('has calls fail, of one function by its name, with a negative number', async ({ guest }) => {
    const failing = await guest.failCalls('uptime_proc_show', { return: EIO, times: 2 });
    const statuses = [];
    for (let call = 0; call < 3; call++) statuses.push((await guest.attempt(READ)).status);
    expect(statuses).toEqual([1, 1, 0]);
    expect(failing.calls).toBe(2);
  });

  test('knows the ways to crash, and no other', async ({ guest }) => {
    // @ts-expect-error: as who writes JavaScript may have it.
    await expect(guest.crashAt('uptime_proc_show', { how: 'ilegal-instruction' })).rejects.toMatchObject({
      code: 'NO_CRASH_KIND',
      advice: 'Did you mean illegal-instruction?',
    });
    expect(await guest.run('cat /proc/uptime')).toMatch(/^\d/);
  });

  test('names a record that was lost on the wire', async ({ guest }) => {
    guest.misbehave({ seed: 1, rules: [{ fault: { kind: 'drop' }, nth: [1] }] });
    await guest.run('echo "the lost one" > /dev/kmsg; echo "the one behind" > /dev/kmsg');
    const death = await guest.death('alive');
    expect(() => expect(death).toHaveArrivedComplete()).toThrow(/lost on the wire: the lost one/);
    expect(() => expect(death).toDieOf({ kind: 'panic' })).toThrow('The guest died of none');
  });

  test('may be asked for what it has', async ({ guest }) => {
    expect(await guest.probe('moon', { function: 'moon_phase' })).toBe(false);
    expect(await guest.probe('panic', { function: 'panic' })).toBe(true);
    expect(await guest.probe('shell', { command: '[ -d /proc/self ]' })).toBe(true);
    expect(await guest.probe('nothing', { command: '[ -d /nowhere ]' })).toBe(false);
    expect([...guest.probed]).toEqual(['panic', 'shell']);
  });

  // vitest's own skip would make this a skipped test.
  test('skips its test where it lacks something', async () => {
    await using experiment = await openExperiment();
    const guest = testGuest(experiment, (reason) => {
      throw new Error(`skipped: ${reason}`);
    });
    expect(() => guest.lacks('It has no moon.')).toThrow('skipped: It has no moon.');
  });

  describe('with the lab’s module', () => {
    test.override({ crashlab: { labModule: true } });

    test('does what it can’t be made to from outside', async ({ guest }) => {
      const lab = await guest.lab();
      await lab.filter('all');
      expect((await guest.attempt('ping -c 1 -W 1 10.0.2.2')).status).not.toBe(0);
      await lab.filter('none');
      expect((await guest.attempt('ping -c 1 -W 1 10.0.2.2')).status).toBe(0);
      await lab.burst({ count: 3 });
      const death = await guest.death('alive');
      expect(death.log.filter((line) => line.startsWith('crashlab: burst '))).toHaveLength(3);
      expect(death).toHaveArrivedComplete();
    });
  });

  describe('of another kernel', () => {
    test.override({ crashlab: { kernel: 'debian:6.12@trixie', vcpus: 2, panic: 5 } });

    test('is what was asked for', async ({ guest }) => {
      expect(await guest.run('uname -r')).toMatch(/^6\.12\./);
      expect(await guest.run('nproc')).toBe('2\n');
      guest.kill('echo c > /proc/sysrq-trigger');
      const death = await guest.death();
      expect(death.log.at(-1)).toBe('Rebooting in 5 seconds..');
      expect(death).toHaveArrivedComplete();
    });
  });
});
