// SPDX-License-Identifier: MIT OR GPL-2.0
/* A poll function on the guest's own network card, as a driver that receives has. */
#include <linux/atomic.h>
#include <linux/netdevice.h>
#include "context.h"
#include "lab.h"

static struct net_device *device;
static struct napi_struct napi;
static atomic_t armed;

/* netpoll polls every function of the card, with no budget: that is not the softirq that was asked for. */
static int poll(struct napi_struct *polled, int budget)
{
	if (budget && atomic_xchg(&armed, 0))
		lab_run_job();
	if (budget)
		napi_complete_done(polled, 0);
	return 0;
}

int lab_start_napi(void)
{
	device = dev_get_by_name(&init_net, "eth0");
	if (!device)
		return -ENODEV;
	netif_napi_add(device, &napi, poll);
	napi_enable(&napi);
	atomic_set(&armed, 1);
	local_bh_disable();
	napi_schedule(&napi);
	local_bh_enable();
	return 0;
}

void lab_stop_napi(void)
{
	napi_disable(&napi);
	netif_napi_del(&napi);
	dev_put(device);
}
