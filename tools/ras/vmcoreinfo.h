/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-dump: what the kernel says of itself for those who read dumps.
 */
#ifndef RAS_VMCOREINFO_H
#define RAS_VMCOREINFO_H

#include "kdump-file.h"

/**
 * struct vmcoreinfo - lines NAME=VALUE
 * @size: of the text; 0 if there is none
 * @text: the lines, with a 0 behind
 */
struct vmcoreinfo {
	size_t	size;
	char	text[KDUMP_VMCOREINFO_MAX + 1];
};

bool vmcoreinfo_read(struct vmcoreinfo *info, const struct kdump *dump,
		     const struct extent *extent, struct why *why);
bool vmcoreinfo_number(const struct vmcoreinfo *info, const char *name, int64_t *value);

#endif
