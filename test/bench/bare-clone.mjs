// The smallest thing that could be called a crash: restore the template's state, have its agent crash it, wait
// for the last line on the serial console, kill it. No wire is read into frames, no ring buffer, no verdict.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';

/** Crashes one bare clone; resolves when it is gone. */
export async function crashBareClone({ command, state }) {
  const file = openSync(state, 'r');
  const [program, ...list] = command.map((word) =>
    word.startsWith('pipe,id=console,') ? 'socket,id=console,fd=8' : word,
  );
  const qemu = spawn(program, list, {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe', 'pipe', 'pipe', file, 'pipe'],
  });
  closeSync(file);
  const [, , , nic, qmp, agent, , , console_] = qemu.stdio;
  nic.resume();
  let words = '';
  qmp.on('data', (chunk) => {
    words += chunk;
    if (!words.includes('"completed"')) return;
    words = '';
    qmp.write('{"execute":"cont"}\n');
    agent.write('1 echo c > /proc/sysrq-trigger\n');
  });
  const capabilities = ['x-ignore-shared', 'events'].map((capability) => ({ capability, state: true }));
  const commands = [
    { execute: 'qmp_capabilities' },
    { execute: 'migrate-set-capabilities', arguments: { capabilities } },
    { execute: 'migrate-incoming', arguments: { uri: 'fd:7' } },
  ];
  qmp.write(commands.map((one) => `${JSON.stringify(one)}\n`).join(''));
  let tail = '';
  await new Promise((resolve) => {
    console_.on('data', (chunk) => {
      tail = (tail + chunk).slice(-4096);
      if (tail.includes('---[ end Kernel panic')) resolve();
    });
  });
  qemu.kill('SIGKILL');
  await once(qemu, 'close');
}
