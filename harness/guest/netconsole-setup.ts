import { CrashlabError } from '../host/error.ts';
import type { GuestAddresses } from '../machine/arguments.ts';
import type { Agent } from './agent.ts';

/** Where the host listens, as a netconsole target names it. */
export interface NetconsoleTarget {
  port: number;
  format: 'basic' | 'extended';
}

const TARGETS = '/sys/kernel/config/netconsole';
const TARGET = `${TARGETS}/crashlab`;

/** The one IPv4 and IPv6 network of a guest. slirp's own numbers, so that both wires look alike to the guest. */
export const ADDRESSES: GuestAddresses = {
  mac: '52:54:00:12:34:56',
  ipv4: '10.0.2.15',
  ipv6: 'fec0::15',
  hostMac: '52:55:0a:00:02:02',
  hostIpv4: '10.0.2.2',
  hostIpv6: 'fec0::2',
};

/** What a kernel may have of IPv6 for the NIC, and what keeps it from talking without being asked. */
const IPV6 = '/proc/sys/net/ipv6/conf/eth0';
const IPV6_QUIET = {
  /** Nobody waits for duplicates. */
  accept_dad: 0,
  /** There is no router: asked for, it is asked for ever, at any moment of a clone's life. */
  router_solicitations: 0,
  /** In ms. Multicast groups are reported twice, the second time in here: the clones have nothing left to report. */
  mldv2_unsolicited_report_interval: 1,
};

/**
 * Gives the NIC its addresses, brings it up and waits for its link, which an emulated e1000 takes two seconds to find
 * and the kernel up to one to tell to its protocols: before that nothing is sent. IPv6 where the kernel has it.
 */
export async function bringUpNetwork(agent: Agent, signal: AbortSignal): Promise<void> {
  const { ipv4, ipv6 } = ADDRESSES;
  const has = `[ -e ${IPV6} ]`;
  const quiet = Object.entries(IPV6_QUIET).map(([name, value]) => `echo ${value} > ${IPV6}/${name}`);
  await agent.must(
    [
      `{ ! ${has} || { ${quiet.join(' && ')}; }; }`,
      `ip link set eth0 up && ip addr add ${ipv4}/24 dev eth0`,
      `{ ! ${has} || ip -6 addr add ${ipv6}/64 dev eth0; }`,
    ].join(' && '),
    signal,
  );
  const link = {
    carrier: '"$(cat /sys/class/net/eth0/carrier)"',
    state: '"$(cat /sys/class/net/eth0/operstate)"',
  };
  await agent.must(
    `until [ ${link.carrier} = 1 ] && [ ${link.state} != down ]; do usleep 20000; done`,
    signal,
  );
}

/** A panic halts the guest until a run says otherwise, whatever `panic=` the user's parameters have. */
export async function haltOnPanic(agent: Agent, signal: AbortSignal): Promise<void> {
  await agent.must('echo 0 > /proc/sys/kernel/panic', signal);
}

/**
 * Creates and enables netconsole's target through configfs, which unlike the module parameter does not replay
 * the whole log. Linux Documentation/networking/netconsole.rst. Errors: KERNEL_WITHOUT.
 */
export async function enableNetconsole(
  agent: Pick<Agent, 'run' | 'must'>,
  target: NetconsoleTarget,
  signal: AbortSignal,
): Promise<void> {
  if ((await agent.run(`[ -d ${TARGETS} ]`, signal)).status !== 0) throw withoutTargets();
  const settings: Record<string, string | number> = {
    dev_name: 'eth0',
    local_ip: ADDRESSES.ipv4,
    remote_ip: ADDRESSES.hostIpv4,
    remote_mac: ADDRESSES.hostMac,
    remote_port: target.port,
    extended: target.format === 'extended' ? 1 : 0,
    enabled: 1,
  };
  const writes = Object.entries(settings).map(([name, value]) => write(name, value));
  await agent.must([`mkdir ${TARGET}`, ...writes, `[ "$(cat ${TARGET}/enabled)" = 1 ]`].join(' && '), signal);
}

/** Changes settings of the target; netconsole takes them only while it is disabled. */
export async function changeTarget(
  agent: Agent,
  settings: Record<string, string | number>,
  signal: AbortSignal,
): Promise<void> {
  const writes = Object.entries({ enabled: 0, ...settings }).map(([name, value]) => write(name, value));
  await agent.must([...writes, write('enabled', 1)].join(' && '), signal);
}

const write = (name: string, value: string | number) => `echo ${value} > ${TARGET}/${name}`;

/** Points the target at another port. */
export function retargetNetconsole(agent: Agent, port: number, signal: AbortSignal): Promise<void> {
  return changeTarget(agent, { remote_port: port }, signal);
}

function withoutTargets(): CrashlabError {
  return new CrashlabError('guest', 'KERNEL_WITHOUT', `This kernel has no ${TARGETS}.`, {
    advice:
      'netconsole can’t be set up without it: build it with CONFIG_NETCONSOLE_DYNAMIC (and CONFIG_CONFIGFS_FS).',
  });
}
