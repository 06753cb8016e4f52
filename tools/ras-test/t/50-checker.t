#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The checker has to fail where there is something to find: a dump is made, found
# good, and then damaged in one way after the other.
. "${0%/*}/tap.sh"
dir=$RAS_BUILD/run/main/irqsoff
dump=$dir/dump/vmcore bad=$TAP_DIR/bad.vmcore out=$TAP_DIR/checker.log
vmlinux=$RAS_BUILD/obj/main/vmlinux

RAS_KEEP=1 "$RAS_LAB/run-scenario" main irqsoff >"$out"
ok $? "there is a dump" "$dir/result"

# expect NAME STATUS VMCORE CHECK...
expect()
{
	local name=$1 want=$2 got
	shift 2
	"$RAS_LAB/check-dump" "$vmlinux" "$@" >"$out" 2>&1
	got=$?
	[ "$want" = $got ] || { [ "$want" = bad ] && [ $got != 0 ]; }
	ok $? "$name" "$out"
}

expect "a good dump passes" 0 "$dump" cpu:1=ras_test_place_spin cpu:2=ras_test_place_irqsoff panic=in.task
expect "the wrong function fails" 1 "$dump" cpu:1=ras_test_place_irqsoff
expect "the wrong CPU fails" 1 "$dump" cpu:3=ras_test_place_irqsoff
expect "the wrong panic message fails" 1 "$dump" panic=in.hardirq
expect "a task that is not there fails" 1 "$dump" ps=ras_marker/9
expect "a line that is not in the log fails" 1 "$dump" log=no.such.line
expect "a function that is not in the backtrace fails" 1 "$dump" in:0=sysrq_handle_crash

head -c $(($(stat -c %s "$dump") / 3)) "$dump" >"$bad"
expect "a dump cut off fails" bad "$bad" cpu:1=ras_test_place_spin cpu:2=ras_test_place_irqsoff
: >"$bad"
expect "an empty dump fails" bad "$bad" cpu:1=ras_test_place_spin
# Registers of the notes: where the kernel's note of CPU 1 is, another address.
python3 - "$dump" "$bad" <<'END'
import struct, sys
data = bytearray(open(sys.argv[1], 'rb').read())
# Elf64_Nhdr "CORE" NT_PRSTATUS: descriptor at +20, its pt_regs at +112, RIP the 17th
at, seen = 0, 0
while True:
    at = data.find(b'\x05\0\0\0\x50\x01\0\0\x01\0\0\0CORE\0', at)
    if at < 0:
        break
    seen += 1
    rip = at + 20 + 112 + 16 * 8
    struct.pack_into('<Q', data, rip, struct.unpack_from('<Q', data, rip)[0] + 0x1000)
    at += 1
sys.stderr.write("# %d notes damaged\n" % seen)
open(sys.argv[2], 'wb').write(data)
sys.exit(0 if seen >= 4 else 1)
END
ok $? "the ELF notes of a copy are damaged"
expect "registers that are not what the stack says fail" 1 "$bad" cpu:1=ras_test_place_spin
rm -f "$bad" "$dump"
done_testing
