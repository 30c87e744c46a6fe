import { type Lost, LOSSES, lostIn, type Transport } from '../field/transport.ts';

const MOST_RANGES = 6;

/** Where a log has no crash: whether that means anything. */
export function unheard(transport: Transport | null, lacked: number): string {
  if (lacked > 0) return ' in it, but in another log of the same boot';
  if (transport === null || lostIn(transport) === 0) return '';
  const { missing } = transport;
  const lost = missing.count > 0 ? missing.count : lostIn(transport);
  const how = missing.count > 0 ? 'missing' : 'not as they were sent';
  return lost === 1
    ? `, but 1 record is ${how === 'missing' ? how : 'not as it was sent'}: what it said is not known`
    : `, but ${lost} records are ${how}: what they said is not known`;
}

/** What was lost on the way here, a sentence each. */
export function transportLines(
  transport: Transport | null,
): { style: 'unexpected loss' | 'no verdict'; text: string }[] {
  if (transport === null) return [];
  const lines = LOSSES.filter((kind) => transport[kind].count > 0).map((kind) => ({
    style: kind === 'doubled' ? ('no verdict' as const) : ('unexpected loss' as const),
    text: `On the way here ${SENTENCES[kind](records(transport[kind]))}${numbers(transport[kind])}.`,
  }));
  return transport.missing.count === 0 ? lines : [...lines, { style: 'no verdict', text: BY_ITSELF }];
}

const SENTENCES: Record<keyof Transport, (records: string) => string> = {
  missing: (some) => `${some} went missing`,
  torn: (some) => `${some} lost a part`,
  late: (some) => `${some} came too late to be put in order`,
  differing: (some) => `${some} came again, and otherwise`,
  refused: (some) => `${some} came that can’t be read`,
  doubled: (some) => `${some} came twice, which loses nothing`,
};

const BY_ITSELF =
  'A machine without ignore_loglevel leaves gaps by itself: what its console’s log level keeps back has a number too.';

const records = ({ count }: Lost) => (count === 1 ? '1 record' : `${count} records`);

function numbers({ ranges }: Lost): string {
  if (ranges.length === 0) return '';
  const shown = ranges
    .slice(0, MOST_RANGES)
    .map(({ from, to }) => (from === to ? `${from}` : `${from} to ${to}`));
  return ` (${shown.join(', ')}${ranges.length > MOST_RANGES ? ', …' : ''})`;
}
