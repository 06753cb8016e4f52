# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Judging what a machine has left in $dir; for run-scenario, run-matrix, run-soak.

# judge_begin: sets $result, which wrong() takes back.
judge_begin()
{
	result=pass
	: >"$dir/notes"
	console_of "$dir" >"$dir/console" 2>/dev/null
}

note()  { printf '%s\n' "$@" >>"$dir/notes"; }
wrong() { result=fail; note "$@"; }

# judge_talk: that the conversation on the second serial line went as it should.
judge_talk()
{
	[ "$(cat "$dir/talk.status" 2>/dev/null)" = 0 ] && return
	result=fail
	cat "$dir/talk.log" >>"$dir/notes"
}

# judge_dump FLAVOUR CHECK...: that there is a dump, and it shows what it must.
judge_dump()
{
	local flavour=$1 check kept=()
	shift
	if [ ! -s "$dir/dump/vmcore" ]; then
		wrong "expected a dump" "got none"
		return
	fi
	# crash 8.0.2 does not find the start of the owner's backtrace in frames as
	# large as KASAN makes them; that one is checked on the ordinary kernels only.
	for check; do
		[ "$flavour" = debug ] && [ "${check#in:}" != "$check" ] && continue
		kept+=("$check")
	done
	[ ${#kept[@]} -gt 0 ] || kept=(panic=.)
	mkdir -p "$dir/crash"
	(cd "$dir/crash" && "$RAS_LAB/check-dump" -k "$RAS_BUILD/obj/$flavour/vmlinux" \
		"$dir/dump/vmcore" "${kept[@]}") >"$dir/check-dump.log" 2>&1 ||
		{ result=fail; grep -v '^ok' "$dir/check-dump.log" >>"$dir/notes"; }
}

# judged SECONDS: keep the result.  The dump is evidence only where there is
# something to find out.
judged()
{
	{ echo "$result"; cat "$dir/notes"; } >"$dir/result"
	echo "$1" >"$dir/seconds"
	rm -f "$dir/notes"
	[ "$result" = pass ] && [ -z "${RAS_KEEP-}" ] && rm -f "$dir/dump/vmcore"
	return 0
}
