import { readdir } from 'node:fs/promises';
import { CrashlabError } from '../host/error.ts';
import { nearest } from '../host/nearest.ts';
import type { Scenario } from './scenario.ts';

/** A scenario and its name: that of its file. */
export interface NamedScenario {
  name: string;
  scenario: Scenario;
}

const FOLDER = new URL('../../scenarios/', import.meta.url);

/** Every scenario of scenarios/, by name; a file without a default export is shared by others. */
export async function readCatalogue(): Promise<NamedScenario[]> {
  const files = (await readdir(FOLDER)).filter((file) => /\.[jt]s$/.test(file) && !file.endsWith('.d.ts'));
  const catalogue: NamedScenario[] = [];
  for (const file of files.toSorted()) {
    const module: { default?: Scenario } = await import(new URL(file, FOLDER).href);
    if (module.default) catalogue.push({ name: file.replace(/\.[jt]s$/, ''), scenario: module.default });
  }
  return catalogue;
}

/** The named scenarios, or all. Errors: NO_SCENARIO with the nearest name. */
export function chooseScenarios(catalogue: NamedScenario[], names: string[]): NamedScenario[] {
  if (names.length === 0) return catalogue;
  return [...new Set(names)].map((name) => {
    const found = catalogue.find((one) => one.name === name);
    if (found) return found;
    const known = catalogue.map((one) => one.name);
    const near = nearest(name, known);
    throw new CrashlabError('usage', 'NO_SCENARIO', `There is no scenario "${name}".`, {
      advice: near ? `Did you mean ${near}?` : `There are: ${known.join(', ')}.`,
    });
  });
}
