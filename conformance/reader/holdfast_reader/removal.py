"""What a writer wants no more on one target (§13a)."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Callable, NamedTuple

from .cbor import SAFE, Cursor, array_of, one
from .failure import Refused, damaged
from .field import ident, time
from .header import LENGTH, REMOVAL, check_header
from .known_writer import KnownWriters
from .object_key import REMOVAL as KEY
from .object_key import snapshot_key
from .secret import check_signature
from .target import Target
from .writer import SIGNATURE


class Removed(NamedTuple):
    key: str
    hash: str
    since: str


class Removal(NamedTuple):
    repository: str
    writer: str
    target: str
    sequence: int
    created: str
    removed: list[Removed]


class Removals:
    """All that trusted writers said, as far as it counts on a target of this name; without a name, nothing is forgotten here."""

    def __init__(self, forgotten: frozenset[tuple[str, str]], known: frozenset[tuple[str, str]]) -> None:
        self._forgotten = forgotten
        self._known = known

    def is_forgotten(self, key: str, hash: str) -> bool:
        return (key, hash) in self._forgotten

    def explains(self, key: str, hash: str) -> bool:
        """Whether a snapshot that is gone was removed, wherever that was said."""
        return (key, hash) in self._known


def read_removals(
    target: Target, name: str | None, repository: str, writers: KnownWriters, report: Callable[[str, Refused], None]
) -> Removals:
    forgotten: set[tuple[str, str]] = set()
    known: set[tuple[str, str]] = set()
    counts: set[str] = set()
    for key, writer in _newest_first(target, writers):
        try:
            removal = read_removal(key, target.read(key), repository, writers)
        except Refused as refused:
            if writer not in counts:
                report(key, refused)
            continue
        said = {(it.key, it.hash) for it in removal.removed}
        known |= said
        if writer not in counts and removal.target == name:
            counts.add(writer)
            forgotten |= said
    return Removals(frozenset(forgotten), frozenset(known))


def _newest_first(target: Target, writers: KnownWriters) -> Iterator[tuple[str, str]]:
    keys = sorted((key for key, _ in target.list("removals/")), reverse=True)
    for key in keys:
        match = KEY.fullmatch(key)
        if match is not None and match["writer"] in writers.keys:
            yield key, match["writer"]


def read_removal(key: str, data: bytes, repository: str, writers: KnownWriters) -> Removal:
    check_header(data, REMOVAL)
    if len(data) < LENGTH + SIGNATURE:
        raise damaged("it is shorter than a signature")
    removal = Removal(**one(data[LENGTH:-SIGNATURE], _record))
    match = KEY.fullmatch(key)
    if match is None or not hmac.compare_digest(match["hash"], sha256(data).hexdigest()):
        raise damaged("it is not what its name says")
    check_signature(writers.public_key(match["writer"]), data[:-SIGNATURE], data[-SIGNATURE:])
    if (match["writer"], int(match["sequence"])) != (removal.writer, removal.sequence):
        raise damaged("it is the record of another key")
    if removal.repository != repository:
        raise damaged("it is a removal of another repository")
    return removal


def _removed(cursor: Cursor) -> Removed:
    shape = {"key": _snapshot, "hash": lambda at: at.byte_string(32).hex(), "since": time}
    return Removed(**cursor.fields(shape))


def _snapshot(cursor: Cursor) -> str:
    key = cursor.text()
    if snapshot_key(key) is None:
        raise damaged("it removes what is no snapshot")
    return key


def _record(cursor: Cursor) -> dict[str, Any]:
    return cursor.fields(
        {
            "repository": ident,
            "writer": ident,
            "target": Cursor.text,
            "sequence": lambda at: at.integer(1, SAFE),
            "created": time,
            "removed": array_of(_removed),
        }
    )
