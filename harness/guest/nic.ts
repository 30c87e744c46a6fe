import { CrashlabError } from '../host/error.ts';
import { cardOptions, NIC } from '../machine/arguments.ts';
import { type Guest, withDeadline } from './guest.ts';

const INTERFACE = '/sys/class/net/eth0';
/** The guest's driver hears of a change by an interrupt; hotplug goes through ACPI and takes a second of emulation. */
const DEADLINE_MS = 20_000;

/**
 * Takes the NIC's cable out or puts it in again, and says nothing of what the guest makes of it: also for one that
 * is dying. What a NIC without a link sends QEMU throws away. QMP `set_link`.
 */
export async function setLink({ qemu, segment }: Guest, state: 'up' | 'down'): Promise<void> {
  segment.note({ change: 'link', state });
  await qemu.qmp.execute('set_link', { name: NIC, up: state === 'up' });
}

/** As {@link setLink}, and waits until the guest itself says so. Errors: NIC_STUCK. */
export async function changeLink(guest: Guest, state: 'up' | 'down'): Promise<void> {
  await setLink(guest, state);
  const carrier = state === 'up' ? 1 : 0;
  await untilSo(guest, `[ "$(cat ${INTERFACE}/carrier 2>/dev/null)" = ${carrier} ]`, `the link is ${state}`);
}

/**
 * Unplugs the NIC, and waits until QEMU and the guest have let go of it. The guest's kernel must take part (ACPI
 * hotplug): a dead one can't. netconsole then ends for good on its target: the interface it had is gone. Errors:
 * NIC_STUCK.
 */
export async function unplugNic(guest: Guest): Promise<void> {
  const { qmp } = guest.qemu;
  using deadline = withDeadline(guest.signal, DEADLINE_MS, () => stuck('the NIC is unplugged'));
  const seen = guest.events.length;
  guest.segment.note({ change: 'nic', state: 'unplugged' });
  await qmp.execute('device_del', { id: NIC });
  const isGone = () =>
    guest.events.slice(seen).some(({ name, data }) => name === 'DEVICE_DELETED' && data['device'] === NIC);
  while (!isGone()) {
    deadline.signal.throwIfAborted();
    await guest.activity.next(DEADLINE_MS, deadline.signal);
  }
  await untilSo(guest, `[ ! -e ${INTERFACE} ]`, 'the NIC is unplugged');
}

/**
 * Plugs the same NIC in again, and waits until the guest has its interface; it has no address and is down, and no
 * netconsole target is bound to it. Errors: NIC_STUCK, QMP_REFUSED when it is still plugged in.
 */
export async function plugNic(guest: Guest): Promise<void> {
  guest.segment.note({ change: 'nic', state: 'plugged in' });
  await guest.qemu.qmp.execute('device_add', cardOptions(guest.specification));
  await untilSo(guest, `[ -e ${INTERFACE} ]`, 'the NIC is plugged in');
}

/** Asks the guest until a shell condition holds there. */
async function untilSo(guest: Guest, condition: string, what: string): Promise<void> {
  using deadline = withDeadline(guest.signal, DEADLINE_MS, () => stuck(what));
  await guest.agent.must(`until ${condition}; do usleep 10000; done`, deadline.signal);
}

function stuck(what: string): CrashlabError {
  return new CrashlabError(
    'guest',
    'NIC_STUCK',
    `The guest did not show within ${DEADLINE_MS / 1000} s that ${what}.`,
    { advice: 'Its kernel may be dead already, or have no PCI hotplug (CONFIG_HOTPLUG_PCI_ACPI).' },
  );
}
