# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# ./ras install-into DIR
. "${BASH_SOURCE[0]%/*}/lib.sh"
. "$RAS_LAB/kernel.sh"

[ $# = 1 ] || die "usage: ./ras install-into /path/to/linux"
[ -d "$1" ] || die "install-into: $1 is no directory"
need_packages patch
tree=$(cd "$1" && pwd)
# Everything is tried before anything is changed.
lay_plan "$tree" >/dev/null || die "install-into: nothing was changed"
changed=$(lay_over "$tree") || die "install-into: failed halfway: $changed"
if [ -z "$changed" ]; then
	say "$tree has it all; nothing was changed"
else
	say "$changed"
	say
	say "Now enable CONFIG_RAS_STOP in $tree (menu \"RAS stop framework\")."
fi
