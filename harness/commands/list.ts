import { listKernels } from '../../images/kernel.ts';
import { chooseScenarios, readCatalogue } from '../lab/catalogue.ts';
import { type Reach, reachOf } from '../lab/reach.ts';
import { scenariosOf, suitesOf } from '../lab/suites.ts';
import { NETWORK_CARDS } from '../machine/architecture.ts';
import { wrap } from '../report/layout.ts';
import type { Screen } from './screen.ts';

/** `crashlab list`: the scenarios, what they need, and the cells there are for them. */
export async function listCommand(
  names: string[],
  options: { json: boolean; suite?: string },
  screen: Screen,
): Promise<number> {
  const catalogue = await readCatalogue();
  const suite = new Set(scenariosOf(options.suite ?? 'full', catalogue));
  const chosen = chooseScenarios(catalogue, names, 'full').filter((one) => suite.has(one));
  const scenarios = chosen.map(({ name, scenario }) => ({
    name,
    title: scenario.title,
    why: scenario.why,
    needs: scenario.needs,
    suites: suitesOf(scenario.suite),
    fresh: scenario.fresh ?? false,
  }));
  const kernels = await Promise.all((await listKernels()).map((kernel) => reachOf(kernel, chosen)));
  const cells = { kernels, nics: Object.keys(NETWORK_CARDS) };
  if (options.json) {
    screen.stdout(`${JSON.stringify({ version: 1, scenarios, cells }, null, 2)}\n`);
    return 0;
  }
  for (const { name, title, needs, suites, fresh } of scenarios) {
    const [smallest = ''] = suites;
    screen.stdout(`${[name, smallest, ...needs, ...(fresh ? ['fresh boot'] : [])].join(' · ')}\n`);
    for (const line of wrap(title, screen.width, '    ')) screen.stdout(`${line}\n`);
  }
  const sum = `${scenarios.length} scenarios, each with the smallest suite it is in and what it needs.`;
  const about = kernels.length === 0 ? ['No kernel is in the cache yet.'] : [];
  const unseen =
    kernels.length > 0 && scenarios.some(({ needs }) => needs.includes('lab-module')) ? [UNSEEN] : [];
  const lines = [
    '',
    ...[sum, ...about].flatMap((text) => wrap(text, screen.width)),
    ...kernels.flatMap((kernel) => cellsOf(kernel, scenarios.length, screen.width)),
    ...unseen.flatMap((text) => wrap(text, screen.width)),
  ];
  screen.stdout(`${lines.join('\n')}\n`);
  return 0;
}

const UNSEEN =
  'Whether the lab’s module can be built for a kernel, and what else a guest may lack, only a run tells: it skips those, with the reason.';

/** Lines: what one kernel carries of so many scenarios, and each reason for which it does not carry the others. */
function cellsOf({ release, arch, nics, lacks }: Reach, scenarios: number, width: number): string[] {
  const skipped = Object.values(lacks);
  const cards = nics.join(', ') || 'no NIC that crashlab knows';
  return [
    ...wrap(`${release} (${arch}) carries ${scenarios - skipped.length} of them, on ${cards}.`, width),
    ...[...new Set(skipped)].flatMap((why) => {
      const { length } = skipped.filter((other) => other === why);
      return wrap(`${length} skipped: ${why}`, width, '    ');
    }),
  ];
}
