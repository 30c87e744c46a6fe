/** A packet of QEMU's has at most twice its own buffer of 4096 characters; a stub that sends this much is none. */
const LONGEST_PACKET = 1 << 16;

/** `$text#sum`, the sum of all characters in two hexadecimal digits: GDB manual, "Remote Serial Protocol". */
export function encodePacket(text: string): string {
  return `$${text}#${checksum(text)}`;
}

/** What a piece of the stream completed: packets without their frame, run lengths written out. */
export interface PacketsRead {
  packets: string[];
  failure: string | null;
}

/** Takes the stub's stream apart. Pure; after a failure nothing comes any more. */
export class PacketReader {
  #rest = '';
  #failure: string | null = null;

  push(text: string): PacketsRead {
    const packets: string[] = [];
    if (this.#failure === null) this.#rest += text;
    while (this.#failure === null) {
      const start = this.#rest.indexOf('$');
      // Between packets there are only acknowledgements.
      this.#rest = start === -1 ? '' : this.#rest.slice(start);
      const end = this.#rest.indexOf('#');
      if (end === -1 || this.#rest.length < end + 3) break;
      const content = this.#rest.slice(1, end);
      const sum = this.#rest.slice(end + 1, end + 3);
      this.#rest = this.#rest.slice(end + 3);
      if (sum.toLowerCase() === checksum(content)) packets.push(expandRunLength(content));
      else this.#failure = `a packet with the sum ${sum} instead of ${checksum(content)}`;
    }
    if (this.#rest.length > LONGEST_PACKET)
      this.#failure = `${this.#rest.length} bytes without a packet’s end`;
    return { packets, failure: this.#failure };
  }
}

function checksum(text: string): string {
  let sum = 0;
  for (let at = 0; at < text.length; at++) sum = (sum + text.charCodeAt(at)) & 0xff;
  return sum.toString(16).padStart(2, '0');
}

/** `0* ` is a run: the character before `*`, and as many more of it as the next character's code less 29. */
function expandRunLength(text: string): string {
  return text.replaceAll(/(.)\*(.)/gs, (_, character: string, times: string) =>
    character.repeat(Math.max(0, times.charCodeAt(0) - 29) + 1),
  );
}
