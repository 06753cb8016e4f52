#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The sample module, as somebody builds it who has a distribution's package of kernel
# headers and nothing else of the kernel or the framework.
. "${0%/*}/tap.sh"
headers=$RAS_BUILD/obj/main-headers work=$TAP_DIR/samples
out=$TAP_DIR/samples.log
rm -rf "$work"

same "the headers have none of the framework's own" "" "$(cd "$headers" && find . -path '*kernel/ras*' -o -path '*ras-clients*')"
same "of the framework the sample includes linux/ras.h" "linux/ras.h" \
	"$(sed -n 's/^#include [<"]\(.*ras.*\)[>"].*/\1/p' "$RAS_TOP"/Documentation/ras/samples/*.c)"

build_samples "$headers" "$work" W=1 C=1 >"$out" 2>&1 && [ -s "$work/ras_peek.ko" ]
ok $? "it builds" "$out"
! grep -q '\.[chS]:[0-9].*\(warning\|error\):' "$out"
ok $? "without a warning, W=1 and sparse" "$out"

wanted=$(nm -u "$work/ras_peek.ko" | awk '$2 ~ /^ras_/ { print $2 }' | sort)
given=$(awk '$2 ~ /^ras_/ && $3 == "vmlinux" && $4 == "EXPORT_SYMBOL_GPL" { print $2 }' \
	"$headers/Module.symvers" | sort)
same "what it takes from the framework is exported, for the GPL" "$wanted" \
	"$(comm -12 <(echo "$wanted") <(echo "$given"))"
declared=$(sed -n 's/^[a-z].*[ *]\(ras_[a-z_]*\)(.*/\1/p' "$RAS_TOP/include/linux/ras.h" |
	sort -u | comm -12 - <(nm "$RAS_BUILD/obj/main/vmlinux" | awk '$2 == "T" { print $3 }' | sort -u))
same "what linux/ras.h declares is exported, but the hooks" \
	"ras_crash_kexec ras_kgdb_cpus ras_kgdb_exception ras_kgdb_panic ras_nmi_poll ras_panic ras_panic_in_handler ras_panic_lost" \
	"$(comm -23 <(echo "$declared") <(echo "$given") | paste -sd' ')"
same "nothing of the framework is exported for anybody else" "" \
	"$(awk '$2 ~ /^ras_/ && $3 == "vmlinux" && $4 != "EXPORT_SYMBOL_GPL" { print $2 }' "$headers/Module.symvers")"

rm -rf "$work.closed" && mkdir -p "$work.closed" &&
	sed 's/MODULE_LICENSE("GPL")/MODULE_LICENSE("Proprietary")/' "$work/ras_peek.c" >"$work.closed/ras_peek.c"
! build_samples "$headers" "$work.closed" >"$out" 2>&1 &&
	grep -q "GPL-incompatible module ras_peek.ko uses GPL-only symbol 'ras_" "$out"
ok $? "a module that is not free is refused" "$out"
rm -rf "$work" "$work.closed"
done_testing
