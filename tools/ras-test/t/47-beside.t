#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The conversations of beside.conf with the debuggers of both kernels.
. "${0%/*}/tap.sh"

if [ -z "${RAS_FULL-}" ]; then
	echo "1..0 # SKIP the unmodified kernel is built only with --full"
	exit 0
fi
need_machine pristine >/dev/null
rows=$(sed -n 's/^\[\(.*\)\]$/\1/p' "$RAS_LAB/beside.conf")
for flavour in main pristine; do
	rm -rf "$RAS_BUILD/run/$flavour"/beside-*
	# shellcheck disable=SC2086
	printf "$flavour %s\n" $rows |
		xargs -P "${RAS_MACHINES:-$RAS_JOBS}" -n 2 "$RAS_LAB/run-scenario" | sed -u 's/^/# /'
done
for row in $rows; do
	[ "$(head -1 "$RAS_BUILD/run/main/$row/result")" = pass ] &&
		[ -s "$RAS_BUILD/run/main/$row/answers" ] && ! grep -qv ^yes "$RAS_BUILD/run/main/$row/answers"
	ok $? "$row: every answer is yes" "$RAS_BUILD/run/main/$row/result"
	[ -s "$RAS_BUILD/run/pristine/$row/answers" ]
	ok $? "$row: so many on the unmodified kernel: $(grep -c ^yes "$RAS_BUILD/run/pristine/$row/answers")"
done
"$RAS_LAB/run-scenario" --beside | sed 's/^/# /'
done_testing
