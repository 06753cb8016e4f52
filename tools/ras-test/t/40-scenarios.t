#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The rows of scenarios.conf and debuggers.conf, two machines at a time.
. "${0%/*}/tap.sh"

flavours=main
[ -n "${RAS_FULL-}" ] && flavours="main debug"
for flavour in $flavours; do
	rows=$("$RAS_LAB/run-scenario" --list)
	rm -rf "$RAS_BUILD/run/$flavour"/*/result
	# What each says goes out at once: a long silence looks like a hang.
	xargs -P "${RAS_MACHINES:-$RAS_JOBS}" -n 1 "$RAS_LAB/run-scenario" "$flavour" <<<"$rows" |
		sed -u 's/^/# /'
	for row in $rows; do
		dir=$RAS_BUILD/run/$flavour/$row
		about=$(awk -v n="[$row]" '/^\[/ { here = $0 == n } here && $1 == "about" { sub(/^about[ \t]*/, ""); print; exit }' "$RAS_LAB/scenarios.conf" "$RAS_LAB/debuggers.conf")
		result=$(head -1 "$dir/result" 2>/dev/null || echo lost)
		case $result in
		pass) ok 0 "$row: $about" ;;
		skip) skip "$row" "$(sed -n 2p "$dir/result")" ;;
		*)
			ok 1 "$row: $result: $about" "$dir/result"
			echo "#   see $dir/console.log" ;;
		esac
	done
done
done_testing
