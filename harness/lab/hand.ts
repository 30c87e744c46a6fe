import { setTimeout as delay } from 'node:timers/promises';
import { loadCaptureKernel } from '../guest/capture-kernel.ts';
import { crashAt } from '../guest/crash-at.ts';
import { failCalls } from '../guest/fail-calls.ts';
import { withDeadline } from '../guest/guest.ts';
import { loadLabModule } from '../guest/lab-module.ts';
import { loadModule } from '../guest/modules.ts';
import { changeTarget } from '../guest/netconsole-setup.ts';
import { changeLink, plugNic, setLink, unplugNic } from '../guest/nic.ts';
import { startTraffic } from '../guest/traffic.ts';
import { CrashlabError } from '../host/error.ts';
import type { Scene } from './experiment.ts';
import type { ScenarioGuest } from './scenario.ts';
import { packetsOf, untilSent } from './sent.ts';
import { CellLacks } from './skip.ts';

const TRIGGER_TIMEOUT_MS = 30_000;

/** What a scenario holds of a guest; everything it waits for ends with `signal`. */
export function scenarioGuest({ guest, kernel, cell, signal, labModule = null }: Scene): ScenarioGuest {
  const { agent, qemu, segment } = guest;
  const from = guest.serial.length;
  const probed = new Set<string>();
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
    async untilSent(text) {
      using deadline = withDeadline(signal, TRIGGER_TIMEOUT_MS, () => neverSent(text));
      await untilSent(guest, text, deadline.signal);
    },
    async probe(name, by) {
      const so =
        'function' in by
          ? await kernel.has(guest.memory, by.function)
          : (await agent.run(by.command, signal)).status === 0;
      if (so) probed.add(name);
      return so;
    },
    probed,
    lacks(reason) {
      throw new CellLacks(reason);
    },
    missed(reason) {
      throw new CrashlabError('guest', 'TRIGGER_MISSED', reason);
    },
    read: (address, length) => kernel.readVirtual(guest.memory, address, length),
    netconsole: (settings) => changeTarget(agent, settings, signal),
    load: (module, parameters = '') => loadModule(agent, { module, parameters }, signal),
    async pressKeys(...keys) {
      await qemu.qmp.execute('send-key', { keys: keys.map((data) => ({ type: 'qcode', data })) });
    },
    async serialSysrq(key) {
      await qemu.qmp.execute('chardev-send-break', { id: 'console' });
      qemu.console.input.write(key);
    },
    events: () => guest.events.map(({ name }) => name),
    async injectNmi() {
      await qemu.qmp.execute('inject-nmi');
    },
    crashAt: (symbol, { provoke, ...options } = {}) =>
      crashAt(guest, kernel, [symbol].flat(), {
        ...options,
        waitMs: TRIGGER_TIMEOUT_MS,
        ...(provoke === undefined ? {} : { meanwhile: () => void agent.send(provoke) }),
      }),
    failCalls: (targets, options) => failCalls(guest, kernel, targets, options),
    async lab(options = {}) {
      if (labModule === null) throw new CellLacks('The lab’s module was not made for this run.');
      return loadLabModule(agent, labModule, { ...options, signal });
    },
    async captureKernel({ port }) {
      const loaded = await loadCaptureKernel(guest, kernel, { port, signal });
      if ('lacks' in loaded) throw new CellLacks(loaded.lacks);
    },
    misbehave: (plan) => segment.injectFaults(plan),
    stall: (state) => (state === 'on' ? segment.pause() : segment.resume()),
    packets: () => packetsOf(guest).length,
    link: (state, { wait = false } = {}) => (wait ? changeLink : setLink)(guest, state),
    unplug: () => unplugNic(guest),
    plug: () => plugNic(guest),
    traffic: (plan) => startTraffic(guest, plan),
    pause: async (ms) => {
      await delay(ms, undefined, { signal });
    },
  };
}

function neverSent(text: string): CrashlabError {
  return new CrashlabError(
    'guest',
    'TRIGGER_MISSED',
    `No packet with “${text}” came from the guest within ${TRIGGER_TIMEOUT_MS / 1000} s.`,
  );
}

function neverSaid(says: RegExp, seconds: number): CrashlabError {
  return new CrashlabError(
    'guest',
    'TRIGGER_MISSED',
    `The guest did not say ${says} on its console within ${seconds} s.`,
  );
}
