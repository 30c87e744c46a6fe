import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { retargetNetconsole } from '../../harness/guest/netconsole-setup.ts';
import { cloneTemplate } from '../../harness/guest/template.ts';
import { shownText } from '../../harness/printk/byte-string.ts';
import { readRing } from '../../harness/printk/ring.ts';
import { forEver } from '../guest/for-ever.ts';
import { stockTemplate } from '../guest/stock.ts';
import { Listening } from './listening.ts';

test('a guest that dies is listened to: its log is, line by line, its ring buffer', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'crashlab-listen-'));
  await using listening = Listening.on(['listen', '--port', '0', '--dir', folder]);
  const template = await stockTemplate({ wire: 'udp' });
  await using guest = await cloneTemplate(template, { signal: forEver });
  await retargetNetconsole(guest.agent, await listening.port(), guest.signal);
  await guest.agent.must('echo "the test begins" > /dev/kmsg; echo 1 > /proc/sys/kernel/sysrq', guest.signal);
  guest.agent.send('echo c > /proc/sysrq-trigger');
  await listening.says(/Kernel panic - not syncing: sysrq triggered crash[^]*complete by its own structure/);
  expect(await listening.end('SIGTERM')).toBe(0);

  await guest.qemu.qmp.execute('stop');
  const ring = await readRing(guest.memory, await template.kernel.vmcoreInfo(guest.memory));
  const records = 'failure' in ring ? [] : ring.records;
  const from = records.findIndex(({ text }) => text === 'the test begins');
  const written = records.slice(from).flatMap(({ text }) => shownText(text).split('\n'));
  expect(written.length).toBeGreaterThan(10);

  const log = (await readdir(folder)).find((name) => name.endsWith('.log')) ?? '';
  const lines = (await readFile(path.join(folder, log), 'utf8')).trimEnd().split('\n');
  const heard = lines.map((line) => line.replace(/^\[ *\d+\.\d{6}\] (?:\[ *[TC]\d+\] )?/, ''));
  expect(heard.slice(heard.indexOf('the test begins'))).toEqual(written);
  await rm(folder, { recursive: true });
});
