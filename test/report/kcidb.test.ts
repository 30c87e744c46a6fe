import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RecordEvent } from '../../harness/lab/record.ts';
import { safe } from '../../harness/printk/safe.ts';
import { renderKcidb } from '../../harness/report/kcidb.ts';
import { complete, hostileRecord, infrastructure, lost, record, skipped, start, verdict } from './build.ts';

const schema = JSON.parse(readFileSync(new URL('kcidb.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv({ strict: false }).compile(schema);

interface Submission {
  checkouts: { id: string }[];
  builds: { id: string; checkout_id: string; architecture: string }[];
  tests: { id: string; build_id: string; status: string; path: string }[];
  issues: { id: string; comment: string }[];
  incidents: { issue_id: string; test_id: string }[];
}

function submission(events: readonly RecordEvent[], origin?: string): Submission {
  const read: Submission = JSON.parse(renderKcidb(events, origin));
  validate(read);
  expect(validate.errors ?? []).toEqual([]);
  return read;
}

const known = (because: string) => ({ wire: lost(3), expect: { wire: 'incomplete', because } }) as const;

const beyond = (where: 'lost on the host' | 'lost on the wire') => {
  const { lost: records, ...rest } = lost(2);
  return { ...rest, lost: records.map((one) => ({ ...one, where })) };
};

describe('a submission to KCIDB', () => {
  test('has each run as a test, and of a known loss an incident of its issue', () => {
    const { tests, issues, incidents } = submission(
      record(
        verdict('a'),
        verdict('b', { wire: lost(1), differences: ['Lost.'] }),
        verdict('c', known('nbcon')),
        verdict('d', known('nbcon')),
        verdict('e', { expect: { wire: 'incomplete', because: 'old' }, differences: ['It is complete.'] }),
        infrastructure('f', 'guest'),
        infrastructure('g', 'host'),
        skipped('h', 'No such card.'),
      ),
    );
    expect(tests.map(({ path, status }) => `${path} ${status}`)).toEqual([
      'crashlab.a PASS',
      'crashlab.b FAIL',
      'crashlab.c FAIL',
      'crashlab.d FAIL',
      'crashlab.e PASS',
      'crashlab.f ERROR',
      'crashlab.g MISS',
      'crashlab.h SKIP',
    ]);
    expect(issues.map(({ comment }) => comment)).toEqual(['nbcon']);
    expect(incidents.map(({ test_id }) => test_id)).toEqual([tests[2]?.id, tests[3]?.id]);
  });

  test('says nothing of a kernel where nothing is proved, or what was lost had left the guest', () => {
    const undecided = { ...complete(0), status: 'undecidable' as const, reason: 'nobody knows' };
    const { tests, issues } = submission(
      record(
        verdict('a', { wire: undecided, differences: ['Nothing is proved.'] }),
        verdict('b', { wire: beyond('lost on the host'), differences: ['Lost.'] }),
        verdict('c', { wire: beyond('lost on the wire'), expect: { wire: 'incomplete', because: 'faults' } }),
      ),
    );
    expect(tests.map(({ status }) => status)).toEqual(['ERROR', 'ERROR', 'PASS']);
    expect(issues).toEqual([]);
  });

  test('names kernels and builds once, and everything by its origin', () => {
    const arm = { arch: 'arm64' };
    const { checkouts, builds, tests } = submission(
      record(verdict('a'), verdict('b'), verdict('a', { cell: arm })),
      'my_ci',
    );
    expect(checkouts.map(({ id }) => id)).toEqual(['my_ci:6.1.0-56-cloud-amd64']);
    expect(builds.map(({ architecture }) => architecture)).toEqual(['amd64', 'aarch64']);
    const ids = new Set(builds.map(({ id }) => id));
    expect(tests.every(({ id, build_id }) => id.startsWith('my_ci:') && ids.has(build_id))).toBe(true);
  });

  test('says of each kernel that runs are missing', () => {
    const { tests } = submission([start(4), verdict('a'), verdict('a', { cell: { kernel: '7.2.3' } })]);
    expect(tests.map(({ path, status }) => `${path} ${status}`)).toEqual([
      'crashlab.a PASS',
      'crashlab.a PASS',
      'crashlab.every_planned_run_has_an_outcome MISS',
      'crashlab.every_planned_run_has_an_outcome MISS',
    ]);
  });

  test('has all that was measured, and no character that KCIDB refuses or a terminal obeys', () => {
    const measurements = [1, 2].map((value) => ({ name: 'rate', unit: 'lines/s', value }));
    const odd = { ...verdict('a', { oops: { title: 'a\0b\u009Bc\u202Ed' } }), measurements };
    const text = renderKcidb(record(odd));
    expect(text).not.toMatch(/(?!\n)\p{C}|\\u00/u);
    expect(JSON.parse(text).tests[0].misc.measurements).toEqual(measurements);
  });

  test('is valid whatever a record says, each thing there once and all that is named there', () => {
    fc.assert(
      fc.property(hostileRecord, (events) => {
        const runs = events.flatMap((event) => (event.type === 'run' ? [safe(event.id)] : []));
        // A record that has a run twice is none: parseRecord() refuses it.
        fc.pre(new Set(runs).size === runs.length);
        const { checkouts, builds, tests, issues, incidents } = submission(events);
        for (const things of [checkouts, builds, tests, issues]) {
          const ids = things.map(({ id }) => id);
          expect(new Set(ids).size).toBe(ids.length);
        }
        const there = new Set([...checkouts, ...builds, ...tests, ...issues].map(({ id }) => id));
        const named = [
          ...builds.map(({ checkout_id }) => checkout_id),
          ...tests.map(({ build_id }) => build_id),
          ...incidents.flatMap(({ issue_id, test_id }) => [issue_id, test_id]),
        ];
        expect(named.filter((id) => !there.has(id))).toEqual([]);
      }),
    );
  });
});
