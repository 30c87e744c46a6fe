import { CrashlabError } from '../host/error.ts';
import { nearest } from '../host/nearest.ts';
import { ARM64 } from './arm64.ts';
import type { CpuCode } from './cpu-code.ts';
import { X86_64 } from './x86-64.ts';

/** What a scenario may need of a machine, beside a kernel. */
export type MachineFeature = 'gdb-stub' | 'capture-kernel' | 'hotplug' | 'keyboard' | 'nmi';

/** What differs between the architectures a guest can have. */
export interface Architecture {
  name: string;
  /** Other names people have for it: Debian's, the kernel's. */
  aliases: string[];
  /** Node's name of a host that is one (`process.arch`): KVM runs no other. */
  host: string;
  emulator: string;
  /** Debian package of the emulator. */
  package: string;
  machine: string;
  /** CPU model under software emulation, and under KVM. */
  cpu: { tcg: string; kvm: string };
  /** Guest-physical address at which RAM begins. */
  memoryBase: number;
  /** Console and agent, as the guest names its serial ports. */
  console: string;
  agent: string;
  /** QEMU's device for the agent's port, where the board has no second one of its own. */
  agentDevice: string | null;
  /** Its machine code, for crashes and failures. */
  code: CpuCode;
  /** The kernel modules a guest needs beside those of its NIC. */
  busModules: string[];
  offers: MachineFeature[];
}

export const ARCHITECTURES: Record<string, Architecture> = {
  'x86-64': {
    name: 'x86-64',
    aliases: ['amd64', 'x86_64'],
    host: 'x64',
    emulator: 'qemu-system-x86_64',
    package: 'qemu-system-x86',
    machine: 'pc',
    cpu: { tcg: 'max', kvm: 'host' },
    memoryBase: 0,
    console: 'ttyS0',
    agent: 'ttyS1',
    agentDevice: null,
    code: X86_64,
    busModules: [],
    offers: ['gdb-stub', 'capture-kernel', 'hotplug', 'keyboard', 'nmi'],
  },
  arm64: {
    name: 'arm64',
    aliases: ['aarch64'],
    host: 'arm64',
    emulator: 'qemu-system-aarch64',
    package: 'qemu-system-arm',
    machine: 'virt,gic-version=3',
    cpu: { tcg: 'cortex-a72', kvm: 'host' },
    memoryBase: 0x4000_0000,
    console: 'ttyAMA0',
    // QEMU before 9.1 gives this board one port only, and later a second one takes the console's place in its tree.
    agent: 'ttyS0',
    agentDevice: 'pci-serial',
    code: ARM64,
    busModules: [],
    // No PS/2 keyboard, `inject-nmi` finds nothing to inject into, and nothing can be taken off the board's own bus.
    offers: ['gdb-stub'],
  },
};

/** A network card, as QEMU and the guest's kernel name it. */
export interface NetworkCard {
  name: string;
  device: string;
  /** Its driver, and that of its bus where it has one. */
  modules: string[];
  /** Further properties of the device. */
  options?: Record<string, boolean>;
}

export const NETWORK_CARDS: Record<string, NetworkCard> = {
  'virtio-net': {
    name: 'virtio-net',
    device: 'virtio-net-pci',
    modules: ['virtio_pci', 'virtio_net'],
    // A clone does not announce itself (announce-rounds 0), and then QEMU 7.2 crashes when its driver lets go of the
    // NIC: virtio_net_reset() deletes an announce timer that virtio_net_post_load_device() has freed already.
    options: { guest_announce: false },
  },
  e1000: { name: 'e1000', device: 'e1000', modules: ['e1000'] },
  e1000e: { name: 'e1000e', device: 'e1000e', modules: ['e1000e'] },
  // QEMU's has revision 0x20, an 8139C+, which 8139too leaves to 8139cp.
  rtl8139: { name: 'rtl8139', device: 'rtl8139', modules: ['8139cp'] },
  vmxnet3: { name: 'vmxnet3', device: 'vmxnet3', modules: ['vmxnet3'] },
};

/** An architecture by any of its names. Errors: NO_ARCHITECTURE with the nearest name. */
export function architectureNamed(name: string): Architecture {
  const all = Object.values(ARCHITECTURES);
  const found = all.find((one) => one.name === name || one.aliases.includes(name));
  if (found) return found;
  const near = nearest(
    name,
    all.flatMap((one) => [one.name, ...one.aliases]),
  );
  throw unknown('NO_ARCHITECTURE', `crashlab has no guests of architecture "${name}".`, near, ARCHITECTURES);
}

/** Errors: NO_NIC with the nearest name. */
export function networkCardNamed(name: string): NetworkCard {
  const found = Object.hasOwn(NETWORK_CARDS, name) ? NETWORK_CARDS[name] : undefined;
  if (found) return found;
  const near = nearest(name, Object.keys(NETWORK_CARDS));
  throw unknown('NO_NIC', `crashlab has no network card "${name}".`, near, NETWORK_CARDS);
}

function unknown(
  code: string,
  message: string,
  near: string | null,
  table: Record<string, unknown>,
): CrashlabError {
  return new CrashlabError('usage', code, message, {
    advice: near ? `Did you mean ${near}?` : `There are: ${Object.keys(table).join(', ')}.`,
  });
}
