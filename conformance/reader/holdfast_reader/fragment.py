"""An index fragment: the tables of some packs, once more (§12)."""

from __future__ import annotations

import hmac
import struct
from hashlib import sha256
from typing import NamedTuple

from .failure import damaged
from .header import INDEX, LENGTH, check_header, header
from .object_key import INDEX as KEY
from .pack import TRAILER
from .secret import DomainKeys
from .table import Table, read_table

ENTRY = struct.Struct("<32sII")


class IndexedPack(NamedTuple):
    name: str
    size: int
    encoded: bytes
    table: Table


def check_name(key: str, data: bytes) -> None:
    match = KEY.fullmatch(key)
    if match is None or not hmac.compare_digest(match["hash"], sha256(data).hexdigest()):
        raise damaged("it is not what its name says")


def read_fragment(data: bytes, keys: DomainKeys) -> list[IndexedPack]:
    check_header(data, INDEX)
    entries = keys.open_record("index", header(INDEX) + bytes.fromhex(keys.domain), data[LENGTH:])
    packs = []
    at = 0
    while at < len(entries):
        if len(entries) - at < ENTRY.size:
            raise damaged("an entry that is cut short")
        name, size, length = ENTRY.unpack_from(entries, at)
        at += ENTRY.size
        if len(entries) - at < length:
            raise damaged("a table that is cut short")
        encoded = entries[at : at + length]
        at += length
        table = read_table(encoded)
        if size != table.end + 56 + length + TRAILER:
            raise damaged("a pack of another size than its table says")
        packs.append(IndexedPack(name.hex(), size, encoded, table))
    return packs
