"""Trees and folders that want something else than to be extracted (§16)."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import struct
import tempfile
import unittest
from collections.abc import Iterable
from typing import Any

from .attributes import FS_IOC_SETFLAGS
from .extraction import Extraction
from .failure import Refused
from .tree_entry import Entry

OWNER = (os.getuid(), os.getgid())
PLAIN = Entry(
    b"", "directory", 0o755, OWNER, (1_700_000_000, 123_456_789), None, 0, (), False, b"", (0, 0), None, 0, False
)


def entry(path: bytes, kind: str = "file", **fields: Any) -> Entry:
    return PLAIN._replace(path=path, kind=kind, **fields)


class ExtractionTest(unittest.TestCase):
    def setUp(self) -> None:
        self.place = tempfile.mkdtemp(prefix="holdfast-extraction-").encode()
        self.addCleanup(shutil.rmtree, self.place)
        self.into = os.path.join(self.place, b"into")
        self.outside = os.path.join(self.place, b"outside")
        os.mkdir(self.into)
        os.mkdir(self.outside, 0o751)

    def extract(self, entries: Iterable[Entry], content: Any = lambda entry: [b"content"]) -> dict[bytes, str]:
        """What was left out or is otherwise than stored, by path."""
        folder = os.open(self.into, os.O_RDONLY | os.O_DIRECTORY)
        try:
            extraction = Extraction(folder, content)
            extraction.extract(entries)
            return {left.path: left.why for left in extraction.left}
        finally:
            os.close(folder)

    def at(self, path: bytes) -> bytes:
        return os.path.join(self.into, path)

    def assert_nothing_outside(self) -> None:
        self.assertEqual(os.listdir(self.outside), [])
        self.assertEqual(stat.S_IMODE(os.stat(self.outside).st_mode), 0o751)

    def test_everything_of_an_entry(self) -> None:
        tree = [
            entry(b"", "directory", mode=0o711),
            entry(b"a", "directory", mode=0o1700),
            entry(b"a/file", mode=0o4640, mtime=(-2, 999_999_999)),
            entry(b"a/link", "symlink", target=b"../../outside"),
            entry(b"a/name", "hardlink", target=b"a/file"),
            entry(b"a/pipe", "fifo", mode=0o620),
            entry(b"\xff\n", mode=0),
        ]
        self.assertEqual(self.extract(tree), {})
        for path, mode in ((b".", 0o711), (b"a", 0o1700), (b"a/file", 0o4640), (b"a/pipe", 0o620), (b"\xff\n", 0)):
            self.assertEqual(stat.S_IMODE(os.stat(self.at(path)).st_mode), mode, path)
        for path in (b".", b"a", b"a/link", b"a/pipe", b"\xff\n"):
            self.assertEqual(os.lstat(self.at(path)).st_mtime_ns, 1_700_000_000_123_456_789, path)
        self.assertEqual(os.stat(self.at(b"a/file")).st_mtime_ns, -1_000_000_001)
        self.assertTrue(os.path.samefile(self.at(b"a/file"), self.at(b"a/name")))
        self.assertEqual(os.readlink(self.at(b"a/link")), b"../../outside")
        self.assertTrue(stat.S_ISFIFO(os.stat(self.at(b"a/pipe")).st_mode))

    def test_attributes_of_what_its_owner_may_not_write(self) -> None:
        value = {"user.of a user": b"\0\xff"}
        tree = [entry(b"a", mode=0o444, xattrs=value), entry(b"d", "directory", mode=0o500, xattrs=value)]
        self.assertEqual(self.extract(tree), {})
        for name in (b"a", b"d"):
            self.assertEqual(os.getxattr(self.at(name), "user.of a user"), b"\0\xff")
        os.chmod(self.at(b"d"), 0o700)

    def test_holes_where_the_entry_says_so(self) -> None:
        parts = [bytes(100_001), b"x", bytes(5_000_000)]
        left = self.extract([entry(b"dense"), entry(b"sparse", sparse=True)], lambda _: parts)
        self.assertEqual(left, {})
        for name in (b"dense", b"sparse"):
            with open(self.at(name), "rb") as file:
                self.assertEqual(file.read(), b"".join(parts))
        self.assertLess(os.stat(self.at(b"sparse")).st_blocks * 512, 100_000)
        self.assertGreater(os.stat(self.at(b"dense")).st_blocks * 512, 5_000_000)

    def test_no_directory_that_the_tree_does_not_name(self) -> None:
        left = self.extract([entry(b"a/b"), entry(b"c", "directory"), entry(b"c/d/e", "directory")])
        self.assertEqual(set(left), {b"a/b", b"c/d/e"})
        self.assertEqual(os.listdir(self.into), [b"c"])

    def test_a_name_that_is_taken_stays_as_it_is(self) -> None:
        os.symlink(self.outside, self.at(b"link"))
        os.symlink(self.outside + b"/new", self.at(b"file"))
        left = self.extract([entry(b"file"), entry(b"link", "directory"), entry(b"link/in"), entry(b"z", "directory")])
        self.assertEqual(set(left), {b"file", b"link", b"link/in"})
        self.assert_nothing_outside()

    def test_a_directory_that_becomes_a_link_meanwhile(self) -> None:
        def swap(_: Entry) -> list[bytes]:
            os.rename(self.at(b"a"), self.at(b"moved"))
            os.symlink(self.outside, self.at(b"a"))
            return [b"content"]

        tree = [entry(b"a", "directory"), entry(b"b"), entry(b"a/late", "symlink", target=b"x")]
        left = self.extract(sorted(tree, key=lambda it: it.path == b"a/late"), swap)
        self.assertEqual(set(left), {b"a", b"a/late"})
        self.assert_nothing_outside()

    def test_a_directory_that_becomes_another_meanwhile(self) -> None:
        def swap(_: Entry) -> list[bytes]:
            os.rename(self.at(b"a"), self.at(b"moved"))
            os.rename(self.outside, self.at(b"a"))
            return [b"content"]

        left = self.extract([entry(b"a", "directory", mode=0o700), entry(b"b"), entry(b"a/late")], swap)
        self.assertIn(b"a/late", left)
        self.assertEqual(os.listdir(self.at(b"a")), [])
        self.assertEqual(stat.S_IMODE(os.stat(self.at(b"a")).st_mode), 0o751)

    def test_a_hard_link_only_to_what_was_extracted(self) -> None:
        secret = os.path.join(self.outside, b"secret")
        with open(secret, "wb"):
            pass

        def swap(it: Entry) -> list[bytes]:
            if it.path == b"b":
                os.unlink(self.at(b"a"))
                os.link(secret, self.at(b"a"))
            return [b"content"]

        tree = [entry(b"a"), entry(b"b"), entry(b"c", "hardlink", target=b"a"), entry(b"d", "hardlink", target=b"0")]
        self.assertEqual(set(self.extract(tree, swap)), {b"c", b"d"})
        self.assertEqual(sorted(os.listdir(self.into)), [b"a", b"b"])

    def test_flags_come_when_nothing_else_has_to_be_done(self) -> None:
        for name in (b"a", b"d"):
            self.addCleanup(self.set_flags, self.at(name), 0)
        tree = [entry(b"a", flags=0x50), entry(b"b", "hardlink", target=b"a"), entry(b"d", "directory", flags=0x10)]
        left = self.extract([*tree, entry(b"d/e")])
        self.assertTrue(os.path.samefile(self.at(b"a"), self.at(b"b")))
        self.assertTrue(os.path.exists(self.at(b"d/e")))
        if not left:  # A file system without flags, or who may not set them, says so.
            with self.assertRaises(PermissionError):
                os.unlink(self.at(b"a"))
        self.assertTrue(all("inode flags" in why for why in left.values()), left)

    def set_flags(self, path: bytes, flags: int) -> None:
        file = os.open(path, os.O_RDONLY)
        try:
            fcntl.ioctl(file, FS_IOC_SETFLAGS, struct.pack("i", flags))
        except OSError:
            pass  # There were none.
        finally:
            os.close(file)

    def test_a_file_of_which_a_part_fails_is_not_there(self) -> None:
        def fail(it: Entry) -> Iterable[bytes]:
            yield b"begun"
            if it.path == b"b":
                raise Refused("FRAME_DAMAGED", "it is not what was sealed")

        left = self.extract([entry(b"a"), entry(b"b"), entry(b"c")], fail)
        self.assertEqual(list(left), [b"b"])
        self.assertEqual(sorted(os.listdir(self.into)), [b"a", b"c"])

    def test_what_no_system_can_set_is_said(self) -> None:
        left = self.extract(
            [
                entry(b"file", mode=0o6755, owner=(2**32 - 1, 0), mtime=(2**62, 0), xattrs={"user.\0": b""}),
                entry(b"name" * 100, "directory"),
                entry(b"socket", "socket"),
            ]
        )
        self.assertEqual(set(left), {b"file", b"name" * 100, b"socket"})
        self.assertEqual(stat.S_IMODE(os.stat(self.at(b"file")).st_mode), 0o755)


if __name__ == "__main__":
    unittest.main()
