# SPDX-License-Identifier: GPL-2.0
# Stops at every moment of a CPU's coming and going.
echo 5000 > $RAS/nmi_timeout_ms
echo 0 > /tmp/hotplugs
(
	n=0
	while [ ! -e /tmp/enough ]; do
		for cpu in 2 3; do
			echo 0 > /sys/devices/system/cpu/cpu$cpu/online
			echo 1 > /sys/devices/system/cpu/cpu$cpu/online
			n=$((n + 1))
			echo $n > /tmp/hotplugs.new && mv /tmp/hotplugs.new /tmp/hotplugs
		done
	done
) &
i=0
# Which of the two is the faster one depends on the host.
while [ $i -lt 300 ] || { [ "$(cat /tmp/hotplugs)" -lt 10 ] && [ $i -lt 5000 ]; }; do
	echo rehearse > $RAS/trigger || { say "rehearsal $i failed"; break; }
	i=$((i + 1))
	[ $((i % 100)) = 0 ] && say "stop $i: ipi $(cat $RAS/last/cpus_ipi) nmi $(cat $RAS/last/cpus_nmi) missing $(cat $RAS/last/cpus_missing)"
done
touch /tmp/enough
wait
say "stops done: $i"
say "hotplug done: $(cat /tmp/hotplugs)"
say "CPUs: $(grep -c ^processor /proc/cpuinfo) of 4"
