import type { Timeline, TimelineRecord } from '../../lab/timeline.ts';
import { bytesOf, type Html, html, NOTHING } from './markup.ts';
import { shortened, shortName } from './shorten.ts';

/** Characters shown of one record, and copies of one; all of it is in timeline.jsonl. */
const MOST_TEXT = 4000;
const MOST_COPIES = 3;
/** What one run's records may come to, in bytes. */
const MOST_BYTES = 15 << 20;
/** Records around one that did not arrive, and at both ends, where not all can be shown. */
const AROUND = 20;
const BLOCK = 200;

type Witness = TimelineRecord['wire'] | TimelineRecord['serial'];

/** What was written, what came over the wire and what over the serial console, record by record. `anchor` is the run's. */
export function renderRecords({ records }: Timeline, anchor: string): Html {
  if (records.length === 0) return NOTHING;
  const shown = chosen(records, (record) => row(record, anchor));
  const blocks: Html[] = [];
  let told = 0;
  for (let at = 0; at < shown.length; at += BLOCK) {
    const rows = shown.slice(at, at + BLOCK).map(({ index, markup }) => {
      const before = index - told;
      told = index + 1;
      return html`${left(before)}${markup}`;
    });
    blocks.push(html`<div class="rows">${rows}</div>`);
  }
  return html`<div class="records">
    <div class="tools"></div>
    <div class="row head">
      <span>record</span><span class="time">written</span><span class="said">what was written</span
      ><span class="wire">wire</span><span class="serial">serial console</span>
    </div>
    ${blocks}${left(records.length - told)}
  </div>`;
}

const left = (count: number) =>
  count === 0
    ? NOTHING
    : html`<div class="soft">
        … ${count === 1 ? '1 record' : `${count} records`} not shown here: timeline.jsonl in the evidence has
        them.
      </div>`;

/** All, or where that is too much those that did not arrive and their neighbours, the first and the last of all. */
function chosen(
  records: readonly TimelineRecord[],
  render: (record: TimelineRecord) => Html,
): { index: number; markup: Html }[] {
  const all = records.map((record, index) => ({ index, markup: render(record) }));
  if (all.reduce((sum, one) => sum + sizeOf(one), 0) <= MOST_BYTES) return all;
  const near = new Set<number>();
  for (const [at, record] of records.entries()) {
    if (!isLost(record)) continue;
    for (let other = at - AROUND; other <= at + AROUND; other += 1) near.add(other);
  }
  const isEnd = ({ index }: { index: number }) => index < AROUND || index >= records.length - AROUND;
  let room = MOST_BYTES;
  const kept = new Set<number>();
  for (const one of [
    ...all.filter(isEnd),
    ...all.filter((other) => !isEnd(other) && near.has(other.index)),
  ]) {
    room -= sizeOf(one);
    if (room < 0) break;
    kept.add(one.index);
  }
  return all.filter(({ index }) => kept.has(index));
}

const sizeOf = ({ markup }: { markup: Html }) => bytesOf(markup);

/** On the wire, which is what a run is judged by. */
const isLost = ({ wire }: TimelineRecord) => wire.state !== 'arrived' || wire.flaws !== undefined;

/** A serial console that was not read says nothing of a record. */
const isUnprinted = ({ serial }: TimelineRecord) =>
  serial.state === 'missing' || serial.state === 'torn' || serial.flaws !== undefined;

function row(record: TimelineRecord, anchor: string): Html {
  const { sequence, ms, text, section, wire, serial } = record;
  const id = `${anchor}-${sequence}`;
  const part = section === undefined ? NOTHING : html`<span class="part">${shortName(section)}</span>`;
  const written = ms === undefined ? '' : (ms / 1000).toFixed(6);
  const others = (wire.copies ?? []).flatMap(({ text: said }) => (said === undefined ? [] : [said]));
  const came = others
    .slice(0, MOST_COPIES)
    .map((said) => html`<span class="came bad">as it came: ${linesOf(said)}</span>`);
  // What the ring buffer no longer has is only known as it came.
  const origin = ms === undefined && text !== '' ? html`<span class="part">as it came</span>` : NOTHING;
  return html`<div class="row${isLost(record) ? ' lost' : ''}" id="${id}">
    <a href="#${id}">${sequence}</a><span class="time">${written}</span
    ><span class="said">${origin}${part}<span class="text">${linesOf(text)}</span>${came}</span
    ><span class="wire">${onWire(record)}</span
    ><span class="serial${isUnprinted(record) ? ' unprinted' : ''}">${atWitness(serial, serial.ms, ms)}</span>
  </div> `;
}

function onWire({ wire, ms }: TimelineRecord): Html {
  const [first, ...more] = wire.copies ?? [];
  const fragments = first?.fragments === undefined ? NOTHING : html`, ${first.fragments} fragments`;
  const again = more.length === 0 ? NOTHING : html`, ${more.length + 1} times`;
  // Whole in itself: there is nothing to compare it with.
  const compared = ms === undefined && wire.state === 'arrived' ? ', not compared' : '';
  return html`${atWitness(wire, first?.ms, ms)}${compared}${fragments}${again}`;
}

const CLASSES = { arrived: 'good', torn: 'bad', missing: 'bad', unknown: 'soft' };
const MARKS = { arrived: '✓', torn: '✗ torn', missing: '✗ missing', unknown: '? nobody knows' };

function atWitness(witness: Witness, seenMs: number | undefined, writtenMs: number | undefined): Html {
  const { state, where, flaws = [] } = witness;
  const after = seenMs === undefined || writtenMs === undefined ? '' : ` ${sayDelay(seenMs - writtenMs)}`;
  const place = where === undefined ? '' : `: ${shortName(where)}`;
  const wrong =
    flaws.length === 0
      ? NOTHING
      : html` <b class="bad">${shortName(flaws.slice(0, MOST_COPIES).join(', '))}</b>`;
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
const linesOf = (text: string): Html =>
  html`${shortened(text, MOST_TEXT, 'timeline.jsonl')
    .split('\n')
    .map((line, at) => (at === 0 ? line : ['\n', line]))}`;
