import { dropScratchNow } from '../host/scratch.ts';
import { CrashlabError } from '../host/error.ts';
import type { Screen } from './screen.ts';

const INTERRUPTED = 130;

/**
 * Ctrl-C, or a reader who is gone (`| head`), ends `work` cleanly through its signal: guests die, the record is closed, what is done is reported. A
 * second one ends at once. Gives the exit code; whatever fails after Ctrl-C is no failure, because programs we
 * called got it too.
 */
export async function interruptible(
  screen: Screen,
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) {
      dropScratchNow();
      process.exit(INTERRUPTED); // QEMU dies with us
    }
    screen.note('Stopping; once more to stop at once.');
    controller.abort(new CrashlabError('usage', 'INTERRUPTED', 'You stopped it.'));
  };
  const left = () => controller.abort(new CrashlabError('usage', 'INTERRUPTED', 'Nobody reads the output.'));
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const streams = [process.stdout, process.stderr];
  for (const stream of streams) stream.on('error', left);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (controller.signal.aborted) return INTERRUPTED;
    throw error;
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    for (const stream of streams) stream.off('error', left);
  }
}
