import { afterEach, describe, expect, test, vi } from 'vitest';
import { openScreen, type Talk } from '../../harness/commands/screen.ts';
import { lost, record, verdict } from '../report/build.ts';

afterEach(() => void vi.restoreAllMocks());

const odd = (scenario: string) =>
  verdict(scenario, { wire: lost(2), differences: ['2 records did not arrive.'] });
const known = verdict('known', { wire: lost(3), expect: { wire: 'incomplete', because: 'nbcon' } });
const events = record(verdict('fine'), known, odd('first'), odd('second'));

/** What it says while these events come, in a pipe. */
function said(talk?: Talk): string {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((piece) => {
    text += String(piece);
    return true;
  });
  const screen = openScreen({ document: false, ...(talk ? { talk } : {}) });
  for (const event of events) screen.onEvent(event);
  screen.finish();
  vi.restoreAllMocks();
  return text;
}

describe('while it runs', () => {
  test('the first run that is not as expected is told at once, with what is missing; of the next only that it is', () => {
    const text = said();
    expect(text.match(/^✗ lost 2\/59, unexpectedly: /gm)).toHaveLength(2);
    expect(text).toMatch(/✗ lost 2\/59, unexpectedly: first · [^\n]+\n {2}2 records did not arrive\.\n/);
    expect(text.match(/^ {4}457 record 457 of the panic$/gm)).toHaveLength(1);
    expect(text).not.toContain('456 record');
  });

  test('--quiet says nothing', () => {
    expect(said('little')).toBe('');
  });

  test('--verbose says of each run that is not complete what is known', () => {
    const text = said('much');
    expect(text.match(/^ {4}457 record 457 of the panic$/gm)).toHaveLength(3);
    expect(text).toMatch(/✓ complete, as expected: fine · [^\n]+\n○ lost 3\/59, as expected: known/);
  });
});
