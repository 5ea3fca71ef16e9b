"""How the plaintext of a frame is compressed (§10).

Both formats let an encoder say things in several ways, and decoders differ in what they take. So the outside of either is
read here, by RFC 8878 and RFC 1952, and libraries get only what is exactly one frame or one DEFLATE stream.
"""

from __future__ import annotations

import zlib

import zstandard

from .failure import Refused

NONE, ZSTD, GZIP = 0, 1, 2
MAX_WINDOW = 134_217_728


def decompress(codec: int, data: bytes, length: int) -> bytes:
    """Exactly `length` bytes, from all of `data`."""
    if codec == NONE:
        plaintext = data
    elif codec == ZSTD:
        plaintext = _zstd(data, length)
    elif codec == GZIP:
        plaintext = _gzip(data, length)
    else:
        raise Refused("CODEC_UNKNOWN", f"codec {codec}")
    if len(plaintext) != length:
        raise _damaged("it holds more or less than it should")
    return plaintext


def _damaged(why: str) -> Refused:
    return Refused("FRAME_DAMAGED", why)


def _zstd(data: bytes, length: int) -> bytes:
    if _zstd_end(data, length) != len(data):
        raise _damaged("more, or less, than one zstd frame")
    try:
        with zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).stream_reader(data) as reader:
            parts = []
            left = length + 1
            while left > 0:
                part = reader.read(left)
                if not part:
                    break
                parts.append(part)
                left -= len(part)
            return b"".join(parts)
    except zstandard.ZstdError as error:
        raise _damaged(f"zstd: {error}") from None


def _zstd_end(data: bytes, length: int) -> int:
    """Where the first frame ends (RFC 8878, §3.1.1): a header, blocks that each say how long they are, a checksum."""
    if data[:4] != b"\x28\xb5\x2f\xfd":
        raise _damaged("no zstd frame")
    descriptor = _number(data, 4, 1)
    single, checksum = descriptor >> 5 & 1, descriptor >> 2 & 1
    at = 5
    if not single:
        window = _number(data, at, 1)
        base = 1 << (10 + (window >> 3))
        if base + base // 8 * (window & 7) > MAX_WINDOW:
            raise _damaged("a zstd frame with a window of more than 128 MiB")
        at += 1
    dictionary = (0, 1, 2, 4)[descriptor & 3]
    if _number(data, at, dictionary) != 0:
        raise _damaged("a zstd frame that needs a dictionary")
    at += dictionary
    size = (single, 2, 4, 8)[descriptor >> 6]
    if size > 0 and _number(data, at, size) + (256 if size == 2 else 0) != length:
        raise _damaged("a zstd frame that says another length")
    at += size
    last = False
    while not last:
        block = _number(data, at, 3)
        last = block & 1 == 1
        # A block of kind 1 is one byte, repeated.
        at += 3 + (1 if block >> 1 & 3 == 1 else block >> 3)
    return at + 4 * checksum


def _number(data: bytes, at: int, length: int) -> int:
    if at + length > len(data):
        raise _damaged("a zstd frame that is cut short")
    return int.from_bytes(data[at : at + length], "little")


def _gzip(data: bytes, length: int) -> bytes:
    """RFC 1952, §2.3: ten bytes, a DEFLATE stream, CRC and length. Only time, XFL and OS may be anything."""
    if data[:4] != b"\x1f\x8b\x08\x00" or len(data) < 18:
        raise _damaged("no gzip member without flags")
    decoder = zlib.decompressobj(wbits=-15)
    try:
        plaintext = decoder.decompress(data[10:], length + 1)
    except zlib.error as error:
        raise _damaged(f"gzip: {error}") from None
    if not decoder.eof or len(decoder.unused_data) != 8:
        raise _damaged("more, or less, than one gzip member")
    if decoder.unused_data != zlib.crc32(plaintext).to_bytes(4, "little") + len(plaintext).to_bytes(4, "little"):
        raise _damaged("a gzip member with another CRC or length")
    return plaintext
