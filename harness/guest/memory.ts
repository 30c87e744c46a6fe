import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { hostError } from '../host/failure.ts';
import type { Qmp } from '../machine/qmp.ts';
import type { PhysicalMemory } from '../printk/memory.ts';

/**
 * A guest's RAM through QMP's `pmemsave`: works on a running, paused or dead guest. It begins at the physical address
 * `base`.
 */
export function guestMemory(
  qmp: Qmp,
  options: { base: number; megabytes: number; scratch: string },
): PhysicalMemory {
  let count = 0;
  const start = BigInt(options.base);
  const end = start + BigInt(options.megabytes) * 1024n * 1024n;
  return {
    async read(address, length) {
      // QEMU reads zeros where there is no memory: we would take them for a guest's words.
      if (address < start || address + BigInt(length) > end) return null;
      const file = path.join(options.scratch, `memory-${++count}`);
      await qmp.execute('pmemsave', { val: Number(address), size: length, filename: file });
      try {
        return await readFile(file);
      } catch (error) {
        throw hostError(error, 'reading the guest’s memory');
      } finally {
        await rm(file, { force: true });
      }
    },
  };
}
