import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Guest } from '../../harness/guest/guest.ts';
import { type CallArgument, systemCall } from '../../harness/guest/system-call.ts';
import { cloneTemplate, type Template } from '../../harness/guest/template.ts';
import { forEver } from './for-ever.ts';
import { stockTemplate } from './stock.ts';

let template: Template;
let guest: Guest;
beforeAll(async () => {
  template = await stockTemplate();
  guest = await cloneTemplate(template, { signal: forEver });
});
afterAll(() => guest[Symbol.asyncDispose]());

const call = (name: string, ...values: CallArgument[]) =>
  systemCall(guest, template.kernel, { name, values }, guest.signal);

test('a text and a number are what the kernel takes', async () => {
  expect(await call('sethostname', { text: 'a name of its own' }, 17)).toEqual({ status: 0, output: '' });
  expect(await guest.agent.must('cat /proc/sys/kernel/hostname', guest.signal)).toBe('a name of its own\n');
});

test('a file is an open one, and an error has the kernel’s words', async () => {
  const { status, output } = await call('fchdir', { file: '/init' });
  expect(status).toBe(1);
  expect(output).toContain('Not a directory');
});

test('a file that isn’t there is no call, and rmdir is what it was', async () => {
  await expect(call('fchdir', { file: '/nothing' })).rejects.toMatchObject({ code: 'TRIGGER_MISSED' });
  await guest.agent.must('mkdir /tmp/folder && rmdir /tmp/folder && [ ! -e /tmp/folder ]', guest.signal);
});
