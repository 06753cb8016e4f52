# SPDX-License-Identifier: GPL-2.0
# Disks, found by the name that is their serial number: the kernel's own names depend on
# which driver is first.

# serial_of DEVICE, one of /sys/block: in which place it is depends on the bus.
serial_of()
{
	local at
	if [ -s "$1/serial" ]; then			# virtio
		cat "$1/serial"
	elif [ -s "$1/device/serial" ]; then		# NVMe
		cat "$1/device/serial"
	elif [ -e "$1/device/vpd_pg80" ]; then		# SCSI, and AHCI
		dd if="$1/device/vpd_pg80" bs=4 skip=1 2>/dev/null
	else						# USB: of the device above
		at=$(readlink -f "$1/device")
		while [ -n "$at" ] && [ ! -e "$at/idVendor" ]; do at=${at%/*}; done
		cat "$at/serial" 2>/dev/null
	fi
}

# disk NAME: print its device, once it is there; a USB disk takes some seconds.
disk()
{
	local tries=0 at
	while [ $tries -lt 100 ]; do
		for at in /sys/block/*; do
			if [ "$(serial_of "$at" 2>/dev/null | tr -d ' \0')" = "$1" ]; then
				echo "/dev/${at##*/}"
				return 0
			fi
		done
		tries=$((tries + 1))
		sleep 0.2
	done
	say "there is no disk $1"
	return 1
}

# put DEVICE BLOCK TEXT: write the text there, and zeros up to the end of 4 KiB.  The disk
# has it when this returns, but it may have it in its volatile cache.
put()
{
	printf '%s' "$3" > /tmp/put
	dd if=/tmp/put of=/tmp/put.4k bs=4096 conv=sync 2>/dev/null
	dd if=/tmp/put.4k of="$1" bs=4096 seek="$2" conv=notrunc oflag=direct 2>/tmp/put.err ||
		say "put $*: $(cat /tmp/put.err)"
}

# flush DEVICE: now it is to be there after a power cut.
flush() { dd if=/dev/null of="$1" bs=4096 count=0 conv=notrunc,fsync 2>/dev/null || say "flush $1 failed"; }

# get DEVICE BLOCK: what the disk itself has in that block of 4 KiB, without its zeros.
get() { dd if="$1" bs=4096 skip="$2" count=1 iflag=direct 2>/dev/null | tr -d '\0'; }
