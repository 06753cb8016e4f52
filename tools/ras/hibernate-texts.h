/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ras-hibernate: what the files say that a set-up writes.
 */
#ifndef RAS_HIBERNATE_TEXTS_H
#define RAS_HIBERNATE_TEXTS_H

#include "hibernate.h"

/* For systemd: what hibernates, and that swap does not matter. */
#define TEXTS_SERVICE	"/etc/systemd/system/systemd-hibernate.service.d/ras.conf"
#define TEXTS_LOGIND	"/etc/systemd/system/systemd-logind.service.d/ras-hibernate.conf"

char *texts_conf(const struct wish *wish, const char *device);
char *texts_service(void);
const char *texts_logind(void);

#endif
