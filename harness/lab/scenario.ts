import type { GuestFacts } from '../guest/facts.ts';
import type { Cell } from './record.ts';

/** What a scenario holds in its hand. Times are milliseconds, texts byte strings. */
export interface ScenarioGuest {
  facts: GuestFacts;
  cell: Cell;
  /** Runs a shell command in the guest and waits for its end; fails when it fails. */
  run(command: string): Promise<string>;
  /** Sends a shell command that will not return: it kills the guest. */
  kill(command: string): void;
  /** Presses keys of the PS/2 keyboard together, by QEMU's names, e.g. `alt`, `sysrq`, `c`. */
  pressKeys(...keys: string[]): Promise<void>;
  /** Raises a non-maskable interrupt on every vCPU. */
  injectNmi(): Promise<void>;
  /**
   * Makes the function crash where it stands when it is called next: an illegal instruction in place, so that
   * RIP and trace are true. `symbol` may be several names, the first that this kernel has is taken; a
   * module's is written `start_xmit [virtio_net]`. `provoke` is sent to make the call happen.
   */
  crashAt(symbol: string | string[], options?: { provoke?: string }): Promise<void>;
}

/** A loss that is known: data, not a shrug. */
export interface KnownLoss {
  /** Whether it applies; probe the guest's facts, never its version. */
  when: (guest: { cell: Cell; facts: GuestFacts }) => boolean;
  because: string;
  /** Where that is known from: a commit, a thread, a measurement. */
  source: string;
  /** `sometimes`: both outcomes are expected. */
  how?: 'always' | 'sometimes';
  /** Only records with such a text are known to be lost; another one missing is a new loss. */
  only?: RegExp;
}

export interface Scenario {
  title: string;
  /** Which promise of netconsole's it tests. */
  why: string;
  /** What the guest or QEMU must have, in words: `gdb-stub`, `keyboard`. */
  needs: string[];
  /** Before the marker: settings the crash needs. */
  prepare?: (context: { guest: ScenarioGuest }) => Promise<void>;
  /** The trigger. Everything the guest says from the marker before it on must arrive. */
  run: (context: { guest: ScenarioGuest }) => Promise<void>;
  expect: {
    /** As harness/oops names it; `none` for a guest that survives. */
    kind: string;
    context?: 'task' | 'softirq' | 'hardirq' | 'nmi';
    /** `panic`: the kernel's own end; `alive`: it goes on. */
    ends: 'panic' | 'alive';
    /** Losses on the wire that are known. */
    losses?: KnownLoss[];
  };
}

/** Declares a scenario; the default export of a file in scenarios/. */
export function scenario(definition: Scenario): Scenario {
  return definition;
}
