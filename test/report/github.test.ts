import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tellGithub } from '../../harness/commands/github.ts';
import { renderAnnotations } from '../../harness/report/github.ts';
import { renderMarkdown } from '../../harness/report/markdown.ts';
import { complete, hostileRecord, infrastructure, lost, record, start, verdict } from './build.ts';

const REASON = { blame: 'guest', code: 'GUEST_NOT_UP' } as const;
const loss = verdict('sysrq-crash', { wire: lost(2), differences: ['2 records did not arrive.'] });

describe('inside GitHub Actions', () => {
  test('what is not as expected is an annotation, with what is missing', () => {
    const news = {
      expect: { wire: 'incomplete' as const, because: 'old' },
      differences: ['It is complete.'],
    };
    const events = record(
      verdict('fine'),
      loss,
      infrastructure('silent'),
      verdict('news', { ...news, wire: complete() }),
    );
    const lines = renderAnnotations(events);
    expect(lines.map((line) => line.replace(/::[^:]*$/, ''))).toEqual([
      expect.stringMatching(
        /^::error title=sysrq-crash%3A lost 2\/59::6\.1\.0-56-cloud-amd64 · .*%0A2 records did not arrive\.%0A/,
      ),
      expect.stringMatching(/^::error title=silent%3A no verdict/),
      expect.stringMatching(/^::warning title=news%3A complete/),
    ]);
    expect(lines[0]).toContain('%0A  457 record 457 of the panic%0A');
  });

  test('eight are told, the others counted; a record that ends early is told', () => {
    const runs = Array.from({ length: 14 }, (_, at) =>
      verdict(`s${at}`, { wire: lost(1), differences: ['x'] }),
    );
    const lines = renderAnnotations([start(20), ...runs]);
    // GitHub shows ten.
    expect(lines).toHaveLength(10);
    expect(lines[0]).toMatch(/^::error title=crashlab::The record holds 14 of 20 planned runs/);
    expect(lines.at(-1)).toBe('::error title=crashlab::6 more experiments are not as expected.');
  });

  test('of an experiment that was repeated the worst is told, before what is less bad elsewhere', () => {
    const known = { wire: 'incomplete', because: 'old' } as const;
    const silent = Array.from({ length: 12 }, (_, at) => ({
      ...infrastructure('silent'),
      id: `silent ${at}`,
      repetition: at + 1,
    }));
    const little = verdict('little', { wire: lost(1), expect: known, differences: ['Less.'], news: true });
    const lines = renderAnnotations(record(...silent, little, loss));
    expect(lines.map((line) => line.split('::')[1])).toEqual([
      'error title=sysrq-crash%3A lost 2/59',
      'error title=silent%3A no verdict%2C in 12 runs',
      'warning title=little%3A lost 1/59',
    ]);
  });

  test('nothing that a record says begins a command of its own', () => {
    fc.assert(
      fc.property(hostileRecord, (events) => {
        for (const line of renderAnnotations(events)) {
          expect(line).not.toMatch(/[\r\n]/);
          expect(line).toMatch(/^::(?:error|warning) title=[^:,]*::/);
        }
      }),
    );
  });

  test('the field guide is the job’s summary; elsewhere nothing is said', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'crashlab-github-'));
    const summary = path.join(folder, 'summary.md');
    const said: string[] = [];
    await tellGithub(record(loss), { GITHUB_STEP_SUMMARY: summary }, (text) => said.push(text));
    expect(said).toEqual([]);
    const actions = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary };
    await tellGithub(record(loss), actions, (text) => said.push(text));
    expect(said).toHaveLength(1);
    const console = {
      ...infrastructure('silent'),
      reason: { ...REASON, message: 'Its last lines:\n::stop-commands::x' },
    };
    for (const line of renderAnnotations(record(console)))
      expect(line).toContain('%0A  | ::stop-commands::x');
    expect(await readFile(summary, 'utf8')).toBe(renderMarkdown(record(loss)));
    const gone = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: '/nonexistent/summary.md' };
    await tellGithub(record(verdict('fine')), gone, (text) => said.push(text));
    await rm(folder, { recursive: true });
  });
});
