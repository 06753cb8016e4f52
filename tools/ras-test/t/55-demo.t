#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ./ras demo, which a newcomer tries first.
. "${0%/*}/tap.sh"
out=$TAP_DIR/demo.log

"$RAS_TOP/ras" demo >"$out" 2>&1
ok $? "it comes to its end" "$out"
shows() { grep -Eq "$2" "$out"; ok $? "it shows $1" "$out"; }
shows "the plan" '^  plan: +900 kdump +armed$'
shows "the stop" 'ras:   stopped in [0-9.]+ ms: owner 0 ipi 1,3 nmi 2$'
shows "the crash kernel" '^  crash kernel: captured [0-9]+ bytes$'
shows "where CPU 2 was" '\[exception RIP: ras_test_place_irqsoff'
shows "that the dump is right" '^  ok  CPU 2 was interrupted in ras_test_place_irqsoff$'
! grep -q 'No such file\|: line [0-9]' "$out"
ok $? "and nothing that it should not" "$out"
done_testing
