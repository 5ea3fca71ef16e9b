"""Who signs: an agent on a host (§8)."""

from __future__ import annotations

from typing import Any, NamedTuple

from .cbor import Cursor, one
from .failure import damaged
from .field import ident, time
from .header import LENGTH, WRITER, check_header
from .object_key import WRITER as KEY
from .secret import check_signature

SIGNATURE = 64


class Writer(NamedTuple):
    id: str
    repository: str
    host: str
    publicKey: bytes
    joinKey: bytes
    created: str


def read_writer(key: str, data: bytes) -> Writer:
    check_header(data, WRITER)
    if len(data) < LENGTH + SIGNATURE:
        raise damaged("it is shorter than a signature")
    writer = Writer(**one(data[LENGTH:-SIGNATURE], _record))
    check_signature(writer.publicKey, data[:-SIGNATURE], data[-SIGNATURE:])
    match = KEY.fullmatch(key)
    if match is None or match["writer"] != writer.id:
        raise damaged("it is the object of another writer")
    return writer


def _record(cursor: Cursor) -> dict[str, Any]:
    return cursor.fields(
        {
            "id": ident,
            "repository": ident,
            "host": Cursor.text,
            "publicKey": lambda at: at.byte_string(32),
            "joinKey": lambda at: at.byte_string(32),
            "created": time,
        }
    )
