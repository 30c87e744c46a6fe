import * as fc from 'fast-check';
import * as v from 'valibot';
import {
  type Cell,
  RecordEvent,
  type Run,
  type StartEvent,
  type WitnessVerdict,
} from '../../harness/lab/record.ts';

/** Valid events with little said about them: everything goes through the schema of the run record. */

type RunEvent = Extract<RecordEvent, { type: 'run' }>;
type VerdictRun = Extract<Run, { outcome: 'verdict' }>;

const CELL: Cell = {
  kernel: '6.1.0-56-cloud-amd64',
  arch: 'amd64',
  nic: 'virtio-net',
  vcpus: 1,
  panic: 0,
  format: 'extended',
};

function event(value: unknown): RecordEvent {
  return v.parse(RecordEvent, value);
}

function runEvent(value: unknown): RunEvent {
  const parsed = event(value);
  if (parsed.type !== 'run') throw new Error(`not a run: ${parsed.type}`);
  return parsed;
}

export function start(runs: number): StartEvent {
  const parsed = event({
    type: 'start',
    version: 1,
    crashlab: '0.1.0',
    started: '2026-10-11T12:00:00.000Z',
    command: ['crashlab', 'run'],
    host: { accelerator: 'tcg', qemu: 'QEMU 7.2.22', cpus: 2 },
    runs,
  });
  if (parsed.type !== 'start') throw new Error(`not a start: ${parsed.type}`);
  return parsed;
}

export function end(seconds = 21.34, interrupted = false): RecordEvent {
  return event({ type: 'end', exit: 0, seconds, interrupted });
}

export function begin(scenario: string, cell: Partial<Cell> = {}, repetition = 1): RecordEvent {
  const whole = { ...CELL, ...cell };
  return event({ type: 'begin', id: idOf(scenario, whole, repetition), scenario, cell: whole, repetition });
}

function idOf(scenario: string, cell: Cell, repetition: number): string {
  return [scenario, ...Object.values(cell), repetition].join('/');
}

export function complete(written = 59): WitnessVerdict {
  const nothing = { missing: [], torn: [], doubled: [], misplaced: [], lost: [] };
  return { status: 'complete', written, arrived: written, ...nothing };
}

/** The last `count` of 59 records never sent. */
export function lost(
  count: number,
  text = (sequence: number) => `record ${sequence} of the panic`,
): WitnessVerdict {
  const missing = Array.from({ length: count }, (_, index) => 459 - count + index);
  return {
    ...complete(),
    status: 'incomplete',
    arrived: 59 - count,
    missing,
    lost: missing.map((sequence) => ({ sequence, where: 'never sent', text: text(sequence) })),
  };
}

interface Said {
  cell?: Partial<Cell>;
  repetition?: number;
  wire?: WitnessVerdict;
  serial?: WitnessVerdict;
  expect?: VerdictRun['expectation'];
  oops?: Partial<VerdictRun['oops']>;
  /** What differs; nothing makes the run an expected one. */
  differences?: string[];
  news?: true;
}

export function verdict(scenario: string, said: Said = {}): RunEvent {
  const { repetition = 1, differences = [] } = said;
  const cell = { ...CELL, ...said.cell };
  const title = 'Kernel panic - not syncing: sysrq triggered crash';
  return runEvent({
    type: 'run',
    outcome: 'verdict',
    id: idOf(scenario, cell, repetition),
    scenario,
    cell,
    repetition,
    expected: differences.length === 0,
    seconds: 0.41,
    evidence: `evidence/${scenario}`,
    wire: said.wire ?? complete(),
    serial: said.serial ?? complete(),
    oops: { kind: 'panic', context: 'task', terminated: true, title, ...said.oops },
    expectation: said.expect ?? { wire: 'complete' },
    differences,
    ...(said.news ? { news: said.news } : {}),
  });
}

export function infrastructure(
  scenario: string,
  blame: 'usage' | 'host' | 'guest' | 'lab' = 'guest',
  cell: Partial<Cell> = {},
): RunEvent {
  const whole = { ...CELL, ...cell };
  return runEvent({
    type: 'run',
    outcome: 'infrastructure',
    id: idOf(scenario, whole, 1),
    scenario,
    cell: whole,
    repetition: 1,
    expected: false,
    seconds: 30,
    evidence: `evidence/${scenario}`,
    reason: {
      blame,
      code: 'GUEST_SILENT',
      message: 'The guest said nothing for 30 s after it was resumed.',
      advice: 'Look at serial.log in the evidence.',
    },
  });
}

/** A run that the cell can't have. */
export function skipped(scenario: string, message: string, cell: Partial<Cell> = {}): RunEvent {
  const whole = { ...CELL, ...cell };
  return runEvent({
    type: 'run',
    outcome: 'skipped',
    id: idOf(scenario, whole, 1),
    scenario,
    cell: whole,
    repetition: 1,
    expected: true,
    seconds: 0,
    evidence: `evidence/${scenario}`,
    reason: { code: 'CELL_LACKS', message },
  });
}

/** A whole record of these runs. */
export function record(...runs: RunEvent[]): RecordEvent[] {
  return [start(runs.length), ...runs, end()];
}

export function toLines(events: readonly RecordEvent[]): string {
  return events.map((each) => `${JSON.stringify(each)}\n`).join('');
}

/** What a hostile guest, kernel or scenario name may hold: any UTF-16, and what parsers trip over. */
export const hostileText = fc.oneof(
  fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    maxLength: 40,
  }),
  fc
    .array(
      fc.constantFrom(
        ']]>',
        '&amp;',
        '<!--',
        '"',
        "'",
        '#',
        '\\',
        '\n',
        '\r',
        '\0',
        '\t',
        ' ',
        '\u001b[2J',
        '\u009b31m',
        '\u202e',
        '\u2066',
        '\u2028',
        '\ufffe',
        '\uffff',
        '\ud800',
        '\udc00',
        '\u{1f4a5}',
        '\u{e0041}',
        '漢字',
        'ok 1',
        'not ok 2',
        '1..9',
        'KTAP version 1',
        '# SKIP',
        'Bail out!',
        'a-very-long-word-'.repeat(8),
      ),
      { maxLength: 8 },
    )
    .map((pieces) => pieces.join('')),
);

/** Any run, expected or not, with hostile text wherever text may come from elsewhere. */
const hostileRun: fc.Arbitrary<RunEvent> = fc
  .record({
    text: hostileText,
    scenario: fc.oneof(hostileText, fc.constant('sysrq-c')),
    kernel: fc.oneof(hostileText, fc.constant('6.1')),
    repetition: fc.integer({ min: 1, max: 3 }),
    panic: fc.constantFrom(-1, 0, 5),
    count: fc.integer({ min: 0, max: 14 }),
    expected: fc.boolean(),
    wire: fc.constantFrom('complete' as const, 'incomplete' as const, 'either' as const),
    failed: fc.boolean(),
  })
  .map(({ text, scenario, kernel, repetition, panic, count, expected, wire, failed }) => {
    const cell = { kernel, panic };
    if (failed) {
      const run = infrastructure(scenario, 'lab', cell);
      return runEvent({
        ...run,
        repetition,
        measurements: [{ name: text, unit: text, value: count / 3, [text]: text }],
        reason: { blame: 'lab', code: text, message: text, advice: text },
      });
    }
    if (count === 14) return runEvent({ ...skipped(scenario, text, cell), repetition });
    return verdict(scenario, {
      cell,
      repetition,
      wire: count === 0 ? complete() : lost(count, () => text),
      expect: { wire, because: text },
      oops: { title: text, kind: text },
      differences: expected ? [] : [text],
    });
  });

/** Whole and short records of hostile runs. */
export const hostileRecord: fc.Arbitrary<RecordEvent[]> = fc
  .tuple(fc.array(hostileRun, { maxLength: 6 }), fc.integer({ min: 0, max: 2 }))
  .map(([runs, short]) => [start(runs.length + short), ...runs, end()]);
