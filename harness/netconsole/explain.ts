import { addressFamily } from './address.ts';
import { type NetconsoleTarget, parseTarget } from './target.ts';

/** One target of a parameter, in words; or what is wrong with it. */
export type Explained =
  | { ok: true; text: string; target: NetconsoleTarget; words: string[]; warnings: string[] }
  | { ok: false; text: string; problem: string };

/** `netconsole=`, as on a kernel's command line, for insmod and in modprobe.d; without, only targets. */
const NAME = /^(?:options\s+netconsole\s+|(?:insmod|modprobe)\s+netconsole\s+)?(?:netconsole\.)?netconsole=/;

/** Characters: Linux drivers/net/netconsole.c, MAX_PARAM_LENGTH, without its NUL. */
const LONGEST = 255;

/** What a `netconsole=` parameter means, target by target: `;` divides them. */
export function explainParameter(parameter: string): Explained[] {
  const text = parameter.trim().replace(NAME, '');
  const bare = /^(["'])(.*)\1$/.exec(text)?.[2] ?? text;
  const targets = bare.split(';');
  return [...wrongAsAWhole(bare, targets), ...explainTargets(targets)];
}

function wrongAsAWhole(text: string, targets: readonly string[]): Explained[] {
  const problems: Explained[] = [];
  if (text.length > LONGEST) {
    const problem = `It has ${text.length} characters: the kernel takes no more than ${LONGEST}, and refuses all of it.`;
    problems.push({ ok: false, text: `${text.slice(0, 40)}…`, problem });
  }
  if (targets.length > 1 && targets.includes('')) {
    const problem = 'A target is empty, a “;” too many: older kernels (6.1) then start none of them.';
    problems.push({ ok: false, text, problem });
  }
  return problems;
}

function explainTargets(targets: readonly string[]): Explained[] {
  const given = targets.filter((one) => one !== '' || targets.length === 1);
  return given.map((one) => {
    const parsed = parseTarget(one);
    if (!parsed.ok) return { ok: false, text: one, problem: parsed.message };
    const { target } = parsed;
    return { ok: true, text: one, target, words: wordsFor(target, one), warnings: warningsFor(target, one) };
  });
}

function wordsFor(target: NetconsoleTarget, text: string): string[] {
  const { extended, release, device, sourceAddress, sourcePort, targetAddress, targetPort, targetMac } =
    target;
  const by = device.includes(':') ? `the device with the MAC address ${device}` : `the device ${device}`;
  const format = extended
    ? `records with a header: level, sequence number, time${release ? ', and the kernel’s release before them' : ''}`
    : 'text as a console prints it, without sequence numbers';
  return [
    `sends ${format}`,
    `by ${by}${text.includes('/,') ? ' (the default)' : ''}`,
    `from ${sourceAddress ?? 'the address that the device has'}, UDP port ${sourcePort}`,
    `to ${targetAddress}, UDP port ${targetPort}`,
    `in frames for ${targetMac === BROADCAST ? `everybody on the segment (${targetMac})` : targetMac}`,
  ];
}

const BROADCAST = 'ff:ff:ff:ff:ff:ff';

/** What the kernel takes and what then bites. */
function warningsFor(target: NetconsoleTarget, text: string): string[] {
  const { extended, release, device, sourceAddress, targetAddress, targetMac, targetPort } = target;
  const warnings: string[] = [];
  const warn = (is: boolean, sentence: string) => {
    if (is) warnings.push(sentence);
  };
  const multicast = targetMac !== BROADCAST && Number.parseInt(targetMac.slice(0, 2), 16) % 2 === 1;
  warn(
    targetMac === BROADCAST,
    'The MAC address is broadcast: each machine on the segment gets each message, and a router forwards none. Behind a router it must be the router’s MAC address.',
  );
  warn(multicast, `${targetMac} is a multicast address: its first byte is odd.`);
  warn(targetMac === '00:00:00:00:00:00', 'No card has the MAC address 00:00:00:00:00:00.');
  warn(
    !extended,
    'Basic format: what is lost can’t be seen, and long messages are cut. Put + before it for records with sequence numbers.',
  );
  warn(release, 'The release before each record (r) needs Linux 6.6.');
  warn(device.includes(':'), 'A device named by its MAC address needs Linux 6.15, or 6.12.91.');
  warn(device === 'lo', 'The device lo: messages to the machine itself go nowhere when it crashes.');
  warn(
    sourceAddress === undefined,
    'No source address: the device must have one when netconsole starts. A netconsole that is built in starts before that, and gives up.',
  );
  warn(
    sourceAddress !== undefined && sourceAddress === targetAddress,
    'It sends to the address that it sends from.',
  );
  warn(isNowhere(targetAddress), `${targetAddress} is no machine’s address.`);
  warn(targetPort === 0, 'Nobody can listen on UDP port 0.');
  warn(/\s/.test(text), 'It has a blank in it, which ends a kernel parameter.');
  return warnings;
}

function isNowhere(address: string): boolean {
  if (addressFamily(address) === 'IPv6') return /^(?:::1?|ff.*)$/i.test(address);
  return /^(?:0|127|22[4-9]|23\d)\./.test(address);
}
