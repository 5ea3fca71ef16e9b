"""An object full of frames, with their table at its end (§11)."""

from __future__ import annotations

import struct
from hashlib import sha256
from typing import Callable, NamedTuple

from .failure import Refused
from .header import LENGTH, PACK, check_header, header
from .object_key import MAX_OBJECT
from .secret import DomainKeys
from .table import Table, read_table

TRAILER = 16


class SealedTable(NamedTuple):
    """Where the sealed table lies in a pack."""

    offset: int
    length: int


def read_trailer(data: bytes, size: int) -> SealedTable:
    """From the last 16 bytes of an object of `size` bytes."""
    if len(data) != TRAILER:
        raise Refused("PACK_DAMAGED", "it is shorter than a trailer")
    length, whole, check, magic = struct.unpack("<II4s4s", data)
    if check != sha256(data[:8]).digest()[:4] or magic != b"HFSP":
        raise Refused("PACK_DAMAGED", "its last bytes are no trailer")
    if whole != size or size > MAX_OBJECT or length <= 56 or size - TRAILER - length < LENGTH:
        raise Refused("PACK_DAMAGED", "its trailer is that of a pack of another size")
    return SealedTable(size - TRAILER - length, length)


def read_pack_table(read: Callable[[int, int], bytes], size: int, keys: DomainKeys) -> Table:
    """Reads only the end; `read` gives bytes of the pack from an offset on, as many as asked for."""
    try:
        where = read_trailer(read(size - TRAILER, TRAILER) if size >= TRAILER else b"", size)
        aad = header(PACK) + bytes.fromhex(keys.domain)
        record = keys.open_record("table", aad, read(where.offset, where.length), damage="TABLE_DAMAGED")
    except Refused:
        check_header(read(0, LENGTH), PACK)  # So that a newer format is not called damage.
        raise
    table = read_table(record)
    if table.end != where.offset:
        raise Refused("TABLE_DAMAGED", "it is the table of another pack")
    return table


def read_pack(data: bytes, keys: DomainKeys) -> Table:
    """The same of a whole one."""
    check_header(data, PACK)
    return read_pack_table(lambda start, length: data[start : start + length], len(data), keys)
