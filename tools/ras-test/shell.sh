# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# ./ras shell [CPUS]
. "${BASH_SOURCE[0]%/*}/lib.sh"
. "$RAS_LAB/kernel.sh"
. "$RAS_LAB/machine.sh"

cpus=${1:-4}
case $cpus in ''|*[!0-9]*|0) die "shell: $cpus is no number of CPUs" ;; esac
need_packages $PACKAGES_BUILD $PACKAGES_RUN
need_machine main
mkdir -p "$RAS_BUILD/run"
[ -f "$RAS_BUILD/run/shell.disk" ] || truncate -s 1G "$RAS_BUILD/run/shell.disk"
say "A machine of $cpus CPUs; Ctrl-A X ends it, Ctrl-A C is QEMU's monitor.  Try:"
say "  cat $(printf /sys/kernel/ras)/plan;  echo rehearse > /sys/kernel/ras/trigger"
qemu_machine main "$cpus" "" "$RAS_BUILD/obj/main/machine.cpio" -serial mon:stdio \
	-drive "file=$RAS_BUILD/run/shell.disk,format=raw,if=virtio"
