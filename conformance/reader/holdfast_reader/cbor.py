"""Deterministic CBOR (§5; RFC 8949, §4.2.1), read strictly: what could have been written otherwise is refused.

A `Cursor` goes over the bytes once. Who knows what comes next asks for that (`text`, `integer`, `fields`, …), so that
nothing else is ever built in memory; `value` builds whatever there is, and `skip` checks it and builds nothing.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from typing import Any, Callable

from .failure import damaged

SAFE = 2**53 - 1
MAX_DEPTH = 64

UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, OTHER = range(8)
FLOATS = {25: ">e", 26: ">f", 27: ">d"}


class Cursor:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self._depth = 0

    def done(self) -> bool:
        return self.at == len(self.data)

    def finish(self) -> None:
        if not self.done():
            raise damaged(f"{len(self.data) - self.at} bytes lie behind the record")

    # One item of a kind that is known

    def integer(self, low: int = 0, high: int = SAFE) -> int:
        major, argument = self._head()[:2]
        if major not in (UNSIGNED, NEGATIVE):
            raise damaged("no integer where one should be")
        return _within(argument if major == UNSIGNED else -1 - argument, low, high)

    def text(self) -> str:
        major, length = self._head()[:2]
        if major != TEXT:
            raise damaged("no text where there should be some")
        return self._text(length)

    def byte_string(self, length: int | None = None) -> bytes:
        major, found = self._head()[:2]
        if major != BYTES or (length is not None and found != length):
            raise damaged("no bytes, or not as many as there should be")
        return self._take(found)

    def boolean(self) -> bool:
        major, _, info = self._head()
        if major != OTHER or info not in (20, 21):
            raise damaged("neither true nor false where one should be")
        return info == 21

    def items(self, exactly: int | None = None) -> Iterator[int]:
        """Goes into an array; whoever iterates takes one item each time."""
        major, count = self._head()[:2]
        if major != ARRAY or (exactly is not None and count != exactly):
            raise damaged("no array, or not as long as it should be")
        self._enter()
        yield from range(count)
        self._depth -= 1

    def fields(self, shape: Mapping[str, Callable[[Cursor], Any]], optional: tuple[str, ...] = ()) -> dict[str, Any]:
        """A map with exactly these keys; each is read as `shape` says."""
        expected = iter(sorted(shape, key=_order))
        found: dict[str, Any] = {}
        for _ in self._pairs():
            key = self.text()
            for name in expected:
                if name == key:
                    break
                if name not in optional:
                    raise damaged(f"the field {name} is missing, or not in its place")
            else:
                raise damaged("a field too many, or out of order")
            found[key] = shape[key](self)
        for name in expected:
            if name not in optional:
                raise damaged(f"the field {name} is missing")
        return found

    def numbered(self, shape: Mapping[int, Callable[[Cursor], Any]]) -> dict[int, Any]:
        """A map whose keys are integers, ascending, and among those of `shape` (§14)."""
        found: dict[int, Any] = {}
        last = -1
        for _ in self._pairs():
            key = self.integer()
            if key <= last or key not in shape:
                raise damaged("a key that is not known, or out of order")
            found[key] = shape[key](self)
            last = key
        return found

    def named(self, read: Callable[[Cursor], Any]) -> dict[str, Any]:
        """A map with any text as keys."""
        return {key: read(self) for key in self.keys()}

    # One item of any kind

    def value(self) -> Any:
        return self._any(keep=True, json=False)

    def skip(self) -> None:
        self._any(keep=False, json=False)

    def json(self) -> bytes:
        """Checks that JSON (as §5 means it) is next; gives its encoding, so that it takes no more memory than its bytes."""
        start = self.at
        self._any(keep=False, json=True)
        return self.data[start : self.at]

    def number(self) -> None:
        """Checks that a number is next."""
        if self.at < len(self.data) and self.data[self.at] >> 5 == OTHER and self.data[self.at] & 31 in FLOATS:
            self._float(self._head()[2])
        else:
            self.integer(-SAFE, SAFE)

    def _any(self, keep: bool, json: bool) -> Any:
        start = self.at
        major, argument, info = self._head()
        if major in (UNSIGNED, NEGATIVE):
            number = argument if major == UNSIGNED else -1 - argument
            return _within(number, -SAFE, SAFE) if json else number
        if major == BYTES:
            if json:
                raise damaged("bytes where JSON should be")
            return self._take(argument)
        if major == TEXT:
            return self._text(argument)
        if major == ARRAY:
            self.at = start
            items = []
            for _ in self.items():
                item = self._any(keep, json)
                if keep:
                    items.append(item)
            return items
        if major == MAP:
            self.at = start
            if keep:
                return {key: self._any(keep, json) for key in self.keys()}
            for _ in self.keys():
                self._any(keep, json)
            return None
        if major == TAG:
            raise damaged("a tag")
        if info in (20, 21, 22):
            return {20: False, 21: True, 22: None}[info]
        return self._float(info)

    # The parts of items

    def _take(self, length: int) -> bytes:
        if length > len(self.data) - self.at:
            raise damaged("a record is cut short")
        self.at += length
        return self.data[self.at - length : self.at]

    def _head(self) -> tuple[int, int, int]:
        """Major type, argument, additional information. The argument of a float are its bits, still to be taken."""
        initial = self._take(1)[0]
        major, info = initial >> 5, initial & 31
        if info < 24 or (major == OTHER and info in FLOATS):
            return major, info, info
        if info > 27 or major == OTHER:
            raise damaged("a length without end, or a value that is not used")
        argument = int.from_bytes(self._take(1 << (info - 24)), "big")
        if argument < (24, 1 << 8, 1 << 16, 1 << 32)[info - 24]:
            raise damaged("a head that is longer than it needs to be")
        return major, argument, info

    def _text(self, length: int) -> str:
        try:
            return self._take(length).decode("utf-8")
        except UnicodeDecodeError:
            raise damaged("text that is not UTF-8") from None

    def _float(self, info: int) -> float:
        form = FLOATS.get(info)
        if form is None:
            raise damaged("a value that is not used")
        value: float = struct.unpack(form, self._take(struct.calcsize(form)))[0]
        if not math.isfinite(value) or (value == int(value) and abs(value) <= SAFE):
            raise damaged("a float that is an integer, or no number")
        for shorter in (">e", ">f"):
            if struct.calcsize(shorter) < struct.calcsize(form) and _fits(value, shorter):
                raise damaged("a float that has a shorter form")
        return value

    def _enter(self) -> None:
        if self._depth == MAX_DEPTH:
            raise damaged("arrays and maps more than 64 deep")
        self._depth += 1

    def _pairs(self) -> Iterator[int]:
        major, count = self._head()[:2]
        if major != MAP:
            raise damaged("no map where one should be")
        self._enter()
        yield from range(count)
        self._depth -= 1

    def keys(self) -> Iterator[str]:
        last: tuple[int, bytes] | None = None
        for _ in self._pairs():
            key = self.text()
            order = _order(key)
            if last is not None and order <= last:
                raise damaged("keys out of order, or twice")
            last = order
            yield key


def _order(key: str) -> tuple[int, bytes]:
    """By the bytes of the encoding: its length comes first in it."""
    encoded = key.encode("utf-8")
    return len(encoded), encoded


def _within(value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise damaged(f"{value} is beyond its range")
    return value


def _fits(value: float, form: str) -> bool:
    try:
        return bool(struct.unpack(form, struct.pack(form, value))[0] == value)
    except OverflowError:
        return False


def array_of(read: Callable[[Cursor], Any]) -> Callable[[Cursor], Any]:
    return lambda cursor: [read(cursor) for _ in cursor.items()]


def one(data: bytes, read: Callable[[Cursor], Any]) -> Any:
    """The one item that the bytes are, to their end."""
    cursor = Cursor(data)
    found = read(cursor)
    cursor.finish()
    return found
