import { expect, test } from 'vitest';
import { shellCall } from '../../harness/guest/system-call.ts';

test('files are opened in the order of the arguments, the text is the carrying call’s', () => {
  const values = [{ file: '/a' }, { file: "/it's" }, 12, { text: 'a $b "c"' }, 2];
  expect(shellCall(values)).toEqual({
    command: String.raw`(exec 3<'/a' 4<'/it'\''s'; rmdir 'a $b "c"')`,
    numbers: [3n, 4n, 12n, null, 2n],
  });
});

test('a call may want neither', () => {
  expect(shellCall([1])).toEqual({ command: "(exec; rmdir '')", numbers: [1n] });
});
