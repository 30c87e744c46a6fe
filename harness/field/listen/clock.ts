/** Milliseconds since 1970, the same in every thread of this process, and never running backwards. */
export const nowMs = (): number => performance.timeOrigin + performance.now();

/** Resolves when the first of them aborts. */
export function firstOf(signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of signals) {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    }
  });
}
