#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Whole kernels with the framework off, with SMP off, and with every client as a
# module; the last two run the rows that are for them.
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
while read -r flavour row; do
	"$RAS_LAB/run-scenario" "$flavour" "$row" >/dev/null </dev/null
	ok $? "$row" "$RAS_BUILD/run/$flavour/$row/result"
done <<END
up without-smp
modules clients-as-modules
modules clients-not-loaded
END
done_testing
