import { ipv4Of } from './address.ts';
import { checkDevice, type NetconsoleTarget } from './target.ts';

/** What the module of 2001 was loaded with, as a target of today; or every mistake in it, a sentence each. */
export type Translated =
  | { ok: true; target: NetconsoleTarget; /** What was left to a default. */ notes: string[] }
  | { ok: false; problems: string[] };

const BYTES = [0, 1, 2, 3, 4, 5].map((byte) => `target_eth_byte${byte}`);
const KEYS = new Set(['dev', 'target_ip', 'source_port', 'target_port', ...BYTES]);
/** Of today's netconsole; that of 2001 had none. */
const PORTS = { source_port: 6665, target_port: 6666 };
const BROADCAST = 'ff:ff:ff:ff:ff:ff';

/**
 * The parameters of the first netconsole, as its announcement gives them (Linux 2.4.10,
 * Documentation/networking/netlogging.txt): `dev=eth1 target_ip=0x0a000701 source_port=6666 target_port=6666
 * target_eth_byte0=0x00 …`, `insmod netconsole` before them or not. Numbers are C's: decimal, hexadecimal, octal.
 */
export function parseAnnouncement(text: string): Translated {
  const words = text.split(/[\s\\]+/).filter((word) => word !== '');
  const given = words.slice(words[0] === 'insmod' ? 2 : 0);
  const values = new Map<string, string>();
  const problems: string[] = [];
  for (const word of given) {
    const at = word.indexOf('=');
    const key = at === -1 ? word : word.slice(0, at);
    if (at === -1) problems.push(`"${word}" has no value: each parameter is KEY=VALUE.`);
    else if (!KEYS.has(key))
      problems.push(
        `"${key}" is no parameter of it: there are dev, target_ip, source_port, target_port and target_eth_byte0 to 5.`,
      );
    else if (values.has(key)) problems.push(`${key} is given twice.`);
    else values.set(key, word.slice(at + 1));
  }
  const notes: string[] = [];
  const device = readDevice(values.get('dev'), problems);
  const targetAddress = readAddress(values.get('target_ip'), problems);
  const [sourcePort, targetPort] = (['source_port', 'target_port'] as const).map((key) =>
    readPort(key, values.get(key), problems, notes),
  );
  const targetMac = readMac(values, problems, notes);
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    notes,
    target: {
      extended: false,
      release: false,
      sourcePort: sourcePort ?? PORTS.source_port,
      device,
      targetPort: targetPort ?? PORTS.target_port,
      targetAddress,
      targetMac,
    },
  };
}

function readDevice(text: string | undefined, problems: string[]): string {
  if (text === undefined || text === '') problems.push('dev is missing: the network device to send from.');
  else if (checkDevice(text) || text.includes(':')) problems.push(`dev=${text} can’t be a device’s name.`);
  return text ?? '';
}

function readAddress(text: string | undefined, problems: string[]): string {
  const number = text === undefined ? null : readNumber(text);
  if (text === undefined || text === '') {
    problems.push('target_ip is missing: an IPv4 address as one number, 0x0a000701 for 10.0.7.1.');
  } else if (/^\d+\.\d+\.\d+\.\d+$/.test(text)) {
    const bytes = text.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0'));
    problems.push(`target_ip=${text} is written with dots; it was one number, 0x${bytes.join('')}.`);
  } else if (number === null || number > 0xff_ff_ff_ff) {
    problems.push(`target_ip=${text} is no number of 32 bits.`);
  }
  return ipv4Of(number ?? 0);
}

function readPort(
  key: keyof typeof PORTS,
  text: string | undefined,
  problems: string[],
  notes: string[],
): number {
  if (text === undefined) {
    notes.push(`${key} is not given: ${PORTS[key]}, today’s default.`);
    return PORTS[key];
  }
  const number = readNumber(text);
  if (number !== null && number > 0 && number <= 0xff_ff) return number;
  problems.push(`${key}=${text} is no port from 1 to 65535.`);
  return 0;
}

function readMac(values: ReadonlyMap<string, string>, problems: string[], notes: string[]): string {
  const given = BYTES.filter((key) => values.has(key));
  if (given.length === 0) {
    notes.push('No target_eth_byte is given: the broadcast address, as in 2001.');
    return BROADCAST;
  }
  const bytes = BYTES.map((key) => {
    const text = values.get(key);
    if (text === undefined) {
      problems.push(`${key} is missing: all six are needed, or none (then it was broadcast).`);
      return '';
    }
    const number = readNumber(text);
    if (number !== null && number <= 0xff) return number.toString(16).padStart(2, '0');
    problems.push(`${key}=${text} is no byte from 0x00 to 0xff.`);
    return '';
  });
  return bytes.join(':');
}

/** As `simple_strtoul()` with base 0; null for what it would stop in the middle of. */
function readNumber(text: string): number | null {
  if (/^0x[\da-f]{1,12}$/i.test(text)) return Number(text);
  if (/^0[0-7]{0,12}$/.test(text)) return Number.parseInt(text, 8);
  return /^[1-9]\d{0,12}$/.test(text) ? Number(text) : null;
}
