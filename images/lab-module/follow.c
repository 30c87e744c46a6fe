// SPDX-License-Identifier: MIT OR GPL-2.0
/* then=burst:N,HOW: what happens while memory is gone or a lock is held. HOW is a death of crash.c, or `return`. */
#include <linux/kernel.h>
#include <linux/string.h>
#include "lab.h"

int lab_parse_follow(const struct lab_command *command, struct lab_follow *follow)
{
	char *rest = (char *)lab_option(command, "then", "return");
	char *word;

	*follow = (struct lab_follow){};
	while ((word = strsep(&rest, ","))) {
		if (!strcmp(word, "return"))
			continue;
		if (!strncmp(word, "burst:", 6)) {
			if (kstrtoul(word + 6, 10, &follow->lines))
				return lab_refuse(-EINVAL, "%s is no number of lines\n", word);
			continue;
		}
		follow->crash = lab_crash_named(word);
		if (!follow->crash)
			return lab_refuse(-EINVAL, "then=%s: no such thing can follow\n", word);
	}
	return 0;
}

void lab_follow(const struct lab_follow *follow)
{
	const struct lab_burst burst = { .count = follow->lines, .size = 100, .level = 6 };

	lab_print_burst(&burst);
	if (follow->crash)
		follow->crash();
}
