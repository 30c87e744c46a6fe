import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as v from 'valibot';
import { CrashlabError } from '../host/error.ts';
import { hostError } from '../host/failure.ts';
import { nearest } from '../host/nearest.ts';
import { MOST } from './limits.ts';

const several = <T extends v.GenericSchema>(one: T) => v.pipe(v.array(one), v.minLength(1));
const name = v.pipe(v.string(), v.minLength(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));

/**
 * A matrix of runs: what `crashlab run` takes as options, in a file. Everything may be left out; an option on the
 * command line goes before the file.
 */
export const Matrix = v.strictObject({
  /** As `--kernel` has them: `debian`, `debian:6.12@trixie`, `debian:6.12-rt`, a release in the cache. */
  kernels: v.optional(several(name)),
  /** `x86-64`, `arm64`. */
  archs: v.optional(several(name)),
  /** `virtio-net`, `e1000`, … */
  nics: v.optional(several(name)),
  vcpus: v.optional(several(count)),
  /** Values of `panic=`. */
  panics: v.optional(several(v.pipe(v.number(), v.integer(), v.minValue(-1), v.maxValue(MOST.panic)))),
  formats: v.optional(several(v.picklist(['extended', 'basic']))),
  /** Names, `*` for any part of one. */
  scenarios: v.optional(several(name)),
  suite: v.optional(name),
  repeat: v.optional(v.pipe(count, v.maxValue(MOST.repeat))),
});
export type Matrix = v.InferOutput<typeof Matrix>;

/**
 * Reads a matrix: a JSON file, or the default export of a JavaScript or TypeScript module. Errors: NO_MATRIX,
 * MATRIX_BROKEN with the field.
 */
export async function readMatrix(file: string): Promise<Matrix> {
  const content = file.endsWith('.json') ? await readJson(file) : await readModule(file);
  const parsed = v.safeParse(Matrix, content);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const field = v.getDotPath(issue);
  const known = Object.keys(Matrix.entries);
  const [entry = ''] = (field ?? '').split('.');
  const near = entry === '' || known.includes(entry) ? null : nearest(entry, known);
  throw broken(file, field === null ? issue.message : `${field}: ${issue.message}`, near);
}

async function readJson(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw missing(file, error);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw broken(file, error instanceof Error ? error.message : String(error), null);
  }
}

async function readModule(file: string): Promise<unknown> {
  await readFile(file).catch((error: unknown) => {
    throw missing(file, error);
  });
  const whole = path.resolve(file);
  try {
    const module: { default?: unknown } = TYPESCRIPT.test(file)
      ? await (await typescript()).import(whole)
      : await import(pathToFileURL(whole).href);
    return module.default;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw broken(file, why.replaceAll(/\s+/g, ' ').trim(), null);
  }
}

const TYPESCRIPT = /\.[cm]?ts$/;

/** Not every Node.js that crashlab runs on knows TypeScript. */
async function typescript() {
  const { createJiti } = await import('jiti');
  return createJiti(import.meta.url, { fsCache: false });
}

function missing(file: string, cause: unknown): CrashlabError {
  const isNotThere = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
  if (!isNotThere) return hostError(cause, `reading ${file}`);
  return new CrashlabError('usage', 'NO_MATRIX', `There is no file ${file}.`, {
    advice: 'A matrix is a file such as {"kernels": ["debian:6.1", "debian:6.12"], "panics": [0, 5]}.',
  });
}

function broken(file: string, why: string, near: string | null): CrashlabError {
  const fields = Object.keys(Matrix.entries).join(', ');
  return new CrashlabError('usage', 'MATRIX_BROKEN', `${file} is no matrix: ${why}.`, {
    advice: near ? `Did you mean ${near}?` : `It may have: ${fields}.`,
  });
}
