import type { ScenarioGuest, Seen } from '../harness/lab/scenario.ts';
import { arrivedOf, needAttribute, needIpv6, SPECIAL } from './special-records.ts';

/** A target over IPv6. */
export const IPV6 = { local_ip: 'fec0::15', remote_ip: 'fec0::2' };

/** A format and a network protocol, and what configfs calls them. */
export interface Format {
  what: string;
  format: 'basic' | 'extended';
  settings: Record<string, string | number>;
}

/** All that there are. */
export const FORMATS: Record<string, Format> = {
  'basic-ipv4': { what: 'basic format over IPv4', format: 'basic', settings: {} },
  'basic-ipv6': { what: 'basic format over IPv6', format: 'basic', settings: IPV6 },
  'extended-ipv4': { what: 'extended format over IPv4', format: 'extended', settings: {} },
  'extended-ipv6': { what: 'extended format over IPv6', format: 'extended', settings: IPV6 },
  'release-ipv4': { what: 'the release before each record', format: 'extended', settings: { release: 1 } },
  'release-ipv6': {
    what: 'the release before each record, over IPv6',
    format: 'extended',
    settings: { release: 1, ...IPV6 },
  },
};

/** Skips the run where the guest's netconsole or network has not what the format takes. */
export async function needFormat(guest: ScenarioGuest, { settings }: Format): Promise<void> {
  if ('release' in settings) await needAttribute(guest, 'release');
  if ('remote_ip' in settings) await needIpv6(guest);
}

/** Whether records come in the format, over the protocol. */
export function cameAs(seen: Seen, { settings, format }: Format): string[] {
  const address = 'remote_ip' in settings ? IPV6.remote_ip : '10.0.2.2';
  const own = seen.datagrams.filter(({ destination }) => destination.port === 6666);
  const last = own.at(-1)?.destination.address;
  const problems = last === address ? [] : [`The last datagram went to ${last}, not to ${address}.`];
  if (format === 'basic') {
    if (!seen.arrived.basicText.includes(SPECIAL.plain.text)) problems.push('The plain record never came.');
    return problems;
  }
  const wanted = 'release' in settings ? seen.guest.facts.release : undefined;
  const came = arrivedOf(SPECIAL.plain, seen);
  if (!came) problems.push('The plain record never came.');
  else if (came.release !== wanted) problems.push(`Its release is ${came.release}, not ${wanted}.`);
  return problems;
}
