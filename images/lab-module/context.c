// SPDX-License-Identifier: MIT OR GPL-2.0
/* Runs a function where the kernel runs code: tasks, softirqs, hard interrupts, NMIs. */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/workqueue.h>
#include "context.h"
#include "lab.h"

/* The commands' lock lets one be under way at a time. */
static struct {
	void (*function)(void *argument);
	void *argument;
	struct completion done;
} job;

/* complete() takes a lock, which an NMI must not: an interrupt of its own says that the job is done. */
static void say_done(struct irq_work *work)
{
	complete(&job.done);
}
static struct irq_work done_work = IRQ_WORK_INIT_HARD(say_done);

void lab_run_job(void)
{
	job.function(job.argument);
	irq_work_queue(&done_work);
}

static int run_in_task(void)
{
	lab_run_job();
	return 0;
}

static int with_irqs_off(void)
{
	unsigned long flags;

	local_irq_save(flags);
	lab_run_job();
	local_irq_restore(flags);
	return 0;
}

static int thread(void *unused)
{
	lab_run_job();
	lab_thread_exit();
}

static int in_kthread(void)
{
	return lab_start_thread(thread, NULL, -1);
}

static void run_from_workqueue(struct work_struct *unused)
{
	lab_run_job();
}
static DECLARE_WORK(work, run_from_workqueue);

static int in_workqueue(void)
{
	return schedule_work(&work) ? 0 : -EBUSY;
}

static void run_from_tasklet(struct tasklet_struct *unused)
{
	lab_run_job();
}
static DECLARE_TASKLET(tasklet, run_from_tasklet);

static int in_softirq_of_its_own(void)
{
	tasklet_schedule(&tasklet);
	return 0;
}

static void run_from_timer(struct timer_list *unused)
{
	lab_run_job();
}
static DEFINE_TIMER(timer, run_from_timer);

static int in_timer(void)
{
	mod_timer(&timer, jiffies + 1);
	return 0;
}

static void run_from_rcu(struct rcu_head *unused)
{
	lab_run_job();
}

static int in_rcu(void)
{
	static struct rcu_head head;

	call_rcu(&head, run_from_rcu);
	return 0;
}

static void run_from_irq_work(struct irq_work *unused)
{
	lab_run_job();
}
static struct irq_work hard_work = IRQ_WORK_INIT_HARD(run_from_irq_work);

static int in_hardirq_of_its_own(void)
{
	return irq_work_queue(&hard_work) ? 0 : -EBUSY;
}

static struct hrtimer hrtimer;

static enum hrtimer_restart run_from_hrtimer(struct hrtimer *unused)
{
	lab_run_job();
	return HRTIMER_NORESTART;
}

static int in_hrtimer(void)
{
#ifdef LAB_HRTIMER_SETUP
	hrtimer_setup(&hrtimer, run_from_hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
#else
	hrtimer_init(&hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	hrtimer.function = run_from_hrtimer;
#endif
	hrtimer_start(&hrtimer, ms_to_ktime(1), HRTIMER_MODE_REL_HARD);
	return 0;
}

static const struct {
	const char *name;
	int (*start)(void);
	/* After the job is through. */
	void (*stop)(void);
	bool may_sleep;
} contexts[] = {
	{ "task", run_in_task, NULL, true },
	{ "irqsoff", with_irqs_off },
	{ "kthread", in_kthread, NULL, true },
	{ "workqueue", in_workqueue, NULL, true },
	{ "softirq", in_softirq_of_its_own },
	{ "timer", in_timer },
	{ "rcu", in_rcu },
	{ "napi", lab_start_napi, lab_stop_napi },
	{ "hardirq", in_hardirq_of_its_own },
	{ "hrtimer", in_hrtimer },
#ifdef CONFIG_X86_64
	{ "nmi", lab_start_nmi, lab_stop_nmi },
#endif
};

struct task_struct *lab_make_thread(int (*function)(void *argument), void *argument, int cpu)
{
	struct task_struct *task = kthread_create(function, argument, "crashlab");

	if (IS_ERR(task)) {
		lab_refuse(PTR_ERR(task), "no kernel thread could be made\n");
		return task;
	}
	if (cpu >= 0)
		kthread_bind(task, cpu);
	__module_get(THIS_MODULE);
	return task;
}

int lab_start_thread(int (*function)(void *argument), void *argument, int cpu)
{
	struct task_struct *task = lab_make_thread(function, argument, cpu);

	if (IS_ERR(task))
		return PTR_ERR(task);
	wake_up_process(task);
	return 0;
}

int lab_run_in(const char *context, void (*function)(void *), void *argument, long patience)
{
	size_t i;
	int error;
	long left;

	for (i = 0; i < ARRAY_SIZE(contexts); i++)
		if (!strcmp(context, contexts[i].name))
			break;
	if (i == ARRAY_SIZE(contexts))
		return lab_refuse(-EINVAL, "no context is named %s\n", context);
	job.function = function;
	job.argument = argument;
	init_completion(&job.done);
	error = contexts[i].start();
	if (error)
		return lab_refuse(error, "context %s could not be entered\n", context);
	left = wait_for_completion_killable_timeout(&job.done, patience);
	if (left <= 0)
		return lab_refuse(left ? left : -ETIMEDOUT, "what ran in context %s did not return\n", context);
	if (contexts[i].stop)
		contexts[i].stop();
	return 0;
}

bool lab_may_sleep_in(const char *context)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(contexts); i++)
		if (!strcmp(context, contexts[i].name))
			return contexts[i].may_sleep;
	return false;
}

void lab_contexts_exit(void)
{
	flush_work(&work);
	tasklet_kill(&tasklet);
	rcu_barrier();
	irq_work_sync(&hard_work);
	irq_work_sync(&done_work);
}
