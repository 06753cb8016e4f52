#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Whole kernels with the framework off, with SMP off, and with every client as a
# module; the last two have to dump, too.
. "${0%/*}/tap.sh"

if [ -z "${RAS_FULL-}" ]; then
	echo "1..0 # SKIP whole kernels only with --full; t/10-sources.t compiles what is ours"
	exit 0
fi
for flavour in off up modules; do
	(need_machine "$flavour") >"$TAP_DIR/$flavour.log" 2>&1 &&
		! grep -q 'warning:.*\(ras\|panic\.c\)' "$RAS_LOG/build-$flavour.log"
	ok $? "the $flavour kernel builds" "$TAP_DIR/$flavour.log"
done
"$RAS_LAB/run-scenario" up sysrq-c-1 >/dev/null
ok $? "a kernel without SMP dumps" "$RAS_BUILD/run/up/sysrq-c-1/result"
for row in clients-as-modules clients-not-loaded; do
	"$RAS_LAB/run-scenario" modules $row >/dev/null
	ok $? "$row" "$RAS_BUILD/run/modules/$row/result"
done
done_testing
