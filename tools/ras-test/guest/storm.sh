# SPDX-License-Identifier: GPL-2.0
# Each CPU stops the others $stops times, all at once.  One that finds another's stop under
# way tries again.
stops=${stops:-250} cpus=$(nproc)
storm='done=0 tries=0
while [ $done -lt $stops ] && [ $tries -lt $((stops * 40)) ]; do
	echo rehearse > /sys/kernel/ras/trigger && done=$((done + 1))
	tries=$((tries + 1))
done 2> /dev/null
echo $done > /tmp/storm.'
export stops
for cpu in $(seq 0 $((cpus - 1))); do
	(on_cpu=$cpu; pinned "$storm$cpu") &
done
wait
say "stops: $(($(cat /tmp/storm.* | tr '\n' '+')0)) of $((stops * cpus))"
for cpu in $(seq 0 $((cpus - 1))); do
	on_cpu=$cpu
	pinned "echo ran > /tmp/ran.$cpu"
done
say "CPUs that run: $(cat /tmp/ran.* | wc -l)"
