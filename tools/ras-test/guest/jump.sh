# SPDX-License-Identifier: GPL-2.0
# Jumps by kexec to a second kernel, which is in the lowest 64 MiB, and back.

# second_kernel DISK TEXT WORDS: load it.  It backs up low memory (--mem-min), uses no other (mem=),
# and writes TEXT into the first block of the disk.  WORDS go onto its command line.
second_kernel()
{
	kexec -l /boot/bzImage --initrd=/boot/capture.cpio --load-preserve-context \
		--mem-min=0 --mem-max=0x3ffffff \
		--append="console=ttyS0 nr_cpus=1 mem=64M no_timer_check panic=5 loglevel=5 printk.devkmsg=on rt.mark=$1:$2 ras_jump.peer=$(cat $RAS/jump/peer) $3" ||
		{ say "not loaded"; return 1; }
}

# alive: how many CPUs run a task.
alive()
{
	for cpu in $(seq 0 $(($(nproc) - 1))); do
		taskset $(printf %x $((1 << cpu))) echo ran
	done | grep -c ran
}

# jumps COUNT DISK: there and back, and what became of the disk and the CPUs.
jumps()
{
	for i in $(seq "$1"); do
		put "$2" $i "before $i"
		second_kernel "$2" "mark-$i" || return 1
		# What kexec says afterwards does not tell whether it has worked.
		kexec -e
		[ "$(get "$2" $i)" = "before $i" ] && disk=ok || disk=bad
		say "jump $i: $(get "$2" 0), disk $disk, CPUs $(alive)"
	done
}

# hibernations COUNT DISK WORDS: the same by hibernate(), with the framework.
hibernations()
{
	for i in $(seq "$1"); do
		put "$2" $i "before $i"
		second_kernel "$2" "mark-$i" "$3" || return 1
		echo jump > /sys/power/disk
		(echo disk > /sys/power/state) 2>&1 | sed 's/.*: //' | tell "hibernation $i failed: "
		[ "$(get "$2" $i)" = "before $i" ] && disk=ok || disk=bad
		say "hibernation $i: $(get "$2" 0), disk $disk, CPUs $(alive)"
	done
}

# busy DISK: write to the disk and compare, from its second MiB on, until /tmp/enough is there.
busy()
{
	dd if=/dev/urandom of="/tmp/${1##*/}" bs=64k count=16 2>/dev/null
	rounds=0
	while [ ! -e /tmp/enough ]; do
		dd if="/tmp/${1##*/}" of="$1" bs=64k seek=16 oflag=direct conv=notrunc 2>/dev/null ||
			{ say "busy $1: not written"; return 1; }
		dd if="$1" bs=64k skip=16 count=16 iflag=direct 2>/dev/null | cmp - "/tmp/${1##*/}" ||
			{ say "busy $1: differs"; return 1; }
		rounds=$((rounds + 1))
	done
	[ $rounds -gt 3 ] && say "busy $1: good" || say "busy $1: $rounds rounds"
}
