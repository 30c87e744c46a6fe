// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * dump: panics, and then sends the dying task's stack as records, for somebody to put together again:
 *   dump stack ADDRESS OFFSET/TOTAL HEX
 * from the frame that called panic() to the stack's top: nothing of that changes any more.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include "lab.h"

#define BYTES_A_LINE 256

static unsigned char *region;
static size_t length;

/* The kernel's own bin2hex() has moved from header to header. */
static void write_hex(char *text, const unsigned char *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < size; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * size] = '\0';
}

static int send_region(struct notifier_block *self, unsigned long reason, void *message)
{
	static char line[2 * BYTES_A_LINE + 1];
	size_t at, size;

	for (at = 0; at < length; at += size) {
		size = min_t(size_t, BYTES_A_LINE, length - at);
		write_hex(line, region + at, size);
		pr_emerg("dump stack %px %zu/%zu %s\n", region, at, length, line);
	}
	return NOTIFY_DONE;
}
static struct notifier_block sender = { .notifier_call = send_region };

static noinline void die(void)
{
	region = __builtin_frame_address(0);
	length = (unsigned char *)task_stack_page(current) + THREAD_SIZE - region;
	panic("crashlab: a panic, to send the stack after it");
}

int lab_do_dump(const struct lab_command *command)
{
	atomic_notifier_chain_register(&panic_notifier_list, &sender);
	die();
	return 0;
}
