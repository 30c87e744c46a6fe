import { isUnicast, sameAddress } from './address.ts';
import { type InternetPacket } from './ipv4.ts';
import { join } from './network-order.ts';

const ADVERTISEMENT = 136;
const SOLICITATION_BYTES = 24;
const SOURCE_LINK_LAYER = 1;
const TARGET_LINK_LAYER = 2;
const SOLICITED = 0x40;
const OVERRIDE = 0x20;
/** One that came through a router is a forgery. */
export const NEVER_FORWARDED = 255;

const UNSPECIFIED = new Uint8Array(16);
const ALL_NODES = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
const SOLICITED_NODE_PREFIX = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff);

/**
 * The advertisement (RFC 4861, section 7.2.4), its checksum still zero, that answers a solicitation for `ipv6`;
 * null for another's address and for what section 7.1.1 tells a host to drop. A sender without an address is
 * looking for duplicates of its own: all nodes hear that it is taken.
 */
export function answerSolicitation(
  { source, destination, hopLimit, payload }: InternetPacket,
  host: { mac: Uint8Array; ipv6: Uint8Array },
): { destination: Uint8Array; message: Uint8Array } | null {
  if (hopLimit !== NEVER_FORWARDED || payload.length < SOLICITATION_BYTES) return null;
  if (!sameAddress(payload.subarray(8, SOLICITATION_BYTES), host.ipv6)) return null;
  const toGroup = sameAddress(destination, join(SOLICITED_NODE_PREFIX, host.ipv6.subarray(13)));
  if (!toGroup && !sameAddress(destination, host.ipv6)) return null;
  const options = optionTypes(payload.subarray(SOLICITATION_BYTES));
  if (options === null) return null;

  const searchesDuplicates = sameAddress(source, UNSPECIFIED);
  if (searchesDuplicates && (!toGroup || options.includes(SOURCE_LINK_LAYER))) return null;
  if (!searchesDuplicates && !isUnicast(source)) return null;
  return {
    destination: searchesDuplicates ? ALL_NODES : source,
    message: join(
      Uint8Array.of(ADVERTISEMENT, 0, 0, 0, searchesDuplicates ? OVERRIDE : SOLICITED | OVERRIDE, 0, 0, 0),
      host.ipv6,
      Uint8Array.of(TARGET_LINK_LAYER, 1),
      host.mac,
    ),
  };
}

/** The types of all options, or null when one has no length or runs past the end. */
function optionTypes(options: Uint8Array): number[] | null {
  const types: number[] = [];
  let offset = 0;
  while (offset < options.length) {
    const length = 8 * (options[offset + 1] ?? 0);
    if (length === 0 || offset + length > options.length) return null;
    types.push(options[offset] ?? 0);
    offset += length;
  }
  return types;
}
