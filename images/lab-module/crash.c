// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * crash how=NAME context=NAME: dies, or warns, in a context; crash how=NAME cpus=all: in a kernel thread on each CPU,
 * all at once.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/cpu.h>
#include <linux/err.h>
#include <linux/kdebug.h>
#include <linux/list.h>
#include <linux/notifier.h>
#include <linux/objtool.h>
#include <linux/panic.h>
#include <linux/printk.h>
#include <linux/processor.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "lab.h"

/* A thread or an interrupt that died does not come back; a warning does. */
#define PATIENCE (2 * HZ)

static void bug(void)
{
	BUG();
}

static void warn(void)
{
	WARN(1, "crashlab: a warning, as asked\n");
}

/* The compiler must not know the address: it would put a trap there instead. */
static noinline void write_to(unsigned long address)
{
	OPTIMIZER_HIDE_VAR(address);
	WRITE_ONCE(*(unsigned long *)address, 1);
}

static void null(void)
{
	write_to(0);
}

static void page_fault(void)
{
	/* The last page of the address space is never mapped: it is where error pointers point. */
	write_to((unsigned long)ERR_PTR(-MAX_ERRNO) & ~7UL);
}

static void list_del_of_a_stranger(void)
{
	struct list_head head = LIST_HEAD_INIT(head), stranger = LIST_HEAD_INIT(stranger);
	struct list_head entry = { .next = &head, .prev = &stranger };

	list_del(&entry);
}

static void panic_as_asked(void)
{
	panic("crashlab: a panic, as asked");
}

static void hang(void)
{
	for (;;)
		cpu_relax();
}

static volatile int deep;

/* More than any kernel's stack; what is done after the call keeps it from becoming a jump. */
static noinline int overflow_stack(int depth)
{
	volatile char frame[512];

	frame[0] = depth;
	if (depth < 1 << 20)
		deep += overflow_stack(depth + 1);
	return frame[0] + deep;
}

static void stack_overflow(void)
{
	overflow_stack(0);
}

static int oops_again(struct notifier_block *self, unsigned long reason, void *arguments)
{
	static atomic_t once = ATOMIC_INIT(1);

	if (reason == DIE_OOPS && atomic_xchg(&once, 0))
		null();
	return NOTIFY_DONE;
}
static struct notifier_block second_oops = { .notifier_call = oops_again };

/* The kernel tells its notifiers of an oops at the end of the report: this one dies there. */
static void recursive(void)
{
	register_die_notifier(&second_oops);
	bug();
}

#ifdef CONFIG_X86_64
/* A page fault that finds no stack to be handled on. */
static void double_fault(void)
{
	asm volatile("xorl %%esp, %%esp\n\tpushq %%rax" ::: "memory");
	hang();
}
STACK_FRAME_NON_STANDARD(double_fault);

static void divide(void)
{
	unsigned int dividend = 1, divisor = 0;

	asm volatile("xorl %%edx, %%edx; divl %1" : "+a"(dividend) : "r"(divisor) : "edx", "cc");
}

static void general_protection(void)
{
	/* Bits 63 to 47 differ: no address at all. */
	write_to(0x0123456789abcdefUL & ~7UL);
}
#endif

static const struct {
	const char *how;
	void (*crash)(void);
} crashes[] = {
	{ "bug", bug },
	{ "warn", warn },
	{ "null", null },
	{ "page-fault", page_fault },
	{ "list-del", list_del_of_a_stranger },
	{ "panic", panic_as_asked },
	{ "hang", hang },
	{ "stack-overflow", stack_overflow },
	{ "recursive", recursive },
#ifdef CONFIG_X86_64
	{ "divide", divide },
	{ "gpf", general_protection },
	{ "double-fault", double_fault },
#endif
};

void (*lab_crash_named(const char *how))(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(crashes); i++)
		if (!strcmp(how, crashes[i].how))
			return crashes[i].crash;
	return NULL;
}

static void crash(void *how)
{
	((void (*)(void))how)();
}

static void (*shared_crash)(void);
static atomic_t missing;

static int crash_together(void *unused)
{
	preempt_disable();
	atomic_dec(&missing);
	while (atomic_read(&missing) > 0)
		cpu_relax();
	shared_crash();
	preempt_enable();
	lab_thread_exit();
}

/*
 * The threads wait for each other, each keeping its CPU: all are there before the first one runs, since making one
 * takes other threads' help. The one that asks is in their way until it sleeps.
 */
static int crash_on_all_cpus(void)
{
	struct task_struct **threads = kcalloc(nr_cpu_ids, sizeof(*threads), GFP_KERNEL);
	unsigned int cpu;
	int error = threads ? 0 : -ENOMEM;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		if (error)
			break;
		threads[cpu] = lab_make_thread(crash_together, NULL, cpu);
		error = PTR_ERR_OR_ZERO(threads[cpu]);
	}
	atomic_set(&missing, num_online_cpus());
	preempt_disable();
	for (cpu = 0; !error && cpu < nr_cpu_ids; cpu++)
		if (threads[cpu])
			wake_up_process(threads[cpu]);
	preempt_enable();
	cpus_read_unlock();
	kfree(threads);
	if (!error)
		schedule_timeout_killable(PATIENCE);
	return error;
}

int lab_do_crash(const struct lab_command *command)
{
	const char *how = lab_option(command, "how", "bug");
	const char *cpus = lab_option(command, "cpus", "one");
	void (*named)(void) = lab_crash_named(how);

	if (!named)
		return lab_refuse(-EINVAL, "this kernel has no crash named %s\n", how);
	if (!strcmp(cpus, "one"))
		return lab_run_in(lab_option(command, "context", "task"), crash, named, PATIENCE);
	if (strcmp(cpus, "all"))
		return lab_refuse(-EINVAL, "cpus=%s is neither one nor all\n", cpus);
	shared_crash = named;
	return crash_on_all_cpus();
}
