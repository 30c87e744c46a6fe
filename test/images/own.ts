import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** The least that a bzImage's header says: Documentation/arch/x86/boot.rst. */
export function tinyImage(release: string): Buffer {
  const image = Buffer.alloc(4096);
  image.write('HdrS', 0x202);
  image.writeUInt16LE(0x400, 0x20e);
  image.write(`${release} (builder@host) #1 SMP\0`, 0x600);
  return image;
}

/** A kernel of one's own on disk, with everything built in. Gives the image's path. */
export async function writeOwnKernel(
  folder: string,
  release: string,
  below = 'lib/modules',
): Promise<string> {
  const modules = path.join(folder, below, release);
  await mkdir(modules, { recursive: true });
  await writeFile(path.join(modules, 'modules.order'), '');
  const builtin = ['drivers/net/virtio_net', 'drivers/net/netconsole', 'drivers/virtio/virtio_pci'];
  await writeFile(
    path.join(modules, 'modules.builtin'),
    builtin.map((name) => `kernel/${name}.ko\n`).join(''),
  );
  const image = path.join(folder, 'bzImage');
  await writeFile(image, tinyImage(release));
  return image;
}
