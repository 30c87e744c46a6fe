// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * dump [at=ADDRESS bytes=N]: panics, and then sends a region of memory as records, for somebody to put together again:
 *   dump ADDRESS OFFSET/TOTAL HEX
 * Without an address it is the dying task's stack, from the frame that called panic() to its top: nothing of that
 * changes any more. Any other region is copied first, for it may, as the log's own buffer does; ADDRESS is that of the
 * copy.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include "lab.h"

#define BYTES_A_LINE 256
#define MOST_BYTES (16UL << 20)

static unsigned char *region;
static size_t length;
/* What is copied into the region first; NULL for one that does not change. */
static const unsigned char *source;

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

	if (source)
		memcpy(region, source, length);
	for (at = 0; at < length; at += size) {
		size = min_t(size_t, BYTES_A_LINE, length - at);
		write_hex(line, region + at, size);
		pr_emerg("dump %px %zu/%zu %s\n", region, at, length, line);
	}
	return NOTIFY_DONE;
}
static struct notifier_block sender = { .notifier_call = send_region };

static noinline void die(void)
{
	if (!region) {
		region = __builtin_frame_address(0);
		length = (unsigned char *)task_stack_page(current) + THREAD_SIZE - region;
	}
	panic("crashlab: a panic, to send memory after it");
}

int lab_do_dump(const struct lab_command *command)
{
	unsigned long address, bytes;
	int error = lab_number(command, "at", 0, ULONG_MAX, &address);

	if (!error)
		error = lab_number(command, "bytes", 0, MOST_BYTES, &bytes);
	if (error)
		return error;
	if (!address != !bytes)
		return lab_refuse(-EINVAL, "a region is at=ADDRESS bytes=N, both\n");
	if (bytes) {
		region = kvmalloc(bytes, GFP_KERNEL);
		if (!region)
			return lab_refuse(-ENOMEM, "no memory for a copy of %lu bytes\n", bytes);
		source = (const unsigned char *)address;
		length = bytes;
	}
	atomic_notifier_chain_register(&panic_notifier_list, &sender);
	die();
	return 0;
}
