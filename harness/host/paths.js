import { homedir } from 'node:os';
import path from 'node:path';
/**
 * Where crashlab keeps what can be made again: kernels, initramfs images, templates, the accelerator's proof.
 * `CRASHLAB_CACHE` overrides; otherwise `$XDG_CACHE_HOME/crashlab`, otherwise `~/.cache/crashlab`.
 */
export function cacheRoot() {
  const { CRASHLAB_CACHE, XDG_CACHE_HOME } = process.env;
  if (CRASHLAB_CACHE) return path.resolve(CRASHLAB_CACHE);
  return path.join(XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'crashlab');
}
