/* SPDX-License-Identifier: MIT OR GPL-2.0 */
#ifndef CRASHLAB_CONTEXT_H
#define CRASHLAB_CONTEXT_H

/* To be called once, where the context has been reached. */
void lab_run_job(void);

int lab_start_napi(void);
void lab_stop_napi(void);
int lab_start_nmi(void);
void lab_stop_nmi(void);

#endif
