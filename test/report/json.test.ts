import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonReport, renderJson } from '../../harness/report/json.ts';
import { hostileRecord, infrastructure, lost, record, start, verdict } from './build.ts';

describe('the JSON report', () => {
  test('holds the runs of the record and the exit code', () => {
    const runs = [verdict('a', { wire: lost(2), differences: ['Lost.'] }), infrastructure('b')];
    expect(JSON.parse(renderJson(record(...runs)))).toEqual({ version: 1, planned: 2, runs, exit: 1 });
  });

  test('shows by the plan that runs are absent', () => {
    expect(jsonReport([start(5), verdict('a')])).toMatchObject({
      planned: 5,
      exit: 70,
      runs: [{ scenario: 'a' }],
    });
  });

  test('keeps every character of a hostile text and prints none that a terminal obeys', () => {
    fc.assert(
      fc.property(hostileRecord, (events) => {
        const text = renderJson(events);
        expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/);
        expect(JSON.parse(text)).toEqual(jsonReport(events));
      }),
    );
  });
});
