import * as v from 'valibot';
import { CrashlabError } from '../host/error.ts';
import { shownText } from '../printk/byte-string.ts';
import type { Agent } from './agent.ts';

/** What a guest said of itself when it was up; the same for every clone of it. */
export const GuestFacts = v.object({
  release: v.pipe(v.string(), v.regex(/^[\w.+~-]{1,64}$/)),
  /** Guest-physical address and size of the VMCOREINFO note. */
  vmcoreinfo: v.object({
    address: v.pipe(v.string(), v.regex(/^0x[\da-f]{1,16}$/)),
    size: v.pipe(v.number(), v.integer(), v.minValue(1)),
  }),
  /** How this kernel's netconsole prints, probed from /proc/consoles, never taken from its version. */
  netconsole: v.picklist(['legacy', 'nbcon']),
  /** Set for a kernel with PREEMPT_RT, as its own version line (`uname -v`) says. */
  realtime: v.optional(v.literal(true)),
  /** Lines of /proc/kallsyms that belong to modules. */
  moduleSymbols: v.string(),
});
export type GuestFacts = v.InferOutput<typeof GuestFacts>;

const SHOWN = 80;

/** Asks a guest whose netconsole is set up. Errors: KERNEL_WITHOUT (VMCOREINFO), GUEST_ODD. */
export async function askFacts(agent: Pick<Agent, 'run' | 'must'>, signal: AbortSignal): Promise<GuestFacts> {
  const release = await agent.must('uname -r', signal);
  const { output: version } = await agent.run('uname -v', signal);
  const vmcoreinfo = await agent.run('cat /sys/kernel/vmcoreinfo', signal);
  if (vmcoreinfo.status !== 0) throw withoutVmcoreinfo();
  const consoles = await agent.must('cat /proc/consoles', signal);
  // A kernel with everything built in has none.
  const { output: moduleSymbols } = await agent.run('grep -F "[" /proc/kallsyms', signal);
  return parseFacts({ release, version, vmcoreinfo: vmcoreinfo.output, consoles, moduleSymbols });
}

/** Reads the guest's answers. Pure. Errors: GUEST_ODD. */
export function parseFacts(said: {
  release: string;
  version?: string;
  vmcoreinfo: string;
  consoles: string;
  moduleSymbols: string;
}): GuestFacts {
  const [address, size = ''] = said.vmcoreinfo.trim().split(/\s+/);
  // fs/proc/consoles.c prints the flags in parentheses, among them N for a console with CON_NBCON.
  const flags = /^netcon\S*\s+\S+\s+\(([^)]*)\)/m.exec(said.consoles)?.[1];
  if (flags === undefined) throw odd('no netconsole in /proc/consoles', said.consoles);
  const facts = v.safeParse(GuestFacts, {
    release: said.release.trim(),
    // kernel/ksysfs.c prints both in hexadecimal.
    vmcoreinfo: { address, size: /^[\da-f]{1,8}$/.test(size) ? Number.parseInt(size, 16) : null },
    netconsole: flags.includes('N') ? 'nbcon' : 'legacy',
    ...(/\bPREEMPT_RT\b/.test(said.version ?? '') ? { realtime: true } : {}),
    moduleSymbols: said.moduleSymbols,
  });
  if (facts.success) return facts.output;
  const [issue] = facts.issues;
  throw issue.path?.[0]?.key === 'release'
    ? odd('no release', said.release)
    : odd('no address and size in /sys/kernel/vmcoreinfo', said.vmcoreinfo);
}

function odd(what: string, said: string): CrashlabError {
  const shown = shownText(said.trim().slice(0, SHOWN));
  return new CrashlabError('guest', 'GUEST_ODD', `The guest gives ${what}: "${shown}".`, {
    advice: 'Without it nothing can be proved about this kernel; look at its console in serial.log.',
  });
}

function withoutVmcoreinfo(): CrashlabError {
  return new CrashlabError('guest', 'KERNEL_WITHOUT', 'This kernel has no /sys/kernel/vmcoreinfo.', {
    advice: 'Its ring buffer can’t be found without it: build it with CONFIG_CRASH_DUMP (or CONFIG_KEXEC).',
  });
}
