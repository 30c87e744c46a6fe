import { expect, test } from 'vitest';
import { bootGuest } from '../../harness/guest/boot.ts';
import { loadCaptureKernel } from '../../harness/guest/capture-kernel.ts';
import { KernelView } from '../../harness/guest/kernel-view.ts';
import { cloneTemplate } from '../../harness/guest/template.ts';
import { decodeUdp } from '../../harness/wire/udp.ts';
import { carryCapture } from '../../images/capture.ts';
import { obtainKernel } from '../../images/kernel.ts';
import { forEver } from './for-ever.ts';
import { BOOT_MS, stockSpecification, stockTemplate } from './stock.ts';

test('a guest that panics goes on in its capture kernel, whose netconsole works, and is gone', async () => {
  const parameters = 'crashkernel=128M';
  const plain = await stockSpecification({ parameters, memoryMiB: 384 });
  const image = await obtainKernel('debian:6.1@bookworm');
  const initramfs = await carryCapture(image, plain.initramfs, plain.initramfs);
  const options = { format: 'extended', signal: forEver, bootTimeoutMs: BOOT_MS } as const;
  const { guest, facts } = await bootGuest({ ...plain, initramfs }, options);
  await using _ = guest;
  const { signal } = guest;
  const loaded = await loadCaptureKernel(guest, new KernelView(facts, null), { port: 6667, signal });
  expect(loaded).toEqual({ loaded: true });
  guest.agent.send('echo c > /proc/sysrq-trigger');
  while (!guest.events.some(({ name }) => name === 'SHUTDOWN')) {
    expect(await guest.activity.next(30_000, signal)).toBe(true);
  }
  const words = guest.segment.frames.flatMap(({ direction, bytes }) => {
    const datagram = direction === 'from guest' ? decodeUdp(bytes) : null;
    return datagram?.kind === 'udp' && datagram.destination.port === 6667
      ? Buffer.from(datagram.payload).toString('latin1')
      : [];
  });
  expect(words.join('')).toMatch(/;crashlab: capture kernel, \/proc\/vmcore of [1-9]\d* bytes\n/);
});

test('a guest that has set no memory aside can’t have one', async () => {
  const template = await stockTemplate();
  await using guest = await cloneTemplate(template, { signal: forEver });
  const { signal } = guest;
  expect(await loadCaptureKernel(guest, template.kernel, { port: 6667, signal })).toEqual({
    lacks: 'The kernel has set no memory aside for a capture kernel.',
  });
});
