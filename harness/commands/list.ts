import { listKernels } from '../../images/kernel.ts';
import { chooseScenarios, readCatalogue } from '../lab/catalogue.ts';
import { suitesOf } from '../lab/suites.ts';
import { NETWORK_CARDS } from '../machine/architecture.ts';
import { wrap } from '../report/layout.ts';
import type { Screen } from './screen.ts';

/** `crashlab list`: the scenarios, what they need, and the cells there are for them. */
export async function listCommand(
  names: string[],
  options: { json: boolean; suite?: string },
  screen: Screen,
): Promise<number> {
  const chosen = chooseScenarios(await readCatalogue(), names, options.suite ?? 'full');
  const scenarios = chosen.map(({ name, scenario }) => ({
    name,
    title: scenario.title,
    why: scenario.why,
    needs: scenario.needs,
    suites: suitesOf(scenario.suite),
  }));
  const kernels = await listKernels();
  const cells = {
    kernels: kernels.map(({ release, arch }) => ({ release, arch })),
    nics: Object.keys(NETWORK_CARDS),
  };
  if (options.json) {
    screen.stdout(`${JSON.stringify({ version: 1, scenarios, cells }, null, 2)}\n`);
    return 0;
  }
  for (const { name, title, needs, suites } of scenarios) {
    const [smallest = ''] = suites;
    screen.stdout(`${[name, smallest, ...needs].join(' · ')}\n`);
    for (const line of wrap(title, screen.width, '    ')) screen.stdout(`${line}\n`);
  }
  const shown = kernels.map(({ release, arch }) => `${release} (${arch})`).join(', ');
  const sums = [
    `${scenarios.length} scenarios, each with the smallest suite it is in and what it needs.`,
    `Kernels in the cache: ${shown || 'none yet'}. NICs: ${cells.nics.join(', ')}.`,
  ];
  screen.stdout(`\n${sums.flatMap((text) => wrap(text, screen.width)).join('\n')}\n`);
  return 0;
}
