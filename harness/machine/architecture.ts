import type { CpuCode } from './cpu-code.ts';
import { X86_64 } from './x86-64.ts';

/** What differs between the architectures a guest can have. */
export interface Architecture {
  name: string;
  emulator: string;
  /** Debian package of the emulator. */
  package: string;
  machine: string;
  /** CPU model under software emulation, and under KVM. */
  cpu: { tcg: string; kvm: string };
  /** Console and agent, as the guest names its serial ports. */
  console: string;
  agent: string;
  /** Its machine code, for crashes and failures. */
  code: CpuCode;
  /** The kernel modules a guest needs for its bus; the NIC brings its own. */
  busModules: string[];
}

export const ARCHITECTURES: Record<string, Architecture> = {
  'x86-64': {
    name: 'x86-64',
    emulator: 'qemu-system-x86_64',
    package: 'qemu-system-x86',
    machine: 'pc',
    cpu: { tcg: 'max', kvm: 'host' },
    console: 'ttyS0',
    agent: 'ttyS1',
    code: X86_64,
    busModules: ['virtio_pci'],
  },
};

/** A network card, as QEMU and the guest's kernel name it. */
export interface NetworkCard {
  name: string;
  device: string;
  module: string;
}

export const NETWORK_CARDS: Record<string, NetworkCard> = {
  'virtio-net': { name: 'virtio-net', device: 'virtio-net-pci', module: 'virtio_net' },
};
