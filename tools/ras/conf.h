/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: the file of settings.
 */
#ifndef RAS_CONF_H
#define RAS_CONF_H

#include <stdbool.h>

#define CONF_PATH	"/etc/ras/hibernate.conf"

/**
 * struct conf_taker - who is told what the file says
 * @take: is called for each line; returns %NULL, or what is wrong with it
 * @to: for @take
 */
struct conf_taker {
	const char	*(*take)(void *to, const char *name, const char *value);
	void		*to;
};

bool conf_read(const char *root, const struct conf_taker *taker);

#endif
