import type { ScenarioGuest } from '../harness/lab/scenario.ts';
import type { Format } from './formats.ts';
import { TARGET } from './special-records.ts';

/** The target of the run, as the module’s parameter has it; newer kernels take a MAC address as the interface. */
export function targetParameter(
  { format, settings }: Pick<Format, 'format' | 'settings'>,
  interfaceName = 'eth0',
): string {
  const flags = `${format === 'extended' ? '+' : ''}${'release' in settings ? 'r' : ''}`;
  const [from, to] = 'remote_ip' in settings ? ['fec0::15', 'fec0::2'] : ['10.0.2.15', '10.0.2.2'];
  return `${flags}6665@${from}/${interfaceName},6666@${to}/52:55:0a:00:02:02`;
}

const MAC = '52:54:00:12:34:56';

/** Where configfs has the module’s own target, once it was asked for. */
export const OWN_TARGET = '/sys/kernel/config/netconsole/cmdline0';

const insmod = (target: string) => `insmod /lib/modules/netconsole.ko netconsole=${target}`;

async function removeTarget(guest: ScenarioGuest): Promise<void> {
  await guest.run(`echo 0 > ${TARGET}/enabled && rmdir ${TARGET} && rmmod netconsole`);
}

/** Gives netconsole its target by the module’s parameter, in place of that in configfs. */
export async function bindByName(guest: ScenarioGuest, format: Format): Promise<void> {
  await removeTarget(guest);
  await guest.run(insmod(targetParameter(format)));
}

/** The same, bound to the interface by its MAC address; skips the run where that can’t be. */
export async function bindByMac(guest: ScenarioGuest): Promise<void> {
  await removeTarget(guest);
  const { status } = await guest.attempt(insmod(targetParameter({ format: 'extended', settings: {} }, MAC)));
  // From Linux 6.7 on a target that can't be set up is kept, disabled, under this name.
  const { output } = await guest.attempt(`mkdir ${OWN_TARGET} && cat ${OWN_TARGET}/enabled`);
  if (status !== 0 || output.trim() !== '1')
    guest.lacks('This kernel’s netconsole can’t be bound by MAC address.');
}
