// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * filter drop=all|none: a packet filter that drops every IPv4 and IPv6 packet, in and out, before any other has seen
 * it, and, where the kernel has a filter there, everything that eth0 is to send (nft's egress hook); what a firewall's
 * rules come to, without a firewall.
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

#ifdef CONFIG_NETFILTER_EGRESS
/* It keeps its device only while it is there: the hook goes first. */
static struct nf_hook_ops egress = { .hook = drop, .pf = NFPROTO_NETDEV, .hooknum = NF_NETDEV_EGRESS };

static int filter_egress(void)
{
	int error;

	egress.dev = dev_get_by_name(&init_net, "eth0");
	if (!egress.dev)
		return -ENODEV;
	error = nf_register_net_hook(&init_net, &egress);
	if (error)
		dev_put(egress.dev);
	return error;
}

static void no_more_egress(void)
{
	nf_unregister_net_hook(&init_net, &egress);
	dev_put(egress.dev);
}
#else
static int filter_egress(void)
{
	return 0;
}

static void no_more_egress(void)
{
}
#endif

void lab_filter_exit(void)
{
	if (filtering) {
		no_more_egress();
		nf_unregister_net_hooks(&init_net, hooks, ARRAY_SIZE(hooks));
	}
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
	error = filter_egress();
	if (error) {
		nf_unregister_net_hooks(&init_net, hooks, ARRAY_SIZE(hooks));
		return lab_refuse(error, "the packet filter of eth0 was refused\n");
	}
	filtering = true;
	return 0;
}
