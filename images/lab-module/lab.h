/* SPDX-License-Identifier: MIT OR GPL-2.0 */
#ifndef CRASHLAB_LAB_H
#define CRASHLAB_LAB_H

#include <linux/module.h>
#include <linux/types.h>

/* A line written to /proc/crashlab: its first word, and the key=value words behind it. */
#define LAB_WORDS 12
struct lab_command {
	char *name;
	char *words[LAB_WORDS];
	int count;
};

/* The value of a key, or `fallback`. */
const char *lab_option(const struct lab_command *command, const char *key, const char *fallback);
/* Its value as a number; -EINVAL, with an answer that says why, for what is none or above `most`. */
int lab_number(const struct lab_command *command, const char *key, unsigned long fallback,
	       unsigned long most, unsigned long *number);
/* 1 for on, 0 for off, else -EINVAL. */
int lab_switch(const struct lab_command *command, const char *key, const char *fallback);
/* A CPU's number, -1 where none is named, in *cpu; -EINVAL for one that is not online. */
int lab_cpu(const struct lab_command *command, int *cpu);

/* What the next read of /proc/crashlab gives. */
__printf(1, 2) void lab_answer(const char *format, ...);
__printf(2, 3) int lab_refuse(int error, const char *format, ...);

/*
 * Runs a function in a context, by name: task, irqsoff, kthread, workqueue, softirq, timer, rcu, napi, hardirq,
 * hrtimer, nmi. Waits at most `patience` jiffies until it is through: -ETIMEDOUT for one that is not.
 */
int lab_run_in(const char *context, void (*function)(void *argument), void *argument, long patience);
bool lab_may_sleep_in(const char *context);
/*
 * A thread of ours, on a CPU unless that is -1; it ends with lab_thread_exit(), and keeps the module in place. One
 * that is only made begins with wake_up_process().
 */
struct task_struct *lab_make_thread(int (*function)(void *argument), void *argument, int cpu);
int lab_start_thread(int (*function)(void *argument), void *argument, int cpu);
#define lab_thread_exit() module_put_and_kthread_exit(0)
void lab_contexts_exit(void);

/* Numbered lines of `size` bytes each, so that each that is lost can be named. */
struct lab_burst {
	unsigned long count;
	unsigned long size;
	unsigned long rate; /* lines a second; 0: as fast as it can */
	int level;
	bool may_sleep;
};
#define LAB_LONGEST_LINE 4000UL
void lab_print_burst(const struct lab_burst *burst);
void lab_burst_init(void);

/* What happens while memory is gone, or a lock is held: then=burst:N,panic */
struct lab_follow {
	unsigned long lines;
	void (*crash)(void);
};
int lab_parse_follow(const struct lab_command *command, struct lab_follow *follow);
void lab_follow(const struct lab_follow *follow);

/* NULL where this kernel has no such death. */
void (*lab_crash_named(const char *how))(void);

int lab_do_burst(const struct lab_command *command);
int lab_do_crash(const struct lab_command *command);
int lab_do_detector(const struct lab_command *command);
void lab_detector_exit(void);
int lab_do_dump(const struct lab_command *command);
int lab_do_exhaust(const struct lab_command *command);
int lab_do_filter(const struct lab_command *command);
void lab_filter_exit(void);
int lab_do_hold(const struct lab_command *command);
int lab_do_lockup(const struct lab_command *command);
int lab_do_team(const struct lab_command *command);

#endif
