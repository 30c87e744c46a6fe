import { CrashlabError } from '../host/error.ts';
import { shownText } from '../printk/byte-string.ts';

/** Where the kernel runs what is asked for. `softirq` is a tasklet, `hardirq` an irq_work, `irqsoff` a task. */
export type Context =
  | 'task'
  | 'irqsoff'
  | 'kthread'
  | 'workqueue'
  | 'softirq'
  | 'timer'
  | 'rcu'
  | 'napi'
  | 'hardirq'
  | 'hrtimer'
  | 'nmi';

/** `recursive` is an oops inside an oops; `hang` never ends; a `warn` is survived. */
export type Death =
  | 'bug'
  | 'warn'
  | 'null'
  | 'page-fault'
  | 'divide'
  | 'gpf'
  | 'stack-overflow'
  | 'double-fault'
  | 'list-del'
  | 'panic'
  | 'hang'
  | 'recursive';

export interface Exhaust {
  /** Pages, kmalloc's objects, or both (default). */
  what?: 'pages' | 'slab' | 'all';
  /** Whether interrupts go on meanwhile (default on): with them, what the network sent comes back as free memory. */
  irqs?: 'on' | 'off';
}

/** What was taken. */
export interface Exhausted {
  pages: number;
  objects: number;
  objectBytes: number;
  /** The kernel's own count of free pages when nothing could be had any more: off by up to 125 a zone and CPU. */
  freePages: number;
}

export interface Burst {
  /** Lines; 100 by default. */
  count?: number;
  /** Bytes of each, 100 by default, 4000 at most; the kernel cuts a record at about 1000. */
  size?: number;
  /** Lines a second; 0, the default, is as fast as it goes. */
  rate?: number;
  context?: Context;
  /** 0 (emergency) to 7 (debug); 6 by default. */
  level?: number;
}

export type Crash =
  | { how: Death; context?: Context; cpus?: never }
  /** In a kernel thread on each CPU at once. */
  | { how: Death; cpus: 'all'; context?: never };

export interface Hold {
  /** eth0's transmit queues, the network configuration's, or the consoles'. */
  lock: 'tx' | 'rtnl' | 'console';
  cpu?: number;
  /** Milliseconds. */
  ms: number | 'forever';
  /** Of `tx`: `on` as a transmit from a task has it, softirqs off; `off` as netpoll has it. */
  irqs?: 'on' | 'off';
  /** Lines of 100 bytes that the holder itself prints. */
  lines?: number;
  /** What the holder itself dies of. */
  death?: Death;
}

export interface Lockup {
  kind: 'soft' | 'hard' | 'rcu' | 'hung-task';
  seconds: number;
  cpu?: number;
}

/** A line for /proc/crashlab. */
export function renderCommand(name: string, options: Record<string, string | number | undefined>): string {
  const words = Object.entries(options).flatMap(([key, value]) =>
    value === undefined ? [] : `${key}=${value}`,
  );
  return [name, ...words].join(' ');
}

/** The word for what happens while the precondition lasts. */
export function renderFollow(lines: number, death?: Death): string {
  return `then=${[...(lines > 0 ? [`burst:${lines}`] : []), death ?? 'return'].join(',')}`;
}

/** Reads what the module says it took, in its answer or in a record. Errors: GUEST_ODD. */
export function parseExhausted(text: string): Exhausted {
  const found = /exhausted pages=(\d+) objects=(\d+) object-bytes=(\d+) free-pages=(\d+)/.exec(text);
  if (!found) {
    throw new CrashlabError(
      'guest',
      'GUEST_ODD',
      `The lab module did not say what it took: ${shownText(text.trim().slice(0, 200))}`,
    );
  }
  const [pages = 0, objects = 0, objectBytes = 0, freePages = 0] = found.slice(1).map(Number);
  return { pages, objects, objectBytes, freePages };
}
