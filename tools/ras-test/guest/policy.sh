# SPDX-License-Identifier: GPL-2.0
# Every writable file gets rubbish and must keep its value.
show ipi_grace_us nmi_timeout_ms triggers/oops/enabled handlers/kmsg/priority
tried=0 refused=0 changed=0
for f in $(cd $RAS && find . -type f -perm -200 | sed 's/^\.\///'); do
	for rubbish in "" " " x 2x -1 99999999999999999999 0x10 "+1" "1 1" "panic bogus" yes; do
		# A handler may be without a deadline, and 2x is no number at all.
		before=$(cat $RAS/$f 2>/dev/null)
		tried=$((tried + 1))
		if ! printf '%s' "$rubbish" > $RAS/$f 2>/dev/null; then
			refused=$((refused + 1))
		elif [ -z "$rubbish" ]; then
			# The shell writes nothing at all.
			refused=$((refused + 1))
		else
			say "accepted \"$rubbish\" in $f"
		fi
		[ "$(cat $RAS/$f 2>/dev/null)" = "$before" ] || changed=$((changed + 1))
	done
done
say "rubbish refused $refused of $tried, changed $changed"
[ $refused = $tried ] || say "rubbish was accepted"
say "files for others than root: $(find $RAS -type f -perm /077 | wc -l)"
