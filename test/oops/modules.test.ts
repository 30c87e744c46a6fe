import { expect, test } from 'vitest';
import { modulesIn } from '../../harness/oops/modules.ts';

const CPU = 'CPU: 0 PID: 1 Comm: init Not tainted 6.12.1 #1';

test.each([
  ['none', ['Modules linked in:', CPU], []],
  ['a few', ['Modules linked in: a(O) b-c ext4(E+) [last unloaded: d]', CPU], ['a', 'b-c', 'ext4']],
  ['no line of it', [CPU, ' a b'], []],
])('%s', (_, lines, modules) => {
  expect(modulesIn(lines)).toEqual(modules);
});

test('a list that is longer than a record goes on in the next ones', () => {
  const names = Array.from({ length: 200 }, (_, at) => `module_${at}`);
  const rows = [names.slice(0, 80), names.slice(80, 150), names.slice(150)].map((row) => ` ${row.join(' ')}`);
  const lines = [`Modules linked in:${rows[0]}`, ...rows.slice(1), ' [last unloaded: gone]', CPU];
  expect(modulesIn(lines)).toEqual(names);
});

test('what stands behind the list is no module', () => {
  for (const behind of [
    ' <TASK>',
    ' 0x0',
    ' foo+0x1/0x2',
    '---[ end trace 0000000000000000 ]---',
    ' f from g+0x1/0x2',
  ])
    expect(modulesIn(['Modules linked in: a', behind])).toEqual(['a']);
});
