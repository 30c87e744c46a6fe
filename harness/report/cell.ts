import type { Cell } from '../lab/record.ts';
import { safe } from '../printk/safe.ts';

/** Each dimension of the matrix in words that need no heading, in the order they are said. */
const DIMENSIONS: { [D in keyof Cell]: (cell: Cell) => string } = {
  kernel: (cell) => safe(cell.kernel),
  arch: (cell) => safe(cell.arch),
  nic: (cell) => safe(cell.nic),
  vcpus: (cell) => (cell.vcpus === 1 ? '1 vCPU' : `${cell.vcpus} vCPUs`),
  panic: (cell) => `panic=${cell.panic}`,
  format: (cell) => cell.format,
};

/** The whole cell: `6.1.0-56-cloud-amd64 · amd64 · virtio-net · 1 vCPU · panic=5 · extended`. */
export function sayCell(cell: Cell): string {
  return joinWords(Object.values(DIMENSIONS).map((say) => say(cell)));
}

export function joinWords(words: string[]): string {
  return words.join(' · ');
}

/** Equal for equal cells only. */
export function cellKey(cell: Cell): string {
  return JSON.stringify([cell.kernel, cell.arch, cell.nic, cell.vcpus, cell.panic, cell.format]);
}

/** What these cells have in common, and how to say what tells one from another. */
export function compareCells(cells: Cell[]): { common: string[]; differing: (cell: Cell) => string[] } {
  const says = Object.values(DIMENSIONS);
  const varies = says.filter((say) => new Set(cells.map(say)).size > 1);
  const first = cells[0];
  return {
    common: first === undefined ? [] : says.filter((say) => !varies.includes(say)).map((say) => say(first)),
    differing: (cell) => varies.map((say) => say(cell)),
  };
}
