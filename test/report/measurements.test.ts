import { describe, expect, test } from 'vitest';
import type { Measurement, Run } from '../../harness/lab/record.ts';
import { measurementLines, sayMeasurement } from '../../harness/report/measurements.ts';
import { painter } from '../../harness/report/paint.ts';
import { renderConsole } from '../../harness/report/console.ts';
import { record, verdict } from './build.ts';

const arrived = (value: number, stall = 0): Measurement => ({
  name: 'messages that arrived',
  unit: 'records',
  value,
  'NIC stands still': `${stall} ms`,
});

function measured(repetition: number, ...measurements: Measurement[]): Run {
  return { ...verdict('oom-reserve', { repetition }), measurements };
}

const lines = (...runs: Run[]) => measurementLines(runs, 80, painter(false));
const consoleReport = (...runs: Run[]) => renderConsole(record(...runs), { colour: false, width: 80 });

describe('a measurement', () => {
  test('is said with its unit and the conditions it was taken under', () => {
    expect(sayMeasurement(arrived(32, 10))).toBe(
      'messages that arrived: 32 records (NIC stands still: 10 ms)',
    );
  });

  test('has three digits where it is no count', () => {
    expect(sayMeasurement({ name: 'rate', unit: 'lines/s', value: 1234.567 })).toBe('rate: 1230 lines/s');
    expect(sayMeasurement({ name: 'lines', unit: 'lines', value: 123_456 })).toBe('lines: 123456 lines');
  });
});

describe('the measurements of a run', () => {
  test('that was made once stand as they are', () => {
    expect(lines(measured(1, arrived(32), arrived(33, 10)))).toEqual([
      'oom-reserve',
      '  messages that arrived: 32 records (NIC stands still: 0 ms)',
      '  messages that arrived: 33 records (NIC stands still: 10 ms)',
      '',
    ]);
  });

  test('that was repeated are a distribution for each condition', () => {
    const runs = [32, 33, 32].map((value, at) => measured(at + 1, arrived(value), arrived(40, 10)));
    expect(lines(...runs)).toEqual([
      'oom-reserve',
      '  messages that arrived: median 32 records, 32–33 (NIC stands still: 0 ms, 3',
      '  runs)',
      '  messages that arrived: 40 records each (NIC stands still: 10 ms, 3 runs)',
      '',
    ]);
  });

  test('are in the console report, and nothing is where nothing was measured', () => {
    expect(consoleReport(measured(1, arrived(32)))).toContain('messages that arrived: 32 records');
    expect(consoleReport(verdict('sysrq-c'))).not.toContain('messages');
  });
});
