# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Reading guard.conf; for run-matrix and run-soak.
CONF=$RAS_LAB/guard.conf
CONTEXTS="task softirq hardirq nmi"
COUNTS="1 2 4"

# field KEY NAME N: a field of the line for NAME.
field()
{
	awk -F'\t' -v key="$1" -v name="$2" -v n="$3" \
		'$1 == key && $2 == name { print $n; exit }' "$CONF"
}

# kinds_of NAME: the handlers of a row, in order; NAME may also be KIND+KIND...
kinds_of()
{
	local chain
	chain=$(field chain "$1" 3)
	echo "${chain:-${1//+/ }}"
}

# split CELL: into $name, $context and $cpus.
split()
{
	cpus=${1##*-}
	name=${1%-*}
	context=${name##*-}
	name=${name%-*}
}

# impossible CELL: the reason, if there is one.
impossible()
{
	local name context cpus kind ways='' way
	split "$1"
	for kind in $(kinds_of "$name"); do
		way=$(field kind "$kind" 3)
		[ "$way" = hang ] && ways+=x
		[ "$cpus" = 1 ] && [ -n "$(field alone "$kind" 3)" ] && continue
		awk -F'\t' -v kind="$kind" -v way="$way" -v cpus="$cpus" -v context="$context" '
			$1 == "none" && ($2 == kind || $2 == way) &&
			($3 == cpus || $3 == context || $3 == context "/" cpus) {
				print $4; found = 1; exit }
			END { exit !found }' "$CONF" && return
	done
	[ "$context" = nmi ] && [ "$cpus" = 2 ] && [ "$ways" != "" ] && [ "$ways" != x ] &&
		echo "two CPUs: the second hang has nobody to watch it, since the only other CPU took over after the first, whose CPU is lost in its NMI"
}

# expectation KIND CONTEXT CPUS HANGS: what the handler's line must match.
expectation()
{
	local re ms="[0-9.]+ ms"
	re=$(field kind "$1" 4)
	if [ "$3" = 1 ] && [ -n "$(field alone "$1" 3)" ]; then
		re=$(field alone "$1" 3)
	elif [ "$2" = nmi ] && [ -n "$(field nmi "$1" 3)" ]; then
		re=$(field nmi "$1" 3)
	elif [ "$2" = nmi ] && [ "$(field kind "$1" 3)" = hang ] && [ "$4" = 0 ]; then
		# The first one; whoever took over is no longer in NMI context.
		re="hang:, CPU 0 does not answer, CPU [1-9][0-9]* took over"
	fi
	case $re in
	fault:*)	echo "abandoned after $ms: ${re#fault: }" ;;
	hang:*)		echo "abandoned after $ms: deadline of [0-9]+ ms passed${re#hang:}" ;;
	next:*)		echo "next +$ms\$" ;;
	*)		echo "$re" ;;
	esac
}
