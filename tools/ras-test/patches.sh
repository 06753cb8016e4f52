# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# ./ras patches DIR: the framework as a series for "git am"
. "${BASH_SOURCE[0]%/*}/lib.sh"
. "$RAS_LAB/kernel.sh"

[ $# = 1 ] || die "usage: ./ras patches DIR"
case $1 in -*) die "usage: ./ras patches DIR" ;; esac
mkdir -p "$1" || exit 1
out=$(cd "$1" && pwd)
[ -z "$(ls "$out"/*.patch 2>/dev/null)" ] || die "patches: $out has patches already"
need_packages git $PACKAGES_BUILD
need_tree pristine

repo=$(mktemp -d)
trap 'rm -rf "$repo"' EXIT
git_() { git -C "$repo" -c user.name="The RAS stop framework" -c user.email=ras-stop@localhost -c commit.gpgsign=false "$@"; }

# A repository of just the files that the hooks touch.
git_ init -q
grep -h '^--- a/\|^rename from ' "$RAS_TOP/patches/$RAS_VERSION"/*.patch |
	sed 's/^--- a\///; s/^rename from //' | sort -u | while read -r f; do
	install -D -m 644 "$RAS_PRISTINE/$f" "$repo/$f"
done
git_ add -A && git_ commit -q -m base

{
	hooks=("$RAS_TOP/patches/$RAS_VERSION"/*.patch)
	git_ am -q "${hooks[0]}" || exit 1
	# shellcheck disable=SC2086
	(cd "$RAS_TOP" && find $RAS_PARTS -type f) | while read -r f; do
		install -D -m 644 "$RAS_TOP/$f" "$repo/$f"
	done
	git_ add -A
	git_ commit -q -F - <<-'END'
	ras: add the stop framework

	One way to stop a machine that dies, for all tools that want what is left of
	it: a small core parks every CPU by IPI and NMI, saves the registers of each
	once, and runs the tools as handlers in the order of their priority.

	See Documentation/ras/index.rst. The hooks that use it follow.
	END
	git_ am -q "${hooks[@]:1}" || exit 1
	git_ format-patch -q --no-signature --zero-commit -o "$out" HEAD~$((${#hooks[@]} + 1))
} || die "patches: the hooks do not apply to $RAS_PRISTINE"
ls "$out"
