import { readdir } from 'node:fs/promises';
import { CrashlabError } from '../host/error.ts';
import { nearest } from '../host/nearest.ts';
import type { Scenario } from './scenario.ts';
import { scenariosOf } from './suites.ts';

/** A scenario and its name: that of its file. */
export interface NamedScenario {
  name: string;
  scenario: Scenario;
}

const FOLDER = new URL('../../scenarios/', import.meta.url);

/**
 * Every scenario of scenarios/, by name; a file may hold a family, and one without a default export is shared by
 * others.
 */
export async function readCatalogue(): Promise<NamedScenario[]> {
  const files = (await readdir(FOLDER)).filter((file) => /\.[jt]s$/.test(file) && !file.endsWith('.d.ts'));
  const catalogue: NamedScenario[] = [];
  for (const file of files.toSorted()) {
    const module: { default?: Scenario | Record<string, Scenario> } = await import(
      new URL(file, FOLDER).href
    );
    if (module.default) catalogue.push(...named(file.replace(/\.[jt]s$/, ''), module.default));
  }
  return catalogue;
}

function named(file: string, exported: Scenario | Record<string, Scenario>): NamedScenario[] {
  if (isScenario(exported)) return [{ name: file, scenario: exported }];
  return Object.entries(exported).map(([key, scenario]) => ({ name: `${file}-${key}`, scenario }));
}

const isScenario = (exported: Scenario | Record<string, Scenario>): exported is Scenario =>
  typeof exported['run'] === 'function';

/**
 * The named scenarios, or those of a suite. What is no scenario's whole name names all that begin with it (`oom-reserve`
 * a family), and `oom-*` all that fit. Errors: NO_SCENARIO, NO_SUITE.
 */
export function chooseScenarios(
  catalogue: NamedScenario[],
  names: readonly string[],
  suite = 'quick',
): NamedScenario[] {
  if (names.length === 0) return scenariosOf(suite, catalogue);
  const chosen = names.flatMap((name) => {
    const found = catalogue.filter((one) => one.name === name);
    if (found.length > 0) return found;
    const several = catalogue.filter((one) => one.name.startsWith(`${name}-`) || fits(one.name, name));
    if (several.length > 0) return several;
    const known = catalogue.map((one) => one.name);
    const near = nearest(name, known);
    throw new CrashlabError('usage', 'NO_SCENARIO', `There is no scenario "${name}".`, {
      advice: near ? `Did you mean ${near}?` : `There are: ${known.join(', ')}.`,
    });
  });
  return [...new Set(chosen)];
}

function fits(name: string, pattern: string): boolean {
  const escaped = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*');
  return pattern.includes('*') && new RegExp(`^${escaped}$`).test(name);
}
