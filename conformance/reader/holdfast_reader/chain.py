"""The snapshots of one writer and job, each of which names the one before (§13)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .failure import Finding
from .object_key import SnapshotKey, snapshot_key
from .snapshot import Snapshot


def broken_links(snapshots: Iterable[Snapshot]) -> Iterator[Finding]:
    """`snapshots` are all that could be read, in any order."""
    hashes: dict[SnapshotKey, str] = {}
    read = list(snapshots)
    for snapshot in read:
        hashes[SnapshotKey(snapshot.header.writer, snapshot.header.job, snapshot.header.sequence)] = snapshot.hash
    for snapshot in read:
        key = snapshot_key(snapshot.key)
        if key is None or key.sequence == 1:
            continue
        before = hashes.get(key._replace(sequence=key.sequence - 1))
        if before is None:
            yield Finding(snapshot.key, "CHAIN_BROKEN", "the snapshot before it is not there, or cannot be read")
        elif before != snapshot.header.previous:
            yield Finding(snapshot.key, "CHAIN_BROKEN", "the snapshot before it is not the one that it followed")
