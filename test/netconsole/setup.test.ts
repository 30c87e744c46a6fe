import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkSetup, renderParameter, renderScript, type Setup } from '../../harness/netconsole/setup.ts';
import { parseTarget } from '../../harness/netconsole/target.ts';
import { finished } from '../host/program.ts';

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
