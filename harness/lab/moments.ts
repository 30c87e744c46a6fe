import type { Guest } from '../guest/guest.ts';
import { clockMs } from '../wire/segment.ts';
import type { ScenarioGuest } from './scenario.ts';
import { QEMU_SAW } from './timeline.ts';

/** Something that happened in a run, by this host's clock: milliseconds since 1970. */
export interface Moment {
  atMs: number;
  name: string;
}

/** A scenario may do something again and again. */
const MOST_MOMENTS = 100;
const MOMENTS = new Map<string, string>(Object.entries(QEMU_SAW));

/** A scenario's hand; `note` hears what it does to the guest, in words. */
export function noting(hand: ScenarioGuest, note: (name: string) => void): ScenarioGuest {
  const told = (name: string) => note(name.slice(0, LONGEST_NAME));
  return {
    ...hand,
    run: (command) => {
      told(command);
      return hand.run(command);
    },
    attempt: (command) => {
      told(command);
      return hand.attempt(command);
    },
    kill: (command) => {
      told(command);
      hand.kill(command);
    },
    pressKeys: (...keys) => {
      told(`keys: ${keys.join(' ')}`);
      return hand.pressKeys(...keys);
    },
    serialSysrq: (key) => {
      told(`break and ${key} on the serial line`);
      return hand.serialSysrq(key);
    },
    injectNmi: () => {
      told('NMI');
      return hand.injectNmi();
    },
    crashAt: (symbol, options) => {
      told(`the next call of ${[symbol].flat().join(' or ')} is to crash`);
      return hand.crashAt(symbol, options);
    },
    failCalls: (targets, options) => {
      told(`calls of ${[targets].flat(2).join(', ')} are to fail`);
      return hand.failCalls(targets, options);
    },
  };
}

const LONGEST_NAME = 80;

/** What of a guest tells of moments. */
interface Watched {
  events: readonly { name: string; atMs: number }[];
  segment: Pick<Guest['segment'], 'changes'>;
}

/** What was done to the guest and its wire since the marker, and what QEMU saw. */
export function momentsOf({ events, segment }: Watched, acts: readonly Moment[], begunMs: number): Moment[] {
  const seen = events.flatMap(({ name, atMs }) => {
    const words = MOMENTS.get(name);
    return words === undefined ? [] : [{ atMs, name: words }];
  });
  const wire = segment.changes.map(({ timeNs, change, ...state }) => ({
    atMs: clockMs(timeNs),
    name: `wire: ${change}${'state' in state ? ` ${state.state}` : ''}`,
  }));
  const all = [...acts, ...seen, ...wire]
    .filter(({ atMs }) => atMs >= begunMs)
    .sort((one, other) => one.atMs - other.atMs);
  // The trigger is among the last.
  return all.filter((_, at) => at < MOST_MOMENTS / 2 || at >= all.length - MOST_MOMENTS / 2);
}
