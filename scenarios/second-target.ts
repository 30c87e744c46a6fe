/** A further target, and the host’s port that it sends to. */
export const SECOND = '/sys/kernel/config/netconsole/second';
export const SECOND_PORT = 6667;

const SETTINGS = {
  dev_name: 'eth0',
  local_ip: '10.0.2.15',
  remote_ip: '10.0.2.2',
  remote_mac: '52:55:0a:00:02:02',
  remote_port: SECOND_PORT,
  extended: 1,
};

/** A shell command that makes it, not yet enabled, for eth0 or another interface. */
export function makeSecond(interfaceName = 'eth0'): string {
  const writes = Object.entries({ ...SETTINGS, dev_name: interfaceName });
  return [`mkdir ${SECOND}`, ...writes.map(([name, value]) => `echo ${value} > ${SECOND}/${name}`)].join(
    ' && ',
  );
}
