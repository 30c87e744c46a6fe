// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * crashlab's lab module: what a crash lab can't do to a stock kernel from outside. One command a line, written to
 * /proc/crashlab; a read gives the last answer. The commands are described where they are done.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "lab.h"

#define LONGEST_COMMAND 256

static bool crash_in_init;
module_param(crash_in_init, bool, 0);
MODULE_PARM_DESC(crash_in_init, "oops while the module is being loaded");

/* One command at a time. */
static DEFINE_MUTEX(lock);
static char answer[LONGEST_COMMAND];

static const struct {
	const char *name;
	int (*run)(const struct lab_command *command);
} commands[] = {
	{ "burst", lab_do_burst },	 { "crash", lab_do_crash },	{ "detector", lab_do_detector },
	{ "dump", lab_do_dump },	 { "exhaust", lab_do_exhaust }, { "filter", lab_do_filter },
	{ "hold", lab_do_hold },	 { "lockup", lab_do_lockup },	{ "team", lab_do_team },
};

void lab_answer(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vscnprintf(answer, sizeof(answer), format, arguments);
	va_end(arguments);
}

int lab_refuse(int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vscnprintf(answer, sizeof(answer), format, arguments);
	va_end(arguments);
	return error;
}

const char *lab_option(const struct lab_command *command, const char *key, const char *fallback)
{
	size_t length = strlen(key);
	int i;

	for (i = 0; i < command->count; i++)
		if (!strncmp(command->words[i], key, length) && command->words[i][length] == '=')
			return command->words[i] + length + 1;
	return fallback;
}

int lab_number(const struct lab_command *command, const char *key, unsigned long fallback,
	       unsigned long most, unsigned long *number)
{
	const char *value = lab_option(command, key, NULL);

	*number = fallback;
	if (!value)
		return 0;
	if (kstrtoul(value, 10, number) || *number > most)
		return lab_refuse(-EINVAL, "%s=%s is no number up to %lu\n", key, value, most);
	return 0;
}

int lab_switch(const struct lab_command *command, const char *key, const char *fallback)
{
	const char *value = lab_option(command, key, fallback);

	if (!strcmp(value, "on"))
		return 1;
	if (!strcmp(value, "off"))
		return 0;
	return lab_refuse(-EINVAL, "%s=%s is neither on nor off\n", key, value);
}

int lab_cpu(const struct lab_command *command, int *cpu)
{
	unsigned long number;
	int error = lab_number(command, "cpu", 0, nr_cpu_ids - 1, &number);

	*cpu = -1;
	if (error || !lab_option(command, "cpu", NULL))
		return error;
	if (!cpu_online(number))
		return lab_refuse(-EINVAL, "cpu=%lu is not online\n", number);
	*cpu = number;
	return 0;
}

static int run(char *line)
{
	struct lab_command command = { .name = strsep(&line, " ") };
	char *word;
	size_t i;

	while ((word = strsep(&line, " "))) {
		if (!*word)
			continue;
		if (command.count == LAB_WORDS)
			return lab_refuse(-E2BIG, "more than %d words\n", LAB_WORDS);
		command.words[command.count++] = word;
	}
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(command.name, commands[i].name))
			return commands[i].run(&command);
	return lab_refuse(-EINVAL, "no command is named %s\n", command.name);
}

static ssize_t take_command(struct file *file, const char __user *buffer, size_t size, loff_t *at)
{
	char line[LONGEST_COMMAND];
	int error;

	if (size >= sizeof(line))
		return -E2BIG;
	if (copy_from_user(line, buffer, size))
		return -EFAULT;
	line[size] = '\0';
	if (mutex_lock_killable(&lock))
		return -EINTR;
	lab_answer("done\n");
	error = run(strim(line));
	mutex_unlock(&lock);
	return error ? error : size;
}

static ssize_t give_answer(struct file *file, char __user *buffer, size_t size, loff_t *at)
{
	return simple_read_from_buffer(buffer, size, at, answer, strnlen(answer, sizeof(answer)));
}

static const struct proc_ops operations = {
	.proc_read = give_answer,
	.proc_write = take_command,
	.proc_lseek = default_llseek,
};

static int __init lab_init(void)
{
	lab_burst_init();
	if (crash_in_init) {
		pr_info("crashing in init, as asked\n");
		lab_crash_named("null")();
	}
	return proc_create(KBUILD_MODNAME, 0600, NULL, &operations) ? 0 : -ENOMEM;
}

static void __exit lab_exit(void)
{
	remove_proc_entry(KBUILD_MODNAME, NULL);
	lab_filter_exit();
	lab_detector_exit();
	lab_contexts_exit();
}

module_init(lab_init);
module_exit(lab_exit);
MODULE_AUTHOR("the crashlab authors");
MODULE_DESCRIPTION("kills a kernel in the ways a crash lab can't from outside");
MODULE_LICENSE("Dual MIT/GPL");
