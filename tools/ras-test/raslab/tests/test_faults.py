# SPDX-License-Identifier: GPL-2.0
"""Rows made from faults.toml and lkdtm.toml."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from raslab import faults, lkdtm
from raslab.row import Row, RowError

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
FILE = SCENARIOS / "faults.toml"


def asked(row: Row, what: str) -> list[object]:
    """What the row expects where it asks ``what``."""
    return [check.expected for check in row.checks if check.what == what]


class Cells(unittest.TestCase):
    """Which rows there are, and which there cannot be."""

    def setUp(self) -> None:
        self.faults = faults.Faults(FILE)
        self.rows = {row.name: row for row in faults.generate(FILE)}

    def test_every_kind_and_chain_in_every_context(self) -> None:
        lines = len(self.faults.kinds) + len(self.faults.chains)
        self.assertEqual(lines, 50)
        self.assertEqual(len(self.rows), lines * 4 * 3)
        self.assertIn("read-task-1", self.rows)
        self.assertIn("noready-hang-ok-nmi-4", self.rows)

    def test_reasons(self) -> None:
        self.assertIn("no other that could watch", self.rows["hang-task-1"].skip)
        self.assertIn("what it left for", self.rows["sleep-nmi-1"].skip)
        self.assertIn("second hang", self.rows["two-hangs-nmi-2"].skip)
        self.assertEqual(self.rows["two-hangs-nmi-4"].skip, "")
        self.assertEqual(self.rows["two-hangs-hardirq-2"].skip, "")
        self.assertEqual(self.rows["hang-nmi-2"].skip, "")
        # It is late, but it ends by itself.
        self.assertEqual(self.rows["late-task-1"].skip, "")
        self.assertEqual(self.rows["late-ok-task-1"].skip, "")
        skipped = [row for row in self.rows.values() if row.skip]
        self.assertEqual(len(skipped), 70)
        self.assertFalse(any(row.checks for row in skipped))

    def test_represents(self) -> None:
        represents = [row.name for row in self.rows.values() if row.represents]
        self.assertEqual(len(represents), 32)
        self.assertFalse(any(self.rows[name].skip for name in represents))


class Checks(unittest.TestCase):
    """What a row asks."""

    def setUp(self) -> None:
        self.rows = {row.name: row for row in faults.generate(FILE)}

    def test_a_fault(self) -> None:
        row = self.rows["read-softirq-4"]
        self.assertEqual(asked(row, "panic"), ["ras_test: panic in softirq"])
        self.assertEqual(asked(row, "crashed cpu"), [0])
        self.assertEqual(asked(row, "backtrace 0 has"), ["handle_softirqs"])
        for cpu in (1, 2, 3):
            self.assertEqual(asked(row, f"cpu {cpu} in"), ["ras_test_place_spin"])
        line = r"abandoned after [0-9.]+ ms: page fault at 0*8 in faulty_read\+"
        self.assertEqual(asked(row, "handler f0_read"), [line])
        self.assertEqual(asked(row, "handler kdump"), ["leaves this kernel"])
        self.assertEqual(asked(row, "handlers"), ["kmsg f0_read kdump"])
        self.assertEqual(asked(row, "lines after the report"), [100])
        self.assertEqual(asked(row, "backtrace 0 lacks"), [faults.GUARD])
        self.assertEqual(len(row.checks), 11)
        self.assertEqual((row.silence, row.time, row.cpus), (20, 60, 4))
        self.assertIn("mark all=spin; fire softirq\n", row.lives[0].run)

    def test_bug_has_another_panic(self) -> None:
        row = self.rows["fault-ok-fault-task-1"]
        self.assertEqual(asked(row, "panic"), [])
        self.assertIn("Kernel panic - not syncing: ras_test: panic in task", asked(row, "log has"))

    def test_hangs(self) -> None:
        plain = r"abandoned after [0-9.]+ ms: deadline of [0-9]+ ms passed in faulty_hang\+"
        self.assertEqual(asked(self.rows["hang-task-2"], "handler f0_hang"), [plain])
        (taken,) = asked(self.rows["hang-nmi-2"], "handler f0_hang")
        self.assertIn("CPU 0 does not answer, CPU [1-9][0-9]* took over", str(taken))
        # Whoever took over is no longer in NMI context.
        second = asked(self.rows["two-hangs-nmi-4"], "handler f1_tight")
        self.assertEqual(second, [plain.replace("hang", "tight")])

    def test_alone_it_is_late_and_no_more(self) -> None:
        self.assertEqual(asked(self.rows["late-nmi-1"], "handler f0_late"), ["next +[0-9.]+ ms$"])

    def test_a_line_of_its_own(self) -> None:
        line = "(abandoned after [0-9.]+ ms: |next +[0-9.]+ ms)"
        self.assertEqual(asked(self.rows["sleep-nmi-2"], "handler f0_sleep"), [line])

    def test_debug_kernel(self) -> None:
        rows = {row.name: row for row in faults.generate(FILE, "debug")}
        (line,) = asked(rows["leak-task-2"], "handler f0_leak")
        self.assertIn("general protection fault in faulty_leak", str(line))
        self.assertEqual(rows["leak-task-2"].kernels, ("debug",))

    def test_unmodified_kernel_is_surveyed(self) -> None:
        rows = {row.name: row for row in faults.generate(FILE, "unmodified")}
        row = rows["bug-nmi-2"]
        self.assertEqual([(check.where, check.what) for check in row.checks], [("dump", "panic")])
        self.assertEqual(row.survey, ("unmodified",))
        self.assertEqual(set(rows), set(self.rows))


class Files(unittest.TestCase):
    """What is wrong in a file is found when it is read."""

    def changed(self, old: str, new: str) -> None:
        text = FILE.read_text(encoding="utf-8")
        self.assertIn(old, text)
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "faults.toml"
            path.write_text(text.replace(old, new, 1), encoding="utf-8")
            with self.assertRaises(RowError):
                faults.generate(path)

    def test_unknown_way(self) -> None:
        self.changed('way = "fault"', 'way = "fall"')

    def test_unknown_key(self) -> None:
        self.changed("silence = 20", "silent = 20")

    def test_unknown_key_of_a_kind(self) -> None:
        self.changed('alone = "next"', 'lonely = "next"')

    def test_unknown_kind(self) -> None:
        self.changed('["read", "gp"]', '["read", "pg"]')

    def test_represented_by_nobody(self) -> None:
        self.changed('"read-task-1"', '"read-task-9"')

    def test_nothing_expected(self) -> None:
        self.changed(r", report = ' in faulty_hang\+'", "")


class LkdtmRows(unittest.TestCase):
    """Rows made from lkdtm.toml."""

    def setUp(self) -> None:
        self.file = SCENARIOS / "lkdtm.toml"
        self.rows = {row.name: row for row in lkdtm.generate(self.file)}

    def test_names(self) -> None:
        self.assertEqual(len(self.rows), 62)
        self.assertIn("PANIC", self.rows)
        self.assertIn("SCSI_QUEUE_RQ-LOOP", self.rows)
        never = [entry.name for entry in lkdtm.Lkdtm(self.file).never]
        self.assertEqual(len(never), 45)
        self.assertEqual(never[-1], "TIMERADD")
        self.assertFalse(set(never) & set(self.rows))

    def test_a_case(self) -> None:
        row = self.rows["SPINLOCKUP"]
        self.assertEqual(asked(row, "panic"), ["softlockup|RCU Stall"])
        self.assertEqual(asked(row, "log has")[-1], "queued_spin_lock_slowpath")
        self.assertEqual(asked(row, "backtrace 0 has"), ["hrtimer_interrupt"])
        doing = "pinned 'echo SPINLOCKUP > $point; echo SPINLOCKUP > $point'\n"
        self.assertIn(doing, row.lives[0].run)
        self.assertIn("panic_on_rcu_stall", row.lives[0].run)

    def test_settings(self) -> None:
        row = self.rows["SCSI_QUEUE_RQ-BUG"]
        self.assertIn("virtio-scsi-pci", row.options)
        self.assertIn("of=/dev/null bs=64k", row.lives[0].run)
        self.assertIn("provoke-crash/SCSI_QUEUE_RQ\n", row.lives[0].run)
        self.assertEqual(self.rows["BUG"].options, ("-no-reboot",))

    def test_unmodified(self) -> None:
        row = lkdtm.generate(self.file, "unmodified")[0]
        self.assertEqual([check.what for check in row.checks], ["panic"])
        self.assertEqual(row.survey, ("unmodified",))


if __name__ == "__main__":
    unittest.main()
