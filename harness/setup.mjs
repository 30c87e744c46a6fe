// Sets this checkout up: npm's packages, the host's programs, the compiled program. Plain Node, no dependencies,
// because it runs before there are any. With --test also what only the tests need, and what is optional: they test it
// too. Nothing to do: a few milliseconds.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const HOST_FAILED = 3;
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const inRoot = (...parts) => path.join(root, ...parts);

checkNode();
installPackages();
installPrograms(process.argv.includes('--test'));
build();

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  // As "engines" in package.json has it: npm would refuse the others too, in its own words.
  if (major >= 24 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)) return;
  stop(
    `crashlab needs Node.js 20.19 or newer of 20, 22.12 or newer of 22, or 24 and newer; this is ${process.versions.node}.`,
  );
}

function installPackages() {
  const stamp = inRoot('node_modules', '.crashlab-lock');
  const wanted = createHash('sha256')
    .update(readFileSync(inRoot('package-lock.json')))
    .digest('hex');
  if (readOr(stamp, '') === wanted) return;
  say('Installing the npm packages …');
  // No package's own script is needed: dockerode's wish to build C++ for what they do without.
  run('npm', ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund']);
  writeFileSync(stamp, wanted);
}

function installPrograms(withTests) {
  const list = JSON.parse(readFileSync(inRoot('harness/host/programs.json'), 'utf8'));
  const wanted = withTests ? [...list.programs, ...list.tests, ...list.optional] : list.programs;
  const missing = wanted.filter(({ name }) => !isThere(name));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => program.package))];
  const names = missing.map(({ name }) => name).join(', ');
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...packages];
  if (!isThere('apt-get')) stop(`This host lacks ${names}, and has no apt: install them by hand.`);
  const asRoot = process.getuid() === 0;
  const sudo = !asRoot && isThere('sudo') && spawnSync('sudo', ['-n', 'true']).status === 0;
  const byHand = ['apt-get update', install.join(' ')]
    .map((one) => (asRoot ? one : `sudo ${one}`))
    .join(' && ');
  if (!asRoot && !sudo) stop(`This host lacks ${names}. Type this, then try again:\n\n  ${byHand}\n`);
  say(`Installing ${packages.join(', ')} …`);
  const prefix = sudo
    ? ['sudo', '-n', 'env', 'DEBIAN_FRONTEND=noninteractive']
    : ['env', 'DEBIAN_FRONTEND=noninteractive'];
  run(
    ...split([...prefix, 'apt-get', 'update', '-q']),
    `The package lists could not be read; without them: ${names} missing.`,
  );
  run(...split([...prefix, ...install, '-q']), `Type this, then try again:\n\n  ${byHand}\n`);
}

function build() {
  const stamp = inRoot('dist', '.built');
  const builtMs = mtimeOr(stamp, 0);
  const sources = ['harness', 'images', 'scenarios'].map((folder) => newestBelow(inRoot(folder)));
  const newest = Math.max(
    ...sources,
    mtimeOr(inRoot('tsconfig.json'), 0),
    mtimeOr(inRoot('package.json'), 0),
  );
  if (builtMs > newest) return;
  say('Compiling …');
  const started = new Date(); // what is saved while the compiler runs is compiled next time
  run(process.execPath, [inRoot('node_modules/typescript/bin/tsc'), '--project', inRoot('tsconfig.json')]);
  mkdirSync(inRoot('dist'), { recursive: true });
  removeOrphans('');
  writeFileSync(stamp, '');
  utimesSync(stamp, started, started);
}

/** A compiled scenario would be listed, and run, though its source is gone. Only such files go: others are in use. */
function removeOrphans(folder) {
  for (const entry of readdirSync(inRoot('dist', folder), { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    const source = inRoot(file.replace(/(?:\.d\.ts|\.js)$/, '.ts'));
    if (entry.isDirectory()) removeOrphans(file);
    else if (file !== '.built' && !existsSync(source)) rmSync(inRoot('dist', file), { force: true });
  }
}

function newestBelow(folder) {
  let newest = statSync(folder).mtimeMs; // a removed file changes its folder
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestBelow(file) : statSync(file).mtimeMs);
  }
  return newest;
}

function isThere(name) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  const places = name.startsWith('/') ? [name] : folders.map((folder) => path.join(folder, name));
  return places.some((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Runs a program, its output on standard error: standard output belongs to the command that comes after us. */
function run(program, list, advice) {
  const { status, error } = spawnSync(program, list, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  stop(
    `${program} ${list.slice(0, 3).join(' ')} … failed${error ? ` (${error.message})` : ` with ${status}`}. ${advice ?? ''}`,
  );
}

function split([program, ...list]) {
  return [program, list];
}

function readOr(file, otherwise) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}

function mtimeOr(file, otherwise) {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return otherwise;
  }
}

function say(text) {
  process.stderr.write(`crashlab set-up: ${text}\n`);
}

function stop(text) {
  say(text);
  process.exit(HOST_FAILED);
}
