import type { CrashProof } from '../guest/crash-at.ts';
import type { CrashKind } from '../guest/crash-kinds.ts';
import type { GuestFacts } from '../guest/facts.ts';
import type { FailedCalls, FailingTargets, FailOptions } from '../guest/fail-calls.ts';
import type { LabModule } from '../guest/lab-module.ts';
import type { Traffic, TrafficPlan } from '../guest/traffic.ts';
import type { FaultPlan } from '../wire/faults.ts';
import type { UdpDatagram } from '../wire/udp.ts';
import type { Ledger } from '../netconsole/ledger.ts';
import type { PrintkRecord } from '../printk/record.ts';
import type { OopsKind } from '../oops/headline.ts';
import type { Judgement } from '../verdict/judgement.ts';
import type { Need } from './needs.ts';
import type { Cell, Measurement } from './record.ts';
import type { Suite } from './suites.ts';

export type { ArrivedRecord } from '../netconsole/arrived.ts';
export type { Traffic, TrafficPlan, UdpDatagram };

/** What a scenario holds in its hand. Times are milliseconds, texts byte strings. */
export interface ScenarioGuest {
  facts: GuestFacts;
  cell: Cell;
  /** Runs a shell command in the guest and waits for its end; fails when it fails. */
  run(command: string): Promise<string>;
  /** The same for what may fail: its exit status and what it printed. */
  attempt(command: string): Promise<{ status: number; output: string }>;
  /** Sends a shell command that will not return: it kills the guest. */
  kill(command: string): void;
  /** Waits until the guest has said something on its console since the marker. Errors: TRIGGER_MISSED. */
  until(says: RegExp, seconds: number): Promise<void>;
  /**
   * Waits until a packet with this text, of one datagram, has left the guest: a kernel whose netconsole prints by a
   * thread sends a record later than it is said. Errors: TRIGGER_MISSED.
   */
  untilSent(text: string): Promise<void>;
  /**
   * Asks what a known loss depends on and the facts don't say: whether the kernel has a function, or a shell command
   * in the guest succeeds. `when` then finds the name among `probed`.
   */
  probe(name: string, by: { function: string } | { command: string }): Promise<boolean>;
  /** What was so, of what was asked. */
  probed: ReadonlySet<string>;
  /** Ends the run as skipped: this guest can't have it. `reason` is a sentence. */
  lacks(reason: string): never;
  /** Ends the run without a verdict: what it is about did not come about. `reason` is a sentence. Errors: TRIGGER_MISSED. */
  missed(reason: string): never;
  /** Bytes at a kernel virtual address, of the living guest; null where none is mapped. Errors: RING_UNREADABLE. */
  read(address: bigint, length: number): Promise<Uint8Array | null>;
  /** Writes settings of netconsole's target (configfs), disabled meanwhile: `{ remote_ip: 'fec0::2' }`. */
  netconsole(settings: Record<string, string | number>): Promise<void>;
  /** Loads a module of the kernel's own, with those it needs; the scenario `needs` it as `module:NAME`. */
  load(module: string, parameters?: string): Promise<void>;
  /** Presses keys of the PS/2 keyboard together, by QEMU's names, e.g. `alt`, `sysrq`, `c`. */
  pressKeys(...keys: string[]): Promise<void>;
  /**
   * Sends a break and a key over the console's serial line: sysrq for a kernel that has the port open. QMP
   * `chardev-send-break`.
   */
  serialSysrq(key: string): Promise<void>;
  /** Names of QEMU's events, in the order they came: `GUEST_PANICKED`, `WATCHDOG`. */
  events(): string[];
  /** Raises a non-maskable interrupt on every vCPU. */
  injectNmi(): Promise<void>;
  /**
   * Makes the function crash where it stands when it is called next: an illegal instruction in place, so that
   * RIP and trace are true. `symbol` may be several names, the first that this kernel has is taken; a
   * module's is written `start_xmit [virtio_net]`. `provoke` is sent to make the call happen.
   */
  crashAt(symbol: string | string[], options?: CrashAtOptions): Promise<CrashProof>;
  /** Lets every call of these functions return NULL, or what is said, in the background, until it is stopped. */
  failCalls(targets: FailingTargets, options?: FailOptions): Promise<FailedCalls>;
  /** Loads the lab module; the scenario `needs` it. With `crashInInit` it dies of that. */
  lab(options?: { crashInInit?: boolean }): Promise<LabModule>;
  /**
   * Loads the kernel that a crash goes on in, in the memory that `crashkernel=` has set aside for it; the scenario
   * `needs` it and starts `with-capture`. Its netconsole sends to `port`; it says “crashlab: capture kernel,
   * /proc/vmcore of N bytes” and powers off. A guest that can't have one is skipped. Errors: CAPTURE_REFUSED.
   */
  captureKernel(options: { port: number }): Promise<void>;
  /** From now on the wire does this to frames; null: no more. */
  misbehave(plan: FaultPlan | null): void;
  /**
   * Stops reading from the NIC, or goes on: QEMU's queues fill up, and then the guest's. Not together with what needs
   * breakpoints (`failCalls`, `crashAt`): each stops the guest, and QEMU then throws away what it holds for the NIC.
   */
  stall(state: 'on' | 'off'): void;
  /** How many packets this host has taken from the guest until now. */
  packets(): number;
  /** The NIC's cable; with `wait`, until the guest has seen it. */
  link(state: 'up' | 'down', options?: { wait?: boolean }): Promise<void>;
  unplug(): Promise<void>;
  plug(): Promise<void>;
  /** A load between guest and host; its `stop()` gives what was moved. */
  traffic(plan: TrafficPlan): Promise<Traffic>;
  /** Milliseconds, of the host's clock: for an experiment that is about time. */
  pause(ms: number): Promise<void>;
}

export interface CrashAtOptions {
  /** Default: an illegal instruction in place. */
  how?: CrashKind;
  /** Which call, from 1. */
  after?: number;
  /** Only calls on this CPU count, from 0. */
  cpu?: number;
  /** Sent to the guest to make the call happen. */
  provoke?: string;
}

/**
 * A loss that is known: data, not a shrug. It excuses records that are missing; one that is torn, doubled or misplaced
 * is news unless it says so, and so is a loss that has become less than is said here.
 */
export interface KnownLoss {
  /** Whether it applies: by the guest's facts and what the scenario has probed, never by its version. */
  when: (guest: { cell: Cell; facts: GuestFacts; probed: ReadonlySet<string> }) => boolean;
  because: string;
  /** Where that is known from: a commit, a thread, a measurement. */
  source: string;
  /** `sometimes`: both outcomes are expected. */
  how?: 'always' | 'sometimes';
  /** Only records with such a text are known to be lost; another one missing is a new loss. */
  only?: RegExp;
  /** Nothing that was written before the first record with such a text is known to be lost. */
  since?: RegExp;
  /**
   * Every record from the first with such a text on is lost; of what was written before, the end may be. What is missing
   * before a record that arrived is another loss, unless `only` says it.
   */
  from?: RegExp;
  /** Records with such a text arrive torn. Then none is known to be missing but what `only` says. */
  torn?: RegExp;
  /** Records may come twice. */
  doubled?: 'sometimes';
  /** Records may be overtaken by later ones. */
  misplaced?: 'sometimes';
  /**
   * The kernel hangs in the middle of its last words: its report has no end, and it does not reset. `always`: one that
   * goes on to its end is news. What it wrote until then may have arrived whole: that is for `how` to say.
   */
  hangs?: 'always' | 'sometimes';
}

export interface Scenario {
  title: string;
  /** Which promise of netconsole's it tests. */
  why: string;
  needs: Need[];
  /** The smallest suite it belongs to; `standard` where it doesn't say. */
  suite?: Suite;
  /** What the guest must be booted with: it then has a template of its own. */
  boot?: Boot;
  /** The format it is about, whatever the cell says. */
  format?: Cell['format'];
  /** The value of panic= it is about, whatever the cell says. */
  panic?: number;
  /** Never a clone: it is about something that clones share, or that ends with the boot. */
  fresh?: boolean;
  /** Before the marker: settings the crash needs. */
  prepare?: (context: { guest: ScenarioGuest }) => Promise<void>;
  /** The trigger. Everything the guest says from the marker before it on must arrive. */
  run: (context: { guest: ScenarioGuest }) => Promise<void>;
  /** What the experiment came to, beside its verdict. */
  measure?: (seen: Seen) => Measurement[];
  /** What else has to be so, of what arrived: a sentence for each thing that isn't. */
  check?: (seen: Seen) => string[] | Promise<string[]>;
  expect: Expectation;
}

/** What there is to look at when a guest is dead: it is stopped, its memory can be read. */
export interface Seen {
  guest: ScenarioGuest;
  wire: Judgement;
  serial: Judgement;
  /** What the wire's witness has. */
  arrived: Ledger;
  /** All UDP that left the guest, whatever its port: that of the target that is judged is 6666. */
  datagrams: readonly UdpDatagram[];
  /** What came of a further target, which sends to this port of the host's. */
  arrivedAt: (port: number) => Ledger;
  /** Everything the serial console said since the guest was booted or cloned; a byte string. */
  console: string;
  /** What was written from the marker on. */
  written: readonly PrintkRecord[];
  /** The dead guest's RAM, by kernel virtual address; null where nothing is mapped. */
  read: (address: bigint, length: number) => Promise<Uint8Array | null>;
}

/** How the guest dies, and what is known to be lost when it does. */
export interface Expectation {
  /** As harness/oops names it; `none` for a guest without a crash report. Of several, any. */
  kind: OopsKind | OopsKind[];
  context?: 'task' | 'softirq' | 'hardirq' | 'nmi';
  ends: ScenarioEnd;
  /** What a record after the marker must say, else the trigger was missed: the proof of the precondition. */
  says?: RegExp;
  /** Losses on the wire that are known; the first that applies counts. */
  losses?: KnownLoss[];
}

/**
 * `panic`: the kernel's own end · `alive`: it goes on · `reset`, `power-off`: the machine's end · `hang`: it says
 * nothing more and does not reset.
 */
export type ScenarioEnd = 'panic' | 'alive' | 'reset' | 'power-off' | 'hang';

/** What a guest is booted with beyond the cell's own. */
export interface Boot {
  /** Further kernel parameters. */
  append?: string;
  /** Values of further `-device` options of QEMU's. */
  devices?: string[];
  memoryMiB?: number;
  /**
   * `with-capture`: its initramfs carries what `guest.captureKernel` loads · `before-init`: it is up before PID 1 runs,
   * in the midst of the kernel's initcalls: the agent is a helper that the kernel waits for, and the boot goes on when
   * its shell exits. On a kernel that never asks for a module it is PID 1 as everywhere else.
   */
  start?: 'with-capture' | 'before-init';
}

/** Declares a scenario; the default export of a file in scenarios/. */
export function scenario(definition: Scenario): Scenario {
  return definition;
}

/** Declares scenarios that differ in one thing: the default export of a file, each named FILE-KEY. */
export function family(members: Record<string, Scenario>): Record<string, Scenario> {
  return members;
}
