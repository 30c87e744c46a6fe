import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import requirements from '../../harness/host/programs.json' with { type: 'json' };

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
const asRoot = process.getuid?.() === 0;
const rootOnly = asRoot ? '' : ' (left out: needs root, to become another user)';
let folder: string;

/** A checkout whose packages are there; its sources are one file, for the compiler has its own tests. */
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'crashlab-setup-'));
  chmodSync(folder, 0o755);
  for (const name of [
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'harness/setup.mjs',
    'harness/host/programs.json',
  ]) {
    cpSync(path.join(CHECKOUT, name), path.join(folder, name), { recursive: true });
  }
  for (const name of ['images', 'scenarios']) mkdirSync(path.join(folder, name));
  writeFileSync(path.join(folder, 'scenarios/one.ts'), 'export const one: number = 1;\n');
  // Not the folder as a whole: another user may not be able to look into ours.
  const packages = path.join(folder, 'node_modules');
  mkdirSync(packages);
  const lock = readFileSync(path.join(CHECKOUT, 'package-lock.json'));
  writeFileSync(path.join(packages, '.crashlab-lock'), createHash('sha256').update(lock).digest('hex'));
  for (const name of ['typescript', '@types']) {
    symlinkSync(path.join(CHECKOUT, 'node_modules', name), path.join(packages, name));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const setUp = () => [process.execPath, path.join(folder, 'harness/setup.mjs')];

function run([program = '', ...list]: string[], PATH = process.env['PATH']) {
  const startedMs = performance.now();
  const { status, stdout, stderr } = spawnSync(program, list, {
    encoding: 'utf8',
    env: { ...process.env, PATH },
  });
  return { status, stdout, stderr, ms: performance.now() - startedMs };
}

test('set-up compiles once; with nothing to do it is done in half a second and says nothing', () => {
  const first = run(setUp());
  expect(first).toMatchObject({ status: 0, stdout: '', stderr: 'crashlab set-up: Compiling …\n' });
  expect(execFileSync('cat', [path.join(folder, 'dist/scenarios/one.js')], { encoding: 'utf8' })).toBe(
    'export const one = 1;\n',
  );
  const second = run(setUp());
  expect(second).toMatchObject({ status: 0, stdout: '', stderr: '' });
  expect(second.ms).toBeLessThan(500);
});

test('set-up compiles again after a source has changed', () => {
  run(setUp());
  writeFileSync(path.join(folder, 'scenarios/one.ts'), 'export const one: number = 2;\n');
  expect(run(setUp()).stderr).toBe('crashlab set-up: Compiling …\n');
});

test(
  'set-up removes what was compiled of a source that is gone, and leaves the rest alone',
  { timeout: 30_000 },
  () => {
    writeFileSync(path.join(folder, 'scenarios/two.ts'), 'export const two: number = 2;\n');
    run(setUp());
    const compiled = () => readdirSync(path.join(folder, 'dist/scenarios')).sort();
    expect(compiled()).toEqual(['one.d.ts', 'one.js', 'two.d.ts', 'two.js']);
    rmSync(path.join(folder, 'scenarios/two.ts'));
    expect(run(setUp())).toMatchObject({ status: 0, stderr: 'crashlab set-up: Compiling …\n' });
    expect(compiled()).toEqual(['one.d.ts', 'one.js']);
    expect(run(setUp())).toMatchObject({ status: 0, stderr: '' });
  },
);

test(
  'set-up says where the source is wrong, fails, and tries again the next time',
  { timeout: 30_000 },
  () => {
    writeFileSync(path.join(folder, 'scenarios/one.ts'), "export const one: number = 'one';\n");
    for (const attempt of [1, 2]) {
      expect({ attempt, ...run(setUp()) }).toMatchObject({
        status: 3,
        stderr: expect.stringContaining('scenarios/one.ts(1,14)'),
      });
    }
    writeFileSync(path.join(folder, 'scenarios/one.ts'), 'export const one: number = 1;\n');
    expect(run(setUp()).status).toBe(0);
  },
);

test.skipIf(!asRoot)(`set-up of someone who can’t install prints the one command to type${rootOnly}`, () => {
  const bin = path.join(folder, 'bin');
  mkdirSync(bin);
  const nobody = ['/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  // apt alone; what lies in the administrator's folders is found beyond PATH
  symlinkSync('/usr/bin/apt-get', path.join(bin, 'apt-get'));
  const { status, stdout, stderr } = run([...nobody, ...setUp()], bin);
  expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
  const administrative = new Set(['modprobe', 'depmod', 'apt-get']);
  const missing = requirements.programs.filter(({ name }) => !administrative.has(name));
  const packages = [...new Set(missing.map((program) => program.package))].join(' ');
  expect(stderr).toBe(
    `crashlab set-up: This host lacks ${missing.map(({ name }) => name).join(', ')}. Type this, then try again:\n\n` +
      `  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages}\n\n`,
  );
});

test.skipIf(!asRoot)(`set-up leaves what is optional to the tests${rootOnly}`, () => {
  const nobody = ['/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const lacking = (...list: string[]) => run([...nobody, ...setUp(), ...list], '/nonexistent').stderr;
  const names = requirements.optional.map(({ name }) => name);
  expect(names).not.toHaveLength(0);
  expect(names.filter((name) => lacking().includes(name))).toEqual([]);
  expect(names.filter((name) => !lacking('--test').includes(name))).toEqual([]);
});

test.skipIf(!asRoot)(`set-up on a host without apt says what to bring${rootOnly}`, () => {
  const nobody = ['/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const { status, stderr } = run([...nobody, ...setUp()], '/nonexistent');
  expect(status).toBe(3);
  expect(stderr).toMatch(/lacks qemu-system-x86_64, .* and has no apt: install them by hand\.\n$/);
});

test.each([
  ['18.20.4', 3],
  ['20.18.3', 3],
  ['20.19.0', 0],
  ['22.11.0', 3],
  ['22.12.0', 0],
  ['23.5.0', 3],
  ['24.0.0', 0],
])('set-up under Node.js %s ends with %d', (version, status) => {
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
  const [node = '', script = ''] = setUp();
  const result = run([node, '--import', `data:text/javascript,${encodeURIComponent(pretend)}`, script]);
  expect(result.status).toBe(status);
  expect(result.stderr).toBe(
    status === 0
      ? ''
      : `crashlab set-up: crashlab needs Node.js 20.19 or newer of 20, 22.12 or newer of 22, or 24 and newer; this is ${version}.\n`,
  );
});
