"""What an entry is like besides its content, in the order in which that can be set (§16)."""

from __future__ import annotations

import fcntl
import os
import struct
from typing import Callable

from .tree_entry import Entry

SET_IDS = 0o6000
# linux/fs.h. Only these are anything a file can be told; the others say what the file system made of it.
FS_IOC_GETFLAGS, FS_IOC_SETFLAGS = 0x80086601, 0x40086602
SYNC, IMMUTABLE, APPEND, NODUMP, NOATIME, DIRSYNC, TOPDIR = 0x8, 0x10, 0x20, 0x40, 0x80, 0x10000, 0x20000
SETTABLE = SYNC | IMMUTABLE | APPEND | NODUMP | NOATIME | DIRSYNC | TOPDIR

Report = Callable[[bytes, str], None]


class Attributes:
    def __init__(self, report: Report) -> None:
        """`report` takes the path of an entry, and what of it could not be set."""
        self._report = report

    def set(self, file: int, entry: Entry) -> None:
        """Of an open file or directory: all but flags.

        Attributes of users come before the mode: only root may set them on what its owner may not write. All others come
        after it: a mode changes the ACL that is one of them.
        """
        owned = self._try(entry, "owner", lambda: _own(file, entry))
        self._set_xattrs(file, entry, lambda name: name.startswith("user."))
        self._try(entry, "mode", lambda: os.fchmod(file, entry.mode if owned else entry.mode & ~SET_IDS))
        self._set_xattrs(file, entry, lambda name: not name.startswith("user."))
        self._try(entry, "times", lambda: os.utime(file, ns=_times(entry)))

    def set_symlink(self, name: bytes, within: int, entry: Entry) -> None:
        """Its mode means nothing."""
        self._try(entry, "owner", lambda: _own(name, entry, within))
        # There is no setxattr from a directory; this is that directory, and the link is not followed.
        self._set_xattrs(b"/proc/self/fd/%d/%s" % (within, name), entry, follow=False)
        self._try(entry, "times", lambda: os.utime(name, ns=_times(entry), dir_fd=within, follow_symlinks=False))

    def set_special(self, name: bytes, within: int, entry: Entry) -> None:
        """Without opening it, which could wait for somebody, or do something to a device."""
        owned = self._try(entry, "owner", lambda: _own(name, entry, within))
        file = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=within)
        try:
            path = b"/proc/self/fd/%d" % file
            self._try(entry, "mode", lambda: os.chmod(path, entry.mode if owned else entry.mode & ~SET_IDS))
            self._set_xattrs(path, entry)
        finally:
            os.close(file)
        self._try(entry, "times", lambda: os.utime(name, ns=_times(entry), dir_fd=within, follow_symlinks=False))

    def set_flags(self, file: int, entry: Entry) -> None:
        def set() -> None:
            (now,) = struct.unpack("i", fcntl.ioctl(file, FS_IOC_GETFLAGS, struct.pack("i", 0)))
            wanted = (now & ~SETTABLE) | (entry.flags & SETTABLE)
            if wanted != now:
                fcntl.ioctl(file, FS_IOC_SETFLAGS, struct.pack("i", wanted))

        if entry.flags & SETTABLE:
            self._try(entry, "inode flags", set)

    def _set_xattrs(
        self, file: int | bytes, entry: Entry, of: Callable[[str], bool] = lambda _: True, follow: bool = True
    ) -> None:
        for name, value in (entry.xattrs or {}).items():
            if of(name):
                self._try(entry, f"the attribute {name}", lambda: _set_xattr(file, name, value, follow))

    def _try(self, entry: Entry, what: str, set: Callable[[], None]) -> bool:
        try:
            set()
            return True
        except (OSError, ValueError, OverflowError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            self._report(entry.path, f"{what} could not be set: {why}")
            return False


def _own(file: int | bytes, entry: Entry, within: int = -1) -> None:
    uid, gid = entry.owner
    if 2**32 - 1 in (uid, gid):
        raise ValueError("4294967295 means nobody to the system")
    if isinstance(file, int):
        os.fchown(file, uid, gid)
    else:
        os.chown(file, uid, gid, dir_fd=within, follow_symlinks=False)


def _set_xattr(file: int | bytes, name: str, value: bytes, follow: bool) -> None:
    os.setxattr(file, name.encode("utf-8"), value, follow_symlinks=follow)


def _times(entry: Entry) -> tuple[int, int]:
    """When it was last read is not kept, and must be something."""
    time = entry.mtime[0] * 1_000_000_000 + entry.mtime[1]
    return time, time
