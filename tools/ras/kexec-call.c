// SPDX-License-Identifier: GPL-2.0
/*
 * ras-hibernate: the calls of the kernel that load another and start it.
 */
#include <errno.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kexec-call.h"
#include "say.h"

#define FLAGS	((unsigned long)(KEXEC_ARCH_X86_64 | KEXEC_PRESERVE_CONTEXT))

/* What an error means here, or "". */
static const char *hint(int error)
{
	switch (error) {
	case EPERM:
		return ": this needs root, and a kernel that is not locked down";
	case EBUSY:
		return ": another kernel is just being loaded";
	case EINVAL:
		return ": perhaps it is larger than half of memory; see the kernel's log";
	case ENOMEM:
		return ": there is not as much free memory";
	case ENOSYS:
		return ": this kernel has no CONFIG_KEXEC";
	}
	return "";
}

static bool load(uint64_t entry, unsigned long count, const struct kexec_segment *segments)
{
	if (!syscall(SYS_kexec_load, (unsigned long)entry, count, segments, FLAGS))
		return true;
	say_failed("kexec_load", "%s%s", strerror(errno), hint(errno));
	return false;
}

/**
 * kexec_call_load() - load a second kernel
 * @layout: its memory
 * @entry: where it begins
 *
 * Return: it is loaded; otherwise the reason was said.
 */
bool kexec_call_load(const struct layout *layout, uint64_t entry)
{
	struct kexec_segment segments[LAYOUT_SEGMENTS] = { 0 };

	for (size_t i = 0; i < layout->segments_count; i++) {
		const struct segment *segment = layout->segments + i;

		segments[i].mem = (void *)(uintptr_t)segment->start;
		segments[i].memsz = segment->end - segment->start;
		segments[i].buf = segment->piece ? (void *)(uintptr_t)segment->piece->data : NULL;
		segments[i].bufsz = segment->piece ? segment->piece->size : 0;
	}
	return load(entry, layout->segments_count, segments);
}

/**
 * kexec_call_load_way_back() - have the next start go back to the first kernel
 * @entry: where that goes on
 *
 * Return: it will; otherwise the reason was said.
 */
bool kexec_call_load_way_back(uint64_t entry)
{
	/* Without any segment the kernel would forget what is loaded. */
	const struct kexec_segment nothing = { 0 };

	return load(entry, 1, &nothing);
}

/**
 * kexec_call_unload() - have the kernel forget what is loaded
 *
 * Return: it has; otherwise the reason was said.
 */
bool kexec_call_unload(void)
{
	return load(0, 0, NULL);
}

/**
 * kexec_call_start() - go to what is loaded
 *
 * Returns if that cannot be done, when the reason was said.
 */
void kexec_call_start(void)
{
	sync();
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, NULL);
	say_failed("reboot", "%s; see the kernel's log", strerror(errno));
}

/**
 * kexec_call_power_off() - switch the machine off
 *
 * Return: an errno, if that cannot be done.
 */
int kexec_call_power_off(void)
{
	sync();
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_POWER_OFF,
		NULL);
	return errno;
}
