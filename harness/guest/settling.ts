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
