#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The sources: licences, style, and no warning from the compiler or sparse.
. "${0%/*}/tap.sh"
cd "$RAS_TOP" || exit 1
out=$TAP_DIR/sources.log

files=$(if [ -d .git ]; then git ls-files -co --exclude-standard; else find . -type f -not -path './build/*' | sed 's/^\.\///'; fi)
# A patch has its licence from the files it changes; scripts/get_abi.pl wants
# nothing but entries in a file of the ABI.
lacking=$(for f in $files; do
	case $f in LICENSE|patches/*|Documentation/ABI/*) continue ;; esac
	[ -f "$f" ] && { head -3 "$f" | grep -q SPDX-License-Identifier || echo "$f"; }
done)
same "every file has its SPDX line" "" "$lacking"

# The client in the documents is the one that is built and run.
for doc in Documentation/ras/writing-a-client.rst README.md; do
	shown=$(sed -n '/include <linux\/module.h>/,/MODULE_LICENSE/p' "$doc" | tr -d ' \t')
	same "the client in $doc is ras_where.c" "$(sed 1d "$RAS_LAB/modules/ras_where.c" | tr -d ' \t')" "$shown"
done

style=$(for f in $files; do
	case $f in kernel/*.[chS]|arch/*.[chS]|drivers/*.[chS]|include/*.h|tools/*/modules/*.c|Documentation/*.c)
		[ -f "$f" ] && echo "$f" ;; esac; done)
# shellcheck disable=SC2086
perl "$RAS_TREE/scripts/checkpatch.pl" --no-tree --strict --terse --no-summary \
	--ignore FILE_PATH_CHANGES -f $style >"$out" 2>&1
ok $? "checkpatch --strict has nothing to say" "$out"

for p in patches/*/*.patch; do
	perl "$RAS_TREE/scripts/checkpatch.pl" --no-tree --strict --terse --no-summary \
		--no-signoff --ignore FILE_PATH_CHANGES,EMBEDDED_FILENAME - <"$p" >"$out" 2>&1
	ok $? "checkpatch --strict has nothing to say of ${p##*/}" "$out"
done

# The compiler and sparse, afresh, for what is ours.
for flavour in main off up modules; do
	obj=$RAS_BUILD/obj/warn-$flavour
	dirs="kernel/ras/ arch/x86/ras/ drivers/ras-clients/"
	# What includes the header that was renamed, and what has a hook.
	hooked="kernel/panic.o kernel/kexec_core.o arch/x86/kernel/reboot.o
		arch/x86/kernel/dumpstack_64.o arch/x86/kernel/cpu/mce/core.o drivers/ras/
		kernel/debug/debug_core.o"
	[ "$flavour" = off ] && dirs=
	{
		configure "$flavour" "warn-$flavour" &&
		kmake "warn-$flavour" prepare &&
		if [ -n "$dirs" ]; then
			(cd "$obj" && rm -rf $dirs) &&
			kmake "warn-$flavour" W=1 C=1 $dirs
		fi
	} >"$out" 2>&1
	status=$?
	[ $status = 0 ] && ! grep -q '\.[chS]:[0-9].*\(warning\|error\):' "$out"
	ok $? "no warning with W=1 and sparse, $flavour kernel" "$out"
	kmake "warn-$flavour" $hooked >"$out" 2>&1 && ! grep -q '\.[chS]:[0-9].*warning:' "$out"
	ok $? "the hooked files build, $flavour kernel" "$out"
done
done_testing
