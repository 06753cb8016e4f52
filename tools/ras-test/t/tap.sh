# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Test Anything Protocol, the little of it that is needed.
. "${BASH_SOURCE[0]%/*}/../lib.sh"
. "$RAS_LAB/kernel.sh"
. "$RAS_LAB/machine.sh"

TAP_COUNT=0
TAP_DIR=$RAS_BUILD/check
mkdir -p "$TAP_DIR"

# ok STATUS NAME [FILE]: with FILE, its lines say what was expected and what came.
ok()
{
	TAP_COUNT=$((TAP_COUNT + 1))
	if [ "$1" = 0 ]; then
		echo "ok $TAP_COUNT - $2"
	else
		echo "not ok $TAP_COUNT - $2"
		[ -n "${3-}" ] && [ -f "$3" ] && tail -n 40 "$3" | sed 's/^/#   /'
	fi
}

skip() { TAP_COUNT=$((TAP_COUNT + 1)); echo "ok $TAP_COUNT - $1 # SKIP $2"; }

# same NAME EXPECTED GOT
same()
{
	if [ "$2" = "$3" ]; then
		ok 0 "$1"
	else
		ok 1 "$1"
		printf '#   expected %s\n#   got      %s\n' "${2//$'\n'/ }" "${3//$'\n'/ }"
	fi
}

done_testing() { echo "1..$TAP_COUNT"; }
