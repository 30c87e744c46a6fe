// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * burst count=N size=BYTES rate=PER_SECOND context=NAME level=0..7: lines `crashlab: burst I/N abc…`, each exactly
 * `size` bytes long where that is longer than its number.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/kern_levels.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include "lab.h"


static char padding[LAB_LONGEST_LINE];

void lab_burst_init(void)
{
	size_t i;

	for (i = 0; i < sizeof(padding); i++)
		padding[i] = 'a' + i % 26;
}

/* Neither jiffies nor sleeping go on where interrupts are off. */
static void wait_until(u64 due, bool may_sleep)
{
	u64 now;

	while ((now = ktime_get_mono_fast_ns()) < due) {
		if (may_sleep && due - now > NSEC_PER_MSEC)
			usleep_range((due - now) / NSEC_PER_USEC / 2, (due - now) / NSEC_PER_USEC);
		else
			cpu_relax();
	}
}

void lab_print_burst(const struct lab_burst *burst)
{
	const char level[] = { KERN_SOH_ASCII, '0' + burst->level, '\0' };
	u64 start = ktime_get_mono_fast_ns();
	char head[64];
	unsigned long i;

	for (i = 1; i <= burst->count; i++) {
		int length = scnprintf(head, sizeof(head), pr_fmt("burst %lu/%lu "), i, burst->count);
		int rest = max_t(long, (long)burst->size - length, 0);

		if (burst->rate)
			wait_until(start + (i - 1) * NSEC_PER_SEC / burst->rate, burst->may_sleep);
		else if (burst->may_sleep)
			cond_resched();
		printk("%s%s%.*s\n", level, head, rest, padding);
	}
}

static void print(void *burst)
{
	lab_print_burst(burst);
}

int lab_do_burst(const struct lab_command *command)
{
	/* What prints it may go on when the one who asked was killed. */
	static struct lab_burst burst;
	const char *context = lab_option(command, "context", "task");
	unsigned long level;
	int error;

	error = lab_number(command, "count", 100, 1000000000, &burst.count) ?:
		lab_number(command, "size", 100, LAB_LONGEST_LINE, &burst.size) ?:
		lab_number(command, "rate", 0, 1000000, &burst.rate) ?:
		lab_number(command, "level", 6, 7, &level);
	if (error)
		return error;
	burst.level = level;
	burst.may_sleep = lab_may_sleep_in(context);
	error = lab_run_in(context, print, &burst, MAX_SCHEDULE_TIMEOUT);
	if (!error)
		lab_answer("burst lines=%lu\n", burst.count);
	return error;
}
