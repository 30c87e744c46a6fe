import { family, type Scenario, scenario, type ScenarioGuest, type Seen } from '../harness/lab/scenario.ts';
import { panicLosses } from './known-losses.ts';
import { logBufferOf } from './log-buffer.ts';

const PIECE = /^crashlab: dump ([\da-f]+) (\d+)\/(\d+) ([\da-f]+)$/;

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

/** A byte is two and more in the log: of the whole of it the panic itself would be overwritten. */
async function quarterOfLog(guest: ScenarioGuest): Promise<{ at: bigint; bytes: number }> {
  const { at, bytes } = await logBufferOf(guest);
  return { at, bytes: bytes / 4 };
}

interface Dump {
  what: string;
  suite: 'standard' | 'full';
  region: (guest: ScenarioGuest) => Promise<{ at: bigint; bytes: number } | undefined>;
  /** What must stand in it: the proof that it is a copy of that, and of nothing else. */
  holds?: string;
}

const DUMPS: Record<string, Dump> = {
  stack: { what: 'the dying task’s stack', suite: 'standard', region: async () => undefined },
  log: {
    what: 'a quarter of the log’s own buffer',
    suite: 'full',
    region: quarterOfLog,
    holds: 'Linux version ',
  },
};

function dumped({ what, suite, region, holds = '' }: Dump): Scenario {
  return scenario({
    title: `a panic, and then ${what} as records`,
    why: 'The 2001 announcement: netconsole is to “emit crashdumps over the network”.',
    needs: ['lab-module'],
    suite,
    format: 'extended',
    async run({ guest }) {
      const lab = await guest.lab();
      lab.dump(await region(guest));
    },
    measure(seen) {
      const dump = assemble(seen);
      return [
        {
          name: `bytes of ${what} that arrived`,
          unit: 'bytes',
          value: dump ? dump.bytes.length - dump.missing : 0,
        },
      ];
    },
    async check(seen) {
      // What is lost of it, the wire's verdict says.
      if (seen.wire.status !== 'complete') return [];
      const dump = assemble(seen);
      if (!dump || dump.missing > 0) return [`${dump ? dump.missing : 'All'} bytes of ${what} are missing.`];
      if (!dump.bytes.includes(holds)) return [`“${holds}” is not in what arrived: it is not ${what}.`];
      const truth = await seen.read(dump.address, dump.bytes.length);
      if (truth && dump.bytes.equals(truth)) return [];
      return [`What arrived is not ${what} in the guest’s memory.`];
    },
    expect: {
      kind: 'panic',
      context: 'task',
      ends: 'panic',
      says: PIECE,
      losses: panicLosses,
    },
  });
}

export default family(Object.fromEntries(Object.entries(DUMPS).map(([name, dump]) => [name, dumped(dump)])));
