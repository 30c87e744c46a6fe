/** Where RIP lies in QEMU's x86-64 `g` packet: after 16 general registers of 8 bytes. */
const RIP_OFFSET = 16 * 8;
const RSP_OFFSET = 7 * 8;

/** The register block of one vCPU. */
export class Registers {
  readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get rip(): bigint {
    return this.view.getBigUint64(RIP_OFFSET, true);
  }

  set rip(value: bigint) {
    this.view.setBigUint64(RIP_OFFSET, value, true);
  }

  get rsp(): bigint {
    return this.view.getBigUint64(RSP_OFFSET, true);
  }
}
