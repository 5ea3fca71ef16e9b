"""What is made for keys goes, whenever the program is told to end."""

from __future__ import annotations

import os
import signal
import tempfile
import unittest
from unittest.mock import patch

from .openpgp import Keyring


class KeyringTest(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory(prefix="holdfast-keyring-")
        self.addCleanup(scratch.cleanup)
        self.place = scratch.name
        self.addCleanup(signal.signal, signal.SIGTERM, signal.getsignal(signal.SIGTERM))
        signal.signal(signal.SIGTERM, signal.default_int_handler)

    def assert_nothing_left(self) -> None:
        self.assertEqual(os.listdir(self.place), [])

    def test_a_signal_before_its_folder_is_there_and_known(self) -> None:
        # As tempfile does it: a file to see whether one can be made, then the folder.
        def make(prefix: str) -> str:
            probe = os.path.join(self.place, "probe")
            with open(probe, "wb"):
                os.kill(os.getpid(), signal.SIGTERM)
            os.unlink(probe)
            home = os.path.join(self.place, prefix)
            os.mkdir(home, 0o700)
            os.kill(os.getpid(), signal.SIGTERM)
            return home

        with patch("tempfile.mkdtemp", make), self.assertRaises(KeyboardInterrupt):
            Keyring()
        self.assert_nothing_left()

    def test_nobody_keeps_it(self) -> None:
        with patch("tempfile.tempdir", self.place):
            Keyring()
        self.assert_nothing_left()

    def test_it_is_closed(self) -> None:
        with patch("tempfile.tempdir", self.place), Keyring() as keyring:
            self.assertEqual(len(os.listdir(self.place)), 1)
        self.assert_nothing_left()
        keyring.close()
