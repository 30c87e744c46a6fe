export interface Pause {
  ms: number;
  /** In the middle of the place that it takes. */
  x: number;
}

export interface Axis {
  xOf: (ms: number) => number;
  pauses: Pause[];
}

/** Nothing for longer than this share of all the time, and than a blink, is a pause. */
const PAUSE = { share: 0.2, ms: 200 };
/** As wide as what is written below it. */
const PAUSE_WIDTH = 110;

/** From times, which are sorted, to places, in proportion but for pauses. */
export function axisOf(times: readonly number[], { left, right }: { left: number; right: number }): Axis {
  const from = times[0] ?? 0;
  const whole = Math.max(1, (times.at(-1) ?? from) - from);
  const isPause = (ms: number) => ms > Math.max(PAUSE.share * whole, PAUSE.ms);
  const gaps = times.slice(1).map((ms, at) => ms - (times[at] ?? ms));
  const paused = gaps.filter(isPause);
  const busy = Math.max(1e-3, whole - paused.reduce((sum, ms) => sum + ms, 0));
  const scale = (right - left - paused.length * PAUSE_WIDTH) / busy;
  const places = new Map<number, number>([[from, left]]);
  const pauses: Pause[] = [];
  let x = left;
  for (const [at, gap] of gaps.entries()) {
    const width = isPause(gap) ? PAUSE_WIDTH : gap * scale;
    if (isPause(gap)) pauses.push({ ms: gap, x: x + PAUSE_WIDTH / 2 });
    x += width;
    places.set(times[at + 1] ?? 0, Math.round(x * 10) / 10);
  }
  // Where nothing has a time of its own, all stands at the beginning.
  return { xOf: (ms) => places.get(ms) ?? left, pauses };
}
