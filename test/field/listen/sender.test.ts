import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readLogText } from '../../../harness/field/log.ts';
import { readCrashes } from '../../../harness/oops/crash.ts';
import { Sender, type Told } from '../../../harness/field/listen/sender.ts';

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const record = (sequence: number, text: string, fields = '') =>
  bytes(`6,${sequence},${sequence * 1000},-${fields};${text}\n`);

/** What a sender that sends all this at once is told to have said, until it is silent for good. */
function told(...payloads: Uint8Array[]): Told & { counts: Sender['counts'] } {
  const sender = new Sender();
  for (const payload of payloads) sender.receive(payload, 0);
  sender.finish(0);
  return { ...sender.take(), counts: sender.counts };
}

const crash = readFileSync(new URL('../../oops/fixtures/6.12/task-panics.txt', import.meta.url), 'latin1')
  .trimEnd()
  .split('\n')
  .map((line) => line.replace(/^\[ *\d+\.\d+\] ?/, ''));

const warning = readFileSync(new URL('../../oops/fixtures/6.12/warning.txt', import.meta.url), 'latin1')
  .trimEnd()
  .split('\n')
  .map((line) => line.replace(/^\[ *\d+\.\d+\] ?/, ''));

/** What the files of a sender say: those lines, read and judged. */
const judged = (text: string) => {
  const { whole, why, crashes } = readCrashes(readLogText(Buffer.from(text).toString('latin1')));
  return { whole, why, kinds: crashes.map(({ kind }) => kind) };
};

const send = (sender: Sender, lines: readonly string[], nowMs: number, lost = -1) => {
  for (const [at, line] of lines.entries()) if (at !== lost) sender.receive(record(at, line), nowMs);
};

describe('the log of a sender', () => {
  test('has its records with the kernel’s own times, whoever they are of', () => {
    const { text } = told(
      record(0, 'one'),
      record(1, String.raw`two\x0alines`),
      record(2, 'three', ',caller=T17'),
    );
    expect(text).toBe(
      '[    0.000000] one\n[    0.001000] two\n[    0.001000] lines\n[    0.002000] [  T17] three\n',
    );
  });

  test('says what is missing where it is missing', () => {
    const { text, counts } = told(record(0, 'a'), record(2, 'b'), record(6, 'c'));
    expect(text.split('\n')).toEqual([
      '[    0.000000] a',
      '── 1 record missing (1) ──',
      '[    0.002000] b',
      '── 3 records missing (3 to 5) ──',
      '[    0.006000] c',
      '',
    ]);
    expect(counts).toMatchObject({ missing: 4, records: 3, datagrams: 3 });
  });

  test('puts in order what came out of order', () => {
    const { text, counts } = told(record(0, 'a'), record(2, 'c'), record(1, 'b'));
    expect(text.match(/[abc]$/gm)).toEqual(['a', 'b', 'c']);
    expect(counts.missing).toBe(0);
  });

  test('says what came twice, too late, or differs', () => {
    const { text, counts } = told(record(0, 'a'), record(1, 'b'), record(1, 'b'), record(1, 'x'));
    expect(text).toContain('── record 1 came twice ──\n');
    expect(text).toContain('── record 1 came again, and bytes differ: x ──\n');
    expect(counts).toMatchObject({ doubled: 1, refused: 1 });
  });

  test('shows what came of a record that is torn', () => {
    const { text, counts } = told(bytes('6,0,0,-,ncfrag=0/12;begin '), bytes('6,1,0,-;whole\n'));
    expect(text).toBe('── record 0 is torn, 6 of its 12 bytes are missing ──\nbegin\n[    0.000000] whole\n');
    expect(counts).toMatchObject({ torn: 1 });
  });

  test('says that the machine booted anew', () => {
    const { text, counts } = told(
      ...Array.from({ length: 2000 }, (_, at) => record(at, 'old')),
      bytes('6,0,5,-;new\n'),
      bytes('6,1,6,-;new\n'),
    );
    expect(text).toContain('── it booted anew: record 1999, then 0 ──\n[    0.000005] new\n');
    expect(counts.boots).toBe(1);
  });

  test('has the basic format as it came, a line at a time', () => {
    const { text, counts } = told(bytes('[    1.0] half '), bytes('a line\nand'), bytes(' another\nrest'));
    expect(text).toBe('[    1.0] half a line\nand another\nrest\n');
    expect(counts.records).toBe(3);
  });

  test('does not wait for ever for the end of a line', () => {
    const sender = new Sender();
    sender.receive(bytes('no end'), 0);
    sender.advance(999);
    expect(sender.take().text).toBe('');
    sender.advance(1000);
    expect(sender.take().text).toBe('no end\n');
    sender.receive(bytes('x'.repeat(20_000)), 2000);
    expect(sender.take().text).toHaveLength(20_001);
  });

  test('is safe to look at, whatever was sent', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }),
        fc.boolean(),
        (payloads, extended) => {
          const { text } = told(
            ...payloads.map((payload, at) =>
              extended ? Uint8Array.from([...bytes(`6,${at},0,-;`), ...payload]) : payload,
            ),
          );
          expect(text).not.toMatch(/[^\n\t\P{C}]/u);
        },
      ),
    );
  });
});

const torn = (at: number) => `4,${at},${at},-,ncfrag=0/90;RIP: 0010:`;
const records = (lines: readonly string[], callers: readonly string[] = []) =>
  lines.map((line, at) => `4,${at},${at},-${callers[at] ? `,caller=${callers[at]}` : ''};${line}\n`);

describe('what is written down is judged as it was when it came:', () => {
  const whole = records(crash);
  // Two CPUs at once, line by line in turn.
  const both = crash.flatMap((line) => [line, line.replace(/cpu: 0|CPU: 0/g, 'CPU: 1')]);
  const turns = both.map((_, at) => (at % 2 === 0 ? 'T140' : 'T143'));
  test.each([
    ['all of it', whole],
    ['one record is missing', whole.toSpliced(20, 1)],
    ['three are missing', whole.toSpliced(20, 3)],
    ['one is torn', whole.with(20, torn(20))],
    ['one came twice', whole.toSpliced(20, 0, whole[20] ?? '')],
    ['two CPUs speak at once', records(both, turns)],
    ['one is missing right behind it', [...records(warning), `4,${warning.length + 1},9,-;usb: new\n`]],
    [
      'a flood of doubles',
      whole.flatMap((line, at) => Array.from({ length: at === 20 ? 99 : 1 }, () => line)),
    ],
  ])('%s', (_, payloads) => {
    const { text, crashes } = told(...payloads.map((payload) => bytes(payload)));
    const [report, ...more] = crashes;
    expect(more).toEqual([]);
    const { whole: is, why, crashes: found = [] } = report?.log ?? {};
    const live = { whole: is, why, kinds: found.map(({ kind }) => kind) };
    expect(judged(report?.lines.map(({ shown }) => shown).join('') ?? '')).toEqual(live);
    expect(judged(text)).toEqual(live);
  });

  test('the report has the times and the speakers', () => {
    const { crashes } = told(...records(crash, ['T140', 'T140']).map((payload) => bytes(payload)));
    expect(crashes[0]?.lines[1]?.shown).toMatch(/^\[    0\.000001\] \[ T140\] CPU: 0 /);
  });
});

describe('a crash', () => {
  test('is told right after its end, which is proved', () => {
    const sender = new Sender();
    send(sender, ['boot', ...crash], 1000);
    expect(sender.dead).toBe(true);
    sender.advance(1499);
    expect(sender.take().crashes).toEqual([]);
    sender.advance(1500);
    const { crashes } = sender.take();
    expect(crashes).toMatchObject([
      { log: { whole: true, crashes: [{ kind: 'invalid-opcode', panic: 'Fatal exception' }] } },
    ]);
    expect(sender.counts.crashes).toBe(1);
    sender.finish(9000);
    expect(sender.take().crashes).toEqual([]);
  });

  test('without an end is told when nothing more comes, or nothing more of it', () => {
    const cut = crash.slice(0, 20);
    const silent = new Sender();
    send(silent, cut, 1000);
    silent.advance(3999);
    expect(silent.take().crashes).toEqual([]);
    silent.advance(4000);
    expect(silent.take().crashes).toMatchObject([{ log: { whole: false } }]);
    const busy = new Sender();
    send(busy, cut, 0);
    for (let second = 1; second < 10; second += 1) busy.receive(record(19 + second, 'usb'), second * 1000);
    expect(busy.take().crashes).toEqual([]);
    busy.receive(record(29, 'usb'), 10_000);
    expect(busy.take().crashes).toHaveLength(1);
  });

  test('that a machine survives is told while it goes on, and each by itself', () => {
    const sender = new Sender();
    const noise = ['usb 1: new', 'usb 2: new'];
    send(sender, [...warning, ...noise, ...warning, ...noise], 0);
    sender.receive(record(2 * warning.length + 4, 'later'), 600);
    const { crashes } = sender.take();
    expect(crashes).toMatchObject([
      { number: 1, again: false, log: { whole: true, crashes: [{ kind: 'warning' }] } },
      { number: 2, again: false, log: { whole: true, crashes: [{ kind: 'warning' }] } },
    ]);
    expect(crashes[0]?.lines.at(-1)?.text).toBe(noise[0]);
    expect(sender.counts.crashes).toBe(2);
  });

  test.each([
    ['extended', record],
    ['basic', (at: number, line: string) => bytes(`[    2.${String(at).padStart(6, '0')}] ${line}\n`)],
  ])('that pauses in the middle is judged again when it goes on: %s', (_, datagram) => {
    const sender = new Sender();
    const half = crash.findIndex((line) => line.includes('do_syscall_64'));
    for (const [at, line] of crash.entries()) {
      sender.advance(at < half ? 0 : 4000);
      sender.receive(datagram(at, line), at < half ? 0 : 4000);
    }
    expect(sender.take().crashes).toMatchObject([{ number: 1, again: false, log: { whole: false } }]);
    sender.advance(4500);
    const { crashes } = sender.take();
    expect(crashes).toMatchObject([
      { number: 1, again: true, log: { whole: true, crashes: [{ panic: 'Fatal exception' }] } },
    ]);
    expect(crashes[0]?.lines).toHaveLength(crash.length);
    expect(sender.counts.crashes).toBe(1);
  });

  test('is none of the same machine’s next boot', () => {
    const sender = new Sender();
    for (let at = 0; at < 2000; at += 1) sender.receive(record(at, 'old'), 0);
    for (const [at, line] of crash.slice(0, 20).entries()) sender.receive(record(2000 + at, line), 0);
    sender.receive(bytes('6,0,5,-;new\n'), 0);
    sender.receive(bytes('6,1,6,-;new\n'), 0);
    expect(sender.take().crashes).toMatchObject([{ log: { whole: false } }]);
  });

  test('is damaged where a record of it was lost on its way', () => {
    const sender = new Sender();
    send(sender, crash, 0, 20);
    sender.finish(5000);
    expect(sender.take().crashes).toMatchObject([
      { log: { whole: false, why: ['One record is missing in it.'] } },
    ]);
  });

  test('is judged while the machine goes on, once it has said enough else', () => {
    const sender = new Sender();
    send(sender, [...crash, ...Array.from({ length: 1100 }, (_, at) => `line ${at}`)], 0);
    expect(sender.take().crashes).toHaveLength(1);
    expect(sender.dead).toBe(false);
  });

  test('of the basic format is one too', () => {
    const sender = new Sender();
    for (const line of crash) sender.receive(bytes(`[    2.000000] ${line}\n`), 0);
    sender.advance(3000);
    expect(sender.take().crashes).toMatchObject([{ log: { whole: true } }]);
  });

  test('nothing that is none is called one', () => {
    const boot = readFileSync(new URL('../../oops/fixtures/6.12/boot.txt', import.meta.url), 'latin1');
    const sender = new Sender();
    send(sender, boot.split('\n'), 0);
    sender.finish(0);
    expect(sender.take().crashes).toEqual([]);
  });
});
