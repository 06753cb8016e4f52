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

# judge_asks FLAVOUR ASKS: answer the questions of a row of beside.conf, a line each in
# $dir/answers.  With the framework each has to be yes.
judge_asks()
{
	local flavour=$1 where what question answer checks=()
	while IFS=$'\t' read -r where what question; do
		[ "$where" = dump ] && checks+=("$what")
	done <<<"$2"
	: >"$dir/check-dump.log"
	[ ${#checks[@]} = 0 ] || judge_dump "$flavour" "${checks[@]}"
	tr -d '\r' 2>/dev/null <"$dir/line.log" >"$dir/line"
	: >"$dir/answers"
	while IFS=$'\t' read -r where what question; do
		case $where in
		line)	 grep -aEq -- "$what" "$dir/line" ;;
		no-line) [ -s "$dir/line" ] && ! grep -aEq -- "$what" "$dir/line" ;;
		no-log)	 log_of_dump && ! grep -aEq -- "$what" "$dir/dmesg" ;;
		console) grep -aEq -- "$what" "$dir/console" ;;
		gdb)	 grep -aEq -- "$what" "$dir/gdb.log" ;;
		dump)	 dump_shows "$what" ;;
		esac 2>/dev/null && answer=yes || answer=no
		printf '%s\t%s\n' "$answer" "$question" >>"$dir/answers"
		[ $answer = yes ] || note "$question: $answer ($where $what)"
	done <<<"$2"
	if [ "$flavour" = pristine ]; then
		result=pass
	elif grep -q ^no "$dir/answers"; then
		result=fail
	fi
}

log_of_dump()
{
	[ -s "$dir/dmesg" ] ||
		makedumpfile --dump-dmesg "$dir/dump/vmcore" "$dir/dmesg" >"$dir/makedumpfile.log" 2>&1
}

# dump_shows CHECK: has check-dump said so?  Its lines are in the order of the checks,
# after the one for the dump as such.
dump_shows()
{
	local i
	for ((i = 0; i < ${#checks[@]}; i++)); do
		[ "${checks[i]}" = "$1" ] || continue
		sed -n '/^\(not \)\{0,1\}ok - /p' "$dir/check-dump.log" | sed -n "$((i + 2))p" | grep -q '^ok'
		return
	done
	return 1
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
