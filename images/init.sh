#!/bin/busybox sh
# The whole user space of a crashlab guest: bring the NIC and netconsole up, then serve the agent.
# The agent speaks on its own serial port, so that nothing on the console can fake what it says:
#   host:  ID COMMAND              one line of shell; ID is a word of the host's choosing
#   guest: ID begin / output / ID end STATUS
# The host's order of modules (from depmod) stands in /modules; settings come as kernel parameters crashlab.*=
export PATH=/bin
[ -e /proc/cmdline ] || {
  /bin/busybox mkdir -p /proc /sys /dev /tmp /bin
  /bin/busybox --install -s /bin
  mount -t proc proc /proc
  mount -t sysfs sys /sys
  [ -c /dev/null ] || mount -t devtmpfs dev /dev
  mount -t tmpfs tmp /tmp
}

agent=/dev/ttyS1
capture=
try=
for parameter in $(cat /proc/cmdline); do
  case $parameter in
    crashlab.agent=*) agent=/dev/${parameter#*=} ;;
    crashlab.capture) capture=yes ;;
    crashlab.try-parameters) try=yes ;;
  esac
done

# As the kernel's own modprobe (images/before-init.ts) it serves the first time that the agent's port is there, before
# PID 1 is begun, and the boot goes on when it exits. For other modules that the kernel asks for there is nothing.
case $0 in
  */modprobe)
    [ -c "$agent" ] && mkdir /served || exit 1
    # The kernel's helpers have no standard streams.
    exec </dev/null >/dev/console 2>&1
    ;;
esac

# As modprobe does it: MODULE.PARAMETER=VALUE among the kernel's parameters is the module's.
parameters_of() {
  for parameter in $(cat /proc/cmdline); do
    case $parameter in
      "$1".*) echo "${parameter#*.}" ;;
    esac
  done
}

while read -r module; do
  # A netconsole that has to bring its link up itself waits four seconds for it.
  if [ "$capture$module" = yesnetconsole ]; then
    ip link set eth0 up
    until [ "$(cat /sys/class/net/eth0/carrier)" = 1 ]; do usleep 10000; done
  fi
  insmod "/lib/modules/$module.ko" $(parameters_of "$module") ||
    { [ "$try" ] && insmod "/lib/modules/$module.ko"; } ||
    echo "crashlab: cannot load $module" >/dev/kmsg
done </modules
mount -t configfs config /sys/kernel/config 2>/dev/null

# The kernel after a crash: /proc/vmcore, the memory of the one before, is there in no other.
if [ "$capture" ]; then
  echo "<6>crashlab: capture kernel, /proc/vmcore of $(stat -c %s /proc/vmcore) bytes" >/dev/kmsg
  # What a busy card has made netconsole put by is sent in the background.
  sleep 2
  poweroff -f
fi

exec <"$agent" >"$agent" 2>&1
stty raw -echo
mkfifo /tmp/commands
echo "0 begin"
echo "0 end 0"
while true; do
  # Commands are read by a process that has no children, and handed on a line at a time: `read` of busybox forgets the
  # half of a line it has when a child ends, and all that a command leaves behind is PID 1's child. Nobody kills it but
  # sysrq, and then there is another.
  {
    echo -1000 >/proc/self/oom_score_adj
    while read -r line; do echo "$line"; done
  } <"$agent" >/tmp/commands &
  # Names that no command uses by chance.
  while read -r crashlab_id crashlab_command; do
    echo "$crashlab_id begin"
    # `command`: a syntax error must not end this shell, which is PID 1. The next commands are not for its stdin.
    command eval "$crashlab_command" </dev/null
    echo "
$crashlab_id end $?"
  done </tmp/commands
done
