# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The test machine: its initial file systems, and QEMU.

# add_program ROOT PROGRAM: with the shared libraries it needs.
add_program()
{
	local root=$1 prog=$2 lib
	mkdir -p "$root/bin" && cp -L "$prog" "$root/bin/" || return 1
	for lib in $(ldd "$prog" | grep -o '/[^ ]*'); do
		mkdir -p "$root${lib%/*}" && cp -L "$lib" "$root$lib" || return 1
	done
}

make_cpio() { (cd "$1" && find . | cpio -o -H newc -R 0:0 --quiet) >"$2"; }

# make_images FLAVOUR: machine.cpio, and in it capture.cpio.
make_images()
{
	local out=$RAS_BUILD/obj/$1 root=$RAS_BUILD/obj/$1/root crash=$RAS_BUILD/obj/$1
	# One that checks everything would only be slow as a crash kernel.
	[ "$1" = debug ] && crash=$RAS_BUILD/obj/main
	rm -rf "$root" && mkdir -p "$root/capture/bin" "$root/machine/bin" \
		"$root/machine/boot" "$root/machine/lib" || return 1

	cp /bin/busybox "$root/capture/bin/" &&
	cp "$RAS_LAB/guest/capture-init" "$root/capture/init" &&
	add_program "$root/capture" "$(command -v makedumpfile)" &&
	make_cpio "$root/capture" "$root/machine/boot/capture.cpio" || return 1

	cp /bin/busybox "$root/machine/bin/" &&
	cp "$RAS_LAB/guest/init" "$root/machine/init" &&
	cp "$crash/arch/x86/boot/bzImage" "$root/machine/boot/" &&
	add_program "$root/machine" /sbin/kexec &&
	gcc -O2 -Wall -Wextra -static -pthread -o "$root/machine/bin/load" \
		"$RAS_LAB/guest/load.c" &&
	gcc -O2 -Wall -Wextra -static -o "$root/machine/bin/user" \
		"$RAS_LAB/guest/user.c" || return 1
	find "$RAS_BUILD/obj/$1-modules" "$RAS_BUILD/obj/$1-samples" \
		"$out/drivers/ras-clients" -name '*.ko' \
		-exec cp {} "$root/machine/lib/" \; 2>/dev/null
	make_cpio "$root/machine" "$out/machine.cpio" && rm -rf "$root"
}

# A program of the host.  Whatever comes over a line is input from outside.
make_talk()
{
	gcc -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined -o "$RAS_BUILD/talk" \
		"$RAS_LAB/talk.c"
}

# need_machine FLAVOUR: build what is not up to date.  Two matrices that are started at
# the same time would build into each other.
need_machine()
{
	mkdir -p "$RAS_BUILD"
	(flock 9 && build_machine "$1" 9>&-) 9>"$RAS_BUILD/lock" || exit 1
}

build_machine()
{
	local out=$RAS_BUILD/obj/$1
	[ "$RAS_BUILD/talk" -nt "$RAS_LAB/talk.c" ] || step "Making talk" talk.log make_talk
	[ "$1" != debug ] || need_kernel main
	need_kernel "$1"
	[ "$out/machine.cpio" -nt "$out/.built" ] &&
		[ -z "$(find "$RAS_LAB/guest" -newer "$out/machine.cpio" ! -name '*.sh' | head -1)" ] &&
		return
	step "Making the $1 machine's file systems" "images-$1.log" make_images "$1"
}

# The region of ramoops: reserved from the kernel, kept over a reset.
PSTORE_AT=0x1f000000
RAS_MEMORY=${RAS_MEMORY:-640M}

# lpj: a CPU that comes up on a busy host measures its udelay() wrongly, by a factor of
# twenty and more, and what the kernel gives a second is over at once.  This is right for
# a host's time stamp counter of 2.5 GHz, and near enough for any.
machine_cmdline()
{
	echo "console=ttyS0 rdinit=/init crashkernel=${RAS_CRASHKERNEL:-192M} panic=1" \
		"memmap=1M\$$PSTORE_AT ramoops.mem_address=$PSTORE_AT" \
		"ramoops.mem_size=0x100000 ramoops.record_size=0x20000" \
		"sysrq_always_enabled loglevel=7 lpj=10000000 printk.devkmsg=on $*"
}

# qemu_machine FLAVOUR CPUS CMDLINE INITRD [QEMU OPTIONS...]
qemu_machine()
{
	local obj=$RAS_BUILD/obj/$1 cpus=$2 cmdline=$3 initrd=$4
	shift 4
	# exec: the caller's process becomes the machine, to be killed as such.
	exec qemu-system-x86_64 -accel "${RAS_ACCEL:-tcg,thread=multi}" -cpu max \
		-smp "$cpus" -m "$RAS_MEMORY" -display none -no-user-config -nodefaults \
		-kernel "$obj/arch/x86/boot/bzImage" -initrd "$initrd" \
		-append "$(machine_cmdline "$cmdline")" "$@"
}

# console_of DIR: what the machine printed, and what its programs said without the time.
console_of() { tr -d '\r' <"$1/console.log" | sed 's/^\[ *[0-9.]*\] RT: /RT: /'; }

# run_machine DIR FLAVOUR CPUS CMDLINE SCENARIO TIMEOUT [QEMU OPTIONS...]
# Runs a scenario without a person.  In DIR afterwards: console.log, qemu.log,
# disk, and dump/ with what the crash kernel has written.  With RAS_SILENCE, a
# machine that has written nothing for so many seconds is out of time, too.
# With RAS_TALK, a script for talk, it is held over the second serial line; talk.log
# says how it went, talk.status is its exit status, line.log what went over the line.
# With RAS_ON_CONSOLE, that line is the console.
# With RAS_GDB, commands for gdb, it is given them on that line, after the conversation,
# or else once the machine has said "RT: gdb"; gdb.log is what it said.
# Return: 0 if the machine ended by itself, 124 if the time was up.
run_machine()
{
	local dir=$1 flavour=$2 cpus=$3 cmdline=$4 scenario=$5 timeout=$6 pid start ret
	# From within: a socket's name must not be long.
	local line=socket,id=line,path=line,server=on,wait=off
	local console=(-serial "file:$dir/console.log")
	shift 6
	rm -rf "$dir" && mkdir -p "$dir/extra" "$dir/dump"
	printf '%s\n' "$scenario" >"$dir/extra/scenario"
	make_cpio "$dir/extra" "$dir/extra.cpio"
	cat "$RAS_BUILD/obj/$flavour/machine.cpio" "$dir/extra.cpio" >"$dir/initrd"
	truncate -s 1G "$dir/disk"
	if [ -n "${RAS_ON_CONSOLE-}" ]; then
		console=(-chardev "$line,logfile=$dir/console.log" -serial chardev:line)
	elif [ -n "${RAS_TALK-}${RAS_GDB-}" ]; then
		set -- "$@" -chardev "$line" -serial chardev:line
	fi
	if [ -n "${RAS_TALK-}" ]; then
		printf '%s\n' "$RAS_TALK" >"$dir/talk.script"
		(cd "$dir" && "$RAS_BUILD/talk" -t $((timeout * 2 / 3)) -o line.log line talk.script >talk.log 2>&1
			echo $? >talk.status) </dev/null &
	fi
	if [ -n "${RAS_GDB-}" ]; then
		start_gdb "$dir" "$flavour" "$timeout" &
	fi
	(cd "$dir" && qemu_machine "$flavour" "$cpus" "$cmdline" "$dir/initrd" \
		-drive "file=$dir/disk,format=raw,if=virtio" \
		"${console[@]}" \
		-monitor "unix:$dir/monitor,server=on,wait=off" "$@") \
		>"$dir/qemu.log" 2>&1 </dev/null &
	pid=$! ret=
	start=$SECONDS
	while kill -0 $pid 2>/dev/null; do
		if [ $((SECONDS - start)) -ge "$timeout" ] || machine_silent "$dir"; then
			ret=124
		elif [ -s "$dir/talk.status" ] && [ "$(cat "$dir/talk.status")" != 0 ]; then
			# Nobody will say what the machine waits for; it may be at its end.
			sleep 2
			ret=1
		fi
		[ -z "$ret" ] || { kill $pid 2>/dev/null; break; }
		watch_console "$dir"
		sleep 0.2
	done
	wait $pid 2>/dev/null
	ret=${ret:-$?}
	wait
	rm -rf "$dir/initrd" "$dir/extra" "$dir/extra.cpio" "$dir/monitor"
	# Of one that was given up it would be half of one.
	[ $ret = 124 ] || tar -xf "$dir/disk" -C "$dir/dump" 2>/dev/null
	rm -f "$dir/disk"
	return $ret
}

# start_gdb DIR FLAVOUR TIMEOUT
start_gdb()
{
	local end=$((SECONDS + $3))
	cd "$1" || return
	until [ "$(cat talk.status 2>/dev/null)" = 0 ] ||
	      { [ -z "$RAS_TALK" ] && grep -aq ' RT: gdb' console.log 2>/dev/null; }; do
		[ $SECONDS -lt $end ] || return
		[ ! -s talk.status ] || [ "$(cat talk.status)" = 0 ] || return
		sleep 0.2
	done
	printf '%s\n' 'set pagination off' 'set confirm off' 'set remotetimeout 60' \
		"target remote | '$RAS_BUILD/talk' -r line" "$RAS_GDB" >gdb.script
	timeout "$3" gdb -nx -q -batch -x gdb.script "$RAS_BUILD/obj/$2/vmlinux" \
		>gdb.log 2>&1 </dev/null
}

machine_silent()
{
	[ -n "${RAS_SILENCE-}" ] && [ -e "$1/console.log" ] &&
		[ $(($(date +%s) - $(stat -c %Y "$1/console.log"))) -ge "$RAS_SILENCE" ]
}

# What only the host can do: the scenario asks for it on its console.
watch_console()
{
	if [ -n "${RAS_NMI_AFTER-}" ] &&
	   grep -aEq "$RAS_NMI_AFTER" "$1/line.log" 2>/dev/null; then
		sleep 1
		press_nmi "$1"
		return
	fi
	[ -e "$1/nmi-sent" ] && return
	grep -aq ' RT: want nmi' "$1/console.log" 2>/dev/null || return
	touch "$1/nmi-sent"
	press_nmi "$1"
}

press_nmi()
{
	# It may have ended just now, or end any moment.
	[ -S "$1/monitor" ] || return 0
	python3 - "$1/monitor" <<-'END'
	import socket, sys, time
	try:
	    s = socket.socket(socket.AF_UNIX)
	    s.settimeout(5)
	    s.connect(sys.argv[1])
	    s.recv(4096)
	    s.sendall(b"nmi\n")
	    time.sleep(0.2)
	except OSError:
	    pass
	END
}
