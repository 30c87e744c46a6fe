import { addressFamily, isMac } from './address.ts';

/** Where a netconsole sends to, as its module parameter says it. */
export interface NetconsoleTarget {
  /** `+`: headers with sequence numbers. */
  extended: boolean;
  /** `r`: the kernel's release before each header. */
  release: boolean;
  sourcePort: number;
  /** Without one the kernel takes the device's. */
  sourceAddress?: string;
  /** The name of the network device, or its MAC address (Linux 6.15 and later, and 6.12.91). */
  device: string;
  targetPort: number;
  targetAddress: string;
  targetMac: string;
}

type TargetPart =
  | 'flags'
  | 'source port'
  | 'source address'
  | 'device'
  | 'target port'
  | 'target address'
  | 'target MAC';

export type ParsedTarget =
  | { ok: true; target: NetconsoleTarget }
  /** `message` is a sentence that names the part and says what it should be. */
  | { ok: false; part: TargetPart; message: string };

/** What the kernel fills in for what is left out. */
const TARGET_DEFAULTS = {
  sourcePort: 6665,
  device: 'eth0',
  targetPort: 6666,
  targetMac: 'ff:ff:ff:ff:ff:ff',
} as const;

/** IFNAMSIZ without its NUL. The kernel cuts a longer name without a word. */
const MAX_DEVICE_NAME = 15;

const FORM = '[+][r][src-port]@[src-ip]/[dev],[tgt-port]@<tgt-ip>/[tgt-mac]';

/**
 * One target of `netconsole=`, `[+][r][src-port]@[src-ip]/[dev-or-MAC],[tgt-port]@<tgt-ip>/[tgt-mac]`, cut
 * where the kernel cuts it (`alloc_param_target()` and `netconsole_parser_cmdline()` in
 * drivers/net/netconsole.c), and stricter than it on numbers and names that it would quietly change.
 */
export function parseTarget(text: string): ParsedTarget {
  const flags = /^(\+?)(r?)/.exec(text);
  const extended = flags?.[1] === '+';
  const release = flags?.[2] === 'r';
  if (release && !extended) {
    return wrong('flags', 'have "r" (prepend the release) without "+": it needs the extended format.');
  }
  const cut = cutParts(text.slice((extended ? 1 : 0) + (release ? 1 : 0)));
  if ('ok' in cut) return cut;
  return (
    checkParts(cut) ?? {
      ok: true,
      target: {
        extended,
        release,
        sourcePort: cut.sourcePort === '' ? TARGET_DEFAULTS.sourcePort : Number(cut.sourcePort),
        ...(cut.sourceAddress === '' ? {} : { sourceAddress: cut.sourceAddress }),
        device: isMac(cut.device) ? cut.device.toLowerCase() : cut.device || TARGET_DEFAULTS.device,
        targetPort: cut.targetPort === '' ? TARGET_DEFAULTS.targetPort : Number(cut.targetPort),
        targetAddress: cut.targetAddress,
        targetMac: cut.targetMac.toLowerCase() || TARGET_DEFAULTS.targetMac,
      },
    }
  );
}

/** The string that the kernel reads as this target, with nothing left to its defaults but the source address. */
export function renderTarget(target: NetconsoleTarget): string {
  const flags = `${target.extended ? '+' : ''}${target.release ? 'r' : ''}`;
  const source = `${target.sourcePort}@${target.sourceAddress ?? ''}/${target.device}`;
  return `${flags}${source},${target.targetPort}@${target.targetAddress}/${target.targetMac}`;
}

interface Parts {
  sourcePort: string;
  sourceAddress: string;
  device: string;
  targetPort: string;
  targetAddress: string;
  targetMac: string;
}

type Wrong = Extract<ParsedTarget, { ok: false }>;

function cutParts(text: string): Parts | Wrong {
  const parts: string[] = [];
  let rest = text;
  for (const [part, mark] of MARKS) {
    const at = rest.indexOf(mark);
    if (at === -1) return wrong(part, `has no "${mark}" after it; the form is ${FORM}.`);
    parts.push(rest.slice(0, at));
    rest = rest.slice(at + 1);
  }
  const [sourcePort = '', sourceAddress = '', device = '', targetPort = '', targetAddress = ''] = parts;
  return { sourcePort, sourceAddress, device, targetPort, targetAddress, targetMac: rest };
}

const MARKS: readonly [part: TargetPart, mark: string][] = [
  ['source port', '@'],
  ['source address', '/'],
  ['device', ','],
  ['target port', '@'],
  ['target address', '/'],
];

function checkParts(parts: Parts): Wrong | undefined {
  const { sourceAddress, device, targetAddress, targetMac } = parts;
  const family = addressFamily(targetAddress);
  const sourceFamily = addressFamily(sourceAddress);
  return (
    checkPort('source port', parts.sourcePort) ??
    (sourceAddress !== '' && !sourceFamily ? notAddress('source address', sourceAddress) : undefined) ??
    checkDevice(device) ??
    checkPort('target port', parts.targetPort) ??
    (targetAddress === '' ? wrong('target address', 'is missing, and has no default.') : undefined) ??
    (family ? undefined : notAddress('target address', targetAddress)) ??
    (sourceFamily && sourceFamily !== family
      ? wrong('target address', `is ${family}, but the source address is ${sourceFamily}.`)
      : undefined) ??
    (targetMac === '' || isMac(targetMac)
      ? undefined
      : wrong('target MAC', `${quoted(targetMac)} is not six hex bytes divided by colons.`))
  );
}

function checkPort(part: TargetPart, text: string): Wrong | undefined {
  if (text === '' || (/^\d{1,5}$/.test(text) && Number(text) <= 65535)) return undefined;
  return wrong(part, `${quoted(text)} is not a number from 0 to 65535.`);
}

/** What no network device can be called in a parameter (`dev_valid_name()` of Linux; `;` ends a target). */
export function checkDevice(device: string): Wrong | undefined {
  if (device.includes(':')) {
    return isMac(device) ? undefined : wrong('device', `${quoted(device)} is not a MAC address.`);
  }
  if (/[\s/;,]/.test(device) || /^\.\.?$/.test(device))
    return wrong('device', `${quoted(device)} cannot be a device's name.`);
  return device.length <= MAX_DEVICE_NAME
    ? undefined
    : wrong(
        'device',
        `${quoted(device)} is longer than the ${MAX_DEVICE_NAME} characters of a device's name.`,
      );
}

function notAddress(part: TargetPart, text: string): Wrong {
  return wrong(part, `${quoted(text)} is not an IPv4 or IPv6 address.`);
}

function wrong(part: TargetPart, problem: string): Wrong {
  return { ok: false, part, message: `The ${part} ${problem}` };
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
