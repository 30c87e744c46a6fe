import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ARCHITECTURES, architectureNamed, NETWORK_CARDS } from '../../harness/machine/architecture.ts';
import {
  flatten,
  machineArguments,
  type MachineSpecification,
  renderCommand,
} from '../../harness/machine/arguments.ts';

const architecture = ARCHITECTURES['x86-64'];
const card = NETWORK_CARDS['virtio-net'];
if (!architecture || !card) throw new Error('the tables lost their first rows');

const plain: MachineSpecification = {
  architecture,
  card,
  accelerator: 'tcg',
  vcpus: 2,
  memoryMiB: 256,
  kernel: '/k/vmlinuz',
  initramfs: '/k/initramfs.cpio',
  commandLine: 'console=ttyS0 panic=0',
  wire: 'stream',
  addresses: {
    mac: '52:54:00:12:34:56',
    ipv4: '10.0.2.15',
    ipv6: 'fec0::15',
    hostMac: '52:55:0a:00:02:02',
    hostIpv4: '10.0.2.2',
    hostIpv6: 'fec0::2',
  },
  devices: [],
  memory: null,
  incoming: false,
};
const clone: MachineSpecification = { ...plain, memory: { file: '/t/memory', share: false }, incoming: true };
const template: MachineSpecification = { ...plain, memory: { file: '/t/memory', share: true } };
const udp: MachineSpecification = { ...plain, wire: 'udp', dump: '/s/wire.pcap' };

const rendered = (spec: MachineSpecification) =>
  renderCommand([spec.architecture.emulator, ...flatten(machineArguments(spec))]);

test('a guest on a stream is this command', () => {
  expect(rendered(plain)).toMatchInlineSnapshot(`
    "qemu-system-x86_64 \\
      -nodefaults \\
      -no-user-config \\
      -display none \\
      -machine pc \\
      -m 256M \\
      -accel tcg \\
      -cpu max \\
      -smp 2 \\
      -kernel /k/vmlinuz \\
      -initrd /k/initramfs.cpio \\
      -append 'console=ttyS0 panic=0' \\
      -netdev stream,id=wire,addr.type=fd,addr.str=3 \\
      -device virtio-net-pci,id=nic,netdev=wire,mac=52:54:00:12:34:56,romfile=,guest_announce=off \\
      -chardev socket,id=qmp,fd=4 \\
      -mon chardev=qmp,mode=control \\
      -chardev pipe,id=console,path=console \\
      -serial chardev:console \\
      -chardev socket,id=agent,fd=5 \\
      -serial chardev:agent \\
      -chardev socket,id=gdb,fd=6 \\
      -gdb chardev:gdb \\
      -action reboot=shutdown,shutdown=pause,panic=none"
  `);
});

test('a guest on arm64 has its agent on a card, for its board has one serial port', () => {
  const arm64 = architectureNamed('arm64');
  const commandLine = 'console=ttyAMA0 panic=0';
  expect(difference(plain, { ...plain, architecture: arm64, commandLine })).toMatchInlineSnapshot(`
    "- qemu-system-x86_64
    - -machine pc
    - -cpu max
    - -append 'console=ttyS0 panic=0'
    - -serial chardev:agent
    + qemu-system-aarch64
    + -machine virt,gic-version=3
    + -cpu cortex-a72
    + -append 'console=ttyAMA0 panic=0'
    + -device pci-serial,chardev=agent"
  `);
});

test('a guest on slirp differs in its network device only', () => {
  expect(difference(plain, udp)).toMatchInlineSnapshot(`
    "- -netdev stream,id=wire,addr.type=fd,addr.str=3
    + -netdev user,id=wire,net=10.0.2.0/24,host=10.0.2.2,ipv6-prefix=fec0::,ipv6-host=fec0::2
    + -object filter-dump,id=dump,netdev=wire,file=/s/wire.pcap"
  `);
});

test('a template and its clones differ from a fresh guest in where their memory is', () => {
  expect(difference(plain, template)).toMatchInlineSnapshot(`
    "- -machine pc
    + -machine pc,memory-backend=ram
    + -object memory-backend-file,id=ram,size=256M,mem-path=/t/memory,share=on"
  `);
  expect(difference(template, clone)).toMatchInlineSnapshot(`
    "- -object memory-backend-file,id=ram,size=256M,mem-path=/t/memory,share=on
    - -kernel /k/vmlinuz
    - -initrd /k/initramfs.cpio
    - -append 'console=ttyS0 panic=0'
    + -object memory-backend-file,id=ram,size=256M,mem-path=/t/memory,share=off
    + -incoming defer"
  `);
});

test.each([
  ['stream', plain],
  ['slirp', udp],
  ['clone', clone],
  ['template', template],
])('every argument has its reason: %s', (_, spec) => {
  for (const { flag, why } of machineArguments(spec)) {
    expect(flag).toMatch(/^-[a-z-]+$/);
    expect(why.length).toBeGreaterThan(2);
  }
});

test('a comma in a file’s name does not end the option', () => {
  const odd = '/home/a,b/memory';
  expect(flatten(machineArguments({ ...clone, memory: { file: odd, share: false } }))).toContain(
    'memory-backend-file,id=ram,size=256M,mem-path=/home/a,,b/memory,share=off',
  );
  expect(flatten(machineArguments({ ...udp, dump: '/a,b' }))).toContain(
    'filter-dump,id=dump,netdev=wire,file=/a,,b',
  );
});

describe('a rendered command, given to a shell', () => {
  const word = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom(...Array.from(`-'"\\ \n\t$\`*?[]{}()<>|&;#~!=,:.%@/ax0`)) }),
    fc.constantFrom('', '-', '--', ' -append', "console=ttyS0 -x 'y'", 'a\\\n  -b', '~', 'fd:8'),
  );
  const printable = word.map((text) => text.replaceAll('\0', ''));

  test('gives the same words back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(printable, { maxLength: 8 }), { minLength: 20, maxLength: 20 }),
        (lists) => {
          // Many commands a shell, for starting one costs more than the rest.
          const script = lists.map((list) => `${renderCommand(['show', ...list])}\n`).join('');
          const show = `show() { [ $# = 0 ] || printf '%s\\0' "$@"; printf 'end\\0'; }\n`;
          const output = execFileSync('sh', ['-c', show + script], { encoding: 'utf8' });
          expect(output).toBe(
            lists.map((list) => [...list, 'end'].map((one) => `${one}\0`).join('')).join(''),
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  test('has one flag a line', () => {
    expect(renderCommand(['qemu', '-m', '16M', '-append', 'a -b', '-S'])).toBe(
      "qemu \\\n  -m 16M \\\n  -append 'a -b' \\\n  -S",
    );
  });
});

/** The lines only one of the two commands has. */
function difference(one: MachineSpecification, other: MachineSpecification): string {
  const [left, right] = [one, other].map((spec) => rendered(spec).replaceAll(' \\', '').split('\n'));
  return [
    ...(left ?? []).filter((line) => !right?.includes(line)).map((line) => `- ${line.trim()}`),
    ...(right ?? []).filter((line) => !left?.includes(line)).map((line) => `+ ${line.trim()}`),
  ].join('\n');
}
