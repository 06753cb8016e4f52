# SPDX-License-Identifier: GPL-2.0
# What rows with network cards and peers use; see raslab/network.py and raslab/peer.py.

# word NAME: what the kernel's command line says of it.  Peers are rt.NAME=ADDRESS:PORT.
word() { tr ' ' '\n' < /proc/cmdline | sed -n "s/^$1=//p" | tail -n 1; }
word_address() { word "$1" | cut -d: -f1; }
word_port() { word "$1" | cut -d: -f2; }

# load_modules NAMES: in this order, where they are not built in.
load_modules()
{
	for module in "$@"; do
		[ ! -e "/lib/$module.ko" ] || grep -q "^$module " /proc/modules ||
			insmod "/lib/$module.ko" || say "no $module.ko"
	done
}

# net_card INDEX: the name of that card, by the address that the lab gives it.
net_card()
{
	for net in /sys/class/net/*; do
		[ "$(cat "$net/address")" = "52:54:00:72:61:$(printf %02x "$1")" ] && echo "${net##*/}"
	done
}

# wait_for COMMAND: until it is true, for ten seconds or so.
wait_for()
{
	waits=0
	until "$@"; do
		[ $waits -lt 100 ] || return 1
		waits=$((waits + 1))
		usleep 100000
	done
}

# has FILE TEXT: the file has that line.
has() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }

# net_up INDEX ADDRESS: bring the card up, and wait for its link.
net_up()
{
	load_modules e1000e
	ifconfig lo 127.0.0.1 up
	card=$(net_card "$1")
	[ -n "$card" ] || { say "card $1 is not there"; return 1; }
	ifconfig "$card" "$2" netmask 255.255.255.0 up
	wait_for has "/sys/class/net/$card/carrier" 1 || { say "card $1 has no link"; return 1; }
	driver=$(readlink "/sys/class/net/$card/device/driver")
	say "card $1 is up: ${driver##*/}"
}

# net_bond CARDS: bond0, of these, of which the first is active as long as it has a link.
net_bond()
{
	insmod /lib/bonding.ko mode=active-backup miimon=100 primary="$1"
	ifconfig bond0 up
	for slave in "$@"; do
		echo "+$slave" > /sys/class/net/bond0/bonding/slaves
	done
	net_active "$1"
}

# net_active CARD: wait until that card is the active one of the bond.
net_active()
{
	wait_for has /sys/class/net/bond0/bonding/active_slave "$1" ||
		{ say "$1 is not active"; return 1; }
	say "active: $1"
}

# net_bridge ADDRESS: br0, with an address of its own for frames, and two ports: card 0, and one
# that leads nowhere.
net_bridge()
{
	load_modules e1000e llc stp bridge dummy
	brctl addbr br0
	ip link set br0 address 52:54:00:72:62:00
	ip link add dummy1 type dummy
	for port in dummy1 "$(net_card 0)"; do
		ifconfig "$port" up
		brctl addif br0 "$port"
	done
	ifconfig br0 "$1" netmask 255.255.255.0 up
}

# net_ipv6 INDEX ADDRESS: give the card, which is up, an address of IPv6 as well, and let no router
# give it another.
net_ipv6()
{
	card=$(net_card "$1")
	conf=/proc/sys/net/ipv6/conf/$card
	echo 0 > "$conf/accept_ra"
	echo 0 > "$conf/accept_dad"
	echo 0 > "$conf/router_solicitations"
	echo 0 > "$conf/disable_ipv6"
	ifconfig "$card" add "$2/64" || say "card $1 has no address of IPv6"
}

# seconds: since the boot.
seconds() { cut -d. -f1 /proc/uptime; }

# piece NUMBER BYTES: of /tmp/sent.
piece() { dd if=/tmp/sent bs="$2" skip="$1" count=1 2>/dev/null; }

# wanted NUMBER BYTES: what the echo peer has to answer to that piece; $answers says how.
wanted()
{
	if [ "${answers-}" = sha256 ]; then
		piece "$@" | sha256sum | cut -d' ' -f1
	else
		piece "$@"
	fi
}

# send_piece NUMBER BYTES: to the echo peer, until it has answered.  On a lossy network TCP
# doubles its time-outs, up to minutes: what is not answered within $patience seconds is
# sent again over another connection, and given longer each time, because the host may be
# what is slow.
send_piece()
{
	length=$2 try=0
	[ "${answers-}" = sha256 ] && length=65
	while [ $try -lt 20 ]; do
		piece "$@" | timeout $((${patience:-60} + try / 2)) nc "$address" "$port" \
			> "/tmp/answer.$1" 2>/dev/null
		try=$((try + 1))
		[ "$(stat -c %s "/tmp/answer.$1")" = "$length" ] && break
	done
	echo $try >> /tmp/tries
}

# send_some FIRST STEP END BYTES: every STEPth piece, one after the other.
send_some()
{
	number=$1
	while [ "$number" -lt "$3" ]; do
		send_piece "$number" "$4"
		number=$((number + $2))
	done
}

# exchange BYTES PIECE AT-A-TIME: send random bytes to the echo peer, in pieces, so many of
# them at a time, and say whether the answers are right.
exchange()
{
	pieces=$(($1 / $2)) from=$(seconds)
	address=$(word_address rt.echo) port=$(word_port rt.echo)
	dd if=/dev/urandom of=/tmp/sent bs="$2" count=$pieces 2>/dev/null
	rm -f /tmp/tries
	first=0
	while [ $first -lt "$3" ]; do
		send_some $first "$3" $pieces "$2" &
		first=$((first + 1))
	done
	wait
	number=0
	while [ $number -lt $pieces ]; do
		wanted $number "$2" >> /tmp/wanted
		cat /tmp/answer.$number >> /tmp/answers
		rm /tmp/answer.$number
		number=$((number + 1))
	done
	expected=$(sha256sum < /tmp/wanted) had=$(sha256sum < /tmp/answers)
	[ "$expected" = "$had" ] && right=right || right=wrong
	say "exchange of $1 bytes: the answers are $right"
	say "exchange took $(($(seconds) - from)) s, $(awk '{ n += $1 } END { print n }' /tmp/tries) connections"
	rm /tmp/wanted /tmp/answers
}

# nfs_mount DIRECTORY: what the NFS peer serves.
nfs_mount()
{
	load_modules dns_resolver sunrpc grace lockd nfs nfsv3
	address=$(word_address rt.nfs) port=$(word_port rt.nfs)
	options=vers=3,proto=tcp,port=$port,mountproto=tcp,mountport=$port,nolock,addr=$address
	mount -t nfs -o "$options" "$address:/" "$1" || { say "no NFS"; return 1; }
	say "mounted: $(grep " $1 " /proc/mounts)"
}

# dump_to WORDS: dump to rasdumpd, by card 0, and after it to these targets.
dump_to()
{
	net_up 0 10.0.2.15
	dump_by_route "$@"
}

# dump_by_route WORDS: the same, by the way that there is already.
dump_by_route()
{
	[ $# = 0 ] || try "$*" dump/targets
	rasctl netdump setup --port "$(word_port rt.rasdumpd)" "$(word_address rt.rasdumpd)" 2>&1 |
		tell "rasctl: "
	grep dump- $RAS/plan | tell "plan: "
}
