# SPDX-License-Identifier: GPL-2.0
"""Laying the framework over a tree."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

from raslab import hooks
from raslab.lab import LabError
from raslab.tests import made_up

HOOKS = ["0001-rename.patch", "0002-first.patch", "0003-second.patch"]


class HooksTest(unittest.TestCase):
    """Each with a repository and a tree of its own."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.place = Path(directory.name)
        self.lab = made_up.repository(self.place)
        self.tree = made_up.kernel_tree(self.place / "tree")

    def applied(self) -> list[str]:
        """The hooks that the tree has, as the plan says."""
        plan = hooks.lay_plan(self.lab, self.tree)
        self.assertEqual([hook.patch.name for hook in plan], HOOKS)
        return [hook.patch.name for hook in plan if hook.applied]

    def refused(self, reason: str) -> None:
        """The tree is refused for that reason, and nothing is changed."""
        before = made_up.state(self.tree)
        with self.assertRaisesRegex(LabError, reason):
            hooks.lay_over(self.lab, self.tree)
        with self.assertRaisesRegex(LabError, f"{reason}.*; nothing was changed"):
            hooks.install_into(self.lab, self.tree)
        self.assertEqual(made_up.state(self.tree), before)

    def test_an_unmodified_tree_has_no_hook(self) -> None:
        before = made_up.state(self.tree)
        self.assertEqual(self.applied(), [])
        self.assertEqual(made_up.state(self.tree), before)

    def test_everything_is_laid(self) -> None:
        changed = hooks.lay_over(self.lab, self.tree)
        self.assertEqual(changed[:3], [f"applied  {name}" for name in HOOKS])
        self.assertIn("wrote    kernel/ras/stop.c", changed)
        self.assertIn("wrote    samples/ras/ras_peek.c", changed)
        state = made_up.state(self.tree)
        self.assertEqual(state["kernel/panic.c"], made_up.SECOND)
        self.assertEqual(state["include/linux/ras_error.h"], made_up.KERNEL_HEADER)
        self.assertEqual(state["include/linux/ras.h"], made_up.OURS["include/linux/ras.h"])
        self.assertFalse([name for name in state if name.startswith("tools/")])
        self.assertFalse([name for name in state if name.endswith((".orig", ".rej"))])
        self.assertEqual(self.applied(), HOOKS)

    def test_a_second_time_changes_nothing(self) -> None:
        hooks.lay_over(self.lab, self.tree)
        self.assertEqual(hooks.lay_over(self.lab, self.tree), [])

    def test_only_what_differs_is_written(self) -> None:
        hooks.lay_over(self.lab, self.tree)
        (self.tree / "kernel/ras/stop.c").write_text("int changed;\n")
        self.assertEqual(hooks.lay_over(self.lab, self.tree), ["wrote    kernel/ras/stop.c"])

    def test_a_tree_that_has_some_hooks_gets_the_others(self) -> None:
        (self.tree / "kernel/panic.c").write_text(made_up.FIRST)
        self.assertEqual(self.applied(), ["0002-first.patch"])
        hooks.lay_over(self.lab, self.tree)
        self.assertEqual((self.tree / "kernel/panic.c").read_text(), made_up.SECOND)

    def test_a_series_of_its_own_comes_last(self) -> None:
        apart = made_up.hook(made_up.SECOND, made_up.SECOND.replace("line 1\n", "line one\n"))
        made_up.write(self.lab.top / "patches/6.1/apart", {"0001-apart.patch": apart})
        changed = hooks.lay_over(self.lab, self.tree)
        applied = [line.split()[1] for line in changed if line.startswith("applied")]
        self.assertEqual(applied, [*HOOKS, "0001-apart.patch"])

    def test_lines_that_have_moved_are_found(self) -> None:
        panic = self.tree / "kernel/panic.c"
        panic.write_text("one more line\n" + made_up.PANIC)
        hooks.lay_over(self.lab, self.tree)
        self.assertEqual(panic.read_text(), "one more line\n" + made_up.SECOND)
        self.assertFalse((self.tree / "kernel/panic.c.orig").exists())

    def test_a_changed_function_is_refused(self) -> None:
        (self.tree / "kernel/panic.c").write_text(made_up.PANIC.replace("line 6", "line six"))
        self.refused("0002-first.patch does not apply to ")

    def test_a_tree_without_the_header_is_refused(self) -> None:
        (self.tree / "include/linux/ras.h").unlink()
        self.refused("0001-rename.patch does not apply to ")

    def test_another_version_is_refused(self) -> None:
        (self.tree / "Makefile").write_text("VERSION = 6\nPATCHLEVEL = 12\n")
        self.refused("is Linux 6.12; there are hooks for 6.1")

    def test_what_is_no_tree_is_refused(self) -> None:
        (self.tree / "kernel/panic.c").unlink()
        self.refused("is no Linux source tree")

    def test_what_is_not_there_is_refused(self) -> None:
        with self.assertRaisesRegex(LabError, "is no directory"):
            hooks.install_into(self.lab, self.place / "nowhere")

    def test_install_into_says_what_it_did(self) -> None:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            self.assertEqual(hooks.install_into(self.lab, self.tree), 0)
            self.assertEqual(hooks.install_into(self.lab, self.tree), 0)
        self.assertRegex(said.getvalue(), "(?s)^applied  0001.*wrote .*enable CONFIG_RAS_STOP in ")
        self.assertTrue(said.getvalue().endswith("has it all; nothing was changed\n"))

    def test_a_link_in_the_tree_is_replaced(self) -> None:
        elsewhere = self.place / "elsewhere.c"
        elsewhere.write_text("somebody's\n")
        (self.tree / "kernel/ras").mkdir()
        (self.tree / "kernel/ras/stop.c").symlink_to(elsewhere)
        hooks.lay_over(self.lab, self.tree)
        self.assertEqual(elsewhere.read_text(), "somebody's\n")
        self.assertFalse((self.tree / "kernel/ras/stop.c").is_symlink())

    def test_what_a_build_left_is_not_ours(self) -> None:
        left = ("ras_peek.o", "ras_peek.ko", "ras_peek.mod.c", ".ras_peek.o.cmd", "modules.order")
        made_up.write(self.lab.top / "samples/ras", dict.fromkeys(left, ""))
        self.assertEqual(
            [name for name in hooks.ours(self.lab.top) if name.startswith("samples")],
            ["samples/ras/ras_peek.c"],
        )

    def test_names_in_patches(self) -> None:
        patches = sorted((self.lab.top / "patches/6.1").iterdir())
        self.assertEqual(hooks.hooked_files(patches), ["kernel/panic.c"])
        self.assertEqual(hooks.original_files(patches), ["include/linux/ras.h", "kernel/panic.c"])

    def test_a_series_is_not_mixed_with_another(self) -> None:
        out = self.place / "series"
        made_up.write(out, {"0001-other.patch": ""})
        with self.assertRaisesRegex(LabError, "has patches already"):
            hooks.patches(self.lab, out)


if __name__ == "__main__":
    unittest.main()
