import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { CLI } from '../host/program.ts';

/** `crashlab listen` on a port of the system's choice. */
export class Listening implements AsyncDisposable {
  output = '';
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  #heard: () => void = () => undefined;

  static on(args: readonly string[], cwd = process.cwd()): Listening {
    return new Listening([process.execPath, CLI, ...args], cwd);
  }

  /** On a terminal of so many columns and rows; `errors`: a file for what goes to standard error. */
  static onTerminal(args: readonly string[], columns: number, rows: number, errors = '/dev/tty'): Listening {
    const words = [process.execPath, CLI, ...args].map((word) => `'${word}'`).join(' ');
    const command = `stty cols ${columns} rows ${rows}; ${words} 2>'${errors}'`;
    return new Listening(['script', '--quiet', '--return', '--command', command, '/dev/null'], process.cwd());
  }

  /** By another command, which is in front. */
  static under(command: readonly string[], args: readonly string[]): Listening {
    return new Listening([...command, process.execPath, CLI, ...args], process.cwd());
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  private constructor([program = '', ...args]: readonly string[], cwd: string) {
    this.#process = spawn(program, args, { cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.#heard();
      });
    }
  }

  /** Resolves when it has printed such a thing. */
  async says(what: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = what.exec(this.output);
      if (found) return found;
      await new Promise<void>((resolve) => (this.#heard = resolve));
    }
  }

  async port(): Promise<number> {
    return Number(
      (
        await this.says(/(?:Listening on \S+ port |startup on \S+ port |"type":"listening".*"port":)(\d+)/)
      )[1],
    );
  }

  /** Its exit code after a signal. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const exit = once(this.#process, 'exit');
    this.#process.kill(signal);
    const [code] = await exit;
    return typeof code === 'number' ? code : null;
  }

  /** What is typed on its terminal, which ends it. */
  async endBy(keys: string): Promise<void> {
    const exit = once(this.#process, 'exit');
    this.#process.stdin.write(keys);
    await exit;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) await this.end('SIGKILL');
  }
}

/** Sends datagrams from a socket of its own. Gives its port. */
export async function send(
  port: number,
  payloads: readonly string[],
  address = '127.0.0.1',
): Promise<number> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  for (const payload of payloads) {
    await new Promise<void>((resolve, reject) => {
      socket.send(Buffer.from(payload, 'latin1'), port, address, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }
  const own = socket.address().port;
  socket.close();
  return own;
}
