import { readdir, writeFile } from 'node:fs/promises';
import { Duplex } from 'node:stream';
import * as v from 'valibot';
import { beforeEach, expect, test } from 'vitest';
import { guestMemory } from '../../harness/guest/memory.ts';
import { Qmp } from '../../harness/machine/qmp.ts';
import { temporaryFolder } from '../host/temporary.ts';

const Command = v.object({
  execute: v.string(),
  arguments: v.object({ size: v.optional(v.number(), 0), filename: v.optional(v.string(), '') }),
  id: v.number(),
});

let scratch: string;
beforeEach(async () => {
  scratch = await temporaryFolder();
});

/** A QEMU that saves this part of what it is asked for, and doesn't say so. */
function saving(part: number): Qmp {
  const channel: Duplex = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _, done) {
      const { execute, arguments: asked, id } = v.parse(Command, JSON.parse(chunk.toString()));
      const saved =
        execute === 'pmemsave'
          ? writeFile(asked.filename, new Uint8Array(asked.size * part).fill(7))
          : Promise.resolve();
      void saved.then(() => channel.push(`${JSON.stringify({ return: {}, id })}\n`));
      done();
    },
  });
  return new Qmp(channel);
}

const memory = (qmp: Qmp) => guestMemory(qmp, { base: 0, megabytes: 1, scratch });

test('what QEMU saved is read, and its file goes', async () => {
  expect(await memory(saving(1)).read(0x1000n, 16)).toEqual(Buffer.alloc(16, 7));
  expect(await readdir(scratch)).toEqual([]);
});

test('a file that is shorter than what was asked for is a full disk, not a guest that lies', async () => {
  await expect(memory(saving(0.5)).read(0x1000n, 16)).rejects.toMatchObject({
    blame: 'host',
    code: 'DISK_FULL',
    message: expect.stringContaining('8 of 16 bytes') as string,
    advice: expect.stringContaining('TMPDIR') as string,
  });
  expect(await readdir(scratch)).toEqual([]);
});
