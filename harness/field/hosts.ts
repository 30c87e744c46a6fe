import type { LogLine } from '../oops/log-line.ts';

/** Lines of one machine, as they follow each other. */
export interface HostLines {
  /** null where nothing says whose they are. */
  host: string | null;
  lines: LogLine[];
}

const MOST_HOSTS = 1024;

/** Tells the lines of a log apart by whose they are. One that does not say belongs to the one before it. */
export class Hosts {
  readonly #hosts = new Set<string>();
  #current: string | null = null;
  #crowdedOut = false;
  /** Of the line before, in all of the log. */
  #number = 0;

  take(lines: readonly LogLine[]): HostLines[] {
    const runs: HostLines[] = [];
    let run: HostLines | undefined;
    for (const line of lines) {
      const host = this.#hostOf(line);
      this.#number = line.at ?? this.#number + 1;
      if (run === undefined || run.host !== host) {
        line.at = this.#number;
        run = { host, lines: [] };
        runs.push(run);
      }
      run.lines.push(line);
    }
    return runs;
  }

  get problems(): string[] {
    return this.#crowdedOut
      ? [`There are more than ${MOST_HOSTS} machines: the others are not told apart.`]
      : [];
  }

  #hostOf({ host }: LogLine): string | null {
    if (host === undefined || host === this.#current) return this.#current;
    if (host === '') {
      this.#current = null;
      return null;
    }
    if (!this.#hosts.has(host)) {
      if (this.#hosts.size === MOST_HOSTS) {
        this.#crowdedOut = true;
        return this.#current;
      }
      this.#hosts.add(host);
    }
    this.#current = host;
    return host;
  }
}
