import { expect, test } from 'vitest';
import { shownText } from '../../harness/printk/byte-string.ts';

test.each([
  ['plain words', 'plain words'],
  ['caf\xc3\xa9 \xe2\x80\xa6', 'café …'],
  ['\xef\xbb\xbfmarked', '\ufeffmarked'],
  ['broken \xff\x80', 'broken \ufffd\ufffd'],
  ['', ''],
  ['control \x00\x1b[31m stays', 'control \x00\x1b[31m stays'],
])('%j is shown as %j', (text, shown) => {
  expect(shownText(text)).toBe(shown);
});
