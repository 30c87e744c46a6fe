import { expect, test } from 'vitest';
import { again } from '../../harness/report/again.ts';
import { start, verdict } from './build.ts';

const run = verdict('sysrq-crash', { cell: { arch: 'x86-64' } });
const guests = { wire: 'stream', fresh: false, append: '' };

test('a run is made again by its cell, and what all guests of its record had', () => {
  expect(again(run, start(1))).toBe(
    'crashlab run sysrq-crash --kernel 6.1.0-56-cloud-amd64 --arch x86-64 --nic virtio-net --vcpus 1 --panic 0 --format extended',
  );
  const odd = { ...start(1), guests: { wire: 'udp', fresh: true, append: 'log_buf_len=4M quiet' } };
  expect(again(run, odd)).toMatch(/ --wire udp --fresh --append 'log_buf_len=4M quiet'$/);
});

test('a kernel of one’s own is named by its files', () => {
  const own = {
    ...start(1),
    guests: { ...guests, ownKernel: { image: 'my builds/bzImage', modules: 'mods' } },
  };
  expect(again(run, own)).toContain(" --kernel 'my builds/bzImage' --modules mods --arch ");
});
