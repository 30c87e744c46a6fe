import type { Duplex } from 'node:stream';
import { CrashlabError } from '../host/error.ts';

/** What a command in the guest printed, and how it ended. */
export interface AgentAnswer {
  /** A byte string. */
  output: string;
  status: number;
}

/**
 * The shell in the guest, on a serial port of its own: one command a line, each answer between its own
 * `begin` and `end` (images/init.sh). The guest's console can't fake any of it.
 */
export class Agent {
  private readonly channel: Duplex;
  private received = '';
  private lastId = 0;
  private waiting: { pattern: RegExp; resolve: (match: RegExpExecArray) => void }[] = [];

  constructor(channel: Duplex) {
    this.channel = channel;
    channel.setEncoding('latin1');
    channel.on('data', (text: string) => {
      this.received += text;
      this.settle();
    });
  }

  /** Resolves when the guest's user space is up. */
  async ready(signal: AbortSignal): Promise<void> {
    await this.match(/0 end 0\n/, signal);
  }

  /** Runs a shell command in the guest. Aborts with the signal's reason. */
  async run(command: string, signal: AbortSignal): Promise<AgentAnswer> {
    const id = this.send(command);
    const [text, status] = await this.match(new RegExp(String.raw`\n${id} end (\d+)\n`), signal);
    const begin = `${id} begin\n`;
    const output = text.slice(text.indexOf(begin) + begin.length);
    return { output: output.slice(0, output.lastIndexOf(`\n${id} end `)), status: Number(status) };
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

  /** Sends a command that is not expected to return. Gives its id. */
  send(command: string): number {
    const id = ++this.lastId;
    this.channel.write(`${id} ${command}\n`);
    return id;
  }

  /** The text up to and including the first match, and the match's first group. */
  private match(pattern: RegExp, signal: AbortSignal): Promise<[text: string, group: string]> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.waiting = this.waiting.filter((one) => one !== waiter);
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      const waiter = {
        pattern,
        resolve: (found: RegExpExecArray) => {
          signal.removeEventListener('abort', abort);
          const end = found.index + found[0].length;
          const text = this.received.slice(0, end);
          this.received = this.received.slice(end);
          resolve([text, found[1] ?? '']);
        },
      };
      this.waiting.push(waiter);
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
      else this.settle();
    });
  }

  private settle(): void {
    for (const waiter of Array.from(this.waiting)) {
      const found = waiter.pattern.exec(this.received);
      if (!found) continue;
      this.waiting = this.waiting.filter((one) => one !== waiter);
      waiter.resolve(found);
    }
  }
}
