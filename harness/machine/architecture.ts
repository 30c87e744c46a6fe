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
    busModules: ['virtio_pci'],
  },
};

/** A network card, as QEMU and the guest's kernel name it. */
export interface NetworkCard {
  name: string;
  device: string;
  module: string;
  /** Further properties of the device. */
  options?: Record<string, boolean>;
}

export const NETWORK_CARDS: Record<string, NetworkCard> = {
  'virtio-net': {
    name: 'virtio-net',
    device: 'virtio-net-pci',
    module: 'virtio_net',
    // A clone does not announce itself (announce-rounds 0), and then QEMU 7.2 crashes when its driver lets go of the
    // NIC: virtio_net_reset() deletes an announce timer that virtio_net_post_load_device() has freed already.
    options: { guest_announce: false },
  },
};
