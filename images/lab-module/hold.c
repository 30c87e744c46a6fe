// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * hold lock=tx|rtnl|console cpu=N ms=T|forever irqs=on|off then=…: a kernel thread takes a lock that netconsole or
 * the console needs, and keeps it. `tx` is the transmit queues' own of eth0: held as the driver's transmit has it,
 * with softirqs off, and with irqs=off as netpoll has it. Answers when the lock is held.
 */
#include <linux/completion.h>
#include <linux/console.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include "lab.h"

#define FOREVER (~0UL)
#define LONGEST_MS 86400000UL

struct hold {
	unsigned long ms;
	bool irqs_off;
	struct lab_follow follow;
	struct net_device *device;
};

/* The commands' lock lets one be taken at a time; more may be held. */
static DECLARE_COMPLETION(held);

static void hold_spinning(const struct hold *hold)
{
	u64 due = ktime_get_mono_fast_ns() + hold->ms * NSEC_PER_MSEC;

	complete(&held);
	lab_follow(&hold->follow);
	while (hold->ms == FOREVER || ktime_get_mono_fast_ns() < due)
		cpu_relax();
}

static void hold_sleeping(const struct hold *hold)
{
	complete(&held);
	lab_follow(&hold->follow);
	schedule_timeout_uninterruptible(hold->ms == FOREVER ? MAX_SCHEDULE_TIMEOUT : msecs_to_jiffies(hold->ms));
}

static void each_queue(struct net_device *device, void (*act)(struct netdev_queue *queue, int cpu))
{
	unsigned int i;

	for (i = 0; i < device->num_tx_queues; i++)
		act(netdev_get_tx_queue(device, i), smp_processor_id());
}

static void take_queue(struct netdev_queue *queue, int cpu)
{
	__netif_tx_lock(queue, cpu);
}

static void release_queue(struct netdev_queue *queue, int cpu)
{
	__netif_tx_unlock(queue);
}

static int hold_tx(void *argument)
{
	struct hold *hold = argument;
	unsigned long flags = 0;

	if (hold->irqs_off)
		local_irq_save(flags);
	else
		local_bh_disable();
	each_queue(hold->device, take_queue);
	hold_spinning(hold);
	each_queue(hold->device, release_queue);
	if (hold->irqs_off)
		local_irq_restore(flags);
	else
		local_bh_enable();
	dev_put(hold->device);
	kfree(hold);
	lab_thread_exit();
}

static int hold_rtnl(void *hold)
{
	rtnl_lock();
	hold_sleeping(hold);
	rtnl_unlock();
	kfree(hold);
	lab_thread_exit();
}

static int hold_console(void *hold)
{
	console_lock();
	hold_sleeping(hold);
	console_unlock();
	kfree(hold);
	lab_thread_exit();
}

static int (*holder_of(const char *lock))(void *hold)
{
	if (!strcmp(lock, "tx"))
		return hold_tx;
	if (!strcmp(lock, "rtnl"))
		return hold_rtnl;
	return strcmp(lock, "console") ? NULL : hold_console;
}

int lab_do_hold(const struct lab_command *command)
{
	const char *lock = lab_option(command, "lock", "tx");
	int (*holder)(void *hold) = holder_of(lock);
	bool forever = !strcmp(lab_option(command, "ms", "forever"), "forever");
	int irqs = lab_switch(command, "irqs", "on");
	struct hold wanted = { .ms = FOREVER, .irqs_off = !irqs }, *hold;
	int cpu, error;

	if (!holder)
		return lab_refuse(-EINVAL, "no lock is named %s\n", lock);
	error = irqs < 0 ? irqs : forever ? 0 : lab_number(command, "ms", 0, LONGEST_MS, &wanted.ms);
	error = error ?: lab_cpu(command, &cpu) ?: lab_parse_follow(command, &wanted.follow);
	if (error)
		return error;
	if (holder == hold_tx) {
		wanted.device = dev_get_by_name(&init_net, "eth0");
		if (!wanted.device)
			return lab_refuse(-ENODEV, "there is no eth0\n");
	}
	hold = kmemdup(&wanted, sizeof(wanted), GFP_KERNEL);
	if (!hold) {
		dev_put(wanted.device);
		return -ENOMEM;
	}
	reinit_completion(&held);
	error = lab_start_thread(holder, hold, cpu);
	if (error) {
		dev_put(wanted.device);
		kfree(hold);
		return error;
	}
	return wait_for_completion_killable(&held);
}
