import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { diskFull, isFull } from '../host/disk.ts';
import { CrashlabError } from '../host/error.ts';
import { hostError } from '../host/failure.ts';
import type { Qmp } from '../machine/qmp.ts';
import type { PhysicalMemory } from '../printk/memory.ts';

const DOING = 'reading the guest’s memory';

/**
 * A guest's RAM through QMP's `pmemsave`: works on a running, paused or dead guest. It begins at the physical address
 * `base`. Errors: DISK_FULL, where what QEMU writes finds no room, and those of QMP.
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
      await qmp
        .execute('pmemsave', { val: Number(address), size: length, filename: file })
        .catch(async (error: unknown) => {
          throw refused(error) && (await isFull(options.scratch))
            ? diskFull(DOING, error.message, error)
            : error;
        });
      try {
        const bytes = await readFile(file);
        // QEMU takes no notice when the last of it finds no room.
        if (bytes.length < length) throw diskFull(DOING, `${bytes.length} of ${length} bytes in ${file}`);
        return bytes;
      } catch (error) {
        throw hostError(error, DOING);
      } finally {
        await rm(file, { force: true });
      }
    },
  };
}

const refused = (error: unknown): error is CrashlabError =>
  error instanceof CrashlabError && error.code === 'QMP_REFUSED';
