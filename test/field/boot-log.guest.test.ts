import { expect, test } from 'vitest';
import { bootGuest } from '../../harness/guest/boot.ts';
import { readCrashes } from '../../harness/oops/crash.ts';
import { readLog } from '../../harness/oops/log-line.ts';
import { forEver } from '../guest/for-ever.ts';
import { BOOT_MS, stockSpecification } from '../guest/stock.ts';

test.each(['debian:6.1@bookworm', 'debian:6.12@trixie', 'debian:7@sid'])(
  'a clean boot of %s is no crash',
  async (release) => {
    const specification = await stockSpecification({ release });
    const options = { format: 'extended', signal: forEver, bootTimeoutMs: BOOT_MS } as const;
    const { guest } = await bootGuest(specification, options);
    await using _ = guest;
    const lines = readLog(guest.serial.text());
    expect(lines.filter(({ stamped }) => stamped).length).toBeGreaterThan(200);
    expect(readCrashes(lines).crashes).toEqual([]);
  },
);
