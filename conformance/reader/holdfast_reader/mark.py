"""Packs that are to go from one target (§17a). A reader needs none; whoever writes does."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Any, NamedTuple

from .cbor import Cursor, array_of, one
from .failure import damaged
from .field import ident, time
from .header import LENGTH, MARK, check_header
from .known_writer import KnownWriters
from .object_key import MARK as KEY
from .secret import check_signature
from .writer import SIGNATURE


class Mark(NamedTuple):
    repository: str
    writer: str
    target: str
    domain: str
    created: str
    packs: list[str]


def read_mark(key: str, data: bytes, repository: str, writers: KnownWriters) -> Mark:
    check_header(data, MARK)
    if len(data) < LENGTH + SIGNATURE:
        raise damaged("it is shorter than a signature")
    match = KEY.fullmatch(key)
    if match is None or not hmac.compare_digest(match["hash"], sha256(data).hexdigest()):
        raise damaged("it is not what its name says")
    mark = Mark(**one(data[LENGTH:-SIGNATURE], _record))
    if mark.writer not in writers.keys:
        raise damaged("nobody that is trusted made it")
    check_signature(writers.public_key(mark.writer), data[:-SIGNATURE], data[-SIGNATURE:])
    if match["domain"] != mark.domain:
        raise damaged("it belongs to another domain")
    if mark.repository != repository:
        raise damaged("it is a mark of another repository")
    return mark


def _record(cursor: Cursor) -> dict[str, Any]:
    return cursor.fields(
        {
            "repository": ident,
            "writer": ident,
            "target": Cursor.text,
            "domain": ident,
            "created": time,
            "packs": array_of(lambda at: at.byte_string(32).hex()),
        }
    )
