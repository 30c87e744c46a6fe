import { describe, expect, test } from 'vitest';
import { chooseScenarios, type NamedScenario, readCatalogue } from '../../harness/lab/catalogue.ts';
import { SUITES, suitesOf } from '../../harness/lab/suites.ts';

const catalogue = await readCatalogue();
const namesOf = (chosen: NamedScenario[]) => chosen.map(({ name }) => name);

describe('the catalogue', () => {
  test('has no name twice, and a title and a reason for each', () => {
    expect(new Set(namesOf(catalogue)).size).toBe(catalogue.length);
    for (const { name, scenario } of catalogue) {
      expect({ name, title: scenario.title, why: scenario.why }).toEqual({
        name,
        title: expect.stringMatching(/./),
        why: expect.stringMatching(/./),
      });
    }
  });

  test('gives the quick suite when nothing is named', () => {
    expect(namesOf(chooseScenarios(catalogue, []))).toContain('sysrq-crash');
  });

  test('gives several for a pattern, each once', () => {
    expect(namesOf(chooseScenarios(catalogue, ['oops-*', 'oops-softirq']))).toEqual(
      namesOf(catalogue).filter((name) => name.startsWith('oops-')),
    );
  });

  test('gives a family for the words its names begin with, and a scenario for its whole name', () => {
    expect(namesOf(chooseScenarios(catalogue, ['oom-reserve']))).toEqual(
      namesOf(catalogue).filter((name) => name.startsWith('oom-reserve-')),
    );
    expect(namesOf(chooseScenarios(catalogue, ['init-exits']))).toEqual(['init-exits']);
    expect(() => chooseScenarios(catalogue, ['oom-res'])).toThrow('no scenario "oom-res"');
  });

  test('says what was meant', () => {
    expect(() => chooseScenarios(catalogue, ['sysrq-crush'])).toThrow('no scenario "sysrq-crush"');
    expect(() => chooseScenarios(catalogue, ['*-nothing-*'])).toThrow('no scenario "*-nothing-*"');
    expect(() => chooseScenarios(catalogue, [], 'standart')).toThrow(
      expect.objectContaining({
        code: 'NO_SUITE',
        advice: expect.stringContaining('Did you mean standard?'),
      }),
    );
  });
});

test('each suite has the scenarios of the smaller ones', () => {
  const [quick, standard, full] = SUITES.map((suite) => namesOf(chooseScenarios(catalogue, [], suite)));
  expect(standard).toEqual(expect.arrayContaining(quick ?? []));
  expect(full).toEqual(expect.arrayContaining(standard ?? []));
  expect(full).toEqual(namesOf(catalogue));
  expect(suitesOf()).toEqual(['standard', 'full']);
});
