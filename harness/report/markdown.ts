import type { RecordEvent, Run, StartEvent } from '../lab/record.ts';
import { cellKey, compareCells, joinWords } from './cell.ts';
import { sayField } from './field.ts';
import { measurementsOf } from './measurements.ts';
import { replay, runsByCell, runsByScenario, shortfall, scenariosBy, skippedBecause } from './replay.ts';
import { safe } from '../printk/safe.ts';
import { shellWord } from '../host/shell.ts';
import { knownBecause, sayTally, sayUncompared } from './standing.ts';

/**
 * A field guide: what arrived, scenario by scenario and cell by cell, why losses are known, what was measured, and the
 * command that made it. CommonMark with tables, as code forges show it.
 */
export function renderMarkdown(events: readonly RecordEvent[]): string {
  const record = replay(events);
  const { start, runs } = record;
  const cells = runsByCell(runs).map(({ cell }) => cell);
  const { common, differing } = compareCells(cells);
  const missing = shortfall(record);
  const rows = [...runsByScenario(runs)].map(([scenario, own]) => [
    code(scenario),
    ...cells.map((cell) => text(sayField(own.filter((run) => cellKey(run.cell) === cellKey(cell))))),
  ]);
  const heading = ['scenario', ...cells.map((cell) => text(joinWords(differing(cell)) || 'wire'))];
  return [
    '# What arrives',
    '',
    ...about(start),
    ...(common.length === 0 ? [] : [text(joinWords(common)), '']),
    ...table(heading, rows),
    '',
    '✓ complete, as expected · ○ lost, as expected · – skipped · ? no verdict · ! complete, though a loss is known · ✗ not as expected · `lost 3/59`: 3 of 59 records',
    '',
    ...section('Why losses are known', reasons(runs, knownBecause)),
    ...section(
      'Measured',
      measurementsOf(runs).map((line) => text(line)),
    ),
    ...section('Skipped', reasons(runs, skippedBecause)),
    ...(missing === undefined ? [] : [text(missing), '']),
    ...sayUncompared(runs).flatMap((sentence) => [text(sentence), '']),
    text(sayTally(runs)),
    '',
  ].join('\n');
}

function about(start: StartEvent | undefined): string[] {
  if (!start) return [];
  const { started, resumed = [], crashlab, host, command } = start;
  const days = new Set([started, ...resumed].map((time) => time.slice(0, 10)));
  return [
    text(
      `Measured on ${[...days].join(', ')} with crashlab ${crashlab}, ${host.qemu}, ${host.accelerator}, ${host.cpus} CPUs:`,
    ),
    '',
    '```sh',
    safe(withoutFolder(command).map(shellWord).join(' ')).replaceAll('`', "'"),
    '```',
    '',
  ];
}

const rowOf = (fields: string[]) => `| ${fields.join(' | ')} |`;

function table(heading: string[], rows: string[][]): string[] {
  return [rowOf(heading), rowOf(heading.map(() => '---')), ...rows.map(rowOf)];
}

function section(title: string, lines: string[]): string[] {
  return lines.length === 0 ? [] : [`## ${title}`, '', ...lines.map((line) => `* ${line}`), ''];
}

/** Each reason once, with the scenarios it befell. */
function reasons(runs: readonly Run[], reasonOf: (run: Run) => string | null): string[] {
  return [...scenariosBy(runs, reasonOf)].map(
    ([reason, names]) => `${[...names].map(code).join(', ')}: ${text(reason)}`,
  );
}

/** What a guest or a user wrote is text: nothing in it is markup. */
function text(words: string): string {
  return safe(words).replaceAll(/[\\`*_{}[\]<>#|~&]/g, String.raw`\$&`);
}

const code = (name: string) => `\`${safe(name).replaceAll(/[`|]/g, '')}\``;

const namesFolder = (word: string | undefined) => word === '--out' || word === '--resume';

/** A folder of the machine that made the guide says nothing to who makes it anew. */
function withoutFolder(command: readonly string[]): string[] {
  return command.filter((word, at) => !namesFolder(word) && !namesFolder(command[at - 1]));
}
