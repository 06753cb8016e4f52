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

# numbers: 1, 2, 3 and so on, until /tmp/enough is there.
numbers()
{
	n=0
	while [ ! -e /tmp/enough ]; do
		n=$((n + 1))
		echo $n
		[ $((n % 100)) -gt 0 ] || usleep 10000
	done
}

# in_order NAME: is none missing, and none twice?
in_order()
{
	awk '$1 != n + 1 { bad = 1 } { n = $1 } END { print (bad || n < 1000 ? "bad at " n : "good") }' |
		tell "$1: "
}

# keep: memory, an unlinked file, a pipe and a TCP connection, which all have to go on.
keep()
{
	dd if=/dev/urandom of=/tmp/filler bs=1M count=128 2>/dev/null
	sha256sum /tmp/filler > /tmp/filler.sum
	echo "still here" > /tmp/unlinked
	exec 9< /tmp/unlinked
	rm /tmp/unlinked
	numbers | in_order pipe &
	ifconfig lo 127.0.0.1 up
	# Its own input must not end before the connection does.
	mkfifo /tmp/open
	nc -l -p 7000 127.0.0.1 <> /tmp/open | in_order TCP &
	sleep 1
	numbers | nc 127.0.0.1 7000 > /dev/null &
}

# kept: did they?
kept()
{
	touch /tmp/enough
	wait
	sha256sum -s -c /tmp/filler.sum && say "memory: good" || say "memory: differs"
	say "unlinked: $(cat <&9)"
}

# shortest OLD NEW: the smaller of two times; there may be no old one.
shortest() { [ -n "$1" ] && [ "$1" -lt "$2" ] && echo "$1" || echo "$2"; }

# loads SMALL LARGE: how many times as long the second takes as the first, both in MiB, rounded
# up.  Each is loaded three times, and the shortest counts: the host has other things to do.
loads()
{
	local small large now
	for i in 1 2 3; do
		now=$(jump-load $1) || { say "$1 MiB: $now"; return 1; }
		small=$(shortest "$small" $now)
		now=$(jump-load $2) || { say "$2 MiB: $now"; return 1; }
		large=$(shortest "$large" $now)
	done
	say "$1 MiB took $small us, $2 MiB took $large us"
	say "$2 MiB took $(((large + small - 1) / small)) times as long as $1 MiB"
}

# meminfo NAME: so many KiB.
meminfo() { awk -v name="$1:" '$1 == name { print $2 }' /proc/meminfo; }

# fill: take all available memory but a tenth of the whole, for a file that cannot be reclaimed.
fill()
{
	mount -t tmpfs -o size=100% full /mnt
	dd if=/dev/zero of=/mnt/full bs=1k \
		count=$(($(meminfo MemAvailable) - $(meminfo MemTotal) / 10)) 2> /dev/null
	say "available: $((100 * $(meminfo MemAvailable) / $(meminfo MemTotal))) %"
}

# refused COUNT MIB: so many loads that are refused, why, and how much memory they have kept.
refused()
{
	local before=$(meminfo MemAvailable) why
	for i in $(seq $1); do
		why=$(jump-load $2) && why="loaded in $why us"
	done
	say "refused: $why, $(((before - $(meminfo MemAvailable)) / 1024)) MiB kept"
}
