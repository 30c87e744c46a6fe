#!/bin/busybox sh
# The whole user space of a crashlab guest: bring the NIC and netconsole up, then serve the agent.
# The agent speaks on its own serial port, so that nothing on the console can fake what it says:
#   host:  ID COMMAND              one line of shell; ID is a word of the host's choosing
#   guest: ID begin / output / ID end STATUS
# The host's order of modules (from depmod) stands in /modules; settings come as kernel parameters crashlab.*=
export PATH=/bin
/bin/busybox mkdir -p /proc /sys /dev /tmp /bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
[ -c /dev/null ] || mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp

agent=/dev/ttyS1
for parameter in $(cat /proc/cmdline); do
  case $parameter in
    crashlab.agent=*) agent=/dev/${parameter#*=} ;;
  esac
done

# As modprobe does it: MODULE.PARAMETER=VALUE among the kernel's parameters is the module's.
parameters_of() {
  for parameter in $(cat /proc/cmdline); do
    case $parameter in
      "$1".*) echo "${parameter#*.}" ;;
    esac
  done
}

while read -r module; do
  insmod "/lib/modules/$module.ko" $(parameters_of "$module") || echo "crashlab: cannot load $module" >/dev/kmsg
done </modules
mount -t configfs config /sys/kernel/config 2>/dev/null

exec <"$agent" >"$agent" 2>&1
stty raw -echo
echo "0 begin"
echo "0 end 0"
# Names that no command uses by chance.
while read -r crashlab_id crashlab_command; do
  echo "$crashlab_id begin"
  # `command`: a syntax error must not end this shell, which is PID 1. The next commands are not for its stdin.
  command eval "$crashlab_command" </dev/null
  echo "
$crashlab_id end $?"
done
# The host hung up: nothing left to serve.
poweroff -f
