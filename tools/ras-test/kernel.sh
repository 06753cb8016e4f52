# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Laying the framework over a kernel tree, and building one.

# lay_plan TREE: say for each hook what is to be done, "apply" or "applied".
# Fails with a reason and nothing changed.
lay_plan()
{
	local tree=$1 version copy ret
	[ -f "$tree/Kbuild" ] && [ -f "$tree/kernel/panic.c" ] && [ -d "$tree/arch/x86" ] ||
		{ echo "$tree is no Linux source tree" >&2; return 1; }
	version=$(sed -n 's/^VERSION = //p;s/^PATCHLEVEL = //p' "$tree/Makefile" | head -2 | paste -sd.)
	[ "$version" = "$RAS_VERSION" ] ||
		{ echo "$tree is Linux $version; there are hooks for $RAS_VERSION" >&2; return 1; }
	copy=$(mktemp -d) || return 1
	plan_on_copy "$tree" "$copy"
	ret=$?
	rm -rf "$copy"
	return $ret
}

# A hook may touch lines next to those of another, so whether one is there shows only
# when those after it have been taken off: on a copy of the files that they touch.
plan_on_copy()
{
	local tree=$1 copy=$2 p f applied=
	local patches=("$RAS_TOP/patches/$RAS_VERSION"/*.patch)
	sed -n 's/^+++ b\///p' "${patches[@]}" | sort -u | while read -r f; do
		[ ! -f "$tree/$f" ] || install -D -m 644 "$tree/$f" "$copy/$f"
	done
	for p in $(printf '%s\n' "${patches[@]}" | sort -r); do
		case ${p##*/} in
		0001-*)
			# The header's rename: its old name is ours afterwards.
			[ -f "$tree/include/linux/ras_error.h" ] &&
			! grep -q __RAS_H__ "$tree/include/linux/ras.h" 2>/dev/null ;;
		*)
			patch -d "$copy" -p1 -R -f -F0 -s --dry-run <"$p" >/dev/null 2>&1 &&
			patch -d "$copy" -p1 -R -f -F0 -s <"$p" >/dev/null 2>&1 ;;
		esac && applied+=" ${p##*/} "
	done
	for p in "${patches[@]}"; do
		case $applied in *" ${p##*/} "*)
			case ${p##*/} in 0001-*) ;; *) patch -d "$copy" -p1 -f -s <"$p" >/dev/null ;; esac
			echo "applied $p"; continue ;;
		esac
		case ${p##*/} in
		0001-*)	patch -d "$tree" -p1 -f -F0 -s --dry-run <"$p" >/dev/null 2>&1 ;;
		*)	patch -d "$copy" -p1 -f -F0 -s <"$p" >/dev/null 2>&1 ;;
		esac || { echo "${p##*/} does not apply to $tree" >&2; return 1; }
		echo "apply $p"
	done
}

# lay_over TREE: hooks and directories, changing only what differs.
lay_over()
{
	local tree=$1 plan what p f
	plan=$(lay_plan "$tree") || return 1
	while read -r what p; do
		[ "$what" = apply ] || continue
		patch -d "$tree" -p1 -f -F0 -s <"$p" || return 1
		echo "applied  ${p##*/}"
	done <<<"$plan"
	# shellcheck disable=SC2086
	(cd "$RAS_TOP" && find $RAS_PARTS -type f) | while read -r f; do
		cmp -s "$RAS_TOP/$f" "$tree/$f" && continue
		install -D -m 644 "$RAS_TOP/$f" "$tree/$f" || return 1
		echo "wrote    $f"
	done
}

unpack()
{
	local tree=$1 tmp=$RAS_BUILD/unpack.$$
	rm -rf "$tmp" && mkdir -p "$tmp" &&
		tar -xf "/usr/src/linux-source-$RAS_VERSION.tar.xz" -C "$tmp" --strip-components=1 &&
		mv "$tmp" "$tree"
}

need_tree()
{
	[ -f "$RAS_PRISTINE/Makefile" ] || [ "$1" != pristine ] ||
		step "Unpacking linux-source-$RAS_VERSION" unpack-pristine.log unpack "$RAS_PRISTINE"
	[ "$1" = pristine ] && return
	[ -f "$RAS_TREE/Makefile" ] ||
		step "Unpacking linux-source-$RAS_VERSION" unpack.log unpack "$RAS_TREE"
	lay_over "$RAS_TREE" >"$RAS_LOG/lay.log" 2>&1 && return
	# A hook has changed, and nobody knows any more what the one was that is in there.
	rm -rf "${RAS_TREE:?}"
	step "Unpacking linux-source-$RAS_VERSION anew" unpack.log unpack "$RAS_TREE"
	lay_over "$RAS_TREE" >"$RAS_LOG/lay.log" 2>&1 ||
		{ cat "$RAS_LOG/lay.log" >&2; die "the hooks do not apply to linux-source-$RAS_VERSION"; }
}

flavour_tree() { if [ "$1" = pristine ]; then echo "$RAS_PRISTINE"; else echo "$RAS_TREE"; fi; }

# kmake FLAVOUR ARGUMENTS...
kmake()
{
	local flavour=$1 tree
	tree=$(flavour_tree "$1")
	shift
	CCACHE_BASEDIR=$RAS_BUILD CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=time_macros \
	KBUILD_BUILD_TIMESTAMP=1970-01-01 KBUILD_BUILD_USER=ras KBUILD_BUILD_HOST=ras \
	make -C "$tree" O="$RAS_BUILD/obj/$flavour" -j"$RAS_JOBS" \
		CC="$(command -v ccache) gcc" "$@"
}

# The configuration of a flavour: which fragments on top of tinyconfig.
flavour_config()
{
	local d=$RAS_LAB/config
	case $1 in
	pristine)	echo "$d/base.config" ;;
	main)		echo "$d/base.config $d/ras.config" ;;
	*)		echo "$d/base.config $d/ras.config $d/$1.config" ;;
	esac
}

# configure FLAVOUR [DIR]: DIR below build/obj/, by default the flavour's name.
configure()
{
	local flavour=$1 into=${2:-$1} line fragments
	local obj=$RAS_BUILD/obj/$into
	fragments=$(flavour_config "$flavour")
	mkdir -p "$obj"
	# As tinyconfig: nothing but what is asked for.
	# shellcheck disable=SC2086
	cat "$(flavour_tree "$flavour")/kernel/configs/tiny-base.config" $fragments >"$obj/.wanted"
	kmake "$into" -s KCONFIG_ALLCONFIG="$obj/.wanted" allnoconfig || return 1
	# The last word on an option is what counts; it has to have taken.
	# shellcheck disable=SC2086
	cat $fragments | sed -n 's/^# \(CONFIG_[A-Z0-9_]*\) is not set$/\1=n/p; /^CONFIG_/p' |
	tac | awk -F= '!seen[$1]++' | while read -r line; do
		case $line in
		*=n)	grep -q "^${line%=n}=[ym]" "$obj/.config" || continue ;;
		*)	grep -qxF "$line" "$obj/.config" && continue ;;
		esac
		echo "$flavour: $line did not take" >&2
		return 1
	done
}

# need_kernel FLAVOUR: configure and build, as far as something has changed.
need_kernel()
{
	local flavour=$1 obj=$RAS_BUILD/obj/$1 stamp
	local parts="$RAS_PARTS $RAS_LAB/modules patches"
	need_tree "$flavour"
	# shellcheck disable=SC2046
	stamp=$(cat $(flavour_config "$flavour") | sha256sum)
	if [ "$(cat "$obj/.fragments" 2>/dev/null)" != "$stamp" ]; then
		step "Configuring the $flavour kernel" "config-$flavour.log" configure "$flavour"
		echo "$stamp" >"$obj/.fragments"
	fi
	# Asking make takes seconds; looking for a newer file does not.
	# Nothing but the test modules is ours in an unmodified kernel.
	[ "$flavour" = pristine ] && parts="$RAS_LAB/modules"
	if [ -f "$obj/.built" ] && [ "$obj/.built" -nt "$obj/.fragments" ] &&
	   [ -z "$(cd "$RAS_TOP" && find $parts -newer "$obj/.built" \
		-type f -name '*[chsSdKkh]*' | head -1)" ]; then
		return
	fi
	step "Building the $flavour kernel" "build-$flavour.log" build_kernel "$flavour"
	touch "$obj/.built"
}

build_kernel()
{
	local m=$RAS_BUILD/obj/$1-modules
	kmake "$1" all || return 1
	# Outside the source directory, which stays clean.
	mkdir -p "$m" && cp -u "$RAS_LAB"/modules/* "$m" && kmake "$1" M="$m" modules || return 1
	case $1 in pristine|off) return ;; esac
	install_headers "$1" "$RAS_BUILD/obj/$1-headers" &&
		build_samples "$RAS_BUILD/obj/$1-headers" "$RAS_BUILD/obj/$1-samples"
}

# install_headers FLAVOUR DIR: what a distribution's package of kernel headers holds;
# the list is that of scripts/package/builddeb.
install_headers()
{
	local tree obj=$RAS_BUILD/obj/$1 dir=$2
	tree=$(flavour_tree "$1")
	rm -rf "$dir" && mkdir -p "$dir" || return 1
	(cd "$tree" && {
		find . arch/x86 -maxdepth 1 -name 'Makefile*'
		find include scripts -type f -o -type l
		find arch/x86 -name Kbuild.platforms -o -name Platform
		find $(find arch/x86 -name include -o -name scripts -type d) -type f
	} | tar -cf - -T -) | tar -xf - -C "$dir" &&
	(cd "$obj" && {
		find arch/x86/include Module.symvers include scripts -type f
		[ ! -x tools/objtool/objtool ] || echo tools/objtool/objtool
	} | tar -cf - -T -) | tar -xf - -C "$dir" &&
	cp "$obj/.config" "$dir/.config"
}

# build_samples HEADERS DIR [ARGUMENTS...]: as somebody would who has those headers only.
build_samples()
{
	local headers=$1 dir=$2
	shift 2
	mkdir -p "$dir" && cp -u "$RAS_TOP"/Documentation/ras/samples/* "$dir" &&
		make -C "$dir" KDIR="$headers" "$@"
}
