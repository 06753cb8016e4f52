# SPDX-License-Identifier: GPL-2.0
# Jumps by kexec to a second kernel, which is in the lowest 64 MiB, and back.

# second_kernel DISK TEXT: load it.  It backs up low memory (--mem-min), uses no other (mem=), and
# writes TEXT into the first block of the disk.
second_kernel()
{
	kexec -l /boot/bzImage --initrd=/boot/capture.cpio --load-preserve-context \
		--mem-min=0 --mem-max=0x3ffffff \
		--append="console=ttyS0 nr_cpus=1 mem=64M no_timer_check panic=5 loglevel=5 printk.devkmsg=on rt.mark=$1:$2" ||
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
