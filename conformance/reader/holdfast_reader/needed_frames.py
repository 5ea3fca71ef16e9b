"""References: the frames that a snapshot needs (§13)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from .failure import damaged


class NeededFrames(NamedTuple):
    salt: bytes
    ordinals: list[int]


def read_needed_frames(data: bytes) -> list[NeededFrames]:
    reader = _Bytes(data)
    count = reader.u32()
    if count > reader.left() // 37:  # Salt, count, and one ordinal of one byte.
        raise damaged("more births than there is room for")
    births: list[NeededFrames] = []
    for _ in range(count):
        salt = reader.take(32)
        if births and salt <= births[-1].salt:
            raise damaged("births out of order, or twice")
        births.append(NeededFrames(salt, list(reader.ordinals())))
    if reader.left() != 0:
        raise damaged("bytes behind the references")
    return births


class _Bytes:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, length: int) -> bytes:
        if length > self.left():
            raise damaged("references that are cut short")
        self._at += length
        return self._data[self._at - length : self._at]

    def u32(self) -> int:
        return int(struct.unpack("<I", self.take(4))[0])

    def ordinals(self) -> Iterator[int]:
        count = self.u32()
        if not 1 <= count <= self.left():
            raise damaged("no ordinals, or more than there is room for")
        last = -1
        for _ in range(count):
            last += 1 + self._leb128()
            if last >= 2**32:
                raise damaged("an ordinal beyond 32 bits")
            yield last

    def _leb128(self) -> int:
        value = 0
        for shift in range(0, 35, 7):
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            if byte < 128:
                if byte == 0 and shift > 0:
                    raise damaged("a number that is longer than it needs to be")
                return value
        raise damaged("a number of more than five bytes")
