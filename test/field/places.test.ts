import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execaSync } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLI, finished } from '../host/program.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'crashlab-places-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string) => path.join(folder, name);

const SOURCE = `static int __attribute__((noinline)) deep(int *p)
{
	return *p;
}

static inline int __attribute__((always_inline)) middle(int *p)
{
	return deep(p) + 1;
}

int outer(int *p)
{
	return middle(p) + 2;
}

int main(void) { return outer((int *)0); }
`;

/** Offset, in hexadecimal, and size of a function's code. */
let sizes: Record<string, string>;
let returnTo: string;

beforeAll(() => {
  writeFileSync(file('a.c'), SOURCE);
  mkdirSync(file('boot'));
  execaSync('gcc', ['-g', '-O1', '-o', 'boot/vmlinux-6.12.0', 'a.c'], { cwd: folder });
  const symbols = execaSync('nm', ['-S', file('boot/vmlinux-6.12.0')]).stdout;
  sizes = Object.fromEntries(
    [...symbols.matchAll(/^\w+ 0*(\w+) [tT] (deep|outer)$/gm)].map(([, size, name]) => [name, `0x${size}`]),
  );
  const code = execaSync('objdump', ['-d', '--disassemble=outer', file('boot/vmlinux-6.12.0')]).stdout;
  const [start] = /^\w+(?= <outer>)/m.exec(code) ?? [];
  const [, after] = /call[^\n]*<deep>\n +(\w+):/.exec(code) ?? [];
  returnTo = `0x${(parseInt(after ?? '', 16) - parseInt(start ?? '', 16)).toString(16)}`;
});

const crash = () =>
  [
    'BUG: kernel NULL pointer dereference, address: 0000000000000000',
    `RIP: 0010:deep+0x0/${sizes['deep']}`,
    'Call Trace:',
    ` outer+${returnTo}/${sizes['outer']}`,
    ' elsewhere+0x10/0x20',
    ' outer+0x5/0x4000',
    ' helper+0x10/0x20 [some]',
    '',
  ].join('\n');

async function judged(vmlinux: string, env: NodeJS.ProcessEnv = {}) {
  writeFileSync(file('a.log'), crash());
  const { stdout, stderr } = await finished(
    [process.execPath, CLI, 'judge', '--json', '--vmlinux', vmlinux, file('a.log')],
    env,
  );
  expect(stderr).toBe('');
  return JSON.parse(stdout).logs[0].crashes[0];
}

// The line of the call, not the next one; and through what was put into the function.
const PLACES = () => [
  { call: `deep+0x0/${sizes['deep']}`, at: [expect.stringMatching(/a\.c:[23]$/)] },
  {
    call: `outer+${returnTo}/${sizes['outer']}`,
    at: [expect.stringMatching(/a\.c:8$/), expect.stringMatching(/a\.c:13$/)],
  },
];

describe('a call’s place in the source', () => {
  test('is found by the vmlinux, and by the folder it lies in; the kernel’s own text stays', async () => {
    for (const vmlinux of [file('boot/vmlinux-6.12.0'), folder]) {
      const { places, calls, counter } = await judged(vmlinux);
      expect(places).toEqual(PLACES());
      expect(counter).toBe(`deep+0x0/${sizes['deep']}`);
      expect(calls.at(-1)).toBe('helper+0x10/0x20 [some]');
    }
  });

  test('is found in a Debian debug package', async () => {
    mkdirSync(file('package/DEBIAN'), { recursive: true });
    mkdirSync(file('package/usr/lib/debug/boot'), { recursive: true });
    const control =
      'Package: a-dbg\nVersion: 1\nArchitecture: all\nMaintainer: nobody <a@b>\nDescription: a\n';
    writeFileSync(file('package/DEBIAN/control'), control);
    execaSync('cp', [file('boot/vmlinux-6.12.0'), file('package/usr/lib/debug/boot')]);
    execaSync('dpkg-deb', ['-b', file('package'), file('a.deb')]);
    expect((await judged(file('a.deb'))).places).toEqual(PLACES());
  });

  test('is found by llvm-symbolizer where addr2line is not there', async ({ skip }) => {
    const { stdout } = execaSync('which', ['llvm-symbolizer'], { reject: false });
    if (!stdout) skip('llvm-symbolizer is not installed');
    mkdirSync(file('bin'));
    symlinkSync(stdout ?? '', file('bin/llvm-symbolizer'));
    expect((await judged(folder, { PATH: file('bin') })).places).toEqual(PLACES());
  });

  test('stands below the trace for a person', async () => {
    const list = [process.execPath, CLI, 'judge', '--vmlinux', folder, file('a.log')];
    const { stdout } = await finished(list, {});
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(/outer\+0x\w+\/0x\w+ \S+a\.c:8 < \S+a\.c:13 /);
  });
});

const judge = (vmlinux: string, env: NodeJS.ProcessEnv = {}) =>
  finished([process.execPath, CLI, 'judge', '--vmlinux', vmlinux, file('a.log')], env);

describe('what is of no use is a sentence:', () => {
  test.each([
    ['/nonexistent', 'there is no such file'],
    ['/etc', 'no vmlinux lies in it'],
    ['/etc/passwd', 'it is no ELF file'],
  ])('%s', async (vmlinux, why) => {
    expect(await judge(vmlinux)).toMatchObject({ code: 2, stderr: expect.stringContaining(why) });
  });

  test('a kernel without symbols; neither program', async () => {
    execaSync('strip', ['-o', file('stripped'), file('boot/vmlinux-6.12.0')]);
    expect((await judge(file('stripped'))).stderr).toContain('it was stripped of them');
    const { code, stderr } = await judge(folder, { PATH: '/nonexistent' });
    expect([code, stderr]).toEqual([3, expect.stringContaining('Neither addr2line nor llvm-symbolizer')]);
  });
});
