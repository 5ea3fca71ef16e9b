"""Chunks that were compressed and sealed together (§10)."""

from __future__ import annotations

import hmac
import struct
from hashlib import sha256
from typing import NamedTuple

from .codec import decompress
from .failure import Refused, damaged
from .header import MAGIC
from .secret import DomainKeys, open_gcm

MAX_PLAIN = 33_554_432
REFERENCE = 36


class Reference(NamedTuple):
    """What names a chunk: its id and the length of its plaintext."""

    id: bytes
    length: int


class Frame(NamedTuple):
    """What the table of a pack says of one of its frames."""

    offset: int
    sealed_length: int
    plain_length: int
    ordinal: int
    birth: int
    codec: int
    chunks: tuple[Reference, ...]

    def open(self, keys: DomainKeys, salt: bytes, frame_key: bytes, sealed: bytes) -> list[bytes]:
        """Its chunks."""
        count = len(self.chunks)
        table = struct.pack("<BII", self.codec, self.plain_length, count)
        table += struct.pack(f"<{count}I", *(chunk.length for chunk in self.chunks))
        table += b"".join(chunk.id for chunk in self.chunks)
        aad = MAGIC + b"\x01\x01" + bytes.fromhex(keys.domain) + salt + struct.pack("<I", self.ordinal)
        nonce = bytes(8) + struct.pack(">I", self.ordinal)
        refusal = Refused("FRAME_DAMAGED", "it is not what was sealed under its description")
        compressed = open_gcm(frame_key, nonce, sealed, aad + sha256(table).digest(), refusal)
        plaintext = decompress(self.codec, compressed, self.plain_length)
        chunks = []
        at = 0
        for chunk in self.chunks:
            part = plaintext[at : at + chunk.length]
            if not hmac.compare_digest(keys.chunk_id(part), chunk.id):
                raise Refused("FRAME_DAMAGED", "a chunk that is not what its id says")
            chunks.append(part)
            at += chunk.length
        return chunks


def reference(data: bytes) -> Reference:
    (length,) = struct.unpack("<I", data[32:36])
    if not 1 <= length <= MAX_PLAIN:
        raise damaged("a chunk that is empty, or too long")
    return Reference(data[:32], length)


def references(data: bytes) -> list[Reference]:
    """References, packed back to back."""
    if len(data) % REFERENCE != 0:
        raise damaged("half a chunk reference")
    return [reference(data[at : at + REFERENCE]) for at in range(0, len(data), REFERENCE)]
