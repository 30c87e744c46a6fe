import { scenario, type Seen } from '../harness/lab/scenario.ts';
import { rebootsBeforeFlush } from './known-losses.ts';

const PIECE = /^crashlab: dump stack ([\da-f]+) (\d+)\/(\d+) ([\da-f]+)$/;

/** The region put together from what arrived, as far as it did. */
function assemble({ arrived }: Seen): { address: bigint; bytes: Buffer; missing: number } | null {
  const texts = [...arrived.records.values()].flatMap((copies) => copies.map(({ text }) => text));
  const pieces = texts.flatMap((text) => {
    const [, address, offset, total, hex = ''] = PIECE.exec(text) ?? [];
    if (address === undefined) return [];
    return { address: BigInt(`0x${address}`), offset: Number(offset), total: Number(total), hex };
  });
  const [first] = pieces;
  if (!first) return null;
  const bytes = Buffer.alloc(first.total);
  let missing = first.total;
  for (const { offset, hex } of pieces) missing -= bytes.write(hex, offset, 'hex');
  return { address: first.address, bytes, missing };
}

export default scenario({
  title: 'a panic, and then the dying task’s stack as records',
  why: 'The 2001 announcement: netconsole is to “emit crashdumps over the network”.',
  needs: ['lab-module'],
  format: 'extended',
  async run({ guest }) {
    (await guest.lab()).dump();
  },
  measure(seen) {
    const dump = assemble(seen);
    return [
      {
        name: 'bytes of the stack that arrived',
        unit: 'bytes',
        value: dump ? dump.bytes.length - dump.missing : 0,
      },
    ];
  },
  async check(seen) {
    // What is lost of it, the wire's verdict says.
    if (seen.wire.status !== 'complete') return [];
    const dump = assemble(seen);
    if (!dump || dump.missing > 0) return [`${dump ? dump.missing : 'All'} bytes of the stack are missing.`];
    const truth = await seen.read(dump.address, dump.bytes.length);
    if (truth && dump.bytes.equals(truth)) return [];
    return ['The stack that arrived is not the one in the guest’s memory.'];
  },
  expect: {
    kind: 'panic',
    context: 'task',
    ends: 'panic',
    says: PIECE,
    losses: [rebootsBeforeFlush],
  },
});
