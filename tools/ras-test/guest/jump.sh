# SPDX-License-Identifier: GPL-2.0
# Jumps by kexec to a second kernel, which is in the lowest memory, and back.

# The memory of the second kernel.
mib=64

# second_kernel [DISK TEXT [WORDS]]: load it.  It backs up low memory (--mem-min), uses no other
# (mem=), and writes TEXT into the first block of the disk.  WORDS go onto its command line, and
# $kexec_options to kexec.
second_kernel()
{
	kexec -l /boot/bzImage --initrd=/boot/capture.cpio --load-preserve-context \
		--mem-min=0 --mem-max=$(printf 0x%x $(((mib << 20) - 1))) $kexec_options \
		--append="console=ttyS0,115200 nr_cpus=1 mem=${mib}M no_timer_check panic=5 loglevel=5 printk.devkmsg=on ${1:+rt.mark=$1:$2} ras_jump.peer=$(cat $RAS/jump/peer) $3" \
		2> /tmp/kexec.err && return
	say "not loaded: $(head -n 1 /tmp/kexec.err)"
	return 1
}

# alive: how many CPUs run a task.
alive()
{
	for cpu in $(seq 0 $(($(nproc) - 1))); do
		taskset $(printf %x $((1 << cpu))) echo ran
	done | grep -c ran
}

# jumps COUNT DISK [WORDS]: there and back, and what became of the disk and the CPUs.
jumps()
{
	for i in $(seq "$1"); do
		put "$2" $i "before $i"
		second_kernel "$2" "mark-$i" "$3" || return 1
		# What kexec says afterwards does not tell whether it has worked.
		kexec -e
		[ "$(get "$2" $i)" = "before $i" ] && disk=ok || disk=bad
		say "jump $i: $(get "$2" 0), disk $disk, CPUs $(alive)"
	done
}

# hibernations COUNT DISK [WORDS]: the same by hibernate(), with the framework.
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

# panic_at FUNCTION: from now on, a CPU that comes to this function of the kernel panics.
panic_at()
{
	insmod /lib/ras_spoil.ko
	echo "panic $1" > /sys/module/ras_spoil/parameters/do
}
