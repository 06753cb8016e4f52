# SPDX-License-Identifier: GPL-2.0
# For rows that dump to memory: the machine boots twice.

# total_kib: how much memory the kernel has.
total_kib()
{
	awk '/^MemTotal/ { print $2 }' /proc/meminfo
}

# fetch_or COMMAND: hand over the dump that is there, and end; without one, do COMMAND.
fetch_or()
{
	local memory=$RAS/dump/memory before

	say "memory: $(cat $memory/state), $(cat $memory/size) bytes"
	if [ "$(cat $memory/size)" = 0 ]; then
		"$@"
		return
	fi
	cp $memory/file /tmp/vmcore
	tar cf /dev/vda -C /tmp vmcore && sync && say "took $(stat -c %s /tmp/vmcore) bytes"
	before=$(total_kib)
	echo taken > $memory/state
	say "memory: $(cat $memory/state), $((($(total_kib) - before) / 1024)) MiB given back"
	quit
}

# fetch_from_or AREA COMMAND: the same for a dump in an area of a disk.
fetch_from_or()
{
	local area=$1
	shift
	ras-savecore --dry-run "$area" 2>&1 | tell "savecore: "
	if ! ras-savecore --dry-run "$area" 2>&1 | grep -q "would be saved"; then
		"$@"
		return
	fi
	# Not once more, again and again: what cannot be fetched now never can.
	ras-savecore -q -o /tmp/vmcore "$area" 2>&1 | tell "savecore: "
	tar cf /dev/vda -C /tmp vmcore && sync && say "took $(stat -c %s /tmp/vmcore) bytes"
	ras-savecore --dry-run "$area" 2>&1 | tell "savecore: "
	# The kernel looks at the area again.
	try "$(cat $RAS/dump/targets)" dump/targets
	grep dump- $RAS/plan | tell "plan: "
	quit
}

# crash_now: two CPUs in known places, if there are so many, and a panic on this one.  Between
# the two there must be nothing that waits for the CPU whose interrupts are off, as exec() may.
crash_now()
{
	if [ "$(nproc)" -gt 2 ]; then
		mark 1=spin 2=irqsoff
		pinned "echo go > /proc/ras_test; echo c > /proc/sysrq-trigger"
	else
		pinned "echo c > /proc/sysrq-trigger"
	fi
}
