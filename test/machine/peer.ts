import { Duplex } from 'node:stream';

/** The two ends of a channel: what is written to one is read from the other. */
export function channelPair(): [Duplex, Duplex] {
  const one: Duplex = half(() => other);
  const other: Duplex = half(() => one);
  return [one, other];
}

function half(peer: () => Duplex): Duplex {
  return new Duplex({
    allowHalfOpen: false,
    read() {
      // The peer pushes when it has something.
    },
    write(chunk: Buffer, _, done) {
      peer().push(chunk);
      done();
    },
    destroy(error, done) {
      peer().push(null);
      done(error);
    },
  });
}
