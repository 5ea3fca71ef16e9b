"""A place with the objects of one repository: here a folder (§1, §3)."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import Protocol

from .failure import Refused, damaged
from .object_key import MAX_OBJECT


class Target(Protocol):
    def list(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Keys below `prefix`, which ends in "/", and the sizes of their objects; sorted by key."""
        ...

    def read(self, key: str) -> bytes:
        """A whole object; refuses one that is too large or not there."""
        ...

    def read_part(self, key: str, start: int, length: int) -> bytes:
        """Bytes of an object; fewer where it ends before."""
        ...


class Folder:
    """Opens regular files only, and lists no links: what lies there may be hostile."""

    def __init__(self, path: str) -> None:
        self._path = path

    def list(self, prefix: str) -> Iterator[tuple[str, int]]:
        try:
            entries = sorted(os.scandir(os.path.join(self._path, prefix)), key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            return
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if prefix.count("/") < 4:  # No key of an object is deeper.
                    yield from self.list(f"{prefix}{entry.name}/")
            elif entry.is_file(follow_symlinks=False):
                yield prefix + entry.name, entry.stat(follow_symlinks=False).st_size

    def read(self, key: str) -> bytes:
        return self._read(key, 0, None)

    def read_part(self, key: str, start: int, length: int) -> bytes:
        return self._read(key, start, length)

    def _read(self, key: str, start: int, length: int | None) -> bytes:
        # Not blocking: a FIFO would be waited for otherwise.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = os.open(os.path.join(self._path, key), flags)
        except (FileNotFoundError, NotADirectoryError):
            raise Refused("OBJECT_MISSING", key) from None
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise damaged(f"{key} is no file")
            if status.st_size > MAX_OBJECT:
                raise Refused("OBJECT_TOO_LARGE", f"{key} has {status.st_size} bytes")
            file.seek(start)
            wanted = status.st_size if length is None else length
            parts = []
            while wanted > 0:
                part = file.read(wanted)
                if not part:
                    break
                parts.append(part)
                wanted -= len(part)
            return b"".join(parts)
