import { lookup } from 'node:dns/promises';
import { CrashlabError } from '../host/error.ts';
import { addressFamily, isMac } from '../netconsole/address.ts';
import { parseAnnouncement } from '../netconsole/announcement.ts';
import { explainParameter } from '../netconsole/explain.ts';
import { checkSetup, renderParameter, renderScript, type Setup } from '../netconsole/setup.ts';
import { checkDevice, parseTarget } from '../netconsole/target.ts';
import { renderExplained, renderSetup } from '../report/setup.ts';
import { renderDocument } from '../report/json.ts';
import type { ReportIo } from './report.ts';

/** Of the JSON document: raised when a field changes its meaning or goes. */
const VERSION = 1;

export interface ConfigOptions {
  from?: string;
  to?: string;
  port?: number;
  sourcePort?: number;
  sourceAddress?: string;
  mac?: string;
  basic?: boolean;
  release?: boolean;
  userdata?: readonly string[];
  name?: string;
  script?: boolean;
  from2001?: string;
  explain?: string;
  json?: boolean;
}

/** What netconsole has where nothing is said. */
const DEFAULTS = { port: 6666, sourcePort: 6665, name: 'crashlab' };
/** Options that say how to send, by their names on the command line. */
const HOW = {
  port: '--port',
  sourcePort: '--source-port',
  sourceAddress: '--source-address',
  mac: '--mac',
  basic: '--basic',
  release: '--release',
  userdata: '--userdata',
} as const;
/** And what to make of that. */
const WHAT = { name: '--name', script: '--script' } as const;

/**
 * `crashlab config`: how to set netconsole up on a real machine, the announcement's insmod line as a parameter of today,
 * or what a parameter means. Returns 0, and 1 for a parameter that the kernel would not take. Errors: CONFIG_WRONG,
 * HOST_UNKNOWN.
 */
export async function configCommand(options: ConfigOptions, io: ReportIo): Promise<number> {
  const { from, to, from2001, explain } = options;
  const wanted = [from ?? to, from2001, explain].filter((one) => one !== undefined);
  if (wanted.length !== 1 || (from === undefined) !== (to === undefined)) {
    throw wrong(
      'It takes --from DEVICE and --to HOST, or --from-2001 PARAMETERS, or --explain PARAMETER: one of the three.',
      'crashlab config --from eth0 --to 10.0.0.2',
    );
  }
  if (explain !== undefined) refuse(options, { ...HOW, ...WHAT }, '--explain');
  if (from2001 !== undefined) refuse(options, HOW, '--from-2001');
  if (explain !== undefined) return explained(explain, options, io);
  const { setup, notes } =
    from2001 === undefined
      ? await setupOf({ ...options, from: from ?? '', to: to ?? '' })
      : translated(from2001, options);
  const problem = checkSetup(setup);
  if (problem !== undefined) throw wrong(problem);
  show(setup, notes, options, io);
  return 0;
}

/** What would not be looked at is a mistake. */
function refuse(
  options: ConfigOptions,
  names: Partial<Record<keyof ConfigOptions, string>>,
  by: string,
): void {
  const given = Object.entries(options)
    .filter(([, value]) => value !== undefined && value !== false)
    .flatMap(([key, value]) => {
      const name = Object.entries(names).find(([one]) => one === key)?.[1];
      return name === undefined || (Array.isArray(value) && value.length === 0) ? [] : [name];
    });
  if (given.length > 0) throw wrong(`${by} does not go with ${given.join(', ')}.`);
}

function explained(text: string, { json }: ConfigOptions, io: ReportIo): number {
  const targets = explainParameter(text);
  if (json) io.stdout(renderDocument({ version: VERSION, targets }));
  else io.stdout(renderExplained(targets, io));
  return targets.every(({ ok }) => ok) ? 0 : 1;
}

function translated(
  text: string,
  { name = DEFAULTS.name }: ConfigOptions,
): { setup: Setup; notes: string[] } {
  const read = parseAnnouncement(text);
  if (!read.ok) throw wrong(read.problems.join('\n'));
  return { setup: { target: read.target, name, userdata: [] }, notes: read.notes };
}

async function setupOf(
  options: ConfigOptions & { from: string; to: string },
): Promise<{ setup: Setup; notes: string[] }> {
  const { from, to, sourceAddress, mac, basic = false, release = false } = options;
  const { port = DEFAULTS.port, sourcePort = DEFAULTS.sourcePort, name = DEFAULTS.name } = options;
  const device = from === '' ? 'The name of the device to send by is empty.' : checkDevice(from)?.message;
  if (device !== undefined) throw wrong(device);
  const address = await addressOf(to);
  const notes = address === to ? [] : [`${to} is ${address}, as this machine resolves it.`];
  if (mac !== undefined && !isMac(mac)) throw wrong(`--mac ${mac} is not six hex bytes divided by colons.`);
  if (release && basic) throw wrong('--release needs the extended format: without --basic.');
  const flags = `${basic ? '' : '+'}${release ? 'r' : ''}`;
  const source = `${sourcePort}@${sourceAddress ?? ''}/${from}`;
  const parsed = parseTarget(`${flags}${source},${port}@${address}/${mac ?? ''}`);
  if (!parsed.ok) throw wrong(parsed.message);
  const userdata = (options.userdata ?? []).map((item): [string, string] => {
    const at = item.indexOf('=');
    if (at === -1) throw wrong(`--userdata ${item} is not KEY=VALUE.`);
    return [item.slice(0, at), item.slice(at + 1)];
  });
  const target = { ...parsed.target, targetMac: mac === undefined ? null : parsed.target.targetMac };
  return { setup: { target, name, userdata }, notes };
}

/** netconsole takes addresses only. */
async function addressOf(host: string): Promise<string> {
  if (addressFamily(host)) return host;
  try {
    const { address } = await lookup(host);
    return address;
  } catch (error) {
    throw new CrashlabError(
      'usage',
      'HOST_UNKNOWN',
      `${host} is no address, and this machine can’t resolve it.`,
      {
        advice: 'Give the address: netconsole itself resolves no names.',
        cause: error,
      },
    );
  }
}

function show(setup: Setup, notes: readonly string[], options: ConfigOptions, io: ReportIo): void {
  if (options.script) {
    io.stdout(renderScript(setup));
    return;
  }
  const parameter = renderParameter(setup);
  const warnings = [...notes, ...warningsFor(setup, parameter)];
  if (options.json) {
    const { name, target, userdata } = setup;
    const document = {
      version: VERSION,
      parameter,
      target,
      name,
      userdata,
      warnings,
      script: renderScript(setup),
    };
    io.stdout(renderDocument(document));
    return;
  }
  const script = 'crashlab config … --script | ssh root@MACHINE sh';
  io.stdout(renderSetup({ parameter, script, notes: warnings }, io));
}

/** What bites on real machines, beside what the parameter itself has wrong. */
function warningsFor({ target, userdata }: Setup, parameter: string): string[] {
  const [own] = explainParameter(parameter);
  return [
    ...(own?.ok ? own.warnings : []),
    ...(target.targetMac === null
      ? ['The script finds the next hop’s MAC address: run it with "print" for the parameter.']
      : []),
    ...(userdata.length > 0 ? ['Userdata is no part of the parameter: only the script sets it.'] : []),
    'The console’s log level decides what is sent: ignore_loglevel, or dmesg -n 8.',
    'On Linux 7.0 and later a panic with panic= other than 0 sends nothing of itself: panic=0, and a watchdog that reboots.',
    'A port of a bridge, bond or team is refused; a device that becomes one later stops sending.',
    'kernel.sysrq=1, for the keys that print: many distributions allow only some.',
  ];
}

function wrong(message: string, advice?: string): CrashlabError {
  return new CrashlabError('usage', 'CONFIG_WRONG', message, advice === undefined ? {} : { advice });
}
