import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { renderPcapng } from '../../harness/wire/pcapng.ts';
import { encodeUdp } from '../../harness/wire/udp.ts';
import { CLI, finished } from '../host/program.ts';

const fixture = (file: string) => new URL(`../oops/fixtures/${file}.txt`, import.meta.url).pathname;
const judge = (...args: string[]) => finished([process.execPath, CLI, 'judge', ...args], {});

test('a whole report ends with 0, and says what is known of it', async () => {
  const { code, stdout, stderr } = await judge(fixture('6.12/task-panics'));
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('Oops: invalid opcode: 0000 [#1] PREEMPT SMP NOPTI');
  expect(stdout).toMatch(/signature +invalid-opcode:__x64_sys_sethostname/);
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain('1 crash, complete by its own structure.');
  expect(stdout.split('\n').every((line) => line.length <= 80)).toBe(true);
});

test('a damaged one ends with 1, and says what is missing; so does one whose end can’t be proved', async () => {
  const text = readFileSync(fixture('6.12/task-panics'), 'latin1').split('\n').slice(0, -3).join('\n');
  const shell = ['bash', '-c', 'printf %s "$1" | "$0" "$2" judge -', process.execPath, text, CLI];
  const cut = await finished(shell, {});
  expect(cut.code).toBe(1);
  expect(cut.stdout).toMatch(/standard input: 1 crash, damaged\.\n +The panic has no end/);
  const open = await judge(fixture('6.1/rcu-stall'));
  expect(open.code).toBe(1);
  expect(open.stdout).toContain('is not proved');
});

test('several files, as one JSON document', async () => {
  const { code, stdout } = await judge('--json', fixture('6.12/boot'), fixture('6.12/null'));
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    version: 1,
    logs: [{ crashes: [] }, { whole: true, crashes: [{ kind: 'null-dereference' }] }],
  });
});

test('what a log says never reaches the terminal as an order', async () => {
  const text = '[    1.000000] BUG: \u001B[2J\u202Egone';
  const shell = ['bash', '-c', 'printf %s "$1" | "$0" "$2" judge -', process.execPath, text, CLI];
  const { stdout } = await finished(shell, {});
  expect(stdout).toContain(String.raw`BUG: \x1b[2J\u{202e}gone`);
  expect(stdout).not.toContain('\u001B');
});

test('nor as JSON, which says the same', async () => {
  const text = 'Kernel panic - not syncing: \u001B[2J\u009B31m\u202Egone';
  const { stdout } = await judge('--json', written(Buffer.from(text)));
  expect(stdout).not.toMatch(/(?!\n)[\p{C}]/u);
  expect(JSON.parse(stdout).logs[0].crashes[0].headline).toBe(text);
});

test('a file that is not there is a sentence', async () => {
  expect(await judge('/nonexistent.log')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('/nonexistent.log can’t be read: there is no such file.'),
  });
});

test('of several files one is not there: the others are judged all the same', async () => {
  const { code, stdout, stderr } = await judge('/nonexistent.log', fixture('6.12/task-panics'));
  expect(code).toBe(2);
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain('1 crash, complete by its own structure.');
  expect(stderr).toContain('/nonexistent.log can’t be read: there is no such file.');
});

const written = (content: string | Uint8Array) => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'crashlab-judge-')), 'a');
  writeFileSync(file, content);
  return file;
};

const lines = readFileSync(fixture('6.12/task-panics'), 'latin1').trimEnd().split('\n');
const frame = (address: string, port: number, payload: string) =>
  encodeUdp({
    source: { mac: '52:54:00:00:00:01', address, port },
    destination: { mac: '52:54:00:00:00:02', address: '10.0.0.9', port: port === 6665 ? 6666 : 53 },
    payload: Buffer.from(payload, 'latin1'),
  });
const records = (address: string) =>
  lines.map((line, at) => frame(address, 6665, `4,${at},${at},-;${line.replace(/^\[ *\d+\.\d+\] ?/, '')}\n`));
const capture = (frames: readonly Uint8Array[]) => {
  const packets = frames.map((bytes, at) => ({
    interface: 0,
    timestampNs: BigInt(at),
    direction: 'unknown' as const,
    bytes,
  }));
  return written(renderPcapng({ application: 'test', interfaces: [{ name: 'a' }], packets }));
};

describe('what nobody would call a log', () => {
  const rubbish = Uint8Array.from({ length: 1 << 20 }, (_, index) => (index * 2_654_435_761) >>> 13);
  test.each([
    ['an empty file', '', 'It is empty.'],
    ['rubbish', rubbish, 'Its beginning is no text.'],
    ['zeros', new Uint8Array(1 << 20), 'Its beginning is no text.'],
    ['a capture of nothing', readFileSync(capture([])), 'No datagram of netconsole is in it.'],
  ])('%s has no crash, and that means nothing', async (_, content, problem) => {
    const { code, stdout } = await judge(written(content));
    expect(code).toBe(1);
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(new RegExp(`: no crash .*: ${problem} $`));
  });

  test('a line of 100 MB takes no more room than a long one, and is shown in part', async () => {
    const panic = `[    1.000000] Kernel panic - not syncing: ${'x'.repeat(100_000_000)}\n`;
    const { code, stdout } = await judge(written(panic));
    expect(code).toBe(1);
    expect(stdout).toContain('x…\n');
    expect(stdout.length).toBeLessThan(10_000);
  });

  test('bytes that are no UTF-8, and a clock that runs backwards', async () => {
    const text = readFileSync(fixture('6.12/task-panics'), 'latin1');
    let seconds = 100_000;
    const backwards = text.replaceAll(/^\[ *\d+\./gm, () => `[${(seconds -= 1)}.`);
    const broken = Buffer.from(`\u00FF\u00C3(\n${backwards}\u0080\n`, 'latin1');
    expect(await judge(written(broken))).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('1 crash, complete by its own structure.'),
    });
  });
});

describe('what was lost on the way here is said:', () => {
  const sent = [...Array.from({ length: 30 }, () => 'usb: new'), ...lines, 'usb: last'].map(
    (line, at) => `4,${at},${at},-;${line.replace(/^\[ *\d+\.\d+\] ?/, '')}\n`,
  );
  const from = 30;
  const to = 29 + lines.length;
  const torn = `4,10,10,-,ncfrag=0/90;usb: `;
  test.each([
    [
      'the crash itself',
      sent.toSpliced(from, lines.length),
      [
        1,
        `no crash, but ${lines.length} records are missing: what they said is not known`,
        `(${from} to ${to})`,
      ],
    ],
    ['one record', sent.slice(0, 20).toSpliced(7, 1), [1, 'no crash, but 1 record is missing', '(7)']],
    [
      'what stood before it',
      sent.toSpliced(5, 20),
      [1, '1 crash, complete', '20 records went missing (5 to 24)'],
    ],
    ['a part of a record', sent.with(10, `${torn}\n`), [1, '1 crash, complete', '1 record lost a part (10)']],
    ['nothing: one came twice', sent.toSpliced(5, 0, sent[5] ?? ''), [0, 'complete', '1 record came twice']],
  ] as const)('%s', async (_, payloads, [code, verdict, lost]) => {
    const judged = await judge(written(payloads.join('')));
    const words = judged.stdout.replaceAll(/\s+/g, ' ');
    expect(judged.code).toBe(code);
    expect(words).toContain(verdict);
    expect(words).toContain(lost);
    expect(words.includes('ignore_loglevel')).toBe(lost.includes('missing') || verdict.includes('missing'));
  });

  test('as JSON, and by the marks of crashlab listen', async () => {
    const missing = { count: 3, ranges: [{ from: 4, to: 6 }] };
    const marked = '[    0.000003] usb\n── 3 records missing (4 to 6) ──\n[    0.000007] usb\n';
    const files = [written(sent.slice(0, 20).toSpliced(4, 3).join('')), written(marked), written('usb\n')];
    const { code, stdout } = await judge('--json', ...files);
    expect(code).toBe(1);
    expect(JSON.parse(stdout).logs).toMatchObject([
      { crashes: [], transport: { missing, torn: { count: 0 } } },
      { crashes: [], transport: { missing } },
      { crashes: [], transport: null },
    ]);
  });
});

test.each([
  ['little', (text: string) => Buffer.from(text, 'utf16le')],
  ['little', (text: string) => Buffer.from(text.slice(1), 'utf16le')],
  ['big', (text: string) => Buffer.from(text, 'utf16le').swap16()],
])('UTF-16, %s end first, as PowerShell writes it', async (_, encode) => {
  const text = readFileSync(fixture('6.12/task-panics'), 'utf8').replaceAll('\n', '\r\n');
  const { code, stdout } = await judge(written(encode(`\uFEFF${text}`)));
  expect(code).toBe(0);
  expect(stdout).toContain('1 crash, complete by its own structure.');
});

const messages = (file: string) =>
  readFileSync(fixture(file), 'latin1')
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\[ *\d+\.\d+\] ?/, ''));

/** Line by line in turn. */
const mixed = (first: readonly string[], second: readonly string[]) =>
  `${first.flatMap((line, at) => [line, ...(second[at] === undefined ? [] : [second[at]])]).join('\n')}\n`;

describe('a log that several machines wrote', () => {
  const [one, two] = [messages('6.12/task-panics'), messages('6.12/null')];
  const crashes = [{ kind: 'invalid-opcode' }, { kind: 'null-dereference' }];

  test.each([
    ['syslog', (host: string, line: string) => `Nov 26 19:49:12 ${host} kernel: ${line}`],
    ['syslog by address', (host: string, line: string) => `Nov 26 19:49:12 10.0.0.${host.length} ${line}`],
    ['names', (host: string, line: string) => `${host}: ${line}`],
    [
      'journald',
      (host: string, MESSAGE: string) => JSON.stringify({ MESSAGE, _HOSTNAME: host, _BOOT_ID: '0' }),
    ],
    ['boots', (host: string, MESSAGE: string) => JSON.stringify({ MESSAGE, _HOSTNAME: 'a', _BOOT_ID: host })],
  ])('is judged machine by machine: %s', async (_, form) => {
    const log = mixed(
      one.map((line) => form('web', line)),
      two.slice(0, one.length).map((line) => form('db', line)),
    );
    const { code, stdout } = await judge('--json', written(log));
    expect(code).toBe(0);
    const { logs } = JSON.parse(stdout);
    expect(logs.map((each: { crashes: unknown[] }) => each.crashes[0])).toMatchObject(crashes);
    expect(logs).toMatchObject([
      { whole: true, crashes: [{ lines: { first: 1, last: expect.any(Number) } }] },
      { whole: true, crashes: [{ lines: { first: 2 } }] },
    ]);
    expect(new Set(logs.map(({ sender }: { sender: string }) => sender)).size).toBe(2);
  });

  test('has no name where it was one, whatever else stands in it', async () => {
    const chat = ['-- Boot 1 --', 'Nov 26 19:49:12 web sshd[1]: Kernel panic - not syncing: no'];
    const all = [...chat, ...one.flatMap((line) => [`Nov 26 19:49:12 web kernel: ${line}`, ...chat])];
    const { code, stdout } = await judge('--json', written(`${all.join('\n')}\n`));
    expect(code).toBe(0);
    expect(JSON.parse(stdout).logs).toMatchObject([{ sender: null, whole: true, crashes: [{}] }]);
  });
});

describe('a capture', () => {
  test('has a log of each sender, and nothing of other traffic', async () => {
    const other = frame('10.0.0.1', 4000, 'Kernel panic - not syncing: no');
    const damaged = records('10.0.0.2').toSpliced(20, 1);
    const file = capture([other, ...records('10.0.0.1'), ...damaged]);
    const { code, stdout } = await judge(file);
    expect(code).toBe(1);
    const words = stdout.replaceAll(/\s+/g, ' ');
    expect(words).toContain('10.0.0.1:6665: 1 crash, complete by its own structure.');
    expect(words).toContain('10.0.0.2:6665: 1 crash, damaged. One record is missing in it.');
    expect(words).not.toContain('4000');
  });

  test('that is cut short is judged as far as it goes, and that is said', async () => {
    const file = capture(records('10.0.0.1'));
    writeFileSync(file, readFileSync(file).subarray(0, -10));
    const { code, stdout } = await judge('--json', file);
    expect(code).toBe(1);
    expect(JSON.parse(stdout).logs).toMatchObject([
      { sender: '10.0.0.1:6665', crashes: [{}], problems: ['The capture stops in the middle of a frame.'] },
    ]);
  });
});

describe('several logs of one crash are held against each other:', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'crashlab-witnesses-'));
  const log = (name: string, content: readonly string[]) => {
    const file = path.join(folder, name);
    writeFileSync(file, `${content.join('\n')}\n`, 'latin1');
    return file;
  };

  test('a frame that no structure misses is missed', async () => {
    const whole = log('serial.log', lines);
    const frames = lines.findIndex((line) => line.includes('do_syscall_64'));
    const cut = log('netconsole.log', lines.toSpliced(frames, 1));
    expect((await judge(cut)).code).toBe(0);
    const { code, stdout } = await judge(whole, cut);
    expect(code).toBe(1);
    const words = stdout.replaceAll(/\s+/g, ' ');
    expect(words).toContain(`${whole}: 1 crash, complete by its own structure.`);
    expect(words).toContain(`${cut}: 1 crash, damaged. ${whole} has a line of “Oops: invalid opcode`);
    expect(words).toContain('that this log lacks: “do_syscall_64+');
    const document = JSON.parse((await judge('--json', whole, cut)).stdout);
    expect(document.logs).toMatchObject([
      { whole: true, witnesses: [{ crash: 0, log: 1, otherCrash: 0, lacks: [] }] },
      { whole: false, witnesses: [{ log: 0, lacks: [expect.stringContaining('do_syscall_64')] }] },
    ]);
  });

  test('a crash that one lacks as a whole, in a log of the same boot, is missed', async () => {
    const boot = Array.from(
      { length: 40 },
      (_, at) => `[    1.${String(at * 1237).padStart(6, '0')}] usb ${at}: new`,
    );
    const serial = log('boot.log', [...boot, ...lines]);
    const same = log('same.log', boot);
    const another = log(
      'another.log',
      boot.map((line) => line.replace('1.0', '1.1')),
    );
    const before = log('before.log', boot.slice(0, 5));
    for (const lacking of [same, before]) {
      const { code, stdout } = await judge(serial, lacking);
      expect(code).toBe(1);
      const words = stdout.replaceAll(/\s+/g, ' ');
      expect(words).toContain(`${lacking}: no crash in it, but in another log of the same boot`);
      expect(words).toContain(
        `It lacks a crash that ${serial} has, a log of the same boot: “Oops: invalid opcode`,
      );
    }
    expect(await judge(serial, another)).toMatchObject({ code: 0 });
    expect(JSON.parse((await judge('--json', same, serial)).stdout).logs).toMatchObject([
      { lacks: [{ log: 1, headline: expect.stringContaining('Oops') }] },
      { lacks: [] },
    ]);
    // Records say when they were written as well; what began after the crash can't have it.
    const asRecords = boot.map((line, at) => `6,${at},${1_000_000 + at * 1237},-;${line.slice(15)}`);
    expect(await judge(serial, log('records.log', asRecords))).toMatchObject({ code: 1 });
    const late = Array.from({ length: 9 }, (_, at) => `[99999.00000${at}] usb ${at}: gone`);
    const whole = log('whole.log', [...boot, ...lines, ...late]);
    expect(await judge(whole, log('late.log', late))).toMatchObject({ code: 0 });
  });

  test('two that have the same are told so', async () => {
    const whole = log('serial.log', lines);
    const same = log('again.log', lines);
    const { code, stdout } = await judge(whole, same);
    expect(code).toBe(0);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(`${same} has nothing more of it.`);
    // A line stands between the two.
    expect(stdout).toMatch(/nothing more\s+of it\.\n\nOops: /);
  });
});

test('another log has nothing more only where it has nothing more of any crash', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'crashlab-witnesses-'));
  const [one, other] = [path.join(folder, 'one.log'), path.join(folder, 'other.log')];
  const second = readFileSync(fixture('6.12/null'), 'latin1').trimEnd().split('\n');
  const row = second.findIndex((line) => line.includes('do_syscall_64'));
  writeFileSync(other, `${[...lines, ...second].join('\n')}\n`);
  for (const fewer of [second.toSpliced(row, 1), []]) {
    writeFileSync(one, `${[...lines, ...fewer].join('\n')}\n`);
    const document = JSON.parse((await judge('--json', one, other)).stdout);
    expect(document.logs[0].witnesses[0].lacks).toEqual([]);
    const { stdout } = await judge(one, other);
    const words = stdout.replaceAll(/\s+/g, ' ');
    expect(words.includes(`${other} has nothing more of it.`)).toBe(fewer.length === 0);
    expect(words.includes(`${one} has nothing more of it.`)).toBe(fewer.length > 0);
  }
});

test('a program is no dump of memory, and what makedumpfile says of it is its reason', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'crashlab-makedumpfile-'));
  const says = 'echo "dump_dmesg: Can\'t find log_buf." >&2; echo; echo makedumpfile Failed.; exit 1';
  writeFileSync(path.join(folder, 'makedumpfile'), `#!/bin/sh\n${says}\n`, { mode: 0o755 });
  const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}` };
  expect(await finished([process.execPath, CLI, 'judge', '/bin/sh'], env)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(
      "it is an ELF file, but no core dump; makedumpfile says: dump_dmesg: Can't find log_buf.\n",
    ),
  });
});

test('a flood of crashes is counted, and listed to an end', async () => {
  const flood = path.join(mkdtempSync(path.join(tmpdir(), 'crashlab-flood-')), 'a.log');
  writeFileSync(flood, '[    1.000000] BUG: it broke\n'.repeat(10_100));
  const shell = ['bash', '-c', '"$0" "$1" judge "$2" | tail -8', process.execPath, CLI, flood];
  const { stdout } = await finished(shell, {});
  expect(stdout).toContain('… and 100 more crashes');
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain('10100 crashes; nothing is known to be missing');
});
