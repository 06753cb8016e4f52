# SPDX-License-Identifier: GPL-2.0
"""The initial file systems."""

import subprocess
import tempfile
import unittest
from pathlib import Path

from raslab import image
from raslab.lab import LabError
from raslab.tests import made_up

LDD = """\
\tlinux-vdso.so.1 (0x00007fe7bc7ee000)
\tlibz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x00007fe02128d000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007fe7bc7f0000)
"""


class LibrariesTest(unittest.TestCase):
    """What ldd(1) says."""

    def test_paths_are_found(self) -> None:
        found = [str(path) for path in image.libraries(LDD)]
        self.assertEqual(found, ["/lib/x86_64-linux-gnu/libz.so.1", "/lib64/ld-linux-x86-64.so.2"])

    def test_a_static_program_has_none(self) -> None:
        self.assertEqual(image.libraries(""), [])

    def test_a_missing_library_is_named(self) -> None:
        with self.assertRaisesRegex(LabError, "libz.so.1 is not on this machine"):
            image.libraries("\tlibz.so.1 => not found\n")

    def test_a_missing_program_is_named(self) -> None:
        with self.assertRaisesRegex(LabError, "no program no-such-program"):
            image.find_program("no-such-program")


class CpioTest(unittest.TestCase):
    """The archive that the kernel reads."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.place = Path(directory.name)

    def test_everything_is_in_it(self) -> None:
        root, archive = self.place / "root", self.place / "archive"
        made_up.write(root, {"init": "#!/bin/sh\n", "lib/a name": "x", "lib/.hidden": ""})
        image.make_cpio(root, archive)
        self.assertTrue(archive.read_bytes().startswith(b"070701"))
        argv = ["cpio", "-i", "-t", "--quiet"]
        listed = subprocess.run(argv, input=archive.read_bytes(), capture_output=True, check=True)
        expected = [".", "init", "lib", "lib/.hidden", "lib/a name"]
        self.assertEqual(listed.stdout.decode().splitlines(), expected)

    def test_a_failure_is_an_error(self) -> None:
        root = self.place / "root"
        root.mkdir()
        with self.assertRaises(OSError):
            image.make_cpio(root, self.place / "nowhere" / "archive")

    def test_modules_are_those_that_were_built(self) -> None:
        # Of an external build the names are absolute; a later kernel lists objects.
        order = {"modules.order": f"{self.place}/ras_test.ko\ndrivers/net/veth.o\n"}
        made_up.write(self.place, order | {"ras_gone.ko": ""})
        self.assertEqual(
            image.listed_modules(self.place),
            [self.place / "ras_test.ko", self.place / "drivers/net/veth.ko"],
        )
        self.assertEqual(image.listed_modules(self.place / "nowhere"), [])


if __name__ == "__main__":
    unittest.main()
