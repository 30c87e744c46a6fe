import { addressFamily } from './address.ts';
import { checkDevice, type NetconsoleTarget, renderTarget } from './target.ts';

/** How a machine is to send its kernel's messages. */
export interface Setup {
  /** `targetMac` null: that machine finds its next hop's. */
  target: Omit<NetconsoleTarget, 'targetMac'> & { targetMac: string | null };
  /** Of the target's folder in configfs. */
  name: string;
  /** Sent with each record (Linux 6.9 on, extended format). */
  userdata: readonly (readonly [key: string, value: string])[];
}

/** Bytes: Linux drivers/net/netconsole.c, MAX_EXTRADATA_NAME_LEN and MAX_EXTRADATA_VALUE_LEN, without their NULs. */
const LONGEST = { key: 53, value: 199 };

/** What is wrong with such a set-up, a sentence; undefined where nothing is. */
export function checkSetup({ name, target, userdata }: Setup): string | undefined {
  if (!/^[\w.-]{1,64}$/.test(name) || /^\.+$/.test(name))
    return `The name "${name}" can’t be a folder’s: letters, digits, -, _ and dots.`;
  if (target.device === '') return 'The name of the device to send by is empty.';
  const device = checkDevice(target.device);
  if (device) return device.message;
  if (userdata.length > 0 && !target.extended)
    return 'Userdata is sent in the extended format only, and this is basic.';
  for (const [key, value] of userdata) {
    if (!/^[^\s=/]+$/.test(key) || /^\.+$/.test(key))
      return `The key "${key}" of userdata can’t be a folder’s name: no blank, =, or /.`;
    if (bytes(key) > LONGEST.key) return `The key "${key}" of userdata is longer than ${LONGEST.key} bytes.`;
    if (/[\n\r\0]/.test(value) || value === '')
      return `The value of userdata ${key} must be one line that is not empty.`;
    if (bytes(value) > LONGEST.value)
      return `The value of userdata ${key} is longer than ${LONGEST.value} bytes.`;
  }
  return undefined;
}

const bytes = (text: string) => new TextEncoder().encode(text).length;

/** The value of `netconsole=`. Without a MAC address it leaves that to the kernel: broadcast. */
export function renderParameter({ target }: Setup): string {
  return renderTarget({ ...target, targetMac: target.targetMac ?? '' });
}

/**
 * A script for `sh` that sets the target up on the machine it runs on, as root, with the checks that netconsole itself
 * leaves out. It changes nothing before all of them are passed, and can be run again. `print` as its argument: only
 * prints the parameter, with the next hop's MAC address in it.
 */
export function renderScript(setup: Setup): string {
  const { target, name, userdata } = setup;
  const values = {
    device: target.device,
    local_port: String(target.sourcePort),
    local_ip: target.sourceAddress ?? '',
    remote_port: String(target.targetPort),
    remote_ip: target.targetAddress,
    remote_mac: target.targetMac ?? '',
    extended: target.extended ? '1' : '0',
    release: target.release ? '1' : '0',
    family: addressFamily(target.targetAddress) === 'IPv6' ? '-6' : '-4',
    name,
  };
  const assignments = Object.entries(values).map(([key, value]) => `${key}=${quote(value)}`);
  const items = userdata.map(([key, value]) => `  item ${quote(key)} ${quote(value)}`);
  return [HEAD, ...assignments, CHECKS, 'userdata() {', ...(items.length > 0 ? items : ['  :']), '}', SET_UP]
    .join('\n')
    .concat('\n');
}

const quote = (text: string) => (/^[\w.:/+-]*$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

const HEAD = `#!/bin/sh
# Sends this machine's kernel messages over UDP with netconsole. Made by "crashlab config"; run it as root.
# With "print" as its argument it only prints the parameter that does the same.
set -eu
`;

const CHECKS = String.raw`
say() { printf 'netconsole: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

[ "$(id -u)" = 0 ] || fail "run this as root"
case $device in
  *:*) # Its MAC address: the name is looked up.
    wanted=$device
    device=
    for one in /sys/class/net/*; do
      if [ "$(cat "$one/address" 2>/dev/null)" = "$wanted" ] && [ ! -e "$one/master" ]; then device=$(basename "$one"); fi
    done
    [ "$device" ] || fail "no network device here has the MAC address $wanted"
    ;;
esac
net=/sys/class/net/$device
[ -e "$net" ] || fail "there is no network device $device; there are: $(echo $(ls /sys/class/net))"
if [ -e "$net/master" ]; then
  fail "$device is a port of $(basename "$(readlink -f "$net/master")"), which netconsole refuses: name that device"
fi
[ "$(cat "$net/carrier" 2>/dev/null)" = 1 ] || fail "$device has no link: ip link set $device up, or look at the cable"
if [ -e "$net/bridge" ] || [ -e "$net/bonding" ]; then
  say "warning: $device is a bridge or bond: the driver of each of its ports must be able to poll (see dmesg)"
fi

# A link-local address is on each link: the route to it is that of the device.
case $remote_ip in
  [fF][eE][89aAbB]?:*) link="oif $device" ;;
  *) link= ;;
esac
route=$(ip $family route get "$remote_ip" $link 2>/dev/null | head -n 1) || route=
[ "$route" ] || fail "this machine has no route to $remote_ip"
# The word behind one in the route; "via inet6 ADDRESS" is IPv4 by a router of IPv6.
after() { printf ' %s \n' "$route" | sed -n "s/.* $1 \(inet6 \)\{0,1\}\([^ ]*\) .*/\2/p"; }
by=$(after dev)
if [ "$by" != "$device" ]; then
  [ "$remote_mac" ] || fail "$remote_ip is reached by $by, not by $device: send by that, or say the MAC address (--mac)"
  say "warning: $remote_ip is reached by $by, not by $device"
fi
[ "$local_ip" ] || local_ip=$(after src)
[ "$local_ip" ] || fail "$device has no address to send from"
if [ -z "$remote_mac" ]; then
  hop=$(after via)
  [ "$hop" ] || hop=$remote_ip
  # Whoever is asked for the address answers, or fails; the ping itself need not.
  ping $family -c 1 -W 1 "$hop" >/dev/null 2>&1 || :
  remote_mac=$(ip $family neigh show "$hop" dev "$device" | sed -n 's/.*lladdr \([0-9a-f:]*\).*/\1/p' | head -n 1)
  [ "$remote_mac" ] || fail "$hop, the next hop to $remote_ip, does not say its MAC address on $device: is it there?"
fi
if [ "$#" -gt 0 ] && [ "$1" = print ]; then
  flags=
  [ "$extended" = 0 ] || flags=+
  [ "$release" = 0 ] || flags=+r
  printf '%s\n' "netconsole=$flags$local_port@$local_ip/$device,$remote_port@$remote_ip/$remote_mac"
  exit 0
fi

modprobe netconsole 2>/dev/null || :
targets=/sys/kernel/config/netconsole
[ -d "$targets" ] || mount -t configfs none /sys/kernel/config 2>/dev/null || :
[ -d "$targets" ] || fail "this kernel has no $targets: it lacks netconsole, or CONFIG_NETCONSOLE_DYNAMIC"

# Not by echo: that of some shells takes -n and backslashes for orders.
set_to() { printf '%s\n' "$2" >"$target/$1" || fail "$1 can't be set to $2: $(dmesg | tail -n 1)"; }
item() {
  [ -d "$target/userdata" ] || fail "this kernel's netconsole has no userdata (Linux 6.9 has)"
  mkdir -p "$target/userdata/$1"
  printf '%s\n' "$2" >"$target/userdata/$1/value"
}
`;

const SET_UP = String.raw`
target=$targets/$name
mkdir -p "$target"
[ "$(cat "$target/enabled")" = 0 ] || set_to enabled 0
set_to dev_name "$device"
set_to local_port "$local_port"
set_to local_ip "$local_ip"
set_to remote_port "$remote_port"
set_to remote_ip "$remote_ip"
set_to remote_mac "$remote_mac"
# Before the format, which release depends on, it is switched off.
[ ! -e "$target/release" ] || set_to release 0
set_to extended "$extended"
if [ "$release" = 1 ]; then
  [ -e "$target/release" ] || fail "this kernel's netconsole has no release (Linux 6.6 has)"
  set_to release 1
fi
userdata
set_to enabled 1
[ "$(cat "$target/enabled")" = 1 ] || fail "netconsole refuses it: $(dmesg | tail -n 1)"
say "messages go from $local_ip by $device to $remote_ip port $remote_port ($remote_mac)"

level=$(cut -f 1 /proc/sys/kernel/printk)
if [ "$level" -lt 8 ] && ! grep -qw ignore_loglevel /proc/cmdline; then
  say "warning: the console's log level is $level: messages of that level and above it are not sent (dmesg -n 8)"
fi
panic=$(cat /proc/sys/kernel/panic)
if [ "$panic" != 0 ] && grep '^netcon' /proc/consoles | grep -q '(.*N'; then
  say "warning: with panic=$panic this kernel reboots before netconsole sends a word of the panic:"
  say "  sysctl kernel.panic=0, and a watchdog for the reboot"
fi
mask=$(cat /proc/sys/kernel/sysrq 2>/dev/null || echo 1)
if [ "$mask" != 1 ] && [ $((mask & 8)) = 0 ] && ! grep -q sysrq_always_enabled /proc/cmdline; then
  say "warning: kernel.sysrq=$mask allows none of the keys that print (t, w, l, m): sysctl kernel.sysrq=1"
fi
`.trimStart();
