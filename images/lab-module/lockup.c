// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * lockup kind=soft|hard|rcu|hung-task seconds=N cpu=N: what the kernel's own detectors look for, each for so long.
 * Which of them look is the kernel's configuration; `hard` needs a perf counter or a second CPU.
 */
#include <linux/nmi.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include "lab.h"

#define LONGEST_SECONDS 86400UL

static void spin(unsigned long seconds, bool only_rcu)
{
	u64 due = ktime_get_mono_fast_ns() + seconds * NSEC_PER_SEC;

	while (ktime_get_mono_fast_ns() < due) {
		if (only_rcu)
			touch_softlockup_watchdog();
		cpu_relax();
	}
}

static int soft(void *seconds)
{
	preempt_disable();
	spin((unsigned long)seconds, false);
	preempt_enable();
	lab_thread_exit();
}

static int hard(void *seconds)
{
	unsigned long flags;

	local_irq_save(flags);
	spin((unsigned long)seconds, false);
	local_irq_restore(flags);
	lab_thread_exit();
}

static int rcu(void *seconds)
{
	preempt_disable();
	rcu_read_lock();
	spin((unsigned long)seconds, true);
	rcu_read_unlock();
	preempt_enable();
	lab_thread_exit();
}

static int hung_task(void *seconds)
{
	schedule_timeout_uninterruptible((unsigned long)seconds * HZ);
	lab_thread_exit();
}

static const struct {
	const char *kind;
	int (*lockup)(void *seconds);
} lockups[] = { { "soft", soft }, { "hard", hard }, { "rcu", rcu }, { "hung-task", hung_task } };

int lab_do_lockup(const struct lab_command *command)
{
	const char *kind = lab_option(command, "kind", "soft");
	unsigned long seconds;
	int cpu, error;
	size_t i;

	error = lab_number(command, "seconds", 60, LONGEST_SECONDS, &seconds) ?: lab_cpu(command, &cpu);
	if (error)
		return error;
	for (i = 0; i < ARRAY_SIZE(lockups); i++)
		if (!strcmp(kind, lockups[i].kind))
			break;
	if (i == ARRAY_SIZE(lockups))
		return lab_refuse(-EINVAL, "no lockup is named %s\n", kind);
	return lab_start_thread(lockups[i].lockup, (void *)seconds, cpu);
}
