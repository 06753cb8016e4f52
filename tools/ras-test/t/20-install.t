#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ./ras install-into and ./ras patches, on pristine, patched and foreign trees.
. "${0%/*}/tap.sh"
tree=$TAP_DIR/tree damaged=$TAP_DIR/damaged series=$TAP_DIR/series repo=$TAP_DIR/repo
out=$TAP_DIR/install.log
rm -rf "$tree" "$damaged" "$series" "$repo"

# As much of a tree as the hooks touch.
part()
{
	mkdir -p "$1" && tar -C "$RAS_PRISTINE" -cf - Kbuild Kconfig Makefile kernel arch/x86 \
		drivers/Makefile include/linux | tar -C "$1" -xf -
}
state() { (cd "$1" && find . -type f -not -path './.git/*' -print0 | sort -z | xargs -0 sha256sum) | sha256sum; }

part "$tree"
"$RAS_TOP/ras" install-into "$tree" >"$out" 2>&1
ok $? "a pristine tree takes it" "$out"
grep -q 'applied  0003-panic' "$out"; ok $? "it says what it changed" "$out"
before=$(state "$tree")
"$RAS_TOP/ras" install-into "$tree" >"$out" 2>&1
ok $? "a second time is no error" "$out"
grep -q 'nothing was changed' "$out"; ok $? "and says that nothing was changed" "$out"
same "and changes nothing" "$before" "$(state "$tree")"

echo '/* local change */' >>"$tree/kernel/ras/stop.c"
"$RAS_TOP/ras" install-into "$tree" >"$out" 2>&1
same "only the file that differs is written again" "wrote    kernel/ras/stop.c" "$(head -1 "$out")"

part "$damaged"
sed -i 's/_crash_kexec_post_notifiers)/_crash_kexec_post_notifiers )/' "$damaged/kernel/panic.c"
before=$(state "$damaged")
"$RAS_TOP/ras" install-into "$damaged" >"$out" 2>&1
same "a tree whose panic() has changed is refused" 1 $?
grep -q '0003-panic.*does not apply' "$out"; ok $? "with the hook that does not apply" "$out"
same "and is not changed" "$before" "$(state "$damaged")"

mkdir -p "$TAP_DIR/empty"
"$RAS_TOP/ras" install-into "$TAP_DIR/empty" >"$out" 2>&1
same "what is no kernel tree is refused" 1 $?
grep -q 'is no Linux source tree' "$out"; ok $? "with that reason" "$out"
"$RAS_TOP/ras" install-into "$TAP_DIR/nowhere" >"$out" 2>&1
same "and so is what is not there" 1 $?

"$RAS_TOP/ras" patches "$series" >"$out" 2>&1
ok $? "the series is written" "$out"
part "$repo"
(cd "$repo" && git init -q && git config user.name x && git config user.email x@localhost &&
	git add -A && git commit -q -m base && git am -q "$series"/*.patch) >"$out" 2>&1
ok $? "git am takes it" "$out"
"$RAS_TOP/ras" install-into "$tree" >/dev/null 2>&1
same "and comes to the same as install-into" "$(state "$tree")" "$(state "$repo")"
rm -rf "$tree" "$damaged" "$series" "$repo"
done_testing
