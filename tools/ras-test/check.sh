# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# ./ras check [--full] [TEST...]
. "${BASH_SOURCE[0]%/*}/lib.sh"
. "$RAS_LAB/kernel.sh"
. "$RAS_LAB/machine.sh"

export RAS_FULL=
tests=()
for arg; do
	case $arg in
	--full) RAS_FULL=1 ;;
	-h|--help)
		say "usage: ./ras check [--full] [TEST...]"
		say
		say "Tests are the files of tools/ras-test/t/ without .t; all of them by default."
		say "With --full also those that take hours: every scenario on a kernel with"
		say "lockdep, KASAN and UBSAN, whole kernels of every flavour, all cells of the"
		say "matrices of faulty handlers and of LKDTM, and 200 chains at random."
		exit 0 ;;
	*)
		[ -f "$RAS_LAB/t/$arg.t" ] ||
			die "check: no test $arg; there are $(cd "$RAS_LAB/t" && ls ./*.t | sed 's/^\.\///; s/\.t$//' | tr '\n' ' ')"
		tests+=("$RAS_LAB/t/$arg.t") ;;
	esac
done
[ ${#tests[@]} -gt 0 ] || tests=("$RAS_LAB"/t/*.t)

need_packages $PACKAGES_BUILD $PACKAGES_RUN $PACKAGES_CHECK
need_tree pristine
need_machine main
[ -z "$RAS_FULL" ] || need_machine debug
say
cd "$RAS_TOP" && exec prove --timer --verbose "${tests[@]}"
