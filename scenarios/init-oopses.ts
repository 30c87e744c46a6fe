import { scenario } from '../harness/lab/scenario.ts';
import { panicLosses } from './known-losses.ts';

export default scenario({
  title: 'the kernel oopses in a system call of init’s',
  why: 'The 2001 promise: “even if the crash is in init”. An oops that others survive is fatal there.',
  needs: ['gdb-stub'],
  async run({ guest }) {
    // The shell that serves us is PID 1, and cd is its own.
    await guest.crashAt(['__x64_sys_chdir', '__arm64_sys_chdir'], { provoke: 'cd /' });
  },
  expect: {
    kind: 'invalid-opcode',
    context: 'task',
    ends: 'panic',
    says: /Kernel panic - not syncing: Attempted to kill init!/,
    losses: panicLosses,
  },
});
