import { access, constants, readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CrashlabError } from '../host/error.ts';
import type { RecordEvent } from '../lab/record.ts';
import { renderConsole } from '../report/console.ts';
import { exitCode } from '../report/exit.ts';
import { renderJson } from '../report/json.ts';
import { renderJunit } from '../report/junit.ts';
import { renderKcidb } from '../report/kcidb.ts';
import { renderKtap } from '../report/ktap.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { parseRecord } from '../report/read.ts';
import { writeHtml } from './html-report.ts';

export interface ReportOptions {
  /** Where to write JUnit XML; `-` is standard output. */
  junit?: string;
  /** Where to write KTAP; `-` is standard output. */
  ktap?: string;
  /** Where to write a field guide in Markdown; `-` is standard output. */
  markdown?: string;
  /** Where to write a submission to KCIDB; `-` is standard output. */
  kcidb?: string;
  /** Name of the CI system in it. */
  kcidbOrigin?: string;
  /** Where to write the page. */
  html?: string;
  /** Print the JSON document instead of the table. */
  json?: boolean;
}

export interface ReportIo {
  stdout: (text: string) => void;
  colour: boolean;
  /** In terminal columns. */
  width: number;
}

const STDOUT = '-';

/**
 * `crashlab report RUN.jsonl`: shows a run record again, in any form. Returns the exit code of the run itself.
 * Throws a {@link CrashlabError} for a file that cannot be read, is no record, or cannot be written.
 */
export async function reportCommand(file: string, options: ReportOptions, io: ReportIo): Promise<number> {
  await checkDestinations(options, [file]);
  const { events, truncated } = await readRecord(file);
  await writeReports(events, options, io, { truncated, folder: dirname(file) });
  return exitCode(events);
}

/**
 * To be asked before there is anything to lose. Throws REPORT_STDOUT (only one document can go to standard output) and
 * REPORT_UNWRITABLE.
 */
export async function checkDestinations(
  options: ReportOptions,
  inputs: readonly string[] = [],
): Promise<void> {
  for (const path of documents(options)) {
    if (path !== undefined && path !== STDOUT) await checkWritable(path, inputs);
  }
  await checkPage(options.html, inputs);
  checkApart([...documents(options), options.html]);
  if (documentsOnStdout(options) <= 1) return;
  throw new CrashlabError('usage', 'REPORT_STDOUT', 'Only one report can go to standard output.', {
    advice: 'Give the others a file: --junit FILE, --ktap FILE.',
  });
}

/** One report must not be written over another. */
function checkApart(paths: (string | undefined)[]): void {
  const files = paths.flatMap((file) => (file === undefined || file === STDOUT ? [] : resolve(file)));
  const twice = files.find((file, at) => files.indexOf(file) !== at);
  if (twice === undefined) return;
  throw new CrashlabError('usage', 'REPORT_TWICE', `Two reports are to go to one file, ${twice}.`, {
    advice: 'Give each a file of its own.',
  });
}

/** The same for a page, which needs a file. */
export async function checkPage(path: string | undefined, inputs: readonly string[]): Promise<void> {
  if (path === undefined) return;
  if (path !== STDOUT) return checkWritable(path, inputs);
  throw new CrashlabError('usage', 'REPORT_STDOUT', 'A page can’t go to standard output.', {
    advice: 'Give it a file: further pages may lie next to it.',
  });
}

const documents = ({ junit, ktap, markdown, kcidb }: ReportOptions) => [junit, ktap, markdown, kcidb];

function documentsOnStdout(options: ReportOptions): number {
  const files = documents(options).filter((path) => path === STDOUT);
  return files.length + (options.json ? 1 : 0);
}

/** Writes every report that is asked for; the table on standard output unless a document goes there. */
export async function writeReports(
  events: RecordEvent[],
  options: ReportOptions,
  io: ReportIo,
  about: { folder: string; truncated: boolean },
): Promise<void> {
  const write = async (path: string | undefined, render: (events: RecordEvent[]) => string) => {
    if (path === STDOUT) io.stdout(render(events));
    else if (path !== undefined) await writeReport(path, render(events));
  };
  const { colour, width } = io;
  // First of all: a file that can't be written must not cost the table.
  if (documentsOnStdout(options) === 0) io.stdout(renderConsole(events, { colour, width, ...about }));
  if (options.json) io.stdout(renderJson(events));
  await write(options.junit, renderJunit);
  await write(options.ktap, renderKtap);
  await write(options.markdown, renderMarkdown);
  await write(options.kcidb, (all) => renderKcidb(all, options.kcidbOrigin));
  const { html } = options;
  if (html === undefined) return;
  await writeHtml(events, { file: html, folder: about.folder }).catch((cause: unknown) => {
    throw unwritable(html, cause);
  });
}

export async function readRecord(file: string): Promise<{ events: RecordEvent[]; truncated: boolean }> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw unreadable(file, cause);
  }
  const record = parseRecord(text);
  if ('failure' in record) throw ofFile(file, record.failure);
  return record;
}

/** Of two records that are compared one may be broken. */
function ofFile(file: string, { blame, code, message, advice }: CrashlabError): CrashlabError {
  return new CrashlabError(blame, code, `${file}: ${message}`, advice === undefined ? {} : { advice });
}

function unreadable(file: string, cause: unknown): CrashlabError {
  const code = systemCode(cause);
  if (code === 'ENOENT') {
    return new CrashlabError('usage', 'RECORD_MISSING', `There is no run record at ${file}.`, {
      advice: 'Give the .jsonl file that `crashlab run` wrote.',
      cause,
    });
  }
  if (code === 'EISDIR') {
    return new CrashlabError('usage', 'RECORD_DIRECTORY', `${file} is a folder, not a run record.`, {
      advice: 'Give the .jsonl file in it.',
      cause,
    });
  }
  return new CrashlabError('usage', 'RECORD_UNREADABLE', `${file} cannot be read: ${reason(cause)}.`, {
    cause,
  });
}

async function writeReport(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

async function checkWritable(path: string, inputs: readonly string[]): Promise<void> {
  const real = await realpath(path).catch(() => null);
  for (const input of inputs)
    if (real !== null && real === (await realpath(input).catch(() => null)))
      throw unwritable(path, 'it is the run record itself');
  const there = await stat(path).catch(() => null);
  const place = there ? path : dirname(path);
  try {
    await access(place, constants.W_OK);
  } catch (cause) {
    throw unwritable(path, cause);
  }
  const isFolder = (there ?? (await stat(place))).isDirectory();
  if (there && isFolder) throw unwritable(path, 'it is a folder');
  if (!there && !isFolder) throw unwritable(path, `${place} is no folder`);
}

export function unwritable(path: string, cause: unknown): CrashlabError {
  return new CrashlabError('usage', 'REPORT_UNWRITABLE', `${path} cannot be written: ${reason(cause)}.`, {
    advice: 'Give a file in a folder that exists and is yours.',
    cause,
  });
}

function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function reason(error: unknown): string {
  return systemCode(error) ?? String(error);
}
