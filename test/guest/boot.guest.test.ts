import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { obtainBusybox } from '../../images/busybox.ts';
import { bootGuest } from '../../harness/guest/boot.ts';
import { buildInitramfs } from '../../images/initramfs.ts';
import { obtainKernel } from '../../images/kernel.ts';
import type { MachineSpecification } from '../../harness/machine/arguments.ts';
import { forEver } from './for-ever.ts';
import { BOOT_MS, processesNaming, stockSpecification } from './stock.ts';

const boot = (specification: MachineSpecification, bootTimeoutMs = BOOT_MS, signal = forEver) =>
  bootGuest(specification, { format: 'extended', signal, bootTimeoutMs });

describe('a guest that is booted anew', () => {
  test.each(['stream', 'udp'] as const)('is up, with netconsole and its facts, on %s', async (wire) => {
    const { guest, facts } = await boot(await stockSpecification({ wire }));
    await using _ = guest;
    expect(facts).toMatchObject({
      release: expect.stringMatching(/^6\.1\./) as string,
      netconsole: 'legacy',
    });
    expect(facts.moduleSymbols).toContain('[virtio_net]');
    const packets = () =>
      guest.socket
        ? guest.socket.datagrams.map(({ payload }) => payload)
        : guest.segment.frames.map(({ bytes }) => bytes);
    await guest.agent.must('echo "<6>a last word" > /dev/kmsg', guest.signal);
    while (!packets().some((packet) => Buffer.from(packet).includes('a last word'))) {
      expect(await guest.activity.next(10_000)).toBe(true);
    }
    expect([guest.segment.failure, guest.serial.failure, guest.socket?.failure ?? null]).toEqual([
      null,
      null,
      null,
    ]);
    await guest[Symbol.asyncDispose]();
    await expectNothingLeft();
  });
});

test.each(['panic=5', 'sysctl.kernel.panic=5'])(
  'a guest that is up halts on a panic, despite %s',
  async (parameters) => {
    const { guest } = await boot(await stockSpecification({ parameters }));
    await using _ = guest;
    expect(await guest.agent.must('cat /proc/sys/kernel/panic', guest.signal)).toBe('0\n');
  },
);

describe('a guest that dies early', () => {
  test.each([
    ['its init fails', 'rdinit=/bin/busybox', 'Attempted to kill init'],
    ['it has no init', 'rdinit=/nowhere root=/dev/nowhere', 'Unable to mount root fs'],
  ])('is reported at once, with its last words: %s', async (_, parameters, words) => {
    const startMs = performance.now();
    await expect(boot(await stockSpecification({ parameters }))).rejects.toMatchObject({
      code: 'GUEST_DIED',
      blame: 'guest',
      message: expect.stringContaining(words) as string,
    });
    expect(performance.now() - startMs).toBeLessThan(BOOT_MS / 4);
    await expectNothingLeft();
  });

  test('a power-off is one of them', async () => {
    const image = await initramfs('mount -t proc proc /proc\nexec poweroff -f\n');
    await expect(boot(await stockSpecification({ initramfs: image }))).rejects.toMatchObject({
      code: 'GUEST_DIED',
    });
  });
});

describe('a guest that never comes up', () => {
  test('is given up, with its last console lines', async () => {
    const image = await initramfs('echo the init of this test hangs\nexec sleep 100000\n');
    await expect(boot(await stockSpecification({ initramfs: image }), 20_000)).rejects.toMatchObject({
      code: 'GUEST_NOT_UP',
      blame: 'guest',
      message: expect.stringMatching(/within 20 s[^]*\n  .*the init of this test hangs/) as string,
      advice: expect.stringContaining('--boot-timeout') as string,
    });
    await expectNothingLeft();
  });

  test('may have its agent on another port', async () => {
    const specification = await stockSpecification({ parameters: 'crashlab.agent=ttyS0' });
    await expect(boot(specification, 4000)).rejects.toMatchObject({ code: 'GUEST_NOT_UP' });
  });

  test('may say nothing at all', async () => {
    const silent = { ...(await stockSpecification()), commandLine: 'quiet console=ttyS3 rdinit=/nowhere' };
    await expect(boot(silent, 3000)).rejects.toMatchObject({
      code: 'GUEST_NOT_UP',
      message: 'The guest did not come up within 3 s. It printed nothing on its console.',
    });
  });

  test('may lack what netconsole needs', async () => {
    const image = await initramfs(
      'mount -t proc proc /proc\nmount -t devtmpfs dev /dev\nexec </dev/ttyS1 >/dev/ttyS1 2>&1\nstty raw -echo\n' +
        'echo "0 end 0"\nwhile read -r i c; do echo "$i begin"; eval "$c"; echo "\n$i end $?"; done\n',
    );
    await expect(boot(await stockSpecification({ initramfs: image }))).rejects.toMatchObject({
      code: 'GUEST_NOT_UP',
      message: expect.stringContaining('eth0') as string,
      advice: expect.stringContaining('serial.log') as string,
    });
  });
});

test('a guest whose kernel has no netconsole to be set up says what to build', async () => {
  const kernel = await obtainKernel('debian:6.1@bookworm');
  const image = await buildInitramfs(kernel, ['virtio_pci', 'virtio_net']);
  await expect(boot(await stockSpecification({ initramfs: image }))).rejects.toMatchObject({
    code: 'KERNEL_WITHOUT',
    blame: 'guest',
    advice: expect.stringContaining('CONFIG_NETCONSOLE_DYNAMIC') as string,
  });
});

test('a boot is ended by the caller’s signal', async () => {
  const controller = new AbortController();
  const booting = boot(await stockSpecification(), BOOT_MS, controller.signal);
  const reason = new Error('Ctrl-C');
  controller.abort(reason);
  await expect(booting).rejects.toBe(reason);
  await expectNothingLeft();
});

test('a QEMU that refuses its command line says why', async () => {
  const specification = await stockSpecification({ initramfs: '/nowhere' });
  await expect(boot(specification)).rejects.toMatchObject({
    code: 'QEMU_FAILED',
    message: expect.stringContaining('/nowhere') as string,
  });
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'crashlab-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** An initramfs of busybox and this init. */
async function initramfs(init: string): Promise<string> {
  const root = await mkdtemp(path.join(folder, 'root-'));
  for (const name of ['bin', 'proc', 'dev']) await mkdir(path.join(root, name));
  const busybox = await obtainBusybox('x86-64');
  await copyFile(busybox.file, path.join(root, 'bin/busybox'));
  const script = path.join(root, 'init');
  await writeFile(script, `#!/bin/busybox sh\n/bin/busybox --install -s /bin\nexport PATH=/bin\n${init}`);
  await chmod(script, 0o755);
  const image = `${root}.cpio`;
  const made = spawnSync('sh', ['-c', `find . | cpio -o -H newc --quiet > '${image}'`], { cwd: root });
  expect(made.status).toBe(0);
  return image;
}

async function expectNothingLeft(): Promise<void> {
  const mine = `crashlab-${process.pid}-`;
  expect((await readdir(tmpdir())).filter((name) => name.startsWith(mine))).toEqual([]);
  expect(await processesNaming(mine)).toEqual([]);
}
