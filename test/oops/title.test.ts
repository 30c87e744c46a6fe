import { expect, test } from 'vitest';
import { titleOf } from '../../harness/oops/title.ts';

test.each([
  [
    'null-dereference',
    'BUG: kernel NULL pointer dereference, address: 0000000000000000',
    'vfs_read',
    'NULL pointer dereference in vfs_read',
  ],
  [
    'warning',
    'WARNING: CPU: 0 PID: 139 at lib/refcount.c:28 refcount_warn_saturate+0xbe/0x110',
    'refcount_warn_saturate',
    'WARNING in refcount_warn_saturate',
  ],
  [
    'kasan',
    'BUG: KASAN: slab-use-after-free in reader_poll+0x4c0/0x4f0',
    'reader_poll',
    'KASAN: slab-use-after-free in reader_poll',
  ],
  [
    'ubsan',
    'UBSAN: array-index-out-of-bounds: index 7 is out of range',
    'reader_poll',
    'UBSAN: array-index-out-of-bounds: index 7 is out of range in reader_poll',
  ],
  ['rcu-stall', 'rcu: INFO: rcu_preempt self-detected stall on CPU', null, 'RCU stall'],
  [
    'panic',
    'Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000700',
    null,
    'panic: Attempted to kill init! exitcode=#',
  ],
  [
    'other',
    'BUG: Bad rss-counter state mm:ffff888012345678 idx:1 val:2',
    null,
    'BUG: Bad rss-counter state mm:# idx:# val:#',
  ],
] as const)('%s: %s', (kind, headline, fault, title) => {
  expect(titleOf({ kind, headline }, fault)).toBe(title);
});
