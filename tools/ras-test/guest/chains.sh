# SPDX-License-Identifier: GPL-2.0
# Chains of faulty handlers in stops that are released, one after the other, on a
# machine that has something to do; the lines that follow come from raslab/chains.py.
chains_cpus=$(nproc)

chains_begin()
{
	insmod /lib/ras_faulty.ko
	insmod_test
	ifconfig lo 127.0.0.1 up
	echo 10 > /proc/sys/kernel/hung_task_timeout_secs
	echo 5000 > $RAS/nmi_timeout_ms
	load -d /dev/vda -n 127.0.0.1 > /tmp/load.log 2>&1 &
	load=$!
	sleep 2
}

# chain NUMBER CONTEXT KIND...
chain()
{
	number=$1 context=$2
	shift 2
	echo "add $*" > /proc/ras_faulty || say "chain $number: add failed"
	before=$(cat $RAS/last/sequence)
	if [ $context = task ]; then
		pinned "echo stop > $RAS/trigger"
	else
		pinned "echo 'stop $context' > /proc/ras_test"
	fi
	states=
	for h in $RAS/handlers/f?_*; do
		states="$states ${h##*/}=$(cat $h/state),$(cat $h/faults),$(cat $h/timeouts)"
	done
	echo remove > /proc/ras_faulty
	# Every CPU runs what is pinned to it.
	ran=0 cpu=0
	while [ $cpu -lt $chains_cpus ]; do
		[ "$(taskset $(printf %x $((1 << cpu))) echo ran)" = ran ] && ran=$((ran + 1))
		cpu=$((cpu + 1))
	done
	say "chain $number:$states; stops $(($(cat $RAS/last/sequence) - before)), missing $(cat $RAS/last/cpus_missing), threads $ran;"
}

chains_end()
{
	# Whatever watches for lost time gets the time to say so.
	sleep 25
	kill -TERM $load
	if wait $load; then say "checksums: ok"; else say "checksums: bad"; fi
	cat /tmp/load.log
	grep -q 'clock went back' /tmp/load.log && say "clocks: bad" || say "clocks: ok"
	say "CPUs: $(grep -c ^processor /proc/cpuinfo)"
	say "handlers left: $(ls $RAS/handlers | tr '\n' ' ')"
}
