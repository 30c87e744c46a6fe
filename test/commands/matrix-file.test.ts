import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { readMatrix } from '../../harness/commands/matrix-file.ts';
import { crashlab } from '../host/program.ts';
import { temporaryFolder } from '../host/temporary.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

async function written(name: string, text: string): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, text);
  return file;
}

const WHOLE = {
  kernels: ['debian:6.1', 'debian:7@sid'],
  archs: ['x86-64'],
  nics: ['virtio-net', 'e1000'],
  vcpus: [1, 2],
  panics: [0, 5, -1],
  formats: ['extended', 'basic'],
  scenarios: ['sysrq-*'],
  suite: 'quick',
  repeat: 5,
};

describe('a matrix file', () => {
  test('is JSON with the values of every dimension', async () => {
    expect(await readMatrix(await written('m.json', JSON.stringify(WHOLE)))).toEqual(WHOLE);
    expect(await readMatrix(await written('m.json', '{}'))).toEqual({});
  });

  test('is a module with a default export', async () => {
    const text = 'export default { vcpus: [1, 2].map((n) => n * 2) };\n';
    expect(await readMatrix(await written('m.mjs', text))).toEqual({ vcpus: [2, 4] });
  });

  test('is TypeScript, with what it imports', async () => {
    await written('cpus.ts', 'export const most: number = 4;\n');
    const text = `import { most } from './cpus.ts';
      interface Matrix { vcpus: number[] }
      export default { vcpus: [1, most] } satisfies Matrix;\n`;
    expect(await readMatrix(await written('m.ts', text))).toEqual({ vcpus: [1, 4] });
  });

  test('that is no TypeScript is said so in one line, by the program itself', async () => {
    const run = await crashlab(['run', '--matrix', await written('m.ts', 'export default {')], {});
    expect([run.code, run.stderr]).toEqual([2, expect.stringMatching(/^.*m\.ts is no matrix: .*Unexpected/)]);
  });

  test.each([
    ['{"kernel": ["debian"]}', 'kernel: ', 'Did you mean kernels?'],
    ['{"vcpus": [0]}', 'vcpus.0: ', 'It may have: kernels'],
    ['{"repeat": 100001}', 'repeat: ', 'It may have: kernels'],
    ['{"panics": [2147483648]}', 'panics.0: ', 'It may have: kernels'],
    ['{"panics": []}', 'panics: ', 'It may have: kernels'],
    ['{"formats": ["json"]}', 'formats.0: ', 'It may have: kernels'],
    ['[1]', 'no matrix: ', 'It may have: kernels'],
    ['{', 'no matrix: ', 'It may have: kernels'],
  ])('%s is refused with the field', async (text, why, advice) => {
    await expect(readMatrix(await written('m.json', text))).rejects.toMatchObject({
      code: 'MATRIX_BROKEN',
      message: expect.stringContaining(why),
      advice: expect.stringContaining(advice),
    });
  });

  test('that is not there is said so', async () => {
    await expect(readMatrix(path.join(folder, 'm.json'))).rejects.toMatchObject({ code: 'NO_MATRIX' });
    await expect(readMatrix(path.join(folder, 'm.mjs'))).rejects.toMatchObject({ code: 'NO_MATRIX' });
  });

  test('is read by crashlab run, whose own options go before it', async () => {
    const file = await written('m.json', '{"scenarios": ["no-such-one"]}');
    const run = await crashlab(['run', '--matrix', file], {});
    expect([run.code, run.stderr]).toEqual([
      2,
      expect.stringContaining('There is no scenario "no-such-one"'),
    ]);
    const suite = await crashlab(['run', '--matrix', file, '--suite', 'qick'], {});
    expect([suite.code, suite.stderr]).toEqual([2, expect.stringContaining('There is no suite "qick"')]);
  });
});
