# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# ./ras bench [--quick]
. "${BASH_SOURCE[0]%/*}/lib.sh"
. "$RAS_LAB/kernel.sh"
. "$RAS_LAB/machine.sh"

quick=
case ${1-} in
--quick) quick=1 ;;
-h|--help)
	say "usage: ./ras bench [--quick]"
	say
	say "Stops, measured in one boot for each number of CPUs: the raw NMI rendezvous, a"
	say "stop of the framework without grace period, its release, stop_machine(), and an"
	say "IPI to all; what the guard of a handler costs; then bytes, and the way from a"
	say "panic to the crash kernel.  --quick: 2 and 4 CPUs, fewer rounds, no unmodified"
	say "kernel beside it."
	exit 0 ;;
?*) die "bench: no such argument $1" ;;
esac

# figures LOG: median and 99th percentile of each column of ras_bench, in us.
figures()
{
	tr -d '\r' <"$1" | sed -n 's/^.*RT: ras_bench: nmi /nmi /p' | awk -v cpus="$2" -v guards="$1.guards" '
	{ for (i = 1; i < NF; i += 2) v[$i, ++n[$i]] = $(i + 1) }
	function sorted(name,   i, j, t) {
		for (i = 1; i <= n[name]; i++) s[i] = v[name, i]
		for (i = 2; i <= n[name]; i++) {
			t = s[i]
			for (j = i - 1; j > 0 && s[j] > t; j--) s[j + 1] = s[j]
			s[j + 1] = t
		}
	}
	function cell(name,   p) {
		sorted(name)
		p = int(n[name] * 0.99); if (p < 1) p = 1
		med[name] = s[int((n[name] + 1) / 2)]
		return sprintf("%9.1f %9.1f", med[name] / 1000, s[p] / 1000)
	}
	END {
		if (!n["nmi"]) exit 1
		line = sprintf("%4d %6d ", cpus, n["nmi"])
		line = line cell("nmi") cell("stop") cell("release") cell("machine") cell("ipi")
		printf "%s  %8.2f %10.1f\n", line, med["stop"] / med["nmi"], med["machine"] / med["stop"]
		cell("guard"); cell("watched")
		printf "  %3d CPUs: %5d ns without a deadline, %5d ns with one\n", cpus, med["guard"], med["watched"] >guards
	}'
}

need_packages $PACKAGES_BUILD $PACKAGES_RUN gdb
need_machine main
[ -n "$quick" ] || need_machine pristine

say
say "Stopping all CPUs: microseconds, median and 99th percentile, in one boot a line"
say
say "                raw NMI           ras_stop()          release        stop_machine()        IPI to all      stop/NMI  stop_machine"
say "CPUs rounds      med      p99      med      p99      med      p99      med      p99      med      p99               /stop"
plan="2:200 4:100 8:50 16:25"
[ -n "$quick" ] && plan="2:50 4:20"
for entry in $plan; do
	cpus=${entry%:*} rounds=${entry#*:}
	dir=$RAS_BUILD/run/bench-$cpus
	run_machine "$dir" main "$cpus" \
		"ras.ipi_grace_us=0 ras.nmi_timeout_ms=30000 loglevel=4 log_buf_len=4M" "
	taskset 1 insmod /lib/ras_bench.ko rounds=$rounds 2>/dev/null
	dmesg | sed -n '/ras_bench: begin/,/ras_bench: end/s/^.*ras_bench: nmi/nmi/p' | tell 'ras_bench: '" 1200 ||
		die "bench: the machine of $cpus CPUs was lost; see $dir/console.log"
	figures "$dir/console.log" "$cpus" || die "bench: no figures in $dir/console.log"
done

say
say "One handler more in the chain, its guard included: median"
say
for entry in $plan; do
	cat "$RAS_BUILD/run/bench-${entry%:*}/console.log.guards"
done

say
say "Bytes"
say
obj=$RAS_BUILD/obj/main
objects=$(ls "$obj"/kernel/ras/*.o "$obj"/arch/x86/ras/*.o "$obj"/drivers/ras-clients/*.o |
	grep -v '_kunit\|fake_\|built-in\|\.mod\.o\|\.prelink')
# shellcheck disable=SC2086
size -t $objects | tail -1 | awk '{ printf "  text %d, data %d, bss %d (the records of the machine included)\n", $1, $2, $3 }'
gdb -batch -ex 'printf "  per CPU %d, of which the record of its registers is %d\n", sizeof(struct ras_slot), sizeof(struct ras_cpu)' \
	"$obj/vmlinux" 2>/dev/null | tail -1

# first_line FLAVOUR CMDLINE: seconds from "Kernel panic" to the crash kernel's
# first line, by the host's clock.
first_line()
{
	local dir=$RAS_BUILD/run/bench-kdump
	rm -rf "$dir" && mkdir -p "$dir/extra"
	printf '%s\n' 'load_kdump loglevel=8' 'echo c > /proc/sysrq-trigger' >"$dir/extra/scenario"
	make_cpio "$dir/extra" "$dir/extra.cpio"
	cat "$RAS_BUILD/obj/$1/machine.cpio" "$dir/extra.cpio" >"$dir/initrd"
	truncate -s 1G "$dir/disk"
	(RAS_ACCEL=${RAS_ACCEL-} qemu_machine "$1" 2 "$2" "$dir/initrd" -serial stdio \
		-drive "file=$dir/disk,format=raw,if=virtio") 2>/dev/null </dev/null |
	perl -MTime::HiRes=time -ne '
		$panic //= time if /Kernel panic - not syncing/;
		if ($panic && !$done && /Linux version/) { printf "%.3f\n", time - $panic; $done = 1 }'
	rm -rf "$dir"
}

say
say "From the panic message to the crash kernel's first line: seconds, 2 CPUs, 5 rounds"
say
rounds=5
[ -n "$quick" ] && rounds=2
out=$RAS_BUILD/run/first-line
: >"$out"
for i in $(seq $rounds); do
	[ -n "$quick" ] || echo "1 unmodified kernel|$(first_line pristine "")" >>"$out"
	echo "2 framework off (ras.enabled=0)|$(first_line main ras.enabled=0)" >>"$out"
	echo "3 framework, kdump alone armed|$(first_line main ras.handlers.kmsg.enabled=0)" >>"$out"
	echo "4 framework, kmsg and kdump|$(first_line main "")" >>"$out"
done
sort -t'|' -k1,1 -k2,2n "$out" | awk -F'|' '
	function flush_() { if (name) printf "  %-34s median %.3f  (%.3f to %.3f)\n", substr(name, 3), t[int((n + 1) / 2)], t[1], t[n] }
	$1 != name { flush_(); name = $1; n = 0 }
	{ t[++n] = $2 }
	END { flush_() }'
