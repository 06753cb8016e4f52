# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# ./ras demo: one crash from beginning to end, in view.
. "${BASH_SOURCE[0]%/*}/lib.sh"
. "$RAS_LAB/kernel.sh"
. "$RAS_LAB/machine.sh"

case ${1-} in
-h|--help) say "usage: ./ras demo"; exit 0 ;;
?*) die "demo: no such argument $1" ;;
esac
need_packages $PACKAGES_BUILD $PACKAGES_RUN
need_machine main
dir=$RAS_BUILD/run/demo

say
say "A machine of 4 CPUs starts.  CPUs 1 and 3 compute, CPU 2 spins with interrupts off,"
say "and CPU 0 panics.  What the machine says of it:"
say
started=$SECONDS
run_machine "$dir" main 4 "ras.ipi_grace_us=100000" '
cat $RAS/plan > /tmp/before
load_kdump
tell "plan: " < $RAS/plan
mark 1=spin 2=irqsoff 3=spin
fire panic
' 240
status=$?
console=$dir/console.log
console_of "$dir" | sed -n '/^RT: plan: panic/,/^RT: plan: [^ p]/s/^RT: plan: \(panic\|  .*\)/  plan: \1/p'
console_of "$dir" | sed -n 's/^\(\[ *[0-9.]*\] \)\(Kernel panic .*\|ras: .*\)/  \1\2/p
	s/^RT: \(capture kernel.*\|captured.*\)/  crash kernel: \1/p'
[ $status = 0 ] && [ -s "$dir/dump/vmcore" ] ||
	die "demo: no dump came of it; see $console"
say
say "The dump, as the crash utility reads it (crash build/obj/main/vmlinux ${dir#"$RAS_TOP"/}/dump/vmcore):"
printf 'sys\nbt -a\nquit\n' |
	crash -s "$RAS_BUILD/obj/main/vmlinux" "$dir/dump/vmcore" 2>/dev/null |
	grep -v '^$' | awk '/^ *(R[A-Z0-9]+|ORIG_RAX):/ { next }
		/^PID:/ { print "" } /^(PID|  *#|  *\[exc|---)/ || /PANIC:|CPUS:|RELEASE:|UPTIME:/ { print "  " $0 }'
say
"$RAS_LAB/check-dump" "$RAS_BUILD/obj/main/vmlinux" "$dir/dump/vmcore" \
	in:0=panic cpu:1=ras_test_place_spin cpu:2=ras_test_place_irqsoff \
	cpu:3=ras_test_place_spin 'log=owner 0 ipi 1,3 nmi 2' >"$dir/check-dump.log" ||
	{ cat "$dir/check-dump.log"; die "demo: the dump is not as it should be"; }
sed 's/^ok - /  ok  /' "$dir/check-dump.log"
say
say "From power-on to the checked dump in $((SECONDS - started)) s.  Console: ${console#"$RAS_TOP"/}"
