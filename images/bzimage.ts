/** Offsets of the boot protocol's header: Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header". */
const MAGIC_OFFSET = 0x202;
const MAGIC = 'HdrS';
const VERSION_POINTER_OFFSET = 0x20e;
const VERSION_BASE = 0x200;
const LONGEST_VERSION = 256;

/** The release a bzImage will report, as `uname -r` prints it; null for anything else. */
export function releaseOfImage(image: Buffer): string | null {
  if (image.length < VERSION_BASE + LONGEST_VERSION) return null;
  if (image.toString('latin1', MAGIC_OFFSET, MAGIC_OFFSET + MAGIC.length) !== MAGIC) return null;
  const start = VERSION_BASE + image.readUInt16LE(VERSION_POINTER_OFFSET);
  return /^([\w.+~-]+) /.exec(image.toString('latin1', start, start + LONGEST_VERSION))?.[1] ?? null;
}
