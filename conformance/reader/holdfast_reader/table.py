"""What a pack says of its frames (§11)."""

from __future__ import annotations

import struct
from typing import NamedTuple

from . import birth
from .birth import Birth
from .failure import Refused
from .frame import MAX_PLAIN, Frame, Reference
from .header import LENGTH
from .object_key import MAX_OBJECT
from .secret import TAG

COUNTS = struct.Struct("<III")
ROW = struct.Struct("<IIIIHBB")


class Table(NamedTuple):
    births: list[Birth]
    frames: list[Frame]

    @property
    def end(self) -> int:
        """Where the last frame ends in the pack."""
        return self.frames[-1].offset + self.frames[-1].sealed_length if self.frames else LENGTH


def _damaged(why: str) -> Refused:
    return Refused("TABLE_DAMAGED", why)


def read_table(data: bytes) -> Table:
    if len(data) < COUNTS.size:
        raise _damaged("it is shorter than its counts")
    births, frames, chunks = COUNTS.unpack_from(data)
    rows = COUNTS.size + births * birth.LENGTH
    ids = rows + frames * ROW.size
    lengths = ids + chunks * 32
    if births > 65_535 or len(data) != lengths + chunks * 4:
        raise _damaged("its length is not what its counts say")
    table = Table([Birth.parse(data[at : at + birth.LENGTH]) for at in range(COUNTS.size, rows, birth.LENGTH)], [])
    offset, chunk = LENGTH, 0
    for sealed_length, plain_length, ordinal, count, birth_index, codec, reserved in ROW.iter_unpack(data[rows:ids]):
        if sealed_length <= TAG or offset + sealed_length > MAX_OBJECT:
            raise _damaged("a frame of nothing, or one that no object has room for")
        if plain_length > MAX_PLAIN or count == 0 or count > chunks - chunk:
            raise _damaged("a frame that is too long, or whose chunks are not there")
        if birth_index >= births or reserved != 0:
            raise _damaged("a frame of no birth, or a reserved byte")
        parts = struct.unpack_from(f"<{count}I", data, lengths + 4 * chunk)
        if 0 in parts or sum(parts) != plain_length:
            raise _damaged("chunks that are empty, or do not add up")
        named = tuple(
            Reference(data[ids + 32 * (chunk + index) : ids + 32 * (chunk + index + 1)], length)
            for index, length in enumerate(parts)
        )
        table.frames.append(Frame(offset, sealed_length, plain_length, ordinal, birth_index, codec, named))
        offset += sealed_length
        chunk += count
    if chunk != chunks:
        raise _damaged("a chunk that no frame has")
    return table
