import type { Timeline, TimelineRecord } from '../../lab/timeline.ts';
import { type Html, html, NOTHING } from './markup.ts';

/** Characters shown of one record; its whole text is in ring.txt. */
const MOST_TEXT = 4000;
/** About what one run's records may come to, in bytes. */
const MOST_BYTES = 15 << 20;
const ROW_BYTES = 330;
/** Records around one that did not arrive, where not all can be shown. */
const AROUND = 20;
const BLOCK = 200;

type Witness = TimelineRecord['wire'] | TimelineRecord['serial'];

/** About how long `renderRecords` will be. */
export function bytesOf({ records }: Timeline): number {
  return Math.min(
    MOST_BYTES,
    records.reduce((sum, record) => sum + sizeOf(record), 0),
  );
}

const sizeOf = ({ text }: TimelineRecord) => ROW_BYTES + Math.min(text.length, MOST_TEXT);

/** What was written, what came over the wire and what over the serial console, record by record. `anchor` is the run's. */
export function renderRecords(timeline: Timeline, anchor: string): Html {
  const { records } = timeline;
  if (records.length === 0) return NOTHING;
  const shown = chosen(records);
  const blocks: Html[] = [];
  for (let at = 0; at < shown.length; at += BLOCK) {
    const rows = shown.slice(at, at + BLOCK).map((record, index) => {
      const before = shown[at + index - 1];
      const skipped = before ? record.sequence - before.sequence - 1 : 0;
      return html`${skipped > 0 ? left(skipped) : NOTHING}${row(record, anchor)}`;
    });
    blocks.push(html`<div class="rows">${rows}</div>`);
  }
  return html`<div class="records">
    <div class="tools"></div>
    <div class="row head">
      <span>record</span><span class="time">written</span><span class="said">what was written</span
      ><span>wire</span><span>serial console</span>
    </div>
    ${blocks}
  </div>`;
}

const left = (count: number) =>
  html`<div class="soft">
    … ${count === 1 ? '1 record' : `${count} records`} not shown here: ring.txt in the evidence has them.
  </div>`;

/** All, or where that is too much those that did not arrive and their neighbours. */
function chosen(records: readonly TimelineRecord[]): TimelineRecord[] {
  if (records.reduce((sum, record) => sum + sizeOf(record), 0) <= MOST_BYTES) return [...records];
  const near = new Set<number>();
  for (const [at, record] of records.entries()) {
    if (!isLost(record) && at >= AROUND && at < records.length - AROUND) continue;
    for (let other = at - AROUND; other <= at + AROUND; other += 1) near.add(other);
  }
  let room = MOST_BYTES;
  return records.filter((record, at) => near.has(at) && (room -= sizeOf(record)) > 0);
}

const isLost = ({ wire }: TimelineRecord) => wire.state !== 'arrived' || wire.flaws !== undefined;

function row(record: TimelineRecord, anchor: string): Html {
  const { sequence, ms, text, section, wire, serial } = record;
  const id = `${anchor}-${sequence}`;
  const part = section === undefined ? NOTHING : html`<span class="part">${section}</span>`;
  const written = ms === undefined ? '' : (ms / 1000).toFixed(6);
  const came = (wire.copies ?? []).flatMap((copy) =>
    copy.text === undefined ? [] : [html`<br /><span class="bad">as it came: ${linesOf(copy.text)}</span>`],
  );
  return html`<div class="row${isLost(record) ? ' lost' : ''}" id="${id}">
    <a href="#${id}">${sequence}</a><span class="time">${written}</span
    ><span class="said">${part}${linesOf(text)}${came}</span><span class="wire">${onWire(record)}</span
    ><span class="serial">${atWitness(serial, serial.ms, ms)}</span>
  </div> `;
}

function onWire({ wire, ms }: TimelineRecord): Html {
  const [first, ...more] = wire.copies ?? [];
  const fragments = first?.fragments === undefined ? NOTHING : html`, ${first.fragments} fragments`;
  const again = more.length === 0 ? NOTHING : html`, ${more.length + 1} times`;
  return html`${atWitness(wire, first?.ms, ms)}${fragments}${again}`;
}

const CLASSES = { arrived: 'good', torn: 'bad', missing: 'bad', unknown: 'soft' };
const MARKS = { arrived: '✓', torn: '✗ torn', missing: '✗ missing', unknown: '? nobody knows' };

function atWitness(witness: Witness, seenMs: number | undefined, writtenMs: number | undefined): Html {
  const { state, where, flaws = [] } = witness;
  const after = seenMs === undefined || writtenMs === undefined ? '' : ` ${sayDelay(seenMs - writtenMs)}`;
  const place = where === undefined ? '' : `: ${where}`;
  const wrong = flaws.length === 0 ? NOTHING : html` <b class="bad">${flaws.join(', ')}</b>`;
  return html`<span class="${CLASSES[state]}">${MARKS[state]}</span>${place}${after}${wrong}`;
}

/** After it was written. */
function sayDelay(ms: number): string {
  const sign = ms < 0 ? '−' : '+';
  const late = Math.abs(ms);
  if (late < 1) return `${sign}${Math.round(late * 1000)} µs`;
  return late < 1000 ? `${sign}${late.toFixed(1)} ms` : `${sign}${(late / 1000).toFixed(2)} s`;
}

/** A record may have several lines. */
function linesOf(text: string): Html {
  const [first = '', ...more] = shortened(text).split('\n');
  return html`${first}${more.map((line) => html`<br />${line}`)}`;
}

function shortened(text: string): string {
  if (text.length <= MOST_TEXT) return text;
  return `${text.slice(0, MOST_TEXT)}… ${text.length - MOST_TEXT} more characters`;
}
