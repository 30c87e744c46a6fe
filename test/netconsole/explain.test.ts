import { expect, test } from 'vitest';
import { explainParameter } from '../../harness/netconsole/explain.ts';

const GOOD = '+6665@10.0.0.1/eth0,6666@10.0.0.2/52:54:00:12:34:56';

test('a parameter is told in words, and where nothing bites nothing is warned of', () => {
  expect(explainParameter(GOOD)).toEqual([
    expect.objectContaining({
      ok: true,
      warnings: [],
      words: [
        'sends records with a header: level, sequence number, time',
        'by the device eth0',
        'from 10.0.0.1, UDP port 6665',
        'to 10.0.0.2, UDP port 6666',
        'in frames for 52:54:00:12:34:56',
      ],
    }),
  ]);
});

test.each([
  `netconsole=${GOOD}`,
  `netconsole.netconsole=${GOOD}`,
  `netconsole="${GOOD}"`,
  `options netconsole netconsole=${GOOD}`,
  `modprobe netconsole netconsole='${GOOD}'`,
])('%s is that, wherever it was taken from', (text) => {
  expect(explainParameter(text)).toEqual(explainParameter(GOOD));
});

test('each target is told, also where another is wrong', () => {
  const [first, second, ...others] = explainParameter(`netconsole=${GOOD};r@/eth0,@10.0.0.2/`);
  expect(first).toMatchObject({ ok: true });
  expect(second).toMatchObject({ ok: false, problem: expect.stringContaining('without "+"') });
  expect(others).toEqual([]);
});

test('nothing is a target that is wrong', () => {
  expect(explainParameter('netconsole=')).toMatchObject([{ ok: false, text: '' }]);
});

test.each([';', `${GOOD};`, `${GOOD};;${GOOD}`])('%s has a target that is empty', (text) => {
  const [first, ...targets] = explainParameter(text);
  expect(first).toMatchObject({ ok: false, problem: expect.stringContaining('“;” too many') });
  expect(targets.every(({ ok }) => ok)).toBe(true);
});

test('more than 255 characters the kernel refuses', () => {
  const long = Array.from({ length: 5 }, () => GOOD).join(';');
  expect(long.length).toBeLessThanOrEqual(255 + 5);
  const fits = long.slice(0, GOOD.length * 4 + 3);
  expect(explainParameter(fits).every(({ ok }) => ok)).toBe(true);
  const [first, ...targets] = explainParameter(`${fits};${GOOD}`.padEnd(256, 'x'));
  expect(first).toMatchObject({ ok: false, problem: expect.stringMatching(/^It has \d+ characters/) });
  expect(targets).toHaveLength(5);
});

test.each([
  ['@/,@10.0.0.2/', /the device eth0 \(the default\)/],
  ['@/52:54:00:12:34:56,@10.0.0.2/', /the device with the MAC address 52:54/],
  ['@/eth0,@10.0.0.2/', /everybody on the segment/],
  ['+r@/eth0,@10.0.0.2/', /the kernel’s release before them/],
])('%s says so: %s', (text, words) => {
  const [explained] = explainParameter(text);
  expect(explained?.ok === true && explained.words.some((one) => words.test(one))).toBe(true);
});

test.each([
  ['+@10.0.0.1/eth0,@10.0.0.2/', /broadcast: each machine/],
  [GOOD.replace('52:', '53:'), /multicast/],
  [GOOD.replace('52:54:00:12:34:56', '00:00:00:00:00:00'), /No card has/],
  [GOOD.replace('+', ''), /Basic format/],
  [GOOD.replace('+', '+r'), /needs Linux 6\.6/],
  [GOOD.replace('eth0', '52:54:00:12:34:57'), /needs Linux 6\.15/],
  [GOOD.replace('eth0', 'lo'), /device lo/],
  [GOOD.replace('10.0.0.1', ''), /No source address/],
  [GOOD.replace('10.0.0.1', '10.0.0.2'), /the address that it sends from/],
  [GOOD.replace('10.0.0.2', '127.0.0.1'), /127\.0\.0\.1 is no machine/],
  [GOOD.replace('10.0.0.2', '239.1.1.1'), /no machine/],
  ['+6665@fd00::1/eth0,6666@ff02::1/52:54:00:12:34:56', /no machine/],
  [GOOD.replace('6666', '0'), /port 0/],
])('%s is warned of: %s', (text, warning) => {
  const [explained] = explainParameter(text);
  expect(explained?.ok === true && explained.warnings.filter((one) => warning.test(one))).toHaveLength(1);
});
