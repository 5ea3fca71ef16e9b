"""Writing a tree into a folder, though neither the tree nor the folder can be trusted (§16).

Nothing is reached through a path: each directory is opened from the one above, without following, and must be the one that
was made here. Files come first, then what could lead elsewhere (links, special files), then flags, which forbid further
changes, then what directories are to be like.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from typing import Callable, NamedTuple

from .attributes import Attributes
from .failure import Refused
from .tree_entry import Entry

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
NO_MORE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)
"""Nothing that comes after would fare better."""
BLOCK = 4096

Identity = tuple[int, int]


class Left(NamedTuple):
    """Something that is not as it was stored."""

    path: bytes
    why: str
    whole: bool
    """The entry is there; only an attribute is not."""


class Extraction:
    def __init__(self, folder: int, content: Callable[[Entry], Iterable[bytes]]) -> None:
        """`folder` is the descriptor of an empty directory."""
        self._folder = folder
        self._content = content
        self._made: dict[bytes, Identity] = {b"": _identity(os.fstat(folder))}
        self._directories: list[Entry] = []
        self._later: list[Entry] = []
        self._flagged: list[Entry] = []
        self._at: tuple[bytes, int] = (b"", os.dup(folder))
        self._attributes = Attributes(lambda path, why: self.left.append(Left(path, why, True)))
        self.left: list[Left] = []
        self.extracted = 0

    def extract(self, entries: Iterable[Entry]) -> None:
        try:
            self._each(self._first, entries)
        finally:
            # When the tree breaks off, what is there is finished all the same.
            self._each(self._make_later, self._later)
            self._each(self._set_flags, self._flagged)
            self._each(self._finish_directory, reversed(self._directories))
            os.close(self._at[1])

    def _each(self, work: Callable[[Entry], None], entries: Iterable[Entry]) -> None:
        for entry in entries:
            try:
                work(entry)
            except Refused as refused:
                self.left.append(Left(entry.path, str(refused), False))
            except (OSError, ValueError, OverflowError) as error:
                if isinstance(error, OSError) and error.errno in NO_MORE:
                    raise
                why = error.strerror if isinstance(error, OSError) else str(error)
                self.left.append(Left(entry.path, why or repr(error), False))

    def _first(self, entry: Entry) -> None:
        if entry.path == b"":
            self._directories.append(entry)
            self.extracted += 1
            return
        parent, name = _split(entry.path)
        within = self._enter(parent)
        if entry.kind == "directory":
            os.mkdir(name, 0o700, dir_fd=within)
            made = os.open(name, DIRECTORY, dir_fd=within)
            self._made[entry.path] = _identity(os.fstat(made))
            self._stand_in(entry.path, made)
            self._directories.append(entry)
        elif entry.kind == "file":
            self._make_file(entry, name, within)
            if entry.flags != 0:
                self._flagged.append(entry)
        else:
            self._later.append(entry)
            return
        self.extracted += 1

    def _make_file(self, entry: Entry, name: bytes, within: int) -> None:
        file = os.open(name, NEW_FILE, 0o600, dir_fd=within)
        try:
            _write(file, self._content(entry), entry)
            self._attributes.set(file, entry)
            self._made[entry.path] = _identity(os.fstat(file))
        except BaseException:
            os.unlink(name, dir_fd=within)
            raise
        finally:
            os.close(file)

    def _make_later(self, entry: Entry) -> None:
        if entry.kind == "socket":
            self.left.append(Left(entry.path, "a socket is made by the program that listens on it", True))
            return
        parent, name = _split(entry.path)
        within = os.dup(self._enter(parent))
        try:
            self._make(entry, name, within)
            self._made[entry.path] = _identity(os.stat(name, dir_fd=within, follow_symlinks=False))
        finally:
            os.close(within)
        self.extracted += 1

    def _make(self, entry: Entry, name: bytes, within: int) -> None:
        if entry.kind == "hardlink":
            self._link(entry, name, within)
        elif entry.kind == "symlink":
            os.symlink(entry.target, name, dir_fd=within)
            self._attributes.set_symlink(name, within, entry)
        else:
            kind = {"fifo": stat.S_IFIFO, "char": stat.S_IFCHR, "block": stat.S_IFBLK}[entry.kind]
            os.mknod(name, kind | 0o600, os.makedev(*entry.device) if entry.kind != "fifo" else 0, dir_fd=within)
            self._attributes.set_special(name, within, entry)

    def _link(self, entry: Entry, name: bytes, within: int) -> None:
        """To an entry that was made here; whether it still was, is looked at behind the link that was made."""
        wanted = self._made.get(entry.target)
        if wanted is None:
            raise ValueError("what it links to was not extracted")
        parent, other = _split(entry.target)
        os.link(other, name, src_dir_fd=self._enter(parent), dst_dir_fd=within, follow_symlinks=False)
        if _identity(os.stat(name, dir_fd=within, follow_symlinks=False)) != wanted:
            os.unlink(name, dir_fd=within)
            raise ValueError("what it links to is not what was extracted")

    def _set_flags(self, entry: Entry) -> None:
        parent, name = _split(entry.path)
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self._enter(parent))
        try:
            if _identity(os.fstat(file)) != self._made[entry.path]:
                raise ValueError("it is not the file that was extracted")
            self._attributes.set_flags(file, entry)
        finally:
            os.close(file)

    def _finish_directory(self, entry: Entry) -> None:
        directory = self._enter(entry.path)
        self._attributes.set(directory, entry)
        if entry.flags != 0:
            self._attributes.set_flags(directory, entry)

    def _enter(self, path: bytes) -> int:
        """The descriptor of a directory that was made here; valid until the next call."""
        if path not in self._made:
            raise ValueError("its directory was not extracted, or the tree does not name it")
        here, descriptor = self._at
        if path == here:
            return descriptor
        if not (here == b"" or path.startswith(here + b"/")):
            here, descriptor = b"", self._folder
        rest = path[len(here) :].lstrip(b"/")
        descriptor = os.dup(descriptor)
        for name in rest.split(b"/") if rest else ():
            here = here + b"/" + name if here else name
            try:
                below = os.open(name, DIRECTORY, dir_fd=descriptor)
            finally:
                os.close(descriptor)
            descriptor = below
            if _identity(os.fstat(below)) != self._made.get(here):
                os.close(below)
                raise ValueError("its directory is not the one that was extracted")
        self._stand_in(path, descriptor)
        return descriptor

    def _stand_in(self, path: bytes, descriptor: int) -> None:
        os.close(self._at[1])
        self._at = (path, descriptor)


def write_stream(folder: int, name: bytes, content: Iterable[bytes]) -> None:
    """One file of its own, that is there whole or not at all."""
    file = os.open(name, NEW_FILE, 0o600, dir_fd=folder)
    try:
        for part in content:
            _write_all(file, part)
    except BaseException:
        os.unlink(name, dir_fd=folder)
        raise
    finally:
        os.close(file)


def _write(file: int, content: Iterable[bytes], entry: Entry) -> None:
    size = 0
    for part in content:
        if entry.sparse:
            _write_with_holes(file, part, size)
        else:
            _write_all(file, part)
        size += len(part)
    if entry.sparse:
        os.ftruncate(file, size)


def _write_with_holes(file: int, part: bytes, offset: int) -> None:
    """Leaves out blocks of zeros, blocks being where the file system has them."""
    for start, end in _runs(part, offset):
        os.lseek(file, offset + start, os.SEEK_SET)
        _write_all(file, part[start:end])


def _runs(part: bytes, offset: int) -> Iterator[tuple[int, int]]:
    """Stretches of a part that are no blocks of zeros."""
    zeros = bytes(BLOCK)
    start = at = 0
    while at < len(part):
        end = min(len(part), at + BLOCK - (offset + at) % BLOCK)
        if part[at:end] == zeros[: end - at]:
            if at > start:
                yield start, at
            start = end
        at = end
    if at > start:
        yield start, at


def _write_all(file: int, part: bytes) -> None:
    view = memoryview(part)
    while view:
        view = view[os.write(file, view) :]


def _split(path: bytes) -> tuple[bytes, bytes]:
    parent, _, name = path.rpartition(b"/")
    return parent, name


def _identity(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino
