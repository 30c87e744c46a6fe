import type { Agent } from './agent.ts';

/**
 * Loads a module that the initramfs carries, after those it needs: images/initramfs.ts writes their order to
 * /lib/modules/NAME.order, empty for one that is built in. What is there already stays. Errors: GUEST_REFUSED.
 */
export async function loadModule(
  agent: Agent,
  { module, parameters }: { module: string; parameters: string },
  signal: AbortSignal,
): Promise<void> {
  const order = await agent.must(`cat /lib/modules/${module}.order`, signal);
  for (const name of order.split('\n').filter(Boolean)) {
    const known = name.replaceAll('-', '_');
    const own = name === module ? ` ${parameters}` : '';
    await agent.must(`grep -q "^${known} " /proc/modules || insmod /lib/modules/${name}.ko${own}`, signal);
  }
}
