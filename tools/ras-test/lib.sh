# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the commands of ./ras share: places, packages, progress.

set -u -o pipefail

RAS_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
RAS_LAB=$RAS_TOP/tools/ras-test
RAS_BUILD=${RAS_BUILD:-$RAS_TOP/build}
RAS_LOG=$RAS_BUILD/log
RAS_VERSION=6.1
RAS_TREE=$RAS_BUILD/linux-$RAS_VERSION
RAS_PRISTINE=$RAS_BUILD/linux-$RAS_VERSION-pristine
RAS_JOBS=${RAS_JOBS:-$(nproc)}

# The directories and files that are laid over a kernel tree.
RAS_PARTS="Kconfig.ras arch drivers include kernel Documentation"

PACKAGES_BUILD="linux-source-$RAS_VERSION gcc libc6-dev make flex bison bc perl
	libelf-dev libssl-dev openssl xz-utils patch kmod cpio python3 ccache"
PACKAGES_RUN="qemu-system-x86 busybox-static kexec-tools makedumpfile crash"
PACKAGES_CHECK="sparse git gdb"

mkdir -p "$RAS_LOG"

say()  { printf '%s\n' "$*"; }
die()  { printf 'ras: %s\n' "$*" >&2; exit 1; }

missing_packages()
{
	local p
	for p in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null)" = "ii " ] ||
			printf '%s ' "$p"
	done
}

# need_packages NAME...: install what is missing, or say how.
need_packages()
{
	local missing sudo=
	# shellcheck disable=SC2068
	missing=$(missing_packages $@)
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" != 0 ]; then
		if ! sudo -n true 2>/dev/null; then
			printf 'ras: packages are missing; install them with\n\n' >&2
			printf '  sudo apt-get install --no-install-recommends %s\n\n' "$missing" >&2
			exit 1
		fi
		sudo=sudo
	fi
	# kexec-tools asks a question otherwise.
	step "Installing $(wc -w <<<"$missing") Debian packages" apt.log \
		$sudo env DEBIAN_FRONTEND=noninteractive sh -c \
		"apt-get update && apt-get install -y --no-install-recommends $missing"
}

# step TEXT LOG COMMAND...: run with the output in a log, and show progress.
step()
{
	local text=$1 log=$RAS_LOG/$2 start=$SECONDS pid last period=30 shown=0
	shift 2
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	[ -t 1 ] && period=1
	while kill -0 $pid 2>/dev/null; do
		sleep 0.2
		[ $((SECONDS - start)) -lt $((shown + period)) ] && continue
		shown=$((SECONDS - start))
		last=$(tail -n 1 "$log" 2>/dev/null | tr -d '\r' | cut -c1-50)
		if [ -t 1 ]; then
			printf '\r\033[K%-44s %3d:%02d  %s' "$text" $((shown / 60)) $((shown % 60)) "$last"
		else
			printf '%-44s %3d:%02d  %s\n' "$text" $((shown / 60)) $((shown % 60)) "$last"
		fi
	done
	if wait $pid; then
		shown=$((SECONDS - start))
		[ -t 1 ] && printf '\r\033[K'
		printf '%-44s %3d:%02d\n' "$text" $((shown / 60)) $((shown % 60))
		return 0
	fi
	[ -t 1 ] && printf '\n'
	printf '%s: FAILED. The last lines of %s:\n' "$text" "$log" >&2
	tail -n 20 "$log" | sed 's/^/  | /' >&2
	exit 1
}
