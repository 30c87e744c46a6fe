/** What stands before a message, and what it tells. */
export interface Prefix {
  /** Characters. */
  length: number;
  /** Whose line it is, where the prefix says so. */
  host: string | null;
}

/** Of a day or a month, in any language. */
const WORD = String.raw`(?:[^\s\d[\]<>(){}:,;"'|=]{2,8}|\d{1,2}月)`;
const CLOCK = String.raw`\d\d:\d\d:\d\d[.,\d]*`;
const ISO = String.raw`\d{4}[-/]\d\d[-/]\d\d[T ]${CLOCK}(?:Z|[+-]\d\d:?\d\d)?`;
/** `Wed Nov 26 19:49:12 2025`: ctime(). */
const CTIME = String.raw`${WORD} ${WORD} [ \d]\d \d\d:\d\d:\d\d \d{4}`;
const EPOCH = String.raw`\d{9,10}\.\d{3,9}`;

/**
 * The times that collectors write: with a weekday and a zone (`journalctl -o short-full`), OpenWrt's logread, syslog and
 * ts(1), seconds since 1970, logcat's with pid, thread and level, those of terminal programs in brackets, grabserial's.
 */
const TIME = `(?:${[
  String.raw`${WORD} ${ISO} (?:[A-Z]{2,5}|[+-]\d\d(?::?\d\d)?)`,
  String.raw`(?:${WORD} )?${ISO}`,
  String.raw`${CTIME}(?: \[\d+\.\d+\])?`,
  String.raw`${WORD} [ \d]\d ${CLOCK}`,
  String.raw`\d\d-\d\d ${CLOCK} +\d+ +\d+ [VDIWEFS](?: +:(?= ))?`,
  EPOCH,
  CLOCK,
  String.raw`\[(?:${ISO}|${CLOCK}|${EPOCH}|\d+\.\d+ \d+\.\d+)\]`,
].join('|')})`;

const PRIORITY = String.raw`<\d{1,3}>`;
const ADDRESS = String.raw`(?:\d{1,3}(?:\.\d{1,3}){3}|::ffff:[\d.]+|[\da-f]*:[\da-f]*:[\da-f:]*\w|\[[\da-f:]+\])(?::\d+)?`;
const HOST = String.raw`(?:${ADDRESS}|[\w.%-]*\w)`;
const LEVELS = 'emerg|alert|crit|err|error|warn|warning|notice|info|debug';
const FACILITY = String.raw`kern\.(?:${LEVELS}) `;

/** Syslog, journald, logread: whoever wrote this line down had it from the kernel. RFC 5424 has a version, and no colon. */
const OF_KERNEL = new RegExp(
  `^(?:${PRIORITY})?(?:1 )?${TIME} (?:(${HOST}) )?(?:${FACILITY})?` +
    String.raw`kernel(?:(?:\[\d+\])?: ?| \S+ \S+ (?:-|\[[^\]]*\])(?: \uFEFF?|$))`,
);

/** `kern  :warn  : ` of `dmesg -x`. */
const DECODED = new RegExp(String.raw`^(?:kern|user|daemon) *: ?(?:${LEVELS}) *: ?`);

/** All that stands before the kernel's own timestamp, where a collector wrote it; what programs print ends otherwise. */
const BEFORE_STAMP = new RegExp(
  `^(?:${PRIORITY})?(?:` +
    String.raw`${TIME}[:|]?(?:\s+std(?:out|err) [FP])?(?:\s+(${HOST}):?)?(?: ${FACILITY.trim()})?(?: [\w./-]+(?:\[\d+\])?:)?` +
    String.raw`|(${ADDRESS}):?)?\s*(?:${PRIORITY})?$`,
);

export function readKernelPrefix(line: string): Prefix | null {
  const syslog = line.includes('kernel') ? OF_KERNEL.exec(line) : null;
  if (syslog) return { length: syslog[0].length, host: syslog[1] ?? null };
  const decoded = DECODED.exec(line);
  return decoded && { length: decoded[0].length, host: null };
}

/** Whether all of this is a collector's; null where it may be a line of its own. */
export function readBeforeStamp(text: string): Prefix | null {
  const found = BEFORE_STAMP.exec(text);
  return found && { length: text.length, host: hostOf(found[1] ?? found[2]) };
}

/** A level or a number in its place is none. */
function hostOf(word: string | undefined): string | null {
  return word === undefined || NO_HOST.test(word) ? null : word;
}

const NO_HOST = new RegExp(`^(?:\\d+|[VDIWEFS]|${LEVELS}|trace|fatal)$`, 'i');

/** What stands before a record of netconsole's, which says by itself that it is one: also a name alone. */
export function readSender(text: string): Prefix | null {
  const name = NAMED.exec(text);
  return name ? { length: text.length, host: hostOf(name[1]) } : readBeforeStamp(text);
}

const TIMED = new RegExp(`^((?:${PRIORITY})?(?:1 )?)(${TIME})`);
const NAMED = new RegExp(String.raw`^(?:\s+|^)(${HOST}):?\s*$`);
/** `sshd[123]: `: a program speaks. */
const PROGRAM = /[\w./-]+\[\d+\]: ?$/;

/** What a prefix has in common with those before other lines; null for a program's. */
export function shapeOf(prefix: string): { pattern: RegExp; host: string | null } | null {
  if (PROGRAM.test(prefix)) return null;
  const [, priority = '', time = ''] = TIMED.exec(prefix) ?? [];
  const rest = prefix.slice(priority.length + time.length);
  const host = hostOf(NAMED.exec(rest)?.[1]);
  const blanks = /\s*$/.exec(rest)?.[0] ?? '';
  const said = rest.slice(0, rest.length - blanks.length);
  const own = host === null ? said.replace(/\d+|\s+|[^\d\s]+/g, loosely) : literally(said);
  const before = priority.replace(/\d+|\D+/g, loosely) + (time === '' ? '' : TIME);
  // Programs that take blanks away from the end leave nothing behind an empty line.
  return { pattern: new RegExp(`^${before}${own}(?:${blanks}|$)`), host };
}

function loosely(part: string): string {
  if (/^\d/.test(part)) return String.raw`\d+`;
  return /^\s/.test(part) ? String.raw`\s+` : literally(part);
}

const literally = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
