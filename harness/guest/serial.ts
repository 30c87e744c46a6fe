import type { Duplex } from 'node:stream';
import { clockNs } from '../wire/segment.ts';

/** What came from the guest's console, as it came. */
export class SerialLog {
  private chunks: { timeNs: bigint; text: string }[] = [];

  constructor(channel: Duplex, onData: () => void) {
    channel.setEncoding('latin1');
    channel.on('data', (text: string) => {
      this.chunks.push({ timeNs: clockNs(), text });
      onData();
    });
  }

  /** Everything, a byte string. */
  text(): string {
    if (this.chunks.length > 1) {
      const [first] = this.chunks;
      this.chunks = [{ timeNs: first?.timeNs ?? 0n, text: this.chunks.map(({ text }) => text).join('') }];
    }
    return this.chunks[0]?.text ?? '';
  }

  /** The last `count` characters or a little more. */
  tail(count: number): string {
    let text = '';
    for (let at = this.chunks.length - 1; at >= 0 && text.length < count; at--)
      text = this.chunks[at]?.text + text;
    return text;
  }

  clear(): void {
    this.chunks = [];
  }
}
