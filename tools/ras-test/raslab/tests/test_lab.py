# SPDX-License-Identifier: GPL-2.0
"""Places: what the lab claims as its own, and what it refuses."""

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from raslab.lab import MARK, Lab, LabError


class ClaimTest(unittest.TestCase):
    """The build directory is made by the lab, or refused."""

    def setUp(self) -> None:
        self.place = tempfile.TemporaryDirectory()
        self.addCleanup(self.place.cleanup)
        self.build = Path(self.place.name) / "build"

    def lab(self) -> Lab:
        with mock.patch.dict(os.environ, {"RAS_BUILD": str(self.build), "RAS_JOBS": "3"}):
            return Lab.from_environment()

    def test_new_directory_is_marked(self) -> None:
        self.assertEqual(self.lab().jobs, 3)
        self.assertTrue((self.build / MARK).exists())
        self.lab()

    def test_directory_of_somebody_else_is_refused(self) -> None:
        self.build.mkdir()
        (self.build / "thesis.tex").touch()
        with self.assertRaises(LabError):
            self.lab()
        self.assertEqual(os.listdir(self.build), ["thesis.tex"])

    def test_relative_path_becomes_absolute(self) -> None:
        before = os.getcwd()
        os.chdir(self.place.name)
        try:
            with mock.patch.dict(os.environ, {"RAS_BUILD": "there"}):
                lab = Lab.from_environment()
        finally:
            os.chdir(before)
        self.assertTrue(lab.build.is_absolute())
        self.assertTrue((Path(self.place.name) / "there" / MARK).exists())

    def test_jobs_that_are_no_number(self) -> None:
        with mock.patch.dict(os.environ, {"RAS_BUILD": str(self.build), "RAS_JOBS": "many"}):
            with self.assertRaises(LabError):
                Lab.from_environment()
