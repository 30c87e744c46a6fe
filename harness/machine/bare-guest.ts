/** The smallest guest there is: machine code without a kernel that says this on its port and stops. */
export const BARE_MARKER = 'crashlab-guest-ran';

/** A bare guest as a file, and the options with which QEMU runs it; what it says comes on standard output. */
export interface BareGuest {
  image: Uint8Array;
  /** `file` is where the image lies. */
  options: (file: string) => Record<string, string>;
}

const text = new TextEncoder().encode(`${BARE_MARKER}\n\0`);

/**
 * A boot sector that prints on port 0xe9:
 *   mov si,0x7c16 / lodsb / test al,al / jz +4 / out 0xe9,al / jmp -9 / cli / hlt / jmp -3
 */
const SECTOR = [
  0xbe, 0x16, 0x7c, 0xac, 0x84, 0xc0, 0x74, 0x04, 0xe6, 0xe9, 0xeb, 0xf7, 0xfa, 0xf4, 0xeb, 0xfd,
];
const SECTOR_TEXT = 0x16;

/**
 * Firmware at address 0 that prints on the board's PL011, whose data register is at 0x09000000:
 *   adr x0,#32 / movz x1,#0x900,lsl #16 / ldrb w2,[x0],#1 / cbz w2,+12 / str w2,[x1] / b -12 / wfi / b -4
 */
const FIRMWARE = [
  0x10000100, 0xd2a12001, 0x38401402, 0x34000062, 0xb9000022, 0x17fffffd, 0xd503207f, 0x17ffffff,
];

/** By the name of the architecture. */
export const BARE_GUESTS: Record<string, BareGuest> = {
  'x86-64': {
    image: bootSector(),
    options: (file) => ({
      machine: 'pc',
      debugcon: 'stdio',
      drive: `file=${file.replaceAll(',', ',,')},format=raw,if=floppy,readonly=on`,
      boot: 'a',
    }),
  },
  arm64: {
    image: Uint8Array.of(...new Uint8Array(Uint32Array.from(FIRMWARE).buffer), ...text),
    options: (file) => ({ machine: 'virt', cpu: 'cortex-a72', serial: 'stdio', bios: file }),
  },
};

function bootSector(): Uint8Array {
  const sector = new Uint8Array(512);
  sector.set(SECTOR);
  sector.set(text, SECTOR_TEXT);
  sector.set([0x55, 0xaa], 510);
  return sector;
}
