// SPDX-License-Identifier: GPL-2.0
/*
 * tools/ras: the descriptors of a program.
 */
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "descriptors.h"

/**
 * descriptors_fill() - open the standard descriptors that are closed
 *
 * One that is closed would be given to the next file that is opened: then messages are
 * written to an area, or to a file.
 */
void descriptors_fill(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/**
 * descriptors_raise() - have as many descriptors as the program may
 */
void descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}
