# SPDX-License-Identifier: GPL-2.0
# 1,000 stops and releases, or $cycles of them, $how, and $after each, of a machine that
# computes, sleeps, reads the clock, writes a disk and talks over two network interfaces; then
# everything has to be as if nothing had been.
ifconfig lo 127.0.0.1 up
ifconfig eth0 10.0.2.15 netmask 255.255.255.0 up
echo 5 > /proc/sys/kernel/hung_task_timeout_secs 2>/dev/null
echo 5000 > $RAS/nmi_timeout_ms
load -d /dev/vda -n 127.0.0.1 > /tmp/load.log 2>&1 &
load=$!
ping 10.0.2.2 > /tmp/ping.log 2>&1 &
ping=$!
sleep 2
before=$(cut -d. -f1 /proc/uptime)
missing=0 i=0
while [ $i -lt ${cycles:-1000} ]; do
	echo ${how:-rehearse} > $RAS/trigger || { say "stop $i failed"; break; }
	[ -z "$(cat $RAS/last/cpus_missing)" ] || missing=$((missing + 1))
	${after:-:} || { say "after stop $i: failed"; break; }
	i=$((i + 1))
	[ $((i % 100)) = 0 ] && say "cycle $i: stop $(cat $RAS/last/stop_ns) ns, release $(cat $RAS/last/release_ns) ns"
done
say "cycles done: $i, in $(($(cut -d. -f1 /proc/uptime) - before)) s"
say "missing in stops: $missing"
# Whatever watches for lost time gets the time to say so.
sleep 25
kill -TERM $load
if wait $load; then say "checksums: ok"; else say "checksums: bad"; fi
tell < /tmp/load.log
kill -INT $ping
wait $ping
grep 'packets transmitted' /tmp/ping.log | tell 'ping '
grep -q 'clock went back' /tmp/load.log && say "clocks: bad" || say "clocks: ok"
say "CPUs: $(grep -c ^processor /proc/cpuinfo) of 4"
# Every CPU runs what is pinned to it.
for cpu in 0 1 2 3; do
	taskset $(printf %x $((1 << cpu))) sh -c 'echo ran > /tmp/cpu.'$cpu
done
[ "$(cat /tmp/cpu.? | wc -l)" = 4 ] && say "threads: ok" || say "threads: bad"
say "clocksource: $(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
