import type { Timeline, TimelineRecord } from '../../lab/timeline.ts';
import { cut } from '../layout.ts';
import { type Html, html, NOTHING, raw } from './markup.ts';

const WIDTH = 1000;
const LEFT = 70;
const RIGHT = 20;
const LANES = [
  { name: 'written', y: 50 },
  { name: 'wire', y: 95 },
  { name: 'serial', y: 140 },
] as const;
const TICK = 24;
const HEIGHT = 210;
/** Moments whose words would lie on each other are told below. */
const MOST_MOMENTS = 6;
const NAME_COLUMNS = 40;

/**
 * When each record was written, on the wire and on the serial console; a cross stands where one is missing. Records that
 * lie on the same spot are one tick: the drawing has a bound. A long time in which nothing happened is cut short.
 */
export function drawTimeline({ head, records }: Timeline, lossKind: 'known' | 'bad'): Html {
  const times = [...records.flatMap(timesOf), ...head.moments.map(({ ms }) => ms)].sort((a, b) => a - b);
  const [from, to] = [times[0], times.at(-1)];
  if (from === undefined || to === undefined) return NOTHING;
  const { xOf, pauses } = axisOf(times);
  const placed = placedTimes(records);
  const lanes = LANES.map(({ name, y }) => {
    const seen = records.flatMap((record) => laneTimes(record, name));
    const gone = name === 'written' ? [] : placed.filter((_, at) => isGone(records[at], name));
    return html`<text x="4" y="${y + TICK / 2 + 4}">${name}</text>
      <path class="axis" d="M${LEFT} ${y + TICK / 2}H${WIDTH - RIGHT}" />
      <path class="tick" d="${ticks(seen.map(xOf), y)}" />
      <path class="gone ${lossKind}" d="${crosses(gone.map(xOf), y)}" />`;
  });
  const moments = head.moments.slice(0, MOST_MOMENTS).map(({ ms, name }, at) => {
    const x = xOf(ms);
    const atEnd = x > WIDTH / 2;
    return html`<path class="moment" d="M${x} 8V${HEIGHT - 38}" />
      <text x="${atEnd ? x - 4 : x + 4}" y="${16 + (at % 2) * 14}" text-anchor="${atEnd ? 'end' : 'start'}"
        >${cut(name, NAME_COLUMNS)}</text
      >`;
  });
  const label = `From ${seconds(from)} to ${seconds(to)} after boot. On the wire: ${count(records, 'wire')}. On the serial console: ${count(records, 'serial')}.`;
  return html`<div class="scroll" tabindex="0" role="group" aria-label="timeline">
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
      ${lanes}${moments}${pauses.map((pause) => drawPause(pause))}${labels(times, xOf)}
    </svg>
  </div>`;
}

interface Pause {
  ms: number;
  /** In the middle of the place that it takes. */
  x: number;
}

/** Nothing for longer than this share of all the time, and than a blink, is a pause. */
const PAUSE = { share: 0.2, ms: 200 };
const PAUSE_WIDTH = 70;

/** From times to places, in proportion but for pauses. */
function axisOf(times: readonly number[]): { xOf: (ms: number) => number; pauses: Pause[] } {
  const from = times[0] ?? 0;
  const whole = Math.max(1, (times.at(-1) ?? from) - from);
  const isPause = (ms: number) => ms > Math.max(PAUSE.share * whole, PAUSE.ms);
  const gaps = times.slice(1).map((ms, at) => ms - (times[at] ?? ms));
  const paused = gaps.filter(isPause);
  const busy = Math.max(1e-3, whole - paused.reduce((sum, ms) => sum + ms, 0));
  const scale = (WIDTH - LEFT - RIGHT - paused.length * PAUSE_WIDTH) / busy;
  const places = new Map<number, number>([[from, LEFT]]);
  const pauses: Pause[] = [];
  let x = LEFT;
  for (const [at, gap] of gaps.entries()) {
    const width = isPause(gap) ? PAUSE_WIDTH : gap * scale;
    if (isPause(gap)) pauses.push({ ms: gap, x: x + PAUSE_WIDTH / 2 });
    x += width;
    places.set(times[at + 1] ?? 0, Math.round(x * 10) / 10);
  }
  // Where nothing has a time of its own, all stands at the beginning.
  return { xOf: (ms) => places.get(ms) ?? LEFT, pauses };
}

function drawPause({ ms, x }: Pause): Html {
  const lines = LANES.map(({ y }) => `M${x - 5} ${y + TICK}l4 -${TICK}m3 ${TICK}l4 -${TICK}`);
  return html`<path class="pause" d="${raw(lines.join(''))}" />
    <text x="${x}" y="${HEIGHT - 4}" text-anchor="middle">… ${seconds(ms)} …</text>`;
}

const timesOf = ({ ms, wire, serial }: TimelineRecord) =>
  [ms, ...(wire.copies ?? []).map((copy) => copy.ms), serial.ms].filter((time) => time !== undefined);

function laneTimes(record: TimelineRecord, lane: (typeof LANES)[number]['name']): number[] {
  if (lane === 'written') return record.ms === undefined ? [] : [record.ms];
  if (lane === 'serial') return record.serial.ms === undefined ? [] : [record.serial.ms];
  return (record.wire.copies ?? []).map(({ ms }) => ms);
}

const isGone = (record: TimelineRecord | undefined, lane: 'wire' | 'serial') =>
  record?.[lane].state === 'missing' || record?.[lane].state === 'torn';

/** When each was written; of one that the ring buffer no longer has, when the one before it was. */
function placedTimes(records: readonly TimelineRecord[]): number[] {
  let latest = records.find(({ ms }) => ms !== undefined)?.ms ?? 0;
  return records.map(({ ms }) => (latest = ms ?? latest));
}

/** `40 records arrived, 2 missing`. */
function count(records: readonly TimelineRecord[], lane: 'wire' | 'serial'): string {
  const states = (['arrived', 'missing', 'torn', 'unknown'] as const).flatMap((state) => {
    const some = records.filter((record) => record[lane].state === state).length;
    return some === 0 ? [] : [`${some} ${state}`];
  });
  return `${records.length === 1 ? '1 record' : `${records.length} records`}: ${states.join(', ')}`;
}

const onGrid = (xs: readonly number[]) => [...new Set(xs.map((x) => Math.round(x * 2) / 2))];

const ticks = (xs: readonly number[], y: number) =>
  raw(
    onGrid(xs)
      .map((x) => `M${x} ${y}v${TICK}`)
      .join(''),
  );

const crosses = (xs: readonly number[], y: number) =>
  raw(
    onGrid(xs)
      .map((x) => `M${x - 5} ${y + 7}l10 10m-10 0l10 -10`)
      .join(''),
  );

/** The first and the last time, and those in between that have room. */
function labels(times: readonly number[], xOf: (ms: number) => number): Html {
  const shown: { ms: number; x: number }[] = [];
  for (const ms of [times[0], times.at(-1), ...times]) {
    if (ms === undefined) continue;
    const x = xOf(ms);
    if (shown.every((other) => Math.abs(other.x - x) >= LABEL_WIDTH)) shown.push({ ms, x });
  }
  return html`${shown.map(
    ({ ms, x }) =>
      html`<path class="axis" d="M${x} ${HEIGHT - 38}v6" />
        <text x="${x}" y="${HEIGHT - 20}" text-anchor="${x > WIDTH - LABEL_WIDTH ? 'end' : 'middle'}"
          >${seconds(ms)}</text
        >`,
  )}`;
}

const LABEL_WIDTH = 80;

/** Milliseconds as seconds, three digits behind the point. */
function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`;
}
