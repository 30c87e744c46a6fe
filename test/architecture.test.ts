import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What each room may import from: other rooms; `node` and `npm` for what is not ours. A room may always use itself. */
const WALLS: Record<string, readonly string[]> = {
  'harness/netconsole': ['harness/printk'],
  'harness/printk': [],
  'harness/symbols': ['harness/printk'],
  'harness/oops': [],
  'harness/verdict': ['harness/netconsole', 'harness/printk'],
  'harness/wire': ['node', 'harness/host'],
  'harness/host': ['node', 'npm'],
  'harness/machine': ['node', 'npm', 'harness/host'],
  'harness/guest': [
    'node',
    'npm',
    'harness/host',
    'harness/machine',
    'harness/wire',
    'harness/printk',
    'harness/symbols',
  ],
  'harness/lab': [
    ...[
      'node',
      'npm',
      'images',
      'scenarios',
      'harness/host',
      'harness/machine',
      'harness/guest',
      'harness/wire',
    ],
    ...['harness/netconsole', 'harness/printk', 'harness/oops', 'harness/verdict'],
  ],
  'harness/field': [
    'node',
    'npm',
    'harness/host',
    'harness/wire',
    'harness/netconsole',
    'harness/oops',
    'harness/printk',
    'harness/symbols',
  ],
  'harness/report': [
    'node',
    'npm',
    'harness/lab',
    'harness/oops',
    'harness/host',
    'harness/netconsole',
    'harness/printk',
    'harness/field',
  ],
  'harness/commands': [
    'node',
    'npm',
    'images',
    'harness/host',
    'harness/machine',
    'harness/guest',
    'harness/lab',
    'harness/field',
    'harness/netconsole',
    'harness/oops',
    'harness/printk',
    'harness/report',
  ],
  'harness/cli': ['npm', 'harness/commands'],
  'harness/vitest': ['npm', 'harness/lab', 'harness/oops', 'harness/printk', 'harness/verdict'],
  images: ['node', 'npm', 'harness/host'],
  scenarios: ['harness/lab'],
};

/** Within `wire`, everything but these is pure. */
const WIRE_IO = new Set(['segment.ts', 'udp-socket.ts']);

interface Import {
  file: string;
  room: string;
  target: string;
}

async function sourceFiles(folder: string): Promise<string[]> {
  const entries = await readdir(path.join(ROOT, folder), { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)));
}

function roomOf(file: string): string {
  const [top = '', below = ''] = file.split(path.sep);
  return top === 'harness' && file.split(path.sep).length > 2 ? `${top}/${below}` : top;
}

async function allImports(): Promise<Import[]> {
  const files = (await Promise.all(['harness', 'images', 'scenarios'].map(sourceFiles))).flat();
  const imports = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(path.join(ROOT, file), 'utf8');
      const found = text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g);
      return [...found].map(([, target = '']) => ({
        file,
        room: roomOf(file),
        target: targetRoom(file, target),
      }));
    }),
  );
  return imports.flat();
}

function targetRoom(file: string, target: string): string {
  if (target.startsWith('node:')) return 'node';
  if (!target.startsWith('.')) return 'npm';
  return roomOf(path.normalize(path.join(path.dirname(file), target)));
}

describe('the walls of the house', () => {
  test('every room imports only from where its data comes', async () => {
    const imports = await allImports();
    expect(imports.length).toBeGreaterThan(200);
    const forbidden = imports.filter(
      ({ room, target }) => room in WALLS && target !== room && !WALLS[room]?.includes(target),
    );
    expect(forbidden).toEqual([]);
  });

  test('every folder of the harness has its wall', async () => {
    const entries = await readdir(path.join(ROOT, 'harness'), { withFileTypes: true });
    const rooms = entries.filter((entry) => entry.isDirectory()).map((entry) => `harness/${entry.name}`);
    expect(rooms.filter((room) => !(room in WALLS))).toEqual([]);
  });

  test('the wire parses without I/O', async () => {
    const imports = await allImports();
    const impure = imports.filter(
      ({ file, room, target }) =>
        room === 'harness/wire' && !WIRE_IO.has(path.basename(file)) && target !== 'harness/wire',
    );
    expect(impure).toEqual([]);
  });

  test('nothing waits for a deadline that Node can collect', async () => {
    // On Node 20 AbortSignal.any() holds AbortSignal.timeout() weakly: after a collection it never fires.
    const files = (await Promise.all(['harness', 'images', 'scenarios'].map(sourceFiles))).flat();
    const texts = await Promise.all(
      files.map(async (file) => ({ file, text: await readFile(path.join(ROOT, file), 'utf8') })),
    );
    expect(texts.filter(({ text }) => text.includes('AbortSignal.any(')).map(({ file }) => file)).toEqual([]);
  });

  test('no pure room looks at a clock', async () => {
    const pure = ['netconsole', 'printk', 'symbols', 'oops', 'verdict'].map((room) => `harness/${room}`);
    const files = (await Promise.all(pure.map(sourceFiles))).flat();
    const texts = await Promise.all(
      files.map(async (file) => ({ file, text: await readFile(path.join(ROOT, file), 'utf8') })),
    );
    expect(
      texts
        .filter(({ text }) => /Date\.now|performance\.|setTimeout|setInterval/.test(text))
        .map(({ file }) => file),
    ).toEqual([]);
  });

  test('nothing compiled lies between the sources', async () => {
    const entries = await readdir(path.join(ROOT, 'harness'), { recursive: true });
    expect(entries.filter((name) => name.endsWith('.js') || name.endsWith('.d.ts'))).toEqual([]);
  });
});
