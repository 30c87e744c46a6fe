import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { CrashlabError } from '../host/error.ts';

/** What a command in the guest printed, and how it ended. */
export interface AgentAnswer {
  /** A byte string. */
  output: string;
  status: number;
}

interface Waiter {
  /** Ends the answer; its first group is the status. */
  end: RegExp;
  resolve: (text: string, status: string) => void;
  reject: (error: Error) => void;
}

const READY = /(?:^|\n)0 end (0)\n/;
/** No end of an answer is longer. */
const LONGEST_END = 64;
const LONGEST_ANSWER = 32 << 20;

/**
 * The shell in the guest, on a serial port of its own: one command a line, each answer between its own
 * `begin` and `end` (images/init.sh). Each command has a name nobody can guess: neither the console nor what a
 * command prints can pass for its end.
 */
export class Agent {
  private readonly channel: Duplex;
  private readonly longestAnswer: number;
  private chunks: string[] = [];
  private kept = 0;
  /** What may still hold an end: the newest piece and a little before it. */
  private window = '';
  /** In the order the guest serves them. */
  private waiting: Waiter[] = [];

  constructor(channel: Duplex, options: { longestAnswer?: number } = {}) {
    this.channel = channel;
    this.longestAnswer = options.longestAnswer ?? LONGEST_ANSWER;
    channel.setEncoding('latin1');
    channel.on('data', (text: string) => this.receive(text));
  }

  /** Resolves when the guest's user space is up. */
  async ready(signal: AbortSignal): Promise<void> {
    await this.answer(READY, signal);
  }

  /** Runs a shell command in the guest. Aborts with the signal's reason. Errors: AGENT_FLOODED. */
  async run(command: string, signal: AbortSignal): Promise<AgentAnswer> {
    const id = this.send(command);
    const [text, status] = await this.answer(new RegExp(String.raw`\n${id} end (\d+)\n`), signal);
    const begin = `${id} begin\n`;
    const output = text.slice(text.indexOf(begin) + begin.length, text.lastIndexOf(`\n${id} end `));
    return { output, status: Number(status) };
  }

  /** As {@link run}, for what must succeed. Errors: GUEST_REFUSED. */
  async must(command: string, signal: AbortSignal): Promise<string> {
    const { output, status } = await this.run(command, signal);
    if (status === 0) return output;
    throw new CrashlabError(
      'guest',
      'GUEST_REFUSED',
      `In the guest, "${command.slice(0, 100)}" ended with ${status}: ${output.trim().slice(-200)}`,
    );
  }

  /** Sends a command that is not expected to return. Gives its name. */
  send(command: string): string {
    const id = randomBytes(8).toString('hex');
    this.channel.write(`${id} ${oneLine(command)}\n`);
    return id;
  }

  /** The text up to and including the end of an answer, and its status. */
  private answer(end: RegExp, signal: AbortSignal): Promise<[text: string, status: string]> {
    return new Promise((resolve, reject) => {
      const finish = () => {
        this.waiting = this.waiting.filter((one) => one !== waiter);
        signal.removeEventListener('abort', abort);
      };
      const abort = () => {
        finish();
        reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
        // The one behind it may have its answer already.
        this.window = this.chunks.join('');
        this.settle();
      };
      const waiter: Waiter = {
        end,
        resolve: (text, status) => {
          finish();
          resolve([text, status]);
        },
        reject: (error) => {
          finish();
          reject(error);
        },
      };
      this.waiting.push(waiter);
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
      else this.settle();
    });
  }

  private receive(text: string): void {
    this.chunks.push(text);
    this.kept += text.length;
    this.window += text;
    this.settle();
    this.window = this.window.slice(-LONGEST_END);
    const [first] = this.waiting;
    if (first && this.kept <= this.longestAnswer) return;
    this.forget(this.window);
    first?.reject(flooded(this.longestAnswer));
  }

  private settle(): void {
    for (;;) {
      const [first] = this.waiting;
      const found = first?.end.exec(this.window);
      if (!first || !found) return;
      const all = this.chunks.join('');
      const end = all.length - this.window.length + found.index + found[0].length;
      this.forget(all.slice(end));
      first.resolve(all.slice(0, end), found[1] ?? '');
    }
  }

  /** All but `rest`. */
  private forget(rest: string): void {
    this.chunks = [rest];
    this.kept = rest.length;
    this.window = rest;
  }
}

/** A command of several lines as one, for the guest's `read`: busybox knows `$'…'`. */
function oneLine(command: string): string {
  if (!command.includes('\n')) return command;
  const escaped = command
    .replaceAll('\\', String.raw`\\`)
    .replaceAll("'", String.raw`\'`)
    .replaceAll('\n', String.raw`\n`);
  return `eval $'${escaped}'`;
}

function flooded(limit: number): CrashlabError {
  return new CrashlabError(
    'guest',
    'AGENT_FLOODED',
    `A command in the guest printed more than ${limit} bytes.`,
  );
}
