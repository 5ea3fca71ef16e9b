"""One entry of a tree, and pages of them (§14)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Callable, NamedTuple

from .cbor import SAFE, Cursor
from .failure import damaged
from .frame import Reference, references
from .tree_path import check_path, is_below, tree_order

KINDS = ("directory", "file", "symlink", "hardlink", "fifo", "socket", "char", "block")
MAX_ENTRY = 16_777_216
MAX_REFERENCES = 1024

MODE, UID, GID, SECONDS, NANOSECONDS, XATTRS = 2, 3, 4, 5, 6, 7
SIZE, CHUNKS, LIST, TARGET, MAJOR, MINOR = 8, 9, 10, 11, 12, 13
BIRTH_SECONDS, BIRTH_NANOSECONDS, FLAGS, SPARSE = 14, 15, 16, 17

ALWAYS = frozenset(range(7))
ANY = frozenset((XATTRS, BIRTH_SECONDS, BIRTH_NANOSECONDS, FLAGS))
OF_KIND: dict[str, tuple[frozenset[int], ...]] = {
    "directory": (frozenset(),),
    "file": (frozenset((SIZE, CHUNKS)), frozenset((SIZE, LIST))),
    "symlink": (frozenset((TARGET,)),),
    "hardlink": (frozenset((TARGET,)),),
    **dict.fromkeys(("fifo", "socket", "char", "block"), (frozenset((MAJOR, MINOR)),)),
}


class Entry(NamedTuple):
    path: bytes
    kind: str
    mode: int
    owner: tuple[int, int]
    mtime: tuple[int, int]
    xattrs: dict[str, bytes] | None
    size: int
    """Of a file; 0 of all else."""
    chunks: tuple[Reference, ...]
    """Of the content of a file, or where `listed` of the list of its chunks."""
    listed: bool
    target: bytes
    device: tuple[int, int]
    birth: tuple[int, int] | None
    flags: int
    sparse: bool


def _range(low: int, high: int) -> Callable[[Cursor], int]:
    return lambda cursor: cursor.integer(low, high)


U32 = _range(0, 2**32 - 1)
FILE_SYSTEM_SECONDS = _range(-(2**63), 2**63 - 1)
NANOS = _range(0, 999_999_999)
SHAPE: dict[int, Callable[[Cursor], Any]] = {
    0: Cursor.byte_string,
    1: _range(0, 7),
    MODE: _range(0, 0o7777),
    UID: U32,
    GID: U32,
    SECONDS: FILE_SYSTEM_SECONDS,
    NANOSECONDS: NANOS,
    XATTRS: lambda cursor: cursor.named(Cursor.byte_string),
    SIZE: _range(0, SAFE),
    CHUNKS: Cursor.byte_string,
    LIST: Cursor.byte_string,
    TARGET: Cursor.byte_string,
    MAJOR: U32,
    MINOR: U32,
    BIRTH_SECONDS: FILE_SYSTEM_SECONDS,
    BIRTH_NANOSECONDS: NANOS,
    FLAGS: _range(1, 2**32 - 1),
    SPARSE: _range(1, 1),
}


def _read_entry(cursor: Cursor) -> Entry:
    start = cursor.at
    found = cursor.numbered(SHAPE)
    if cursor.at - start > MAX_ENTRY:
        raise damaged("an entry of more than 16 MiB")
    keys = frozenset(found)
    if not keys >= ALWAYS:
        raise damaged("an entry without a path, kind, mode, owner or time")
    kind = KINDS[found[1]]
    rest = keys - ALWAYS - ANY - (frozenset((SPARSE,)) if kind == "file" else frozenset())
    if rest not in OF_KIND[kind] or (BIRTH_SECONDS in keys) != (BIRTH_NANOSECONDS in keys):
        raise damaged("an entry with other keys than its kind has")
    path, target = found[0], found.get(TARGET, b"")
    check_path(path)
    if path == b"" and kind != "directory":
        raise damaged("a root that is no directory")
    _check_target(kind, path, target)
    size = found.get(SIZE, 0)
    return Entry(
        path,
        kind,
        found[MODE],
        (found[UID], found[GID]),
        (found[SECONDS], found[NANOSECONDS]),
        found.get(XATTRS),
        size,
        _chunks(found, size),
        LIST in keys,
        target,
        (found.get(MAJOR, 0), found.get(MINOR, 0)),
        (found[BIRTH_SECONDS], found[BIRTH_NANOSECONDS]) if BIRTH_SECONDS in keys else None,
        found.get(FLAGS, 0),
        SPARSE in keys,
    )


def _check_target(kind: str, path: bytes, target: bytes) -> None:
    if kind == "symlink" and (target == b"" or b"\0" in target):
        raise damaged("a symbolic link to nothing, or with a NUL")
    if kind == "hardlink":
        check_path(target)
        if target == b"" or tree_order(target) >= tree_order(path):
            raise damaged("a hard link to the root, or to what comes later")


def _chunks(found: dict[int, Any], size: int) -> tuple[Reference, ...]:
    encoded = found.get(CHUNKS, found.get(LIST, b""))
    named = tuple(references(encoded))
    length = sum(chunk.length for chunk in named)
    if CHUNKS in found and (length != size or len(named) > MAX_REFERENCES):
        raise damaged("chunks that are not those of the file, or too many")
    if LIST in found and (not named or length % 36 != 0):
        raise damaged("a list of chunks that is none")
    return named


class TreeCheck:
    """What must hold from entry to entry, across pages."""

    def __init__(self) -> None:
        self._last: Entry | None = None

    def take(self, entry: Entry) -> Entry:
        last, self._last = self._last, entry
        if last is not None:
            if tree_order(entry.path) <= tree_order(last.path):
                raise damaged("entries out of tree order")
            if last.kind != "directory" and is_below(entry.path, last.path):
                raise damaged("an entry below one that is no directory")
        return entry


def read_page(data: bytes, check: TreeCheck, first: bytes | None = None) -> Iterator[Entry]:
    """The entries of a page, each when it is asked for. `first` is the path that the page must begin with."""
    cursor = Cursor(data)
    if cursor.done():
        raise damaged("a page without entries")
    while not cursor.done():
        starts = cursor.at == 0
        entry = check.take(_read_entry(cursor))
        if starts and first is not None and entry.path != first:
            raise damaged("a page that does not begin where its snapshot says")
        yield entry
