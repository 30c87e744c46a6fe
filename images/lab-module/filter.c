// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * filter drop=all|none: a packet filter that drops every IPv4 and IPv6 packet, in and out, before any other has seen
 * it; what a firewall's rules come to, without a firewall.
 */
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/string.h>
#include "lab.h"

static bool filtering;

static unsigned int drop(void *unused, struct sk_buff *skb, const struct nf_hook_state *state)
{
	return NF_DROP;
}

static const struct nf_hook_ops hooks[] = {
	{ .hook = drop, .pf = NFPROTO_IPV4, .hooknum = NF_INET_PRE_ROUTING, .priority = NF_IP_PRI_FIRST },
	{ .hook = drop, .pf = NFPROTO_IPV4, .hooknum = NF_INET_LOCAL_OUT, .priority = NF_IP_PRI_FIRST },
	{ .hook = drop, .pf = NFPROTO_IPV6, .hooknum = NF_INET_PRE_ROUTING, .priority = NF_IP_PRI_FIRST },
	{ .hook = drop, .pf = NFPROTO_IPV6, .hooknum = NF_INET_LOCAL_OUT, .priority = NF_IP_PRI_FIRST },
};

void lab_filter_exit(void)
{
	if (filtering)
		nf_unregister_net_hooks(&init_net, hooks, ARRAY_SIZE(hooks));
	filtering = false;
}

int lab_do_filter(const struct lab_command *command)
{
	const char *what = lab_option(command, "drop", "all");
	int error;

	if (strcmp(what, "all") && strcmp(what, "none"))
		return lab_refuse(-EINVAL, "drop=%s is neither all nor none\n", what);
	lab_filter_exit();
	if (!strcmp(what, "none"))
		return 0;
	error = nf_register_net_hooks(&init_net, hooks, ARRAY_SIZE(hooks));
	if (error)
		return lab_refuse(error, "the packet filter was refused\n");
	filtering = true;
	return 0;
}
