// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * team device=NAME mode=KIND: gives a team without ports its mode, by the driver's own option of that name. User space
 * does it by generic netlink, with a program that a guest of busybox doesn't have; a team without a mode sends nothing.
 */
#include <linux/if_team.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/string.h>
#include <net/rtnetlink.h>
#include "lab.h"

static bool is_team(const struct net_device *device)
{
	return device && device->rtnl_link_ops && !strcmp(device->rtnl_link_ops->kind, "team");
}

/* Whoever changes a team holds rtnl_lock(), also where it has a lock of its own for those who read. */
static int set_mode(struct team *team, const char *mode)
{
	struct team_gsetter_ctx context = { .data.str_val = mode };
	struct team_option *option;

	ASSERT_RTNL();
	list_for_each_entry(option, &team->option_list, list)
		if (!strcmp(option->name, "mode"))
			return option->setter(team, &context);
	return -ENOENT;
}

int lab_do_team(const struct lab_command *command)
{
	const char *name = lab_option(command, "device", "team0");
	const char *mode = lab_option(command, "mode", "roundrobin");
	struct net_device *device;
	int error;

	rtnl_lock();
	device = __dev_get_by_name(&init_net, name);
	error = is_team(device) ? set_mode(netdev_priv(device), mode) : -ENODEV;
	rtnl_unlock();
	return error ? lab_refuse(error, "%s is no team that takes mode=%s\n", name, mode) : 0;
}
