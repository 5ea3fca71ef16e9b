"""What makes a place a repository (§7)."""

from __future__ import annotations

from typing import NamedTuple

from .cbor import one
from .field import ident, time
from .header import LENGTH, REPOSITORY, check_header


class Marker(NamedTuple):
    id: str
    created: str


def read_marker(data: bytes) -> Marker:
    check_header(data, REPOSITORY)
    return Marker(**one(data[LENGTH:], lambda cursor: cursor.fields({"id": ident, "created": time})))
