import { diskFull } from './disk.ts';
import { CrashlabError } from './error.ts';

/** Turns what the operating system threw while `doing` something into an error a person can act on. */
export function hostError(error: unknown, doing: string): CrashlabError {
  if (error instanceof CrashlabError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const detail = error instanceof Error ? error.message : String(error);
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return diskFull(doing, detail, error);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new CrashlabError('host', 'NO_PERMISSION', `No permission: ${doing} failed (${detail}).`, {
        advice: 'Check who owns that path, or choose another with CRASHLAB_CACHE, TMPDIR or --out.',
        cause: error,
      });
    default:
      return new CrashlabError(
        'host',
        'HOST_FAILED',
        `Something on this host failed while ${doing}: ${detail}`,
        {
          advice: 'crashlab doctor says what this host has and what is missing.',
          cause: error,
        },
      );
  }
}
