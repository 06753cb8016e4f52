# SPDX-License-Identifier: GPL-2.0
# Loads of kexec by jump-load: how long they take, and which are refused.

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

# loads_refused COUNT MIB: so many loads that are refused, why, and how much memory they keep.
loads_refused()
{
	local before=$(meminfo MemAvailable) why
	for i in $(seq $1); do
		why=$(jump-load $2) && why="loaded in $why us"
	done
	say "refused: $why, $(((before - $(meminfo MemAvailable)) / 1024)) MiB kept"
}
