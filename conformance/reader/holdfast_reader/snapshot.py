"""The object that commits a run (§13)."""

from __future__ import annotations

import struct
from hashlib import sha256
from typing import NamedTuple

from . import birth
from .birth import Birth
from .body_record import BodyRecord, read_body_record
from .failure import damaged
from .header import LENGTH, SNAPSHOT, check_header, header
from .header_record import HeaderRecord, read_header_record
from .known_writer import KnownWriters
from .needed_frames import NeededFrames, read_needed_frames
from .object_key import snapshot_key
from .secret import NO_NONCE, DomainKeys, check_signature, open_gcm
from .writer import SIGNATURE


class Snapshot(NamedTuple):
    """One whose signature held. What is sealed in it is still sealed."""

    key: str
    hash: str
    header: HeaderRecord
    context: bytes
    references: bytes
    birth: Birth
    body: bytes

    def needed_frames(self, keys: DomainKeys) -> list[NeededFrames]:
        return read_needed_frames(keys.open_record("references", self.context, self.references))

    def open_body(self, epoch_private_key: bytes) -> BodyRecord:
        body_key = self.birth.body_key(self.birth.frame_key(self.header.domain, epoch_private_key))
        body = open_gcm(body_key, NO_NONCE, self.body, self.context, damaged("its body is not the one sealed there"))
        return read_body_record(body, self.header.artifacts)


def read_snapshot(key: str, data: bytes, repository: str, writers: KnownWriters) -> Snapshot:
    check_header(data, SNAPSHOT)
    named = snapshot_key(key)
    if named is None or len(data) < LENGTH + SIGNATURE:
        raise damaged("it does not lie where snapshots do, or is shorter than a signature")
    check_signature(writers.public_key(named.writer), data[:-SIGNATURE], data[-SIGNATURE:])

    record, at = _counted(data, LENGTH)
    references, at = _counted(data, at)
    born = data[at : at + birth.LENGTH]
    body, at = _counted(data, at + birth.LENGTH)
    if at != len(data) - SIGNATURE:
        raise damaged("its parts do not fill it exactly")
    told = read_header_record(record)
    if (told.writer, told.job, told.sequence) != named or told.repository != repository:
        raise damaged("it is the snapshot of another place")
    parsed = Birth.parse(born)
    if parsed.epoch != told.epoch:
        raise damaged("its body is sealed to another epoch")
    context = header(SNAPSHOT) + sha256(record).digest()
    return Snapshot(key, sha256(data).hexdigest(), told, context, references, parsed, body)


def _counted(data: bytes, at: int) -> tuple[bytes, int]:
    """The bytes behind their length, and where they end."""
    if at + 4 > len(data) - SIGNATURE:
        raise damaged("its parts are cut short")
    (length,) = struct.unpack_from("<I", data, at)
    end = at + 4 + length
    if end > len(data) - SIGNATURE:
        raise damaged("a part that is longer than the object")
    return data[at + 4 : end], end
