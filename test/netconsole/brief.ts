import type { NetconsoleEvent } from '../../harness/netconsole/event.ts';

/** Short forms of what matters in an event, for whole lists of them to be compared. */
export function brief(event: NetconsoleEvent): string {
  if (event.kind === 'record') return `record ${event.record.sequence}`;
  if (event.kind === 'gap') return `gap ${event.from}-${event.to} ${event.because}`;
  if (event.kind === 'reset') return `reset ${event.last} ${event.first}`;
  if (event.kind === 'conflict') return `conflict ${event.sequence} ${event.why}`;
  if (event.kind === 'basic' || event.kind === 'malformed') return `${event.kind} ${event.text}`;
  if (event.kind !== 'fragment-lost') return `${event.kind} ${event.sequence}`;
  const missing = event.missing.map(({ start, end }) => `${start}-${end}`).join();
  return `fragment-lost ${event.sequence} ${missing} ${event.because}`;
}
