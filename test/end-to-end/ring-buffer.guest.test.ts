import { testRingBuffer } from './ring-buffer.ts';

/** A buffer this large is no part of the kernel image. */
const append = 'log_buf_len=4M';
const ARM64 = { kernel: 'debian:6.12', suite: 'trixie', arch: 'arm64' };

testRingBuffer('6.1', { kernel: 'debian:6.1', suite: 'bookworm' });
testRingBuffer('6.12', { kernel: 'debian:6.12', suite: 'trixie' });
testRingBuffer('a 7.x kernel', { kernel: 'debian:7', suite: 'sid' });
testRingBuffer('6.1 with its buffer in the direct map', { kernel: 'debian:6.1', suite: 'bookworm', append });
testRingBuffer('arm64 6.12', ARM64);
testRingBuffer('arm64 6.12 with its buffer in the linear map', { ...ARM64, append });
