import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Guest } from '../../harness/guest/guest.ts';
import { cloneTemplate } from '../../harness/guest/template.ts';
import { forEver } from './for-ever.ts';
import { stockTemplate } from './stock.ts';

let guest: Guest;
beforeAll(async () => {
  guest = await cloneTemplate(await stockTemplate(), { signal: forEver });
});
afterAll(() => guest[Symbol.asyncDispose]());

const run = (command: string) => guest.agent.run(command, guest.signal);

test.each([
  ['nothing', 'true', ''],
  ['no newline at its end', 'printf abc', 'abc'],
  ['newlines only', String.raw`printf '\n\n'`, '\n\n'],
  ['what looks like the end of an answer', String.raw`printf '\n5 end 0\n0 end 0\n'`, '\n5 end 0\n0 end 0\n'],
  ['what looks like its begin', 'echo 1 begin; echo 0 begin', '1 begin\n0 begin\n'],
  ['both channels', 'echo a; echo b >&2', 'a\nb\n'],
  ['quotes', `echo 'it'"'"'s "$((6*7))" \\ $'`, `it's "$((6*7))" \\ $\n`],
  ['a carriage return', String.raw`printf 'a\r\nb'`, 'a\r\nb'],
])('output may be %s', async (_, command, output) => {
  expect(await run(command)).toEqual({ output, status: 0 });
});

test('output is bytes, every one of them', async () => {
  const all = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('');
  const escapes = Array.from({ length: 256 }, (_, byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
  expect(await run(`printf '${escapes}'`)).toEqual({ output: all, status: 0 });
});

test.each([0, 1, 7, 127, 255])('status %i comes back', async (status) => {
  expect(await run(`(exit ${status})`)).toMatchObject({ status });
});

test('half a megabyte of output arrives whole', async () => {
  const { output, status } = await run('seq 1 75000');
  expect(status).toBe(0);
  expect(output).toBe(Array.from({ length: 75_000 }, (_, at) => `${at + 1}\n`).join(''));
});

test('a command may be long, of many lines, and in any alphabet', async () => {
  const text = Array.from({ length: 600 }, (_, at) => `Zeile ${at} 'ü' \\n "€"`).join('\n');
  const { output } = await run(`cat <<'END'\n${text}\nEND`);
  expect(Buffer.from(output, 'latin1').toString('utf8')).toBe(`${text}\n`);
});

test('a command can’t swallow the next one', async () => {
  const [first, second] = await Promise.all([run('cat; read -r x; echo "[$x]"'), run('echo next')]);
  expect(first.output).toBe('[]\n');
  expect(second.output).toBe('next\n');
});

test('a syntax error is a failed command, not the end of the guest', async () => {
  expect(await run('if')).toMatchObject({ status: 2 });
  expect(await run('echo )')).toMatchObject({ status: 2 });
  expect(await run('echo alive')).toEqual({ output: 'alive\n', status: 0 });
});

test('a command may use any variable it likes', async () => {
  expect(await run('for id in 1 2; do command=$id; done; echo $id$command')).toEqual({
    output: '22\n',
    status: 0,
  });
  expect(await run('echo alive')).toMatchObject({ output: 'alive\n' });
});

test('what ends in the background takes nothing from the next command', async () => {
  // A child ends every 10 ms while commands come in that take as long.
  await run('for i in $(seq 300); do usleep ${i}0000 & done');
  const long = 'x'.repeat(600);
  for (let i = 0; i < 60; i++)
    expect(await run(`: ${long}; echo ${i}`)).toEqual({ output: `${i}\n`, status: 0 });
});

test('what kills all processes takes no command', async () => {
  await run('echo i > /proc/sysrq-trigger');
  expect(await run('echo alive')).toEqual({ output: 'alive\n', status: 0 });
});

test('a command that never ends is given up by signal', async () => {
  await using other = await cloneTemplate(await stockTemplate(), { signal: forEver });
  const late = new Error('late');
  const controller = new AbortController();
  const hanging = other.agent.run('sleep 1000', controller.signal);
  controller.abort(late);
  await expect(hanging).rejects.toBe(late);
});
