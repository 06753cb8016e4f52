/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS stop framework: all wording.
 */
#ifndef _KERNEL_RAS_REPORT_H
#define _KERNEL_RAS_REPORT_H

#include <linux/seq_buf.h>

#include "state.h"

extern const char * const ras_trigger_names[RAS_NR_TRIGGERS];
extern const char * const ras_verdict_names[RAS_NR_VERDICTS];
extern const char * const ras_how_names[RAS_NR_HOWS];
void ras_format_triggers(struct seq_buf *s, u32 mask);
void ras_format_stop(struct seq_buf *s, const struct ras_machine *m);
void ras_format_failure(struct seq_buf *s, const struct ras_failure *failure);
void ras_format_results(struct seq_buf *s, const struct ras_machine *m);
void ras_format_chain(struct seq_buf *s, const struct ras_machine *m);
void ras_format_plan(struct seq_buf *s, const struct ras_machine *m,
		     enum ras_trigger trigger);
void ras_format_plans(struct seq_buf *s, const struct ras_machine *m);
bool ras_report_routine(const struct ras_machine *m);
void ras_report_stopped(struct ras_machine *m);
void ras_report_handlers(struct ras_machine *m);
void ras_report_forget(struct ras_machine *m);

#endif /* _KERNEL_RAS_REPORT_H */
