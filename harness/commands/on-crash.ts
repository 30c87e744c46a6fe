import { execa } from 'execa';
import { safe } from '../printk/safe.ts';

/** Reports that wait for their turn; a machine that crashes faster than the command runs gets no more of them. */
const MOST_WAITING = 100;

/** The command that is run for each crash report, one after the other. */
export class OnCrash {
  readonly #words: readonly string[];
  readonly #say: (text: string) => Promise<void>;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  /** `command` and its arguments are divided by blanks; no shell has a part in it. */
  constructor(command: string, say: (text: string) => Promise<void>) {
    this.#words = command.split(/\s+/).filter((word) => word !== '');
    this.#say = say;
  }

  /** The file is its last argument. */
  run(file: string): void {
    if (this.#waiting >= MOST_WAITING) {
      void this.#say(`${this.#name} is not run for ${safe(file)}: ${MOST_WAITING} reports wait for it.\n`);
      return;
    }
    this.#waiting += 1;
    this.#last = this.#last.then(() => this.#run(file)).finally(() => (this.#waiting -= 1));
  }

  /** Resolves when all are done. */
  get finished(): Promise<void> {
    return this.#last;
  }

  get #name(): string {
    return safe(this.#words.join(' '));
  }

  async #run(file: string): Promise<void> {
    const [program = '', ...list] = this.#words;
    const options = { reject: false, stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' } as const;
    const { failed, exitCode, originalMessage = '' } = await execa(program, [...list, file], options);
    const why = exitCode === undefined ? safe(originalMessage) : `exit code ${exitCode}`;
    if (failed) await this.#say(`${this.#name} failed for ${safe(file)}: ${why}\n`);
  }
}
