# SPDX-License-Identifier: GPL-2.0
# What goes on over a hibernation: disks, memory, a file, a pipe and a TCP connection.

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
