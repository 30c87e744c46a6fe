import { createSocket, type Socket } from 'node:dgram';
import { hostError } from '../host/failure.ts';
import { clockNs } from './segment.ts';

/** A datagram as a real socket received it. */
export interface ReceivedDatagram {
  timeNs: bigint;
  payload: Uint8Array;
}

const RECEIVE_BUFFER = 4 * 1024 * 1024;

/** A UDP socket on loopback that keeps whatever comes: the witness of `--wire udp`. */
export class UdpWitness implements AsyncDisposable {
  readonly datagrams: ReceivedDatagram[] = [];
  readonly port: number;
  private readonly socket: Socket;

  private constructor(socket: Socket, onDatagram: () => void) {
    this.socket = socket;
    this.port = socket.address().port;
    socket.on('message', (payload) => {
      this.datagrams.push({ timeNs: clockNs(), payload: new Uint8Array(payload) });
      onDatagram();
    });
  }

  static async open(onDatagram: () => void): Promise<UdpWitness> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (error) => reject(hostError(error, 'opening a UDP socket on loopback')));
      socket.bind(0, '127.0.0.1', resolve);
    });
    return new UdpWitness(socket, onDatagram);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => {
      this.socket.close(() => resolve());
    });
  }
}
