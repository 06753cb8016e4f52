# SPDX-License-Identifier: GPL-2.0
"""Complaints in the log of a build, and which of them are ours."""

import tempfile
import unittest
from pathlib import Path

from raslab import complaints

LOG = """\
  CC      kernel/ras/stop.o
In file included from /b/linux-6.1/include/linux/string.h:253,
                 from /b/linux-6.1/arch/x86/ras/stack.c:9:
In function 'fortify_memcpy_chk',
    inlined from 'land' at /b/linux-6.1/arch/x86/ras/stack.c:55:2:
/b/linux-6.1/include/linux/fortify-string.h:430:25: warning: call to '__write_overflow_field'
  430 |                         __write_overflow_field(p_size_field, size);
      |                         ^~~~~~~~~~~~~~~~~~~~~~
  CC      kernel/ras/watch.o
/b/linux-6.1/drivers/net/tun.c:4:1: warning: unused variable 'x' [-Wunused-variable]
  CC      kernel/panic.o
/b/linux-6.1/kernel/panic.c: In function 'panic':
/b/linux-6.1/kernel/panic.c:200:7: warning: unused variable 'x' [-Wunused-variable]
vmlinux.o: warning: objtool: ras_x86_stay+0x1f: unreachable instruction
vmlinux.o: warning: objtool: do_machine_check+0x1f: leaves .noinstr.text section
WARNING: modpost: vmlinux.o: section mismatch in reference: ras_init (section: .text)
kernel/other.o: warning: objtool: other+0x1: unreachable instruction
"""
PATCH = "--- a/kernel/panic.c\n+++ b/kernel/panic.c\n+++ b/kernel/Makefile\n"


class ComplaintsTest(unittest.TestCase):
    """The words of each program."""

    def test_all(self) -> None:
        found = complaints.complaints(LOG)
        self.assertEqual(len(found), 7)
        self.assertEqual(found[1].count("\n"), 0)
        self.assertTrue(all(complaints.WARNING.search(text) for text in found))

    def test_ours(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            patch = Path(directory, "x.patch")
            patch.write_text(PATCH, encoding="utf-8")
            self.assertEqual(complaints.hooked([patch]), ["kernel/panic.c"])
            found = complaints.of_ours(LOG, [patch])
        self.assertEqual(len(found), 4)
        self.assertIn("inlined from 'land' at /b/linux-6.1/arch/x86/ras/stack.c", found[0])
        self.assertIn("In function 'panic'", found[1])
        self.assertIn("ras_x86_stay", found[2])
        self.assertIn("ras_init", found[3])
        self.assertEqual(len(complaints.of_ours(LOG, [])), 3)

    def test_a_place_that_is_called_ras(self) -> None:
        log = "/home/me/ras/build/linux-6.1/drivers/net/tun.c:4:1: warning: unused\n"
        self.assertEqual(complaints.of_ours(log, []), [])
        log = log.replace("net/tun.c", "ras-clients/kdump.c")
        self.assertEqual(len(complaints.of_ours(log, [])), 1)

    def test_errors(self) -> None:
        for line in ("kernel/ras/a.c:1:2: error: no", "ERROR: modpost: ras_x undefined"):
            self.assertTrue(complaints.COMPLAINT.search(line))
            self.assertFalse(complaints.WARNING.search(line))


if __name__ == "__main__":
    unittest.main()
