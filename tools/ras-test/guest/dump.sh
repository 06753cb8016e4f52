# SPDX-License-Identifier: GPL-2.0
# For rows that dump to memory: the machine boots twice.

# fetch_or COMMAND: hand over the dump that is there, and end; without one, do COMMAND.
fetch_or()
{
	local memory=$RAS/dump/memory

	say "memory: $(cat $memory/state), $(cat $memory/size) bytes"
	if [ "$(cat $memory/size)" = 0 ]; then
		"$@"
		return
	fi
	cp $memory/file /tmp/vmcore
	tar cf /dev/vda -C /tmp vmcore && sync && say "took $(stat -c %s /tmp/vmcore) bytes"
	echo taken > $memory/state
	say "memory: $(cat $memory/state)"
	quit
}
