// SPDX-License-Identifier: GPL-2.0
/*
 * ras-savecore: what areas of disks and regions of memory have in common.
 */
#include <unistd.h>

#include "source.h"

/**
 * source_close() - close what was opened, or what was opened of it
 * @source: the source
 */
void source_close(struct source *source)
{
	if (source->fd >= 0)
		close(source->fd);
	if (source->directory >= 0)
		close(source->directory);
}
