import { createSocket } from 'node:dgram';
import { reverse } from 'node:dns/promises';
import { mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { getPriority, tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asRoot, CLI, finished, NOBODY, rootOnly } from '../host/program.ts';
import { Listening, send } from './listening.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'crashlab-listen-'));
});
afterEach(() => rm(folder, { recursive: true }));

const listen = (...args: string[]) => Listening.on(['listen', '--port', '0', ...args]);
const record = (sequence: number, text: string) => `6,${sequence},${sequence * 1000},-;${text}\n`;
const crash = readFile(new URL('../oops/fixtures/6.12/task-panics.txt', import.meta.url), 'latin1').then(
  (text) =>
    text
      .trimEnd()
      .split('\n')
      .map((line, at) => record(at, line.replace(/^\[ *\d+\.\d+\] ?/, ''))),
);

async function isFree(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  const bound = await new Promise<boolean>((resolve) => {
    socket.once('error', () => resolve(false));
    socket.bind(port, '127.0.0.1', () => resolve(true));
  });
  socket.close();
  return bound;
}

describe('crashlab listen', () => {
  test('writes a log and the raw datagrams of each sender, and all of it before it ends', async () => {
    await using listening = listen('--dir', folder);
    const port = await listening.port();
    const first = await send(port, [record(0, 'one'), record(2, 'three')]);
    const second = await send(port, ['basic text\n']);
    await listening.says(/basic text/);
    expect(await listening.end('SIGTERM')).toBe(0);
    const log = await readFile(path.join(folder, `127.0.0.1_${first}.log`), 'utf8');
    expect(log).toBe('[    0.000000] one\n── 1 record missing (1) ──\n[    0.002000] three\n');
    const raw = await readFile(path.join(folder, `127.0.0.1_${first}.jsonl`), 'utf8');
    const payloads = raw
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).payload);
    expect(payloads).toEqual([record(0, 'one'), record(2, 'three')]);
    expect(await readFile(path.join(folder, `127.0.0.1_${second}.log`), 'utf8')).toBe('basic text\n');
    expect(listening.output).toContain(`127.0.0.1:${first} [    0.000000] one\n`);
  });

  test('listens on IPv6', async () => {
    await using listening = listen('--address', '::1', '--address', '127.0.0.1', '--dir', folder);
    const port = await listening.port();
    const own = await send(port, [record(0, 'six')], '::1');
    const said = new RegExp(String.raw`\[::1\]:${own} \[    0\.000000\] six`);
    expect(await listening.says(said)).not.toBeNull();
    // Nothing that a command takes for an option.
    expect((await readdir(folder)).toSorted()).toEqual([`0--1_${own}.jsonl`, `0--1_${own}.log`]);
  });

  test('sees a crash, judges it, and runs a command with its report, no shell between', async () => {
    await using listening = listen('--dir', folder, '--on-crash', `cp -t ${folder}/$HOME;x`);
    await send(await listening.port(), await crash);
    await listening.says(/✗ Oops: invalid opcode/);
    await listening.says(/failed for .*crash-.*\.txt: exit code 1/);
    await listening.says(/complete by its own structure/);
    const report = (await readdir(folder)).find((name) => name.includes('.crash-')) ?? '';
    const judged = await finished([process.execPath, CLI, 'judge', path.join(folder, report)], {});
    expect(judged).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('complete by its own structure'),
    });
  });

  test(
    'a crash that goes on is judged again, and its report is written anew',
    { timeout: 20_000 },
    async () => {
      await using listening = listen('--dir', folder);
      const port = await listening.port();
      const socket = createSocket('udp4');
      const say = (text: string) => new Promise((resolve) => socket.send(text, port, '127.0.0.1', resolve));
      const lines = await crash;
      for (const line of lines.slice(0, 30)) await say(line);
      await listening.says(/✗ damaged: /);
      for (const line of lines.slice(30)) await say(line);
      await listening.says(/✗ judged again: complete by its own structure\./);
      socket.close();
      const reports = (await readdir(folder)).filter((name) => name.includes('.crash-'));
      expect(reports).toHaveLength(1);
      const report = await readFile(path.join(folder, reports[0] ?? ''), 'utf8');
      expect(report.split('\n')).toHaveLength(lines.length + 1);
      expect(report).toMatch(/^\[ {4}0\.000000\] Oops: /);
    },
  );

  test('the command gets the file as its last argument', async () => {
    await using listening = listen('--dir', folder, '--on-crash', `cp -t ${tmpdir()}`);
    await send(await listening.port(), await crash);
    await listening.says(/✗ Oops/);
    expect(await listening.end('SIGTERM')).toBe(0);
    const report = (await readdir(folder)).find((name) => name.includes('.crash-')) ?? '';
    const copy = path.join(tmpdir(), report);
    expect(await readFile(copy, 'utf8')).toBe(await readFile(path.join(folder, report), 'utf8'));
    await rm(copy);
  });

  test('a crash that is lost in part is damaged, and JSON says so', async () => {
    await using listening = listen('--json');
    const port = await listening.port();
    const lines = await crash;
    await send(port, [...lines.slice(0, 20), ...lines.slice(21)]);
    const [line = ''] = await listening.says(/^.*"type":"crash".*$/m);
    expect(JSON.parse(line)).toMatchObject({
      version: 1,
      type: 'crash',
      file: null,
      whole: false,
      why: ['One record is missing in it.'],
      crashes: [{ kind: 'invalid-opcode' }],
    });
    const [gap = ''] = await listening.says(/^.*"kind":"gap".*$/m);
    expect(JSON.parse(gap)).toMatchObject({ type: 'netconsole', event: { from: 20, to: 20 } });
  });

  test('--quiet: no line of the logs, a crash all the same', async () => {
    await using listening = listen('--quiet');
    await send(await listening.port(), [record(0, 'nothing'), ...(await crash).slice(1)]);
    await listening.says(/✗ .*damaged/);
    expect(listening.output).not.toMatch(/nothing|Hardware name/);
  });

  test('SIGHUP: what comes then is written to new files', async () => {
    await using listening = listen('--dir', folder);
    const port = await listening.port();
    const socket = createSocket('udp4');
    const say = (text: string) => new Promise((resolve) => socket.send(text, port, '127.0.0.1', resolve));
    await say(record(0, 'before'));
    await listening.says(/before/);
    const log = path.join(folder, `127.0.0.1_${socket.address().port}.log`);
    await rename(log, `${log}.old`);
    listening.signal('SIGHUP');
    await say(record(1, 'after'));
    await listening.says(/after/);
    socket.close();
    await listening.end('SIGTERM');
    expect([await readFile(log, 'utf8'), await readFile(`${log}.old`, 'utf8')]).toEqual([
      '[    0.001000] after\n',
      '[    0.000000] before\n',
    ]);
  });

  test('what a sender says never reaches the terminal as an order', async () => {
    await using listening = listen('--dir', folder);
    await send(await listening.port(), ['\u001B]0;x\u0007 \u009B2J\n']);
    await listening.says(/\\x1b\]0;x\\x07/);
    expect(listening.output).not.toMatch(/[\u001B\u009B\u0007]/);
  });

  test('nor as JSON, which says the same', async () => {
    await using listening = listen('--json');
    const text = 'x\u001B[2J\u009B31m\u202E';
    await send(await listening.port(), [
      Buffer.from(`${text}\n`).toString('latin1'),
      ...(await crash).with(0, Buffer.from(record(0, `BUG: ${text}`)).toString('latin1')),
    ]);
    const [line = ''] = await listening.says(/^.*"type":"crash".*$/m);
    expect(listening.output).not.toMatch(/(?!\n)\p{C}/u);
    expect(JSON.parse(line).crashes[0].headline).toBe(`BUG: ${text}`);
  });

  test(
    'on a terminal a table of senders stands at the foot, and what happens goes by above it',
    { timeout: 20_000 },
    async () => {
      await using listening = Listening.onTerminal(['listen', '--port', '0', '--dir', folder], 70, 20);
      const port = await listening.port();
      const lines = await crash;
      const own = await send(port, [...lines.slice(0, 20), ...lines.slice(21)]);
      const row = new RegExp(`127\\.0\\.0\\.1:${own} +${lines.length - 1} +\\d+ +1 +0 +\\d+ s {2}crash: `);
      await listening.says(/✗ damaged: One record is missing in it\./);
      await listening.says(row);
      // Another sender's row comes below it, in the place of the table that was there.
      await send(port, ['\u001B]0;x\u0007\n']);
      await listening.says(/\u001B\[2F\u001B\[J/);
      const drawn = listening.output.split(/\u001B\[\d*[A-Za-z]/).flatMap((part) => part.split(/\r?\n/));
      expect(drawn.filter((line) => line.length > 70)).toEqual([]);
      // The lines of the logs are in the files: only the table tells of them.
      expect(listening.output).not.toContain('Hardware name');
      expect(listening.output).not.toContain('\u001B]0;');
      await listening.endBy('\u0003');
    },
  );

  test.skipIf(!asRoot).each([
    ['give way to the one that reads', [], [0, 10]],
    ['are left where they were put', ['nice', '-n', '15', ...NOBODY], [15]],
  ])(`its threads %s${rootOnly}`, async (_, command, nice) => {
    await using listening = Listening.under(command, ['listen', '--port', '0']);
    await listening.port();
    const threads = (await readdir(`/proc/${listening.pid}/task`)).map((thread) =>
      getPriority(Number(thread)),
    );
    expect([...new Set(threads)].toSorted((a, b) => a - b)).toEqual(nice);
    expect(threads.filter((one) => one === nice[0]).length).toBe(nice.length > 1 ? 1 : threads.length);
  });

  test('on a terminal it ends when that is closed, quietly, and all that came is written', async () => {
    const errors = path.join(folder, 'errors');
    const args = ['listen', '--port', '0', '--dir', folder];
    const listening = Listening.onTerminal(args, 70, 20, errors);
    const port = await listening.port();
    const own = await send(port, ['a line without an end']);
    await listening.says(/ sends\./);
    await listening.end('SIGKILL');
    await expect.poll(() => isFree(port), { timeout: 4000 }).toBe(true);
    const log = () => readFile(path.join(folder, `127.0.0.1_${own}.log`), 'utf8').catch(() => '');
    await expect.poll(log, { timeout: 4000 }).toBe('a line without an end\n');
    expect(await readFile(errors, 'utf8')).not.toContain('    at ');
  });

  test('--resolve names a sender by reverse DNS, and nothing else does', async () => {
    const [name = null] = await reverse('127.0.0.1').catch(() => []);
    for (const [options, wanted] of [
      [['--resolve'], name],
      [[], null],
    ] as const) {
      await using listening = listen('--json', ...options);
      await send(await listening.port(), [record(0, 'one')]);
      const [line = ''] = await listening.says(/^.*"type":"sender".*$/m);
      expect(JSON.parse(line).name).toBe(wanted);
    }
  });

  test.each([
    [
      'an address that is not this machine’s',
      ['--address', '203.0.113.1'],
      2,
      /This machine has no address 203\.0\.113\.1/,
    ],
    ['no address at all', ['--address', 'eth0'], 2, /eth0/],
    ['a folder that is a file', ['--dir', CLI], 2, /is no folder/],
    ['a folder that can’t be made', ['--dir', '/proc/nope'], 3, /can’t be written to[^]*--dir LOGS/],
    ['a folder in which nothing can be made', ['--dir', '/proc'], 3, /can’t be written to[^]*--dir LOGS/],
    ['a command without a folder', ['--on-crash', 'x'], 2, /--dir LOGS/],
  ])('%s is a mistake with a sentence', async (_, args, code, sentence) => {
    const ended = await finished([process.execPath, CLI, 'listen', '--port', '0', ...args], {});
    expect(ended.code).toBe(code);
    expect(ended.stderr).toMatch(sentence);
    expect(ended.stderr).not.toContain('    at ');
  });

  test('a port that somebody else has is said', async () => {
    await using listening = listen();
    const port = String(await listening.port());
    const ended = await finished([process.execPath, CLI, 'listen', '--port', port], {});
    expect(ended).toMatchObject({ code: 3, stderr: expect.stringContaining('Somebody else listens') });
  });
});
