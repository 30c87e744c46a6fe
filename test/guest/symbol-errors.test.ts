import { expect, test } from 'vitest';
import { ambiguous, noSymbol } from '../../harness/guest/symbol-errors.ts';

const function_ = (name: string, address: bigint, module?: string) => ({
  name,
  type: 't',
  address,
  ...(module === undefined ? {} : { module }),
});

test('a slip of the finger is recognised', () => {
  const table = [function_('hrtimer_interrupt', 1n), function_('run_timer_softirq', 2n)];
  expect(noSymbol('6.1', ['hrtimer_interupt'], table).advice).toContain('It has hrtimer_interrupt.');
});

test('a name like no other is told where to look', () => {
  const error = noSymbol('6.1', ['frobnicate', 'defrobnicate'], [function_('kfree', 1n)]);
  expect(error).toMatchObject({ code: 'NO_SYMBOL', blame: 'guest' });
  expect(error.message).toBe('6.1 has no function frobnicate nor defrobnicate.');
  expect(error.advice).toContain('/proc/kallsyms');
});

test('several functions are listed as they are to be written', () => {
  const table = [function_('copy', 0x10n, 'a'), function_('copy', 0x20n, 'a')];
  expect(ambiguous('6.1', 'copy [a]', table).message).toBe(
    '6.1 has 2 functions called copy [a]: copy@1 [a] at 0x10, copy@2 [a] at 0x20.',
  );
  expect(ambiguous('6.1', 'copy@3', table).message).toContain('2 functions called copy:');
});
