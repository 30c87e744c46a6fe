import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressBytes, macBytes, renderAddress, renderMac } from '../../harness/wire/address.ts';
import { checksumHolds, pseudoHeaderSum } from '../../harness/wire/checksum.ts';
import { join } from '../../harness/wire/network-order.ts';
import { answer, hostAt } from '../../harness/wire/responder.ts';
import { encodeUdp } from '../../harness/wire/udp.ts';
import { arpRequest, bytesOf, duplicateSearch, GUEST, HOST, ping, ping6, solicitation } from './requests.ts';

const host = hostAt(HOST);

describe('ARP', () => {
  test('for our address is answered with ours, to the guest', () => {
    expect(answer(arpRequest(), host)).toEqual(
      join(
        macBytes(GUEST.mac),
        macBytes(HOST.mac),
        Uint8Array.of(8, 6, 0, 1, 8, 0, 6, 4, 0, 2),
        macBytes(HOST.mac),
        addressBytes(HOST.ipv4),
        macBytes(GUEST.mac),
        addressBytes(GUEST.ipv4),
      ),
    );
  });

  test('is answered to a probe without an address, and when it comes to us alone', () => {
    expect(answer(arpRequest({ sender: '0.0.0.0' }), host)).not.toBeNull();
    expect(answer(arpRequest({ to: HOST.mac }), host)).not.toBeNull();
  });

  test('is answered in the VLAN it was asked in', () => {
    const tags = Uint8Array.of(0x81, 0, 0, 42);
    expect(reply(arpRequest({ tags })).subarray(12, 18)).toEqual(join(tags, Uint8Array.of(8, 6)));
  });

  test.each([
    ['for another address', arpRequest({ target: '10.0.2.3' })],
    ['to another station', arpRequest({ to: '52:54:00:00:00:99' })],
    ['from a group address', arpRequest({ from: 'ff:ff:ff:ff:ff:ff' })],
    ['that is itself an answer', withByte(arpRequest(), 21, 2)],
    ['of another hardware', withByte(arpRequest(), 15, 6)],
    ['that is cut', arpRequest().subarray(0, 41)],
  ])('%s is not answered', (_, request) => {
    expect(answer(request, host)).toBeNull();
  });
});

describe('a neighbour solicitation', () => {
  test.each([
    ['to our solicited-node group', solicitation()],
    ['to our own address', solicitation({ mac: HOST.mac, destination: HOST.ipv6 })],
    ['without options', solicitation({ options: new Uint8Array() })],
  ])('%s is answered to the guest, solicited, with our Ethernet address', (_, request) => {
    const frame = reply(request);
    expect(envelopeOf(frame)).toEqual({
      ethernet: GUEST.mac,
      source: HOST.ipv6,
      destination: GUEST.ipv6,
      hopLimit: 255,
    });
    expect(frame.subarray(54, 56)).toEqual(Uint8Array.of(136, 0));
    expect(icmpv6ChecksumHolds(frame)).toBe(true);
    expect(frame.subarray(58)).toEqual(
      join(Uint8Array.of(0x60, 0, 0, 0), addressBytes(HOST.ipv6), Uint8Array.of(2, 1), macBytes(HOST.mac)),
    );
  });

  test('of a guest without an address is answered to all nodes, unsolicited', () => {
    const frame = reply(duplicateSearch());
    expect(envelopeOf(frame)).toEqual({
      ethernet: '33:33:00:00:00:01',
      source: HOST.ipv6,
      destination: 'ff02::1',
      hopLimit: 255,
    });
    expect(frame[58]).toBe(0x20);
    expect(icmpv6ChecksumHolds(frame)).toBe(true);
  });

  test.each([
    ['for another address', solicitation({ target: 'fd00::3' })],
    ['to a group that is not ours', solicitation({ destination: 'ff02::1:ff00:3' })],
    ['that came through a router', solicitation({ hopLimit: 254 })],
    ['from a multicast address', solicitation({ source: 'ff02::5' })],
    ['with an option without length', solicitation({ options: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0) })],
    ['with an option that is cut', solicitation({ options: Uint8Array.of(1, 2, 0, 0, 0, 0, 0, 0) })],
    ['without an address but with a link-layer option', solicitation({ source: '::' })],
    ['without an address to our own', duplicateSearch({ mac: HOST.mac, destination: HOST.ipv6 })],
    ['with a wrong checksum', withByte(solicitation(), 57, 1)],
    ['with a code', withByte(solicitation(), 55, 1)],
  ])('%s is not answered', (_, request) => {
    expect(answer(request, host)).toBeNull();
  });
});

describe('a ping', () => {
  test('is answered with its own bytes', () => {
    const request = ping();
    const frame = reply(request);
    expect(renderMac(frame.subarray(0, 6))).toBe(GUEST.mac);
    expect(renderAddress(frame.subarray(26, 30))).toBe(HOST.ipv4);
    expect(renderAddress(frame.subarray(30, 34))).toBe(GUEST.ipv4);
    expect(frame.subarray(34, 36)).toEqual(Uint8Array.of(0, 0));
    expect(checksumHolds(frame.subarray(14, 34)) && checksumHolds(frame.subarray(34))).toBe(true);
    expect(frame.subarray(38)).toEqual(request.subarray(38));
  });

  test('over IPv6 is answered with its own bytes', () => {
    const request = ping6();
    const frame = reply(request);
    expect(envelopeOf(frame)).toEqual({
      ethernet: GUEST.mac,
      source: HOST.ipv6,
      destination: GUEST.ipv6,
      hopLimit: 64,
    });
    expect(frame.subarray(54, 56)).toEqual(Uint8Array.of(129, 0));
    expect(icmpv6ChecksumHolds(frame)).toBe(true);
    expect(frame.subarray(58)).toEqual(request.subarray(58));
  });

  test('without the padding of its frame is answered the same', () => {
    const short = ping({ text: '' });
    expect(answer(join(short, new Uint8Array(18)), host)).toEqual(answer(short, host));
  });

  test.each([
    ['to another address', ping({ destination: '10.0.2.3' })],
    ['from everyone', ping({ source: '255.255.255.255' })],
    ['that is itself an answer', ping({ type: 0 })],
    ['with a wrong checksum', withByte(ping(), 36, 0)],
    ['with a wrong header checksum', withByte(ping(), 24, 0)],
    ['over IPv6 to another address', ping6({ destination: 'fd00::3' })],
    ['over IPv6 from all nodes', ping6({ source: 'ff02::1' })],
    ['over IPv6 from no address', ping6({ source: '::' })],
    ['over IPv6 that is itself an answer', ping6({ type: 129 })],
    ['over IPv6 with a wrong checksum', withByte(ping6(), 57, 1)],
  ])('%s is not answered', (_, request) => {
    expect(answer(request, host)).toBeNull();
  });
});

test('a datagram is not answered', () => {
  const source = { mac: GUEST.mac, address: GUEST.ipv4, port: 6665 };
  const destination = { mac: HOST.mac, address: HOST.ipv4, port: 6666 };
  expect(answer(encodeUdp({ source, destination, payload: bytesOf('last words') }), host)).toBeNull();
});

test('a host has an address of each family', () => {
  expect(() => hostAt({ ...HOST, ipv4: HOST.ipv6 })).toThrow(RangeError);
  expect(() => hostAt({ ...HOST, ipv6: HOST.ipv4 })).toThrow(RangeError);
});

test('no frame makes it throw, and no answer is answered', () => {
  const requests = [arpRequest(), solicitation(), duplicateSearch(), ping(), ping6()];
  const spoiled = fc
    .tuple(
      fc.constantFrom(...requests),
      fc.nat(120),
      fc.array(fc.tuple(fc.nat(90), fc.nat(255)), { maxLength: 3 }),
    )
    .map(([frame, cut, spoils]) => {
      const copy = Uint8Array.from(frame.subarray(0, cut));
      for (const [index, octet] of spoils) copy[index] = octet;
      return copy;
    });
  fc.assert(
    fc.property(fc.oneof(spoiled, fc.uint8Array({ maxLength: 120 })), (frame) => {
      const answered = answer(frame, host);
      expect(answered && answer(answered, hostAt(GUEST))).toBeNull();
    }),
    { numRuns: 1000 },
  );
});

function reply(request: Uint8Array): Uint8Array {
  const frame = answer(request, host);
  if (frame === null) throw new Error('no answer');
  return frame;
}

function envelopeOf(frame: Uint8Array): Record<string, unknown> {
  return {
    ethernet: renderMac(frame.subarray(0, 6)),
    source: renderAddress(frame.subarray(22, 38)),
    destination: renderAddress(frame.subarray(38, 54)),
    hopLimit: frame[21],
  };
}

function icmpv6ChecksumHolds(frame: Uint8Array): boolean {
  const message = frame.subarray(54);
  const sum = pseudoHeaderSum(frame.subarray(22, 38), frame.subarray(38, 54), 58, message.length);
  return checksumHolds(message, sum);
}

function withByte(frame: Uint8Array, index: number, octet: number): Uint8Array {
  const copy = Uint8Array.from(frame);
  copy[index] = octet;
  return copy;
}
