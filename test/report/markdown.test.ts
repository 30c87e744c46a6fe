import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderMarkdown } from '../../harness/report/markdown.ts';
import { complete, hostileRecord, infrastructure, lost, record, skipped, start, verdict } from './build.ts';

const NEW = { kernel: '7.2.3' };
const known = { wire: 'incomplete', because: 'the printer thread does not run' } as const;

describe('the field guide', () => {
  const text = renderMarkdown(
    record(
      verdict('sysrq-c'),
      verdict('sysrq-c', { cell: NEW, wire: lost(59), expect: known }),
      skipped('sysrq-k', 'A guest has no keyboard.'),
      {
        ...infrastructure('oops', 'guest', NEW),
        measurements: [{ name: 'rate', unit: 'lines/s', value: 12 }],
      },
    ),
  );

  test('has a row a scenario and a column a cell', () => {
    expect(text).toContain('| scenario | 6.1.0-56-cloud-amd64 | 7.2.3 |\n| --- | --- | --- |\n');
    expect(text).toContain('| `sysrq-c` | ✓ complete | ○ lost 59/59 |\n');
    expect(text).toContain('| `sysrq-k` | – skipped | · |\n');
  });

  test('says why, what was measured, and how it was made', () => {
    expect(text).toContain('* `sysrq-c`: the printer thread does not run\n');
    expect(text).toContain('* oops · 7.2.3 · rate: 12 lines/s\n');
    expect(text).toContain('* `sysrq-k`: A guest has no keyboard.\n');
    expect(text).toMatch(/^Measured on \d{4}-\d\d-\d\d with crashlab /m);
    expect(text).toMatch(/^```sh\ncrashlab run/m);
  });

  test('has a command that a shell takes as it was', () => {
    const [, ...rest] = record(verdict('a'));
    const command = ['crashlab', 'run', 'oops-*', '--append', 'log_buf_len=4M quiet', '--out', 'here'];
    const guide = renderMarkdown([{ ...start(1), command }, ...rest]);
    expect(guide).toContain("\ncrashlab run 'oops-*' --append 'log_buf_len=4M quiet'\n");
  });

  test('shows an entity as it was written', () => {
    expect(renderMarkdown(record(skipped('a', 'No &lt;card&gt;.')))).toContain(
      String.raw`No \&lt;card\&gt;.`,
    );
  });

  test('tells that runs are missing', () => {
    expect(renderMarkdown([start(2), verdict('sysrq-c')])).toContain('1 of 2 planned runs');
  });

  test('tells that records were compared with nothing', () => {
    expect(text).not.toContain('not compared');
    const flood = verdict('flood', { wire: { ...complete(), uncompared: 1 } });
    expect(renderMarkdown(record(flood))).toContain('1 record arrived whole, but not compared byte for byte');
  });

  test('shows what a guest wrote as text: no table breaks, no markup begins', () => {
    fc.assert(
      fc.property(hostileRecord, (events) => {
        const lines = renderMarkdown(events).split('\n');
        const rows = lines.filter((line) => line.startsWith('| '));
        const widths = new Set(rows.map((row) => row.replaceAll('\\|', '').split('|').length));
        expect(widths.size).toBeLessThanOrEqual(1);
        expect(lines.filter((line) => line.startsWith('#'))).not.toContainEqual(
          expect.stringMatching(/^#[^# ]/),
        );
        const outside = lines.join('\n').replaceAll(/`[^`\n]*`/g, '');
        expect(outside).not.toMatch(/[^\\]<[a-z!]/i);
      }),
    );
  });
});

test('the command that made it is shown without the folder that it wrote to', () => {
  const command = ['crashlab', 'run', 'a', '--out', '/nowhere/else', '--repeat', '2'];
  const guide = renderMarkdown([Object.assign(start(1), { command }), verdict('a')]);
  expect(guide).toContain('```sh\ncrashlab run a --repeat 2\n```');
});
