// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * detector at=ADDRESS cpu=N: from then on each NMI on that CPU counts as one of its perf counter's: the kernel's hard
 * lockup detector is asked, watchdog_overflow_callback() at ADDRESS. For CPUs that count no cycles, as emulated ones. Of
 * NMIs from outside only the first CPU hears: Linux masks LINT1 on all others.
 */
#include "lab.h"

#if defined(CONFIG_X86_64) && defined(CONFIG_HARDLOCKUP_DETECTOR_PERF)
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/perf_event.h>
#include <linux/smp.h>
#include <asm/nmi.h>

static perf_overflow_handler_t detector;
static struct perf_event counter;
static int watched;

static int on_nmi(unsigned int type, struct pt_regs *regs)
{
	if (smp_processor_id() == watched)
		detector(&counter, NULL, regs);
	return NMI_HANDLED;
}

int lab_do_detector(const struct lab_command *command)
{
	unsigned long address;
	int error = lab_number(command, "at", 0, ULONG_MAX, &address) ?: lab_cpu(command, &watched);

	if (error)
		return error;
	if (!address || watched < 0)
		return lab_refuse(-EINVAL, "a detector is at=ADDRESS cpu=N, both\n");
	if (detector)
		return lab_refuse(-EBUSY, "NMIs ask the detector already\n");
	detector = (perf_overflow_handler_t)address;
	error = register_nmi_handler(NMI_LOCAL, on_nmi, 0, "crashlab detector");
	if (error)
		detector = NULL;
	return error;
}

void lab_detector_exit(void)
{
	if (detector)
		unregister_nmi_handler(NMI_LOCAL, "crashlab detector");
}
#else
#include <linux/errno.h>

int lab_do_detector(const struct lab_command *command)
{
	return lab_refuse(-EOPNOTSUPP, "this kernel has no hard lockup detector that NMIs ask\n");
}

void lab_detector_exit(void)
{
}
#endif
