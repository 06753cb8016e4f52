// SPDX-License-Identifier: GPL-2.0
/*
 * rasctl: what Documentation/ABI/testing/sysfs-kernel-ras says of a file: which values it takes,
 * and what an error means there.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "abi.h"
#include "array.h"

static const char a_switch[] = "0, n, off, 1, y or on";

static const struct {
	const char	*path;
	const char	*values;
} takes[] = {
	{ "enabled", a_switch },
	{ "triggers/*/enabled", a_switch },
	{ "handlers/*/enabled", a_switch },
	{ "ipi_grace_us", "a number from 0 to 1000000" },
	{ "nmi_timeout_ms", "a number from 1 to 60000" },
	{ "trigger", "stop, rehearse, dump, or the name of a handler that is called by it" },
	{ "handlers/*/priority", "a number from 0 to 999" },
	{ "handlers/*/deadline_ms", "a number from 0 to 86400000" },
	{ "handlers/*/wait_s", "a number from 0 to 86400, or auto" },
	{ "handlers/*/triggers", "names of triggers, or all" },
	{ "dump/level", "a number from 0 to 31" },
	{ "dump/compression", "lzo, zstd or none" },
	{ "dump/max_seconds", "a number from 0 to 86400" },
	{ "dump/helpers", "a number from 0 to 16" },
	{ "dump/on_success", "next or reboot" },
	{ "dump/key", "a public key of 64 hexadecimal digits, or none" },
	{ "dump/server_key", "a public key of 64 hexadecimal digits, or none" },
	{ "dump/live_max_ms", "a number from 0 to 60000" },
	{ "dump/live/state", "taken" },
	{ "dump/targets", "none, or up to four names: absolute paths, memory" },
	{ "dump/memory/state", "taken" },
};

/* The first that fits counts. */
static const struct {
	const char	*path;
	int		error;
	const char	*meaning;
} meanings[] = {
	{ "trigger", EPERM, "the framework or the user trigger is switched off" },
	{ "trigger", ENOENT, "no handler is armed for the user trigger" },
	{ "trigger", EBUSY, "another CPU owned a stop" },
	{ "trigger", ECANCELED, "a handler hung, and another CPU has finished the stop" },
	{ "trigger", EEXIST, "there is a live dump already" },
	{ "trigger", ENOMEM, "there is not twice the memory that a live dump takes" },
	{ "trigger", EFBIG, "a live dump would stop the machine for too long" },
	{ "trigger", EIO, "the handler was abandoned, or has failed" },
	{ "dump/targets", E2BIG, "more than four targets" },
	{ "dump/targets", EINVAL, "there is no such target" },
	{ "dump/targets", ENOMEM, "there is no memory for the dump engine" },
	{ "dump/compression", ENOMEM, "the working memory of a compressor is not there" },
	{ "dump/*/state", ENOENT, "there is no dump to be taken" },
	{ "handlers/*/enabled", EBUSY, "a CPU that hung in the handler has not come back" },
	{ "handlers/*/enabled", EINVAL, "not a proper value" },
	{ "handlers/*/enabled", ENODEV, "the handler is gone" },
	{ "handlers/*/*", ENODEV, "the handler is gone" },
	{ "*", EINVAL, "not a proper value" },
	{ "*/*", EINVAL, "not a proper value" },
	{ "*/*/*", EINVAL, "not a proper value" },
	{ "*", EBUSY, "the machine is stopped" },
	{ "*/*", EBUSY, "the machine is stopped" },
	{ "*/*/*", EBUSY, "the machine is stopped" },
};

/* What a disk may answer, be it that it is made a target, or that its handler is enabled. */
static const struct {
	int		error;
	const char	*meaning;
} disks[] = {
	{ EEXIST, "it holds something else, or the last parts of two names are the same" },
	{ EBUSY, "it is in use: mounted, swap, a part of another device, or open" },
	{ EOPNOTSUPP, "there is no polled driver for it, or no way to find the file's blocks" },
	{ ENODATA, "the file has a hole, or was not filled by writing" },
	{ EFBIG, "the file is in too many pieces" },
	{ ENOSPC, "it is too small or in too many pieces, or there are too many handlers" },
	{ ENOENT, "there is no such device or file" },
};

static bool is_about_disks(const char *path)
{
	return !strcmp(path, "dump/targets") ||
	       !fnmatch("handlers/dump-*/enabled", path, FNM_PATHNAME);
}

/**
 * abi_values() - which values a file takes
 * @path: of the file, below the directory of the framework
 *
 * Return: the values in words, or %NULL if they are not known.
 */
const char *abi_values(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(takes); i++)
		if (!fnmatch(takes[i].path, path, FNM_PATHNAME))
			return takes[i].values;
	return NULL;
}

/**
 * abi_meaning() - what it means that a write has failed
 * @path: of the file, below the directory of the framework
 * @error: the errno
 *
 * Return: the meaning in words, or %NULL if it is not known.
 */
const char *abi_meaning(const char *path, int error)
{
	for (size_t i = 0; is_about_disks(path) && i < ARRAY_SIZE(disks); i++)
		if (disks[i].error == error)
			return disks[i].meaning;
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
		if (meanings[i].error == error && !fnmatch(meanings[i].path, path, FNM_PATHNAME))
			return meanings[i].meaning;
	return NULL;
}
