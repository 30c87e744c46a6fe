import type { HostLoss } from '../field/listen/losses.ts';
import type { StationEvent } from '../field/listen/station.ts';
import { safe } from '../printk/safe.ts';
import { renderLine } from './json.ts';
import { wrap } from './layout.ts';
import { styleOf } from './crashes.ts';
import { painter } from './paint.ts';

/** Of the JSON lines: raised when a field changes its meaning or goes. */
const VERSION = 1;

/** What happens, for a pipe: the log's lines, each with its sender. */
export function renderEvent(
  event: StationEvent,
  { colour, width }: { colour: boolean; width: number },
): string {
  const paint = painter(colour);
  switch (event.type) {
    case 'listening':
      return `Listening on ${event.address} port ${event.port}.\n`;
    case 'sender': {
      const named = event.name === null ? '' : ` (${safe(event.name)})`;
      return `${event.sender}${named} sends.\n`;
    }
    case 'text':
      return event.text
        .split('\n')
        .slice(0, -1)
        .map((line) => `${event.sender} ${line}\n`)
        .join('');
    case 'lost-on-host':
      return lossLines(event.lost)
        .flatMap((line) => wrap(line, width))
        .map((line) => `${paint('unexpected loss', line)}\n`)
        .join('');
    case 'crash':
    case 'judged-again':
      return crashLines(event)
        .flatMap((line) => wrap(safe(line), width))
        .map((line) => `${paint(styleOf(event.crash.log.whole), line)}\n`)
        .join('');
    case 'netconsole':
    default:
      return '';
  }
}

type CrashEvent = Extract<StationEvent, { crash: unknown }>;

function crashLines({ type, sender, file, crash }: CrashEvent): string[] {
  const { crashes, whole, why } = crash.log;
  const again = type === 'judged-again' ? 'judged again: ' : '';
  return [
    ...crashes.map(({ headline, signature }) => `${sender} ✗ ${headline} (${signature})`),
    `${sender} ✗ ${again}${STANDING[`${whole ?? 'null'}`]} ${why.join(' ')}`.trimEnd(),
    ...(file === null ? [] : [`${sender} ✗ ${file}`]),
  ];
}

function lossLines({ kernel, crowdedOut, thrownAway }: HostLoss): string[] {
  const lines = Object.entries(thrownAway).map(
    ([label, count]) =>
      `${datagrams(count)} of ${label} lost on this host: it can’t be written as fast as it comes.`,
  );
  if (kernel > 0)
    lines.push(
      `${datagrams(kernel)} lost on this host: its receive buffer was full (sysctl net.core.rmem_max makes it larger).`,
    );
  if (crowdedOut > 0) lines.push(`${datagrams(crowdedOut)} lost on this host: too many senders at once.`);
  return lines;
}

const datagrams = (count: number) => (count === 1 ? '1 datagram' : `${count} datagrams`);

const STANDING = {
  true: 'complete by its own structure.',
  false: 'damaged:',
  null: 'nothing is known to be missing, but that all is there is not proved:',
};

/** The same as a JSON object a line; texts are decoded as UTF-8, and no terminal obeys them. */
export function renderEventJson(event: StationEvent): string {
  if (!('crash' in event)) return renderLine({ version: VERSION, ...event });
  const { type, sender, file, crash } = event;
  const { crashes, whole, why } = crash.log;
  return renderLine({ version: VERSION, type, sender, file, crashes, whole, why });
}
