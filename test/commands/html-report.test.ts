import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeHtml } from '../../harness/commands/html-report.ts';
import { renderTimeline } from '../../harness/lab/timeline.ts';
import { temporaryFolder } from '../end-to-end/crashlab.ts';
import { infrastructure, lost, record, verdict } from '../report/build.ts';
import { recordOf, sixty, timelineOf } from '../report/html/pages.ts';

const loss = verdict('sysrq-crash', { wire: lost(30), differences: ['30 records did not arrive.'] });
const whole = renderTimeline(timelineOf([400, 401, 402, 403].map((sequence) => recordOf(sequence))));

/** The page of a run whose evidence has these files. */
async function pageOf(
  files: Record<string, string> | null,
  options: { run?: typeof loss; at?: string } = {},
) {
  const folder = await temporaryFolder();
  const { run = loss, at = 'report.html' } = options;
  const evidence = path.join(folder, run.evidence ?? '');
  if (files) await mkdir(evidence, { recursive: true });
  for (const [name, text] of Object.entries(files ?? {})) await writeFile(path.join(evidence, name), text);
  const file = path.join(folder, at);
  await writeHtml(record(run), { file, folder });
  return readFile(file, 'utf8');
}

const NONE = 'So there is no drawing, and no times of the records.';

describe('a page', () => {
  test.each([
    ['is not there', null, 'is not beside the record'],
    ['has none', { 'ring.txt': '' }, 'is not beside the record'],
    ['is damaged', { 'timeline.jsonl': 'x\n' }, 'is damaged'],
    ['is newer', { 'timeline.jsonl': whole.replace('"version":1', '"version":2') }, 'is of a newer crashlab'],
  ])('whose evidence %s says so, and has all missing records of the record', async (_, files, problem) => {
    const page = await pageOf(files);
    expect(page).toContain(`timeline.jsonl of its evidence ${problem}. ${NONE}`);
    expect(page).not.toContain('<svg');
    // The first and the last of 30.
    for (const sequence of [429, 458]) expect(page).toContain(`${sequence} record ${sequence} of the panic`);
  });

  test('whose evidence is torn has what is there, and says that it is torn', async () => {
    const page = await pageOf({ 'timeline.jsonl': whole.slice(0, -20) });
    expect(page).toContain('timeline.jsonl of its evidence is torn: 3 of its 4 records can be read.');
    expect(page).not.toContain(NONE);
    expect(page.match(/class="row"/g)).toHaveLength(3);
    expect(page).toContain('<svg');
  });

  test('of a guest that did not come up misses no timeline; whole evidence is not spoken of', async () => {
    expect(await pageOf({ 'serial.log': '' }, { run: infrastructure('boot') })).not.toContain(NONE);
    expect(await pageOf({ 'timeline.jsonl': whole })).not.toContain('of its evidence');
  });

  test('of many lost records tells as many as it has room for', async () => {
    const missing = Array.from({ length: 40_000 }, (_, at) => 400 + at);
    const text = 'x'.repeat(200);
    const gone = missing.map((sequence) => ({ sequence, where: 'never sent' as const, text }));
    const wire = { ...lost(0), written: 40_000, arrived: 0, missing, lost: gone };
    const page = await pageOf(null, { run: verdict('flood', { wire, differences: ['x'] }) });
    expect(page.length).toBeLessThan(1e6);
    expect(page).toContain('… and 38000 more');
  });

  test('leads to what was done to the wire, and to files that lie beside the page itself', async () => {
    const files = { 'timeline.jsonl': renderTimeline(sixty), 'wire.pcapng': '', 'wire-faults.jsonl': '' };
    expect(await pageOf(files)).toContain(
      'href="evidence/sysrq-crash/wire-faults.jsonl">what was done to the wire<',
    );
    const within = await pageOf(files, { at: 'evidence/sysrq-crash/report.html' });
    expect(within).toContain('href="./wire.pcapng"');
  });
});
