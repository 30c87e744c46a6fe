#!/bin/busybox sh
# The whole user space of a crashlab guest: bring the NIC and netconsole up, then serve the agent.
# The agent speaks on its own serial port, so that nothing on the console can fake what it says:
#   host:  ID COMMAND              one line of shell
#   guest: ID begin / output / ID end STATUS
# The host's order of modules (from depmod) stands in /modules; settings come as kernel parameters crashlab.*=
export PATH=/bin
/bin/busybox mkdir -p /proc /sys /dev /tmp /bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
[ -c /dev/ttyS1 ] || mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp

agent=/dev/ttyS1
for parameter in $(cat /proc/cmdline); do
  case $parameter in
    crashlab.agent=*) agent=/dev/${parameter#*=} ;;
  esac
done

while read -r module; do
  insmod "/lib/modules/$module.ko" || echo "crashlab: cannot load $module" >/dev/kmsg
done </modules
mount -t configfs config /sys/kernel/config 2>/dev/null

exec <"$agent" >"$agent" 2>&1
stty raw -echo
echo "0 begin"
echo "0 end 0"
while read -r id command; do
  echo "$id begin"
  eval "$command"
  echo "
$id end $?"
done
# The host hung up: nothing left to serve.
poweroff -f
