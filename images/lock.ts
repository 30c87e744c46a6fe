import { spawn } from 'node:child_process';
import { programMissing } from './shell.ts';

/**
 * Waits until no other process holds the lock on `file`, and holds it. A child holds it that ends with us, so a killed
 * holder leaves no lock behind. Errors: PROGRAM_MISSING, and the signal's own reason.
 */
export async function holdLock(file: string, signal?: AbortSignal): Promise<AsyncDisposable> {
  signal?.throwIfAborted();
  const child = spawn('flock', ['--exclusive', file, '-c', 'echo held; exec cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = () => child.kill();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('error', () => reject(programMissing('flock')));
      child.once('exit', () => reject(signal?.reason ?? new Error(`flock could not lock ${file}`)));
    });
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  return {
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
