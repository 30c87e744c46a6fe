import * as v from 'valibot';
import type { Agent } from './agent.ts';

/** What a guest said of itself when it was up; the same for every clone of it. */
export const GuestFacts = v.object({
  release: v.string(),
  /** Guest-physical address and size of the VMCOREINFO note. */
  vmcoreinfo: v.object({ address: v.pipe(v.string(), v.regex(/^0x[\da-f]+$/)), size: v.number() }),
  /** How this kernel's netconsole prints, probed from /proc/consoles, never taken from its version. */
  netconsole: v.picklist(['legacy', 'nbcon']),
  /** Lines of /proc/kallsyms that belong to modules. */
  moduleSymbols: v.string(),
});
export type GuestFacts = v.InferOutput<typeof GuestFacts>;

/** Asks a guest whose netconsole is set up. */
export async function askFacts(agent: Agent, signal: AbortSignal): Promise<GuestFacts> {
  const release = (await agent.must('uname -r', signal)).trim();
  const [address = '', size = ''] = (await agent.must('cat /sys/kernel/vmcoreinfo', signal))
    .trim()
    .split(/\s+/);
  const consoles = await agent.must('cat /proc/consoles', signal);
  const moduleSymbols = await agent.must('grep -F "[" /proc/kallsyms', signal);
  return v.parse(GuestFacts, {
    release,
    // kernel/ksysfs.c prints both in hexadecimal.
    vmcoreinfo: { address, size: Number.parseInt(size, 16) },
    // fs/proc/consoles.c prints N for a console with CON_NBCON.
    netconsole: /^netcon\S*\s+\S+\s+\([^)]*N/m.test(consoles) ? 'nbcon' : 'legacy',
    moduleSymbols,
  });
}
