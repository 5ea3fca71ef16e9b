"""What lies where a snapshot was to lie, so that none does (§13b)."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, NamedTuple

from .cbor import Cursor, one
from .failure import Refused, damaged
from .field import ident, time
from .header import LENGTH, MAGIC, VOID, check_header
from .known_writer import KnownWriters
from .object_key import snapshot_key
from .secret import check_signature
from .writer import SIGNATURE


class Void(NamedTuple):
    repository: str
    writer: str
    snapshot: str
    previous: str
    created: str


class StoredVoid(NamedTuple):
    """`hash` is what the snapshot after it names. `void` is None when nobody that is trusted made it: it says nothing then."""

    key: str
    hash: str
    void: Void | None


def is_void(data: bytes) -> bool:
    """Whether an object says that it is one."""
    return data[:5] == MAGIC + bytes((VOID,))


def read_void(key: str, data: bytes, repository: str, writers: KnownWriters) -> Void:
    check_header(data, VOID)
    if len(data) < LENGTH + SIGNATURE:
        raise damaged("it is shorter than a signature")
    void = Void(**one(data[LENGTH:-SIGNATURE], _record))
    if void.writer not in writers.keys:
        raise Refused("WRITER_UNAPPROVED", "nobody that is trusted made it")
    check_signature(writers.public_key(void.writer), data[:-SIGNATURE], data[-SIGNATURE:])
    if void.snapshot != key:
        raise damaged("it belongs to another key")
    if void.repository != repository:
        raise damaged("it belongs to another repository")
    if snapshot_key(key) is None:
        raise damaged("that is not where a snapshot lies")
    return void


def stored_void(key: str, data: bytes, repository: str, writers: KnownWriters) -> StoredVoid:
    try:
        void = read_void(key, data, repository, writers)
    except Refused as refused:
        if refused.code != "WRITER_UNAPPROVED":
            raise
        void = None
    return StoredVoid(key, sha256(data).hexdigest(), void)


def _record(cursor: Cursor) -> dict[str, Any]:
    return cursor.fields(
        {"repository": ident, "writer": ident, "snapshot": Cursor.text, "previous": _hash_or_none, "created": time}
    )


def _hash_or_none(cursor: Cursor) -> str:
    found = cursor.byte_string()
    if len(found) not in (0, 32):
        raise damaged("what it follows is no hash")
    return found.hex()
