import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readLogText } from '../../harness/field/log.ts';
import { readCrashes } from '../../harness/oops/crash.ts';
import { LogLines } from '../../harness/oops/log-lines.ts';

const FIXTURES = ['task-panics', 'warning', 'soft-lockup', 'double-fault', 'boot'];

/** Of each line the seconds since boot, and the message. */
function messages(name: string): [seconds: string, text: string][] {
  const file = new URL(`../oops/fixtures/6.12/${name}.txt`, import.meta.url);
  return readFileSync(file, 'latin1')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, seconds = '0.000000', text = line] = /^\[ *(\d+\.\d{6})\] ?(.*)$/.exec(line) ?? [];
      return [seconds, text];
    });
}

const read = (lines: readonly string[]) =>
  readCrashes(readLogText(Buffer.from(`${lines.join('\n')}\n`).toString('latin1')));
const stamp = (seconds: string) => `[${seconds.padStart(12)}] `;
const digits = (seconds: string) => seconds.slice(seconds.indexOf('.') + 1);

const FORMS: Record<string, (seconds: string, text: string) => string> = {
  'dmesg -H': (at, text) => `[  +0.${digits(at)}] ${text}`,
  'dmesg -e, a new minute': (at, text) =>
    `${at.endsWith('5') ? '[Nov 7 15:43] ' : `[  +0.${digits(at)}] `}${text}`,
  'dmesg -d': (at, text) => `[${at.padStart(12)} <    0.000012>] ${text}`,
  'dmesg -T -d': (_, text) => `[Fri Nov 27 15:43:32 2026 <    0.000012>] ${text}`,
  'dmesg -x -H': (at, text) => `kern  :warn  : [  +0.${digits(at)}] ${text}`,
  'dmesg --time-format=iso': (at, text) => `2026-11-27T15:43:32,${digits(at)}+00:00 ${text}`,
  'dmesg --time-format=delta': (_, text) => `[<    0.000012>] ${text}`,
  'dmesg -T in German': (_, text) => `[Mi Nov 25 15:43:32 2026] ${text}`,
  'dmesg -T in French': (_, text) => `[mer. févr. 25 15:43:32 2026] ${text}`,
  'dmesg --color': (at, text) =>
    `\u001B[32m${stamp(at)}\u001B[0m\u001B[33m${text.slice(0, 4)}\u001B[0m\u001B[1m${text.slice(4)}\u001B[0m`,
  'dmesg -H --color': (_, text) => `\u001B[32m\u001B[1m[Nov27 15:43] \u001B[0m\u001B[31m${text}\u001B[0m`,
  journalctl: (_, text) => `Nov 26 19:49:12 host7 kernel: ${text}`,
  'journalctl -o short-precise': (_, text) => `Nov 26 19:49:12.123456 host7 kernel: ${text}`,
  'journalctl -o short-unix': (at, text) => `1732646952.${digits(at)} host7 kernel: ${text}`,
  'journalctl -o short-monotonic': (at, text) => `${stamp(at)}host7 kernel: ${text}`,
  'journalctl -o short-full': (_, text) => `Wed 2025-11-26 19:49:12 CET host7 kernel: ${text}`,
  'journalctl -o short-iso': (_, text) => `2025-11-26T19:49:12+0100 host7 kernel: ${text}`,
  'journalctl -o short-iso-precise': (_, text) => `2025-11-26T19:49:12.123456+01:00 host7 kernel: ${text}`,
  'RFC 5424': (at, text) => `<4>1 2025-11-26T19:49:12.123456+01:00 host7 kernel - - - ${stamp(at)}${text}`,
  'RFC 5424 without the kernel’s time': (_, text) =>
    `<4>1 2025-11-26T19:49:12.123456+01:00 host7 kernel - - - ${text}`,
  'syslog-ng with the facility': (_, text) => `Nov 26 19:49:12 host7 kern.warning kernel: ${text}`,
  busybox: (at, text) => `Nov 26 19:49:12 host7 kern.warn kernel: ${stamp(at)}${text}`,
  'OpenWrt’s logread': (_, text) => `Wed Nov 26 19:49:12 2025 kern.warn kernel: ${text}`,
  'OpenWrt’s logread with both times': (at, text) =>
    `Wed Nov 26 19:49:12 2025 [1764186552.123] kern.warn kernel: ${stamp(at)}${text}`,
  'syslog from netconsole, without a tag': (_, text) => `Nov 26 19:49:12 10.0.0.7 ${text}`,
  'the same with the kernel’s level and time': (at, text) =>
    `Nov 26 19:49:12 10.0.0.7 <6>${stamp(at)}${text}`,
  'a priority and no tag': (_, text) => `<6>Nov 26 19:49:12 host7 ${text}`,
  logcat: (_, text) => `11-26 19:49:12.123     0     0 W ${text}`,
  'logcat with the kernel’s time': (at, text) =>
    `11-26 19:49:12.123     0     0 W         : ${stamp(at)}${text}`,
  MediaTek: (at, text) => `<4>${stamp(at)} (0)[143:hostname]${text}`,
  Qualcomm: (at, text) => `<4>${stamp(at)}c0   143 ${text}`,
  Samsung: (at, text) => `<4>${stamp(at)}[0:       hostname:  143] ${text}`,
  ts: (at, text) => `Nov 26 19:49:12 ${stamp(at)}${text}`,
  'ts before bare text': (_, text) => `Nov 26 19:49:12 ${text}`,
  'a name': (at, text) => `host7: ${stamp(at)}${text}`,
  'a name before bare text': (_, text) => `host7: ${text}`,
  'an address and a port': (at, text) => `10.0.0.7:6665 ${stamp(at)}${text}`,
  docker: (at, text) => `2025-11-26T19:49:12.123456789Z ${stamp(at)}${text}`,
  Kubernetes: (at, text) => `2025-11-26T19:49:12.123456789Z stdout F ${stamp(at)}${text}`,
  'Kubernetes before bare text': (_, text) => `2025-11-26T19:49:12.123456789Z stderr F ${text}`,
  minicom: (at, text) => `[2025-11-26 19:49:12.123] ${stamp(at)}${text}`,
  grabserial: (at, text) => `[${at} 0.000012] ${stamp(at)}${text}`,
  milliseconds: (at, text) => `[${at.slice(0, -3).padStart(8)}] ${text}`,
  'a quotation': (at, text) => `> ${stamp(at)}${text}`,
  'what nobody has thought of': (at, text) => `%% box-${digits(at)} |${text}`,
};

describe.each(FIXTURES)('%s is the same', (name) => {
  const said = messages(name);
  const plain = read(said.map(([seconds, text]) => `${stamp(seconds)}${text}`));

  test.each(Object.keys(FORMS))('in the form of %s', (form) => {
    const lines = said.map(([seconds, text]) => FORMS[form]?.(seconds, text) ?? '');
    expect(read(lines)).toEqual(plain);
  });
});

const crash = messages('task-panics').map(([, text]) => text);

test('a program that quotes a crash is no kernel, line by line or all of it', () => {
  const lines = crash.map((text) => `Nov 26 19:49:12 host7 myapp[99]: ${text}`);
  expect(read(lines).crashes).toEqual([]);
  const python = Array.from({ length: 300 }, (_, at) => `2025-11-26 19:49:12 WARNING: cache ${at} is cold`);
  expect(read(python).crashes).toEqual([]);
  const panics = Array.from({ length: 300 }, () => 'chat: BUG: one\nchat: Kernel panic - not syncing: fake');
  expect(read(panics).crashes).toEqual([]);
});

test('a prefix that is learnt late is one before what came since the first line of a crash', () => {
  const chat = Array.from({ length: 400 }, (_, at) => `host7: usb ${at}: new device`);
  const { crashes, whole } = read([...chat, ...crash.map((text) => `host7: ${text}`)]);
  expect(crashes).toMatchObject([{ lines: { first: 401, last: 400 + crash.length } }]);
  expect(whole).toBe(true);
});

test('two messages in one line have its number', () => {
  const { crashes } = read([
    'login: [    1.000000] usb 1-1: new',
    ...crash.map((text) => `[    2.000000] ${text}`),
  ]);
  expect(crashes).toMatchObject([{ lines: { first: 2, last: 1 + crash.length } }]);
});

test('what the kernel itself said before a timestamp stays, however often', () => {
  const lost = '** 3 printk messages dropped ** ';
  const log = ['BUG: one', 'Call Trace:'].map((text) => `${lost}[    1.000000] ${text}\n`).join('');
  const mark = { text: lost, stamped: false };
  expect(readLogText(log)).toMatchObject([
    mark,
    { text: 'BUG: one', stamped: true },
    mark,
    { text: 'Call Trace:', stamped: true },
  ]);
});

test('what waits for its prefix is bounded, and all of it is given', () => {
  const lines = new LogLines();
  let given = 0;
  for (let at = 1; at <= 10_000; at += 1) {
    given += lines.take(`box${at % 7}: BUG: line ${at}`).length;
    expect(at - given).toBeLessThanOrEqual(128);
  }
  expect(given + lines.finish().length).toBe(10_000);
});
