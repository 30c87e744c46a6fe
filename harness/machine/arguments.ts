import { shellWord } from '../host/shell.ts';
import type { Architecture, NetworkCard } from './architecture.ts';

/** One QEMU argument, with the reason it is there. */
export interface Argument {
  flag: string;
  value?: string;
  why: string;
}

/** Channels every guest has, as file descriptors of the QEMU process: each one end of a socket pair. */
export const DESCRIPTORS = { nic: 3, qmp: 4, agent: 5, gdb: 6, state: 7 } as const;

/** The NIC's name in QEMU. */
export const NIC = 'nic';

/** How the guest's NIC reaches the host. */
export type WireKind = 'stream' | 'udp';

/** Everything a QEMU command line is made of. */
export interface MachineSpecification {
  architecture: Architecture;
  card: NetworkCard;
  accelerator: 'tcg' | 'kvm';
  vcpus: number;
  memoryMiB: number;
  kernel: string;
  initramfs: string;
  /** The kernel's command line. */
  commandLine: string;
  wire: WireKind;
  addresses: GuestAddresses;
  /** With the wire `udp`: where QEMU writes what left the guest. */
  dump?: string;
  /** The console's two named pipes, without their `.in` and `.out`. */
  console?: string;
  /** Further devices, as `-device` takes them. */
  devices: string[];
  /** The guest's RAM: a file shared (to make a template), a private copy of one (a clone), or none (anonymous). */
  memory: { file: string; share: boolean } | null;
  /** Wait for a template's state instead of booting. */
  incoming: boolean;
}

export interface GuestAddresses {
  mac: string;
  ipv4: string;
  ipv6: string;
  hostMac: string;
  hostIpv4: string;
  hostIpv6: string;
}

/** The command line as data. Pure; {@link renderCommand} shows it. */
export function machineArguments(spec: MachineSpecification): Argument[] {
  const { architecture } = spec;
  const { driver, ...card } = cardOptions(spec);
  return [
    { flag: '-nodefaults', why: 'no device that is not named here' },
    { flag: '-no-user-config', why: 'nothing from this host’s QEMU configuration' },
    { flag: '-display', value: 'none', why: 'no window' },
    {
      flag: '-machine',
      value: spec.memory ? `${architecture.machine},memory-backend=ram` : architecture.machine,
      why: 'the board, its RAM in the backend below',
    },
    ...(spec.memory ? [memoryArgument(spec.memory, spec.memoryMiB)] : []),
    { flag: '-m', value: `${spec.memoryMiB}M`, why: 'small, so that many run at once' },
    { flag: '-accel', value: spec.accelerator, why: 'proved by a guest that ran (crashlab doctor)' },
    { flag: '-cpu', value: architecture.cpu[spec.accelerator], why: 'what the accelerator does best' },
    { flag: '-smp', value: String(spec.vcpus), why: 'virtual CPUs of the cell' },
    ...(spec.incoming ? [] : kernelArguments(spec)),
    ...wireArguments(spec),
    {
      flag: '-device',
      value: [driver, ...Object.entries(card).map(([name, value]) => `${name}=${onOff(value)}`)].join(','),
      why: 'the NIC netconsole sends through; no boot ROM',
    },
    {
      flag: '-chardev',
      value: `socket,id=qmp,fd=${DESCRIPTORS.qmp}`,
      why: 'control, no socket file to leave behind',
    },
    { flag: '-mon', value: 'chardev=qmp,mode=control', why: 'QMP' },
    {
      flag: '-chardev',
      value: `pipe,id=console,path=${optionValue(spec.console ?? 'console')}`,
      why: 'second witness: a named pipe holds 64 KiB that come byte by byte, a socket pair 278 bytes',
    },
    { flag: '-serial', value: 'chardev:console', why: `the guest’s ${architecture.console}` },
    { flag: '-chardev', value: `socket,id=agent,fd=${DESCRIPTORS.agent}`, why: 'the agent, out of band' },
    architecture.agentDevice === null
      ? { flag: '-serial', value: 'chardev:agent', why: `the guest’s ${architecture.agent}` }
      : {
          flag: '-device',
          value: `${architecture.agentDevice},chardev=agent`,
          why: `the guest’s ${architecture.agent}: the board has one port only`,
        },
    { flag: '-chardev', value: `socket,id=gdb,fd=${DESCRIPTORS.gdb}`, why: 'crash anywhere' },
    { flag: '-gdb', value: 'chardev:gdb', why: 'QEMU’s gdb stub' },
    ...spec.devices.map((value) => ({ flag: '-device', value, why: 'the scenario’s own' })),
    {
      flag: '-action',
      value: 'reboot=shutdown,shutdown=pause,panic=none',
      why: 'a guest that resets or powers off stays, so that its RAM can be read; pvpanic cuts nothing off',
    },
    ...(spec.incoming
      ? [{ flag: '-incoming', value: 'defer', why: 'a clone: its state comes from the template' }]
      : []),
  ];
}

/** The NIC as QEMU's options: of `-device`, and of QMP's `device_add` when it is plugged in again. */
export function cardOptions({ card, addresses }: MachineSpecification): {
  driver: string;
  [option: string]: string | boolean;
} {
  return {
    driver: card.device,
    id: NIC,
    netdev: 'wire',
    mac: addresses.mac,
    romfile: '',
    ...card.options,
  };
}

function onOff(value: string | boolean): string {
  if (typeof value === 'string') return value;
  return value ? 'on' : 'off';
}

/** A clone has its kernel in its RAM: reading it again would be a quarter of the clone's start. */
function kernelArguments(spec: MachineSpecification): Argument[] {
  return [
    { flag: '-kernel', value: spec.kernel, why: 'the kernel under test, as its package ships it' },
    { flag: '-initrd', value: spec.initramfs, why: 'busybox, init and agent, the modules' },
    { flag: '-append', value: spec.commandLine, why: 'everything printed, netconsole’s precondition' },
  ];
}

function memoryArgument(memory: { file: string; share: boolean }, megabytes: number): Argument {
  return {
    flag: '-object',
    value: `memory-backend-file,id=ram,size=${megabytes}M,mem-path=${optionValue(memory.file)},share=${memory.share ? 'on' : 'off'}`,
    why: memory.share
      ? 'the template’s RAM becomes a file'
      : 'a private copy-on-write view of the template’s RAM',
  };
}

function wireArguments(spec: MachineSpecification): Argument[] {
  if (spec.wire === 'stream') {
    return [
      {
        flag: '-netdev',
        value: `stream,id=wire,addr.type=fd,addr.str=${DESCRIPTORS.nic}`,
        why: 'every frame comes to us, in order, none dropped',
      },
    ];
  }
  const { addresses } = spec;
  const prefix = addresses.hostIpv6.replace(/::.*$/, '::');
  return [
    {
      flag: '-netdev',
      value: `user,id=wire,net=${addresses.hostIpv4.replace(/\.\d+$/, '.0')}/24,host=${addresses.hostIpv4},ipv6-prefix=${prefix},ipv6-host=${addresses.hostIpv6}`,
      why: 'slirp: packets for the host arrive on a real UDP socket on loopback',
    },
    ...(spec.dump
      ? [
          {
            flag: '-object',
            value: `filter-dump,id=dump,netdev=wire,file=${optionValue(spec.dump)}`,
            why: 'what left the guest, to tell “never sent” from “lost on the host”',
          },
        ]
      : []),
  ];
}

/** The flat list for the process. */
export function flatten(list: Argument[]): string[] {
  return list.flatMap(({ flag, value }) => (value === undefined ? [flag] : [flag, value]));
}

/** For people and shells: one flag a line, quoted where needed. */
export function renderCommand(command: string[]): string {
  return command
    .map((word, at) => (at > 0 && word.startsWith('-') ? `\\\n  ${shellWord(word)}` : shellWord(word)))
    .join(' ');
}

/** In a list of QEMU's options a comma ends the value, two are one of its own. */
function optionValue(text: string): string {
  return text.replaceAll(',', ',,');
}
