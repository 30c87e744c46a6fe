import { expect, test } from 'vitest';
import { wrap } from '../../harness/report/layout.ts';

test('a text is broken at its spaces, and a word that is too long anywhere', () => {
  expect(wrap('one two three', 8)).toEqual(['one two', 'three']);
  expect(wrap('abcdefghij kl', 4, '- ')).toEqual(['- ab', '  cd', '  ef', '  gh', '  ij', '  kl']);
  expect(wrap('日本語', 4)).toEqual(['日本', '語']);
});

/** How long it takes to break a text. */
function seconds(text: string): number {
  const startedMs = performance.now();
  expect(wrap(text, 80).join('').length).toBeGreaterThan(1_000_000);
  return (performance.now() - startedMs) / 1000;
}

test('a megabyte of one character is broken as fast as a megabyte of words', () => {
  const words = seconds('word '.repeat(300_000));
  expect(seconds('x'.repeat(1_500_000))).toBeLessThan(words + 2);
});
