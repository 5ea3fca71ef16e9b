"""Whether everything in a repository is as it was written."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from .failure import Finding, Refused
from .frame import Reference
from .header import LENGTH, PACK, check_header
from .object_key import EPOCH, epoch_key
from .object_key import PACK as PACK_KEY
from .pack import TRAILER, read_pack, read_trailer
from .repository import Repository
from .snapshot_reader import SnapshotReader
from .unlocked_domain import Domains, UnlockedDomain

FrameName = tuple[bytes, int]


class Checked:
    """What was looked at."""

    def __init__(self) -> None:
        self.packs = self.frames = self.snapshots = self.entries = 0


def check_outside(repository: Repository, checked: Checked) -> Iterator[Finding]:
    """Without a key: packs by their names, headers and trailers."""
    for key, _ in repository.target.list("packs/"):
        match = PACK_KEY.fullmatch(key)
        if match is None:
            continue
        checked.packs += 1
        try:
            data = repository.target.read(key)
            check_header(data[:LENGTH], PACK)
            read_trailer(data[-TRAILER:], len(data))
            if sha256(data).hexdigest() != match["hash"]:
                raise Refused("PACK_DAMAGED", "it is not what its name says")
        except Refused as refused:
            yield Finding(key, refused.code, refused.why)


def check_inside(repository: Repository, domains: Domains, checked: Checked) -> Iterator[Finding]:
    """With a private key: every frame of every pack, every tree and every list of chunks of every snapshot."""
    stored: dict[str, set[FrameName]] = {}
    for domain, epochs in _epochs(repository).items():
        unlocked: UnlockedDomain | None = None
        why_not = Refused("OBJECT_MISSING", "there is no epoch")
        for epoch in epochs:
            try:
                unlocked = domains.unlock(domain, epoch)
            except Refused as refused:
                why_not = refused
                yield Finding(epoch_key(domain, epoch), refused.code, refused.why)
        if unlocked is None:
            why = f"no epoch opens, so nothing in these packs was looked into: {why_not.why}"
            yield Finding(f"packs/{domain}/", why_not.code, why)
            continue
        stored[domain] = set()
        yield from _check_packs(unlocked, domain, stored[domain], checked)
    for key in sorted(repository.snapshots):
        checked.snapshots += 1
        try:
            yield from _check_snapshot(SnapshotReader(repository, domains, key), stored, checked)
        except Refused as refused:
            yield Finding(key, refused.code, refused.why)


def _epochs(repository: Repository) -> dict[str, list[str]]:
    """Of every domain that has packs, or epochs."""
    found: dict[str, list[str]] = {}
    for key, _ in repository.target.list("packs/"):
        match = PACK_KEY.fullmatch(key)
        if match is not None:
            found.setdefault(match["domain"], [])
    for key, _ in repository.target.list("keys/epochs/"):
        match = EPOCH.fullmatch(key)
        if match is not None:
            found.setdefault(match["domain"], []).append(match["epoch"])
    return found


def _check_packs(unlocked: UnlockedDomain, domain: str, stored: set[FrameName], checked: Checked) -> Iterator[Finding]:
    unlocked.locate()  # Reports fragments that are wrong.
    target = unlocked.repository.target
    for key, _ in target.list(f"packs/{domain}/"):
        if PACK_KEY.fullmatch(key) is None:
            continue
        try:
            data = target.read(key)
            table = read_pack(data, unlocked.keys)
        except Refused as refused:
            yield Finding(key, refused.code, refused.why)
            continue
        for frame in table.frames:
            checked.frames += 1
            birth = table.births[frame.birth]
            try:
                unlocked.open_frame(frame, birth, data[frame.offset : frame.offset + frame.sealed_length])
                stored.add((birth.salt, frame.ordinal))
            except Refused as refused:
                yield Finding(key, refused.code, f"the frame at {frame.offset}: {refused.why}")


def _check_snapshot(reader: SnapshotReader, stored: dict[str, set[FrameName]], checked: Checked) -> Iterator[Finding]:
    snapshot = reader.snapshot
    frames = stored.get(snapshot.header.domain, set())
    for birth in snapshot.needed_frames(reader.domain.keys):
        missing = sum(1 for ordinal in birth.ordinals if (birth.salt, ordinal) not in frames)
        if missing > 0:
            why = f"{missing} frames of the birth {birth.salt.hex()} that it needs are not there, or damaged"
            yield Finding(snapshot.key, "CHUNK_MISSING", why)
    for artifact in reader.body.artifacts:
        if artifact.kind == "bytes":
            _find_all(reader, reader.stream_chunks(artifact))
            continue
        for entry in reader.entries(artifact):
            checked.entries += 1
            if entry.kind == "file":
                _find_all(reader, reader.file_chunks(entry))


def _find_all(reader: SnapshotReader, chunks: Iterator[Reference]) -> None:
    for chunk in chunks:
        reader.domain.places(chunk)
