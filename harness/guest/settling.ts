import { reasonOf } from './guest.ts';

/** A promise that is settled from elsewhere; nobody has to wait for it. */
export class OpenPromise<T> {
  readonly promise: Promise<T>;
  settled = false;
  private settle: [resolve: (value: T) => void, reject: (error: unknown) => void] | null = null;

  constructor() {
    this.promise = new Promise<T>((...settle) => {
      this.settle = settle;
    });
    this.promise.catch(() => undefined);
  }

  resolve(value: T): void {
    this.settled = true;
    this.settle?.[0](value);
  }

  reject(error: unknown): void {
    this.settled = true;
    this.settle?.[1](error);
  }
}

/**
 * What `work` comes to, or `signal`'s error as soon as it aborts: for work that waits for an answer nobody may give. It
 * is then left alone, and must end when its guest does.
 */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new OpenPromise<never>();
  const abort = () => aborted.reject(reasonOf(signal));
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Whether it settles in time. Throws when `signal` aborts. */
export async function within(promise: Promise<unknown>, ms: number, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      settle();
    };
    const abort = () => finish(() => reject(reasonOf(signal)));
    const timer = setTimeout(() => finish(() => resolve(false)), ms);
    signal.addEventListener('abort', abort, { once: true });
    const settled = () => finish(() => resolve(true));
    promise.then(settled, settled);
  });
}
