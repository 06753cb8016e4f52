#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Handlers that go wrong, and kernels that do: cells of the matrices of guard.conf.
# What is released instead of dumped is in scenarios.conf, the rows guard-*.
. "${0%/*}/tap.sh"
. "$RAS_LAB/guard.sh"

# matrix NAME CELL...: run the cells, and have a line for each.
matrix()
{
	local name=$1 cell dir reason
	shift
	"$RAS_LAB/run-matrix" --jobs "${RAS_MACHINES:-$RAS_JOBS}" "$name" "$@" | sed -u 's/^/# /'
	for cell in $("$RAS_LAB/run-matrix" --list "$name" "$@"); do
		dir=$RAS_BUILD/run/matrix-main/$cell
		case $(head -n 1 "$dir/result" 2>/dev/null || echo none) in
		pass)	ok 0 "$name: $cell" ;;
		none)
			reason=$([ "$name" = lkdtm ] || impossible "$cell")
			if [ -n "$reason" ]; then
				skip "$name: $cell" "$reason"
			else
				ok 1 "$name: $cell: no result" "$dir/console.log"
			fi ;;
		*)	ok 1 "$name: $cell" "$dir/result" ;;
		esac
	done
}

if [ -z "${RAS_FULL-}" ]; then
	# shellcheck disable=SC2046
	matrix handlers $(awk -F'\t' '$1 == "check" { print $2 }' "$RAS_LAB/guard.conf")
	done_testing
	exit
fi
matrix handlers '*'
matrix lkdtm '*'
"$RAS_LAB/run-soak" | sed -u 's/^/# /'
ok "${PIPESTATUS[0]}" "soak: 200 chains at random" "$RAS_BUILD/run/soak/failures"
done_testing
