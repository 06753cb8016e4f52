# SPDX-License-Identifier: GPL-2.0
# ctl ARGUMENTS: run rasctl with nobody to ask, and say all that it says, and its exit status.
ctl()
{
	local status

	rasctl "$@" < /dev/null > /tmp/rasctl.out 2>&1
	status=$?
	tell < /tmp/rasctl.out
	say "exit $status: rasctl $*"
}
