# SPDX-License-Identifier: GPL-2.0
# From each CPU a rehearsal by IPI and one by NMI, and what it says of the others.
cpu=0
while [ -d /sys/devices/system/cpu/cpu$cpu ]; do
	on_cpu=$cpu
	for grace in 1000000 0; do
		echo $grace > $RAS/ipi_grace_us
		pinned "echo rehearse > $RAS/trigger" || say "CPU $cpu: rehearsal failed"
		say "owner $(cat $RAS/last/owner), ipi $(cat $RAS/last/cpus_ipi)," \
			"nmi $(cat $RAS/last/cpus_nmi), missing $(cat $RAS/last/cpus_missing)."
	done
	cpu=$((cpu + 1))
done
say "stops: $(cat $RAS/last/sequence)"
