import { crashAt } from '../guest/crash-at.ts';
import { type Guest, withDeadline } from '../guest/guest.ts';
import type { KernelView } from '../guest/kernel-view.ts';
import { loadModule } from '../guest/modules.ts';
import { changeTarget } from '../guest/netconsole-setup.ts';
import { CrashlabError } from '../host/error.ts';
import type { Cell } from './record.ts';
import type { ScenarioGuest } from './scenario.ts';
import { CellLacks } from './skip.ts';

const TRIGGER_TIMEOUT_MS = 30_000;

/** What a scenario holds of a guest; everything it waits for ends with `signal`. */
export function scenarioGuest(
  guest: Guest,
  kernel: KernelView,
  cell: Cell,
  signal: AbortSignal,
): ScenarioGuest {
  const { agent, qemu } = guest;
  const from = guest.serial.length;
  return {
    facts: kernel.facts,
    cell,
    run: (command) => agent.must(command, signal),
    attempt: (command) => agent.run(command, signal),
    kill: (command) => void agent.send(command),
    async until(says, seconds) {
      using deadline = withDeadline(signal, seconds * 1000, () => neverSaid(says, seconds));
      while (!says.test(guest.serial.text(from))) {
        deadline.signal.throwIfAborted();
        await guest.activity.next(seconds * 1000, deadline.signal);
      }
    },
    lacks(reason) {
      throw new CellLacks(reason);
    },
    netconsole: (settings) => changeTarget(agent, settings, signal),
    load: (module, parameters = '') => loadModule(agent, { module, parameters }, signal),
    async pressKeys(...keys) {
      await qemu.qmp.execute('send-key', { keys: keys.map((data) => ({ type: 'qcode', data })) });
    },
    async injectNmi() {
      await qemu.qmp.execute('inject-nmi');
    },
    async crashAt(symbol, { provoke } = {}) {
      await crashAt(guest, kernel, typeof symbol === 'string' ? [symbol] : symbol, {
        waitMs: TRIGGER_TIMEOUT_MS,
        ...(provoke === undefined ? {} : { meanwhile: () => void agent.send(provoke) }),
      });
    },
  };
}

function neverSaid(says: RegExp, seconds: number): CrashlabError {
  return new CrashlabError(
    'guest',
    'TRIGGER_MISSED',
    `The guest did not say ${says} on its console within ${seconds} s.`,
  );
}
