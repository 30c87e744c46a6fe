// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * exhaust what=pages|slab|all irqs=on|off then=…: takes all memory, the reserves of the kernel included, says how
 * much that was, does what is to follow while nothing is left, and gives everything back.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nmi.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmstat.h>
#include "lab.h"

/* No watermark holds for __GFP_MEMALLOC: this is what is left when networking itself gets nothing more. */
#define TAKE (GFP_ATOMIC | __GFP_MEMALLOC | __GFP_NOWARN)

/* What others free meanwhile is taken too, for so many rounds. */
#define ROUNDS 16

#ifdef MAX_PAGE_ORDER
#define HIGHEST_ORDER MAX_PAGE_ORDER
#else
#define HIGHEST_ORDER (MAX_ORDER - 1)
#endif

/* Each piece holds the pointer to the next one itself: there is no memory left for a list. */
struct piece {
	struct piece *next;
};

static struct {
	struct piece *pages[HIGHEST_ORDER + 1];
	struct piece *objects;
	unsigned long page_count;
	unsigned long object_count;
	unsigned long object_bytes;
} taken;

/* Those of kmalloc: powers of two, and two between them. */
static const size_t object_sizes[] = { 8192, 4096, 2048, 1024, 512, 256, 192, 128, 96, 64, 32, 16, 8 };

static bool take_pages(void)
{
	unsigned long before = taken.page_count;
	int order;

	for (order = HIGHEST_ORDER; order >= 0; order--) {
		struct page *page;

		while ((page = alloc_pages(TAKE, order))) {
			struct piece *piece = page_address(page);

			piece->next = taken.pages[order];
			taken.pages[order] = piece;
			taken.page_count += 1UL << order;
		}
		touch_nmi_watchdog();
	}
	return taken.page_count != before;
}

static bool take_objects(void)
{
	unsigned long before = taken.object_count;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(object_sizes); i++) {
		struct piece *piece;

		while ((piece = kmalloc(object_sizes[i], TAKE))) {
			piece->next = taken.objects;
			taken.objects = piece;
			taken.object_count++;
			taken.object_bytes += object_sizes[i];
		}
		touch_nmi_watchdog();
	}
	return taken.object_count != before;
}

static void give_back(void)
{
	struct piece *piece;
	int order;

	while ((piece = taken.objects)) {
		taken.objects = piece->next;
		kfree(piece);
	}
	for (order = 0; order <= HIGHEST_ORDER; order++) {
		while ((piece = taken.pages[order])) {
			taken.pages[order] = piece->next;
			free_pages((unsigned long)piece, order);
		}
	}
	taken.page_count = taken.object_count = taken.object_bytes = 0;
}

/* Of what is set aside for contiguous memory (CMA) the kernel's own data can have nothing: arm64 has 64 MiB so. */
static unsigned long free_pages_left(void)
{
	unsigned long all = global_zone_page_state(NR_FREE_PAGES);
	unsigned long contiguous = global_zone_page_state(NR_FREE_CMA_PAGES);

	return all > contiguous ? all - contiguous : 0;
}

int lab_do_exhaust(const struct lab_command *command)
{
	const char *what = lab_option(command, "what", "all");
	bool pages = strcmp(what, "slab"), objects = strcmp(what, "pages");
	int irqs = lab_switch(command, "irqs", "on");
	struct lab_follow follow;
	unsigned long flags = 0, left;
	int error, round;
	bool took = true;

	if (pages && objects && strcmp(what, "all"))
		return lab_refuse(-EINVAL, "what=%s is neither pages, slab nor all\n", what);
	error = irqs < 0 ? irqs : lab_parse_follow(command, &follow);
	if (error)
		return error;

	if (!irqs)
		local_irq_save(flags);
	for (round = 0; took && round < ROUNDS; round++) {
		took = pages && take_pages();
		took |= objects && take_objects();
	}
	left = free_pages_left();
	lab_answer("exhausted pages=%lu objects=%lu object-bytes=%lu free-pages=%lu rounds=%d\n", taken.page_count,
		   taken.object_count, taken.object_bytes, left, round);
	pr_info("exhausted pages=%lu objects=%lu object-bytes=%lu free-pages=%lu rounds=%d\n", taken.page_count,
		taken.object_count, taken.object_bytes, left, round);
	lab_follow(&follow);
	give_back();
	if (!irqs)
		local_irq_restore(flags);
	return 0;
}
