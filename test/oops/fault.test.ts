import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readCrashes } from '../../harness/oops/crash.ts';
import { readLog } from '../../harness/oops/log-line.ts';

const textOf = (file: string) =>
  readFileSync(new URL(`fixtures/${file}.txt`, import.meta.url), 'latin1').trimEnd();
const first = (text: string) => readCrashes(readLog(text)).crashes[0];

const stuck = (comm: string) =>
  first(`[   12.133215] watchdog: BUG: soft lockup - CPU#0 stuck for 23s! [${comm}]`)?.signature;
const hung = (comm: string) =>
  first(`[   12.133215] INFO: task ${comm} blocked for more than 120 seconds.`)?.signature;

describe('the function that a crash is named after', () => {
  test.each(['6.1/hrtimer', '6.12/hrtimer', '6.12/hrtimer-in-user-space', 'arm64-6.12/hrtimer'])(
    '%s: who died in an interrupt is at fault, not who was interrupted',
    (file) => {
      expect(first(textOf(file))).toMatchObject({
        title: 'invalid opcode in hrtimer_interrupt',
        signature: 'invalid-opcode:hrtimer_interrupt',
      });
    },
  );

  test('an interrupt that only found a lockup is not at fault', () => {
    const [lockup, panics] = ['6.12/soft-lockup', '6.12/soft-lockup-panics'].map((file) =>
      first(textOf(file)),
    );
    expect(lockup).toMatchObject({
      title: 'soft lockup in sys_sethostname',
      signature: 'soft-lockup:sys_sethostname',
    });
    expect(panics?.signature).toBe(lockup?.signature);
    expect(first(textOf('6.1/rcu-stall'))?.function).toBe('sys_sethostname');
  });

  test('a helper that was called by nobody but the way into the kernel', () => {
    expect(first(textOf('6.12/bug'))?.title).toBe('kernel BUG in usercopy_abort');
    expect(first(textOf('6.12/warning'))?.title).toBe('WARNING in refcount_warn_saturate');
    const called = textOf('6.12/bug').replace(
      /\] {2}do_syscall_64\+/,
      ']  foo_write+0x1/0x2\n[    9.000000]  do_syscall_64+',
    );
    expect(first(called)?.title).toBe('kernel BUG in foo_write');
  });

  test('without any function a signature does not name who was hit', () => {
    expect(stuck('hostname:142')).toBe(stuck('kworker/0:1:77'));
    expect(hung('sshd:142')).toBe(hung('a task:77'));
  });
});
