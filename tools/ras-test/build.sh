# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# ./ras build [FLAVOUR]
. "${BASH_SOURCE[0]%/*}/lib.sh"
. "$RAS_LAB/kernel.sh"

flavour=${1:-main}
[ "$flavour" = main ] || [ "$flavour" = pristine ] || [ -f "$RAS_LAB/config/$flavour.config" ] ||
	die "no flavour $flavour; there are main pristine $(cd "$RAS_LAB/config" &&
		ls ./*.config | sed 's/^\.\///; s/\.config$//' | grep -v '^base$\|^ras$' | tr '\n' ' ')"
need_packages $PACKAGES_BUILD
need_kernel "$flavour"
say "build/obj/$flavour/vmlinux, build/obj/$flavour/arch/x86/boot/bzImage"
