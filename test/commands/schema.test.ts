import { Ajv } from 'ajv';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CLI, finished } from '../host/program.ts';
import { hostileRecord, lost, record, verdict } from '../report/build.ts';

const schemaOf = async (...args: string[]) => {
  const { code, stdout } = await finished([process.execPath, CLI, 'schema', ...args], {});
  expect(code).toBe(0);
  return new Ajv({ strict: false }).compile(JSON.parse(stdout));
};

describe('crashlab schema', () => {
  test('is what each line of a run record keeps to', async () => {
    const validate = await schemaOf();
    fc.assert(
      fc.property(hostileRecord, (events) => {
        for (const event of events) expect(validate(event) || validate.errors).toBe(true);
      }),
    );
    const [start, run] = record(verdict('a', { wire: lost(1), differences: ['x'] }));
    expect(validate({ ...start, version: 2 })).toBe(false);
    expect(validate({ ...run, wire: undefined })).toBe(false);
    expect(validate({ ...run, outcome: 'passed' })).toBe(false);
  });

  test('says of its fields what they are', async () => {
    const { stdout } = await finished([process.execPath, CLI, 'schema'], {});
    const described = [...stdout.matchAll(/"description": "(.*)"/g)].map(([, words]) => words);
    expect(described).toContain('Sequence numbers, ascending.');
    expect(described).toContain('How many runs are planned.');
    expect(described.length).toBeGreaterThan(20);
  });

  test('is there for the timeline too, and for nothing else', async () => {
    const validate = await schemaOf('timeline');
    expect(validate({ type: 'timeline', version: 1, records: 0, moments: [] })).toBe(true);
    const told = {
      sequence: 1,
      text: 'a',
      wire: { state: 'missing' },
      serial: { state: 'arrived', ms: 1.5 },
    };
    expect(validate(told)).toBe(true);
    expect(validate({ ...told, wire: { state: 'gone' } })).toBe(false);
    const other = await finished([process.execPath, CLI, 'schema', 'other'], {});
    expect([other.code, other.stderr]).toEqual([
      2,
      expect.stringContaining('Allowed choices are record, timeline'),
    ]);
  });
});
