import { createSocket, type Socket } from 'node:dgram';
import { hostError } from '../host/failure.ts';
import { clockNs, COST_EACH, KEPT_BYTES } from './segment.ts';

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
  /** Set when the socket failed or was sent more than is kept; nothing after it is known. */
  failure: string | null = null;
  private readonly socket: Socket;
  private kept = 0;
  private closed: Promise<void> | null = null;

  private constructor(socket: Socket, onDatagram: () => void, keptBytes: number) {
    this.socket = socket;
    this.port = socket.address().port;
    socket.on('error', (error) => {
      this.failure ??= `the UDP socket failed: ${error.message}`;
    });
    socket.on('message', (payload) => {
      this.kept += payload.length + COST_EACH;
      if (this.kept > keptBytes) {
        this.failure ??= `more than ${keptBytes} bytes arrived, the rest was not kept`;
      }
      if (this.failure === null) {
        this.datagrams.push({ timeNs: clockNs(), payload: new Uint8Array(payload) });
      }
      onDatagram();
    });
  }

  static async open(onDatagram: () => void, keptBytes = KEPT_BYTES): Promise<UdpWitness> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (error) => reject(hostError(error, 'opening a UDP socket on loopback')));
      socket.bind(0, '127.0.0.1', resolve);
    });
    return new UdpWitness(socket, onDatagram, keptBytes);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.closed ??= new Promise((resolve) => {
      this.socket.close(() => resolve());
    });
    return this.closed;
  }
}
