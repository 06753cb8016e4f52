# SPDX-License-Identifier: GPL-2.0
# Jumps by ras-hibernate to a second kernel, which is in the lowest memory, and back.

# hibernate COMMAND [ARGUMENTS]: by the second kernel of this machine; what it has said, and how
# it has ended.  That kernel has $second_cpus CPUs (1), and the file system $second_initrd; $second
# has further words for its command line.
hibernate()
{
	ras-hibernate "$@" --kernel /boot/bzImage --initrd ${second_initrd:-/boot/capture.cpio} \
		--append "console=ttyS0,115200 nr_cpus=${second_cpus:-1} no_timer_check panic=5 loglevel=5 printk.devkmsg=on rt.own $second" \
		> /tmp/out 2>&1
	local code=$?
	tell "$1: " < /tmp/out
	say "$1: exit $code, CPUs $(nproc)"
}
