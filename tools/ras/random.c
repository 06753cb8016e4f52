// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: the kernel's random generator.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "random.h"
#include "say.h"

#define RANDOM	"/dev/urandom"

/**
 * random_reseed() - have the generator go on with another key
 * @root: what is put before the names of the kernel's files; then nothing is done
 *
 * Whoever has copied an image can resume it more than once, and each time the generator would
 * have the same key.  When a hibernation ends, the kernel (6.1, random_pm_notification()) stirs
 * the time of day and the time-stamp counter into its pool, but takes a new key from there only
 * minutes later.
 */
void random_reseed(const char *root)
{
	int fd;

	if (*root)
		return;
	fd = open(RANDOM, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, RNDRESEEDCRNG))
		say_note(RANDOM, "the random generator keeps its key: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}
