#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The KUnit suites, built into the test kernel, on one CPU and on four.
. "${0%/*}/tap.sh"

suites="ras_policy ras_registry ras_report ras_stop ras_chain ras_guard ras_watch ras_takeover ras_parked_call ras_debugger"
for cpus in 1 4; do
	dir=$RAS_BUILD/run/main/kunit-$cpus
	# More CPUs that are possible than there are: suites with fake CPUs need them.
	run_machine "$dir" main $cpus "kunit.enable=1 kunit.filter_glob=ras* possible_cpus=8" "" 600
	log=$dir/console
	tr -d '\r' <"$dir/console.log" | sed 's/^\[ *[0-9.]*\] //' >"$log"
	grep -aE '^ +(not )?ok [0-9]|^(not )?ok [0-9]|^ +# ' "$log" >"$dir/tap"
	for suite in $suites; do
		# The result of a suite stands in a line of its own, after its cases.
		grep -aEq "^ok [0-9]+ (- )?$suite\$" "$dir/tap"
		ok $? "$suite, $cpus CPUs: $(awk -v s="$suite" '
			/^ +(ok|not ok) [0-9]/ { n++ } /# SKIP/ { skipped++ }
			/^(ok|not ok) / { if ($NF == s) { printf "%d cases, %d skipped", n, skipped; exit } n = skipped = 0 }' "$dir/tap")" "$dir/tap"
	done
	! grep -aq 'WARNING:\|BUG:\|KASAN' "$log"
	ok $? "no report from the kernel, $cpus CPUs" "$log"
done
done_testing
