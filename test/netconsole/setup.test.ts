import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkSetup, renderParameter, renderScript, type Setup } from '../../harness/netconsole/setup.ts';
import { parseTarget } from '../../harness/netconsole/target.ts';
import { asRoot, finished, rootOnly } from '../host/program.ts';

const setup = (changes: Partial<Setup['target']> = {}, others: Partial<Setup> = {}): Setup => ({
  target: {
    extended: true,
    release: false,
    sourcePort: 6665,
    device: 'eth0',
    targetPort: 6666,
    targetAddress: '10.0.0.2',
    targetMac: null,
    ...changes,
  },
  name: 'crashlab',
  userdata: [],
  ...others,
});

test('the parameter leaves a MAC address that is not known to the kernel', () => {
  expect(renderParameter(setup())).toBe('+6665@/eth0,6666@10.0.0.2/');
  expect(parseTarget(renderParameter(setup()))).toMatchObject({ target: { targetMac: 'ff:ff:ff:ff:ff:ff' } });
  expect(renderParameter(setup({ targetMac: '52:54:00:00:00:01' }))).toMatch(/\/52:54:00:00:00:01$/);
});

test.each([
  [{ name: '..' }, /name "\.\."/],
  [{ name: 'a/b' }, /name "a\/b"/],
  [{ userdata: [['a b', 'c']] }, /key "a b"/],
  [{ userdata: [['.', 'c']] }, /key "\."/],
  [{ userdata: [['k'.repeat(54), 'c']] }, /longer than 53 bytes/],
  [{ userdata: [['k', 'ü'.repeat(100)]] }, /longer than 199 bytes/],
  [{ userdata: [['k', 'a\nb']] }, /one line/],
  [{ userdata: [['k', '']] }, /not empty/],
] as [Partial<Setup>, RegExp][])('%j can’t be', (others, problem) => {
  expect(checkSetup(setup({}, others))).toMatch(problem);
});

test('userdata needs the extended format', () => {
  const userdata = [['rack', '7']] as const;
  expect(checkSetup(setup({ extended: false }, { userdata }))).toMatch(/extended format only/);
  expect(checkSetup(setup({}, { userdata }))).toBeUndefined();
});

test('the script is one that sh reads, whatever is in it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ minLength: 1, maxLength: 30, unit: 'binary' }), async (value) => {
      const one = setup({ device: "e'$(x)" }, { userdata: [['rack', value]] });
      fc.pre(checkSetup(one) === undefined);
      const { code, stderr } = await finished(['sh', '-n', '-c', renderScript(one)], {});
      expect([code, stderr]).toEqual([0, '']);
    }),
    { numRuns: 50 },
  );
});

test('what a user gives is never run by it', async () => {
  const value = `'; echo run >&2; echo '$(echo run >&2)\`echo run >&2\``;
  const script = renderScript(setup({ device: '$(echo run >&2)' }, { userdata: [['rack', value]] }));
  const { stdout, stderr } = await finished(
    ['sh', '-c', `${script.split('\nsay()')[0]}\nprintf %s "$device"`],
    {},
  );
  expect([stdout, stderr]).toEqual(['$(echo run >&2)', '']);
  expect(script).toContain(`item rack ''\\''; echo run`);
});

const isThere = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

describe.each(['dash', 'bash', 'busybox sh'])('run by %s', (shell) => {
  const [program = '', ...list] = shell.split(' ');
  test.skipIf(!isThere(program))('what is set is what was given, to the byte', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'crashlab-userdata-'));
    const values = ['-n', '-e x', String.raw`C:\new\table\c`, String.raw`\0101`, 'a  b', '$x', '%s%d'];
    const userdata = values.map((value, at): [string, string] => [`key${at}`, value]);
    // From where what is set up begins to the end of the functions that do it.
    const functions = /^set_to\(\)[^]*^userdata\(\) \{[^]*?^\}$/m.exec(renderScript(setup({}, { userdata })));
    const script = `mkdir "$target/userdata"; ${functions?.[0]}\nuserdata; set_to name '-n \\c'`;
    const ended = await finished([program, ...list, '-euc', script], { target: folder });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    for (const [key, value] of userdata)
      expect(await readFile(path.join(folder, 'userdata', key, 'value'), 'utf8')).toBe(`${value}\n`);
    expect(await readFile(path.join(folder, 'name'), 'utf8')).toBe('-n \\c\n');
    await rm(folder, { recursive: true });
  });
});

test.skipIf(!asRoot)(`an address of each link is looked for on the device’s${rootOnly}`, async () => {
  // A network of its own, with two devices that both have such an address.
  const network = `mount -t sysfs sysfs /sys
    for at in 0 1; do
      ip link add name lab$at type veth peer name peer$at
      ip link set lab$at up; ip link set peer$at up
      ip -6 addr add fe80::1$at/64 dev lab$at nodad
    done`;
  const one = setup({ device: 'lab1', targetAddress: 'fe80::2', targetMac: '52:54:00:00:00:01' });
  const command = `${network}\nprintf '%s' "$script" | sh -s print`;
  const ended = await finished(['unshare', '--net', '--mount', 'sh', '-c', command], {
    script: renderScript(one),
  });
  expect(ended).toEqual({
    code: 0,
    stderr: '',
    stdout: 'netconsole=+6665@fe80::11/lab1,6666@fe80::2/52:54:00:00:00:01\n',
  });
});
