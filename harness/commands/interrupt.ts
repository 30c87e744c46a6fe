import { dropScratchNow } from '../guest/scratch.ts';
import { CrashlabError } from '../host/error.ts';
import type { Screen } from './screen.ts';

const INTERRUPTED = 130;

/** Ctrl-C ends cleanly: guests die, the record is closed, what is done is reported. A second one ends at once. */
export function stopOnSignals(screen: Screen): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) {
      dropScratchNow();
      process.exit(INTERRUPTED); // QEMU dies with us
    }
    screen.note('Stopping; once more to stop at once.');
    controller.abort(new CrashlabError('usage', 'INTERRUPTED', 'You stopped it.'));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}
