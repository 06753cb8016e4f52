# SPDX-License-Identifier: GPL-2.0
"""Unit tests of the look at sealed dumps."""

import tempfile
import unittest
from pathlib import Path

from raslab.kdump_file import DumpError
from raslab.remade import EPHEMERAL_AT, MAGIC, is_key, session_key
from raslab.sealing import hchacha20

# Bob of RFC 7748, 6.1, and the public key for a secret of 1, 2, 3 to 32.
SECRET = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"
EPHEMERAL = "07a37cbc142093c8b755dc1b10e86cb426374ad16aa853ed0bdfc0b2b86d1c7c"
# What the kernel makes of them, see seal_kunit.c; and the key of a dump without a salt.
SHARED = "60f8aaf52c6b3af778bce5c53d0f18ec303d49f1f3230609f48e97b2d3a78124"


class SealedTest(unittest.TestCase):
    """Keys, and where they are."""

    def setUp(self) -> None:
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.file = Path(place.name) / "file"

    def test_key(self) -> None:
        """A key has 64 hexadecimal digits."""
        self.assertTrue(is_key(SECRET))
        self.assertFalse(is_key(SECRET[1:]))
        self.assertFalse(is_key(SECRET + "0"))
        self.assertFalse(is_key("x" + SECRET[1:]))

    def test_session_key(self) -> None:
        """It is that of the kernel."""
        header = MAGIC.ljust(EPHEMERAL_AT, b"\0") + bytes.fromhex(EPHEMERAL)
        self.file.write_bytes(header + bytes(100))
        key = hchacha20(bytes.fromhex(SHARED), bytes(16))
        self.assertEqual(session_key(self.file, bytes.fromhex(SECRET)), key)

    def test_not_sealed(self) -> None:
        """A dump that is not sealed has none."""
        self.file.write_bytes(b"KDUMP   ".ljust(200))
        with self.assertRaises(DumpError):
            session_key(self.file, bytes.fromhex(SECRET))
