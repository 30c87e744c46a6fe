import type { Timeline, TimelineRecord } from '../../lab/timeline.ts';
import { axisOf, type Pause } from './axis.ts';
import { type Label, placeLabels } from './labels.ts';
import { type Group, placeMarks } from './marks.ts';
import { type Html, html, NOTHING, raw } from './markup.ts';

const WIDTH = 1000;
const BOUNDS = { left: 70, right: 980 };
const LANES = ['written', 'wire', 'serial'] as const;
type Lane = (typeof LANES)[number];
const TICK = 24;
/** From line to line of words, and from lane to lane. */
const ROW = 16;
const LANE = 45;

/**
 * When each record was written, on the wire and on the serial console; a cross stands where one is missing. Records that
 * lie on the same spot are one tick: the drawing has a bound. A long time in which nothing happened is cut short.
 */
export function drawTimeline(timeline: Timeline, lossKind: 'known' | 'bad'): Html {
  const { head, records } = timeline;
  const times = [...records.flatMap(timesOf), ...head.moments.map(({ ms }) => ms)].sort((a, b) => a - b);
  const [from, to] = [times[0], times.at(-1)];
  if (from === undefined || to === undefined) return NOTHING;
  const { xOf, pauses } = axisOf(times, BOUNDS);
  const marks = placeMarks(timeline, xOf, BOUNDS);
  const top = ROW * (1 + Math.max(0, ...marks.map(({ row }) => row + 1)));
  const bottom = top + LANES.length * LANE;
  const yOf = (lane: Lane) => top + LANES.indexOf(lane) * LANE;
  const placed = placedTimes(records);
  const lanes = LANES.map((lane) => {
    const y = yOf(lane);
    const seen = records.flatMap((record) => laneTimes(record, lane));
    const gone = lane === 'written' ? [] : placed.filter((_, at) => isGone(records[at], lane));
    return html`<text x="4" y="${y + TICK / 2 + 4}">${lane}</text>
      <path class="axis" d="M${BOUNDS.left} ${y + TICK / 2}H${BOUNDS.right}" />
      <path class="tick" d="${ticks(seen.map(xOf), y)}" />
      <path class="gone ${lossKind}" d="${crosses(gone.map(xOf), y)}" />`;
  });
  const label = `From ${seconds(from)} to ${seconds(to)} after boot. On the wire: ${count(records, 'wire')}. On the serial console: ${count(records, 'serial')}.`;
  return html`<div class="scroll" tabindex="0" role="group" aria-label="timeline">
    <svg viewBox="0 0 ${WIDTH} ${bottom + 40}" role="img" aria-label="${label}">
      ${lanes}${marks.map((mark) => drawLines(mark, bottom))}${marks.map(drawWords)}
      ${pauses.map((pause) => drawPause(pause, LANES.map(yOf), bottom + 36))}${drawTimes(times, xOf, bottom)}
    </svg>
  </div>`;
}

/** Of those that share words, one line each. */
function drawLines({ of, row }: Label<Group>, bottom: number): Html {
  const xs = onGrid(of.marks.map(({ x }) => x));
  const lines = xs.map((x) => `M${x} ${ROW * row + 4}V${bottom}`);
  const span = xs.length > 1 ? `M${xs[0]} ${ROW * row + 4}H${xs.at(-1)}` : '';
  return html`<path class="moment" d="${raw(lines.join('') + span)}" />`;
}

const drawWords = ({ text, x, anchor, row }: Label<Group>) =>
  html`<text class="words" x="${x}" y="${ROW * (row + 1)}" text-anchor="${anchor}">${text}</text>`;

function drawPause({ ms, x }: Pause, lanes: readonly number[], y: number): Html {
  const lines = lanes.map((lane) => `M${x - 5} ${lane + TICK}l4 -${TICK}m3 ${TICK}l4 -${TICK}`);
  return html`<path class="pause" d="${raw(lines.join(''))}" />
    <text x="${x}" y="${y}" text-anchor="middle">… ${seconds(ms)} …</text>`;
}

/** The first and the last time, and those in between that have room. All is counted from the guest's boot. */
function drawTimes(times: readonly number[], xOf: (ms: number) => number, bottom: number): Html {
  const first = times.slice(0, 1).map((ms) => ({ text: `${seconds(ms)} after boot`, x: xOf(ms) }));
  const others = [...times.slice(-1), ...times].map((ms) => ({ text: seconds(ms), x: xOf(ms) }));
  const shown = placeLabels(distinct([...first, ...others]), BOUNDS, 1);
  return html`${shown.map(
    ({ of, text, x, anchor }) =>
      html`<path class="axis" d="M${of.x} ${bottom}v18" />
        <text x="${x}" y="${bottom + 16}" text-anchor="${anchor}">${text}</text>`,
  )}`;
}

/** One for each place: a drawing has fewer of them than a run has records. */
function distinct(all: readonly { text: string; x: number }[]): { text: string; x: number }[] {
  const places = new Set<number>();
  return all.filter(({ x }) => !places.has(Math.round(x)) && places.add(Math.round(x)));
}

const timesOf = ({ ms, wire, serial }: TimelineRecord) =>
  [ms, ...(wire.copies ?? []).map((copy) => copy.ms), serial.ms].filter((time) => time !== undefined);

function laneTimes(record: TimelineRecord, lane: Lane): number[] {
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

/** Milliseconds as seconds, three digits behind the point. */
function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`;
}
