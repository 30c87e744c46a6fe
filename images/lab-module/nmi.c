// SPDX-License-Identifier: MIT OR GPL-2.0
/* A CPU sends itself a non-maskable interrupt; which of the kernel's own functions for it are exported changes. */
#ifdef CONFIG_X86_64
#include <linux/atomic.h>
#include <linux/io.h>
#include <linux/preempt.h>
#include <asm/apic.h>
#include <asm/apicdef.h>
#include <asm/fixmap.h>
#include <asm/msr.h>
#include <asm/nmi.h>
#include "context.h"
#include "lab.h"

static atomic_t armed;

static int on_nmi(unsigned int type, struct pt_regs *regs)
{
	if (!atomic_xchg(&armed, 0))
		return NMI_DONE;
	lab_run_job();
	return NMI_HANDLED;
}

/* Intel SDM volume 3, "Issuing Interprocessor Interrupts"; the self shorthand takes no NMI, one's own number does. */
static void send_nmi_to_self(void)
{
	u32 low, high, id;

	rdmsr(MSR_IA32_APICBASE, low, high);
	if (low & X2APIC_ENABLE) {
		rdmsr(APIC_BASE_MSR + (APIC_ID >> 4), id, high);
		wrmsr(APIC_BASE_MSR + (APIC_ICR >> 4), APIC_DM_NMI, id);
	} else {
		void __iomem *apic_page = (void __iomem *)fix_to_virt(FIX_APIC_BASE);

		writel(readl(apic_page + APIC_ID), apic_page + APIC_ICR2);
		writel(APIC_DM_NMI, apic_page + APIC_ICR);
	}
}

int lab_start_nmi(void)
{
	int error = register_nmi_handler(NMI_LOCAL, on_nmi, 0, "crashlab");

	if (error)
		return error;
	atomic_set(&armed, 1);
	preempt_disable();
	send_nmi_to_self();
	preempt_enable();
	return 0;
}

void lab_stop_nmi(void)
{
	unregister_nmi_handler(NMI_LOCAL, "crashlab");
}
#endif
