"""The snapshots of one writer and job, each of which names the one before (§13)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .failure import Finding
from .object_key import SnapshotKey, key_of, snapshot_key
from .removal import Removals
from .snapshot import Snapshot


def broken_links(snapshots: Iterable[Snapshot], removals: Removals) -> Iterator[Finding]:
    """`snapshots` are all that could be read, in any order. What was removed leaves no hole."""
    hashes: dict[SnapshotKey, str] = {}
    read = list(snapshots)
    for snapshot in read:
        hashes[SnapshotKey(snapshot.header.writer, snapshot.header.job, snapshot.header.sequence)] = snapshot.hash
    for snapshot in read:
        key = snapshot_key(snapshot.key)
        if key is None or key.sequence == 1:
            continue
        last = key._replace(sequence=key.sequence - 1)
        before = hashes.get(last)
        if before is None:
            if removals.explains(key_of(last), snapshot.header.previous):
                continue
            yield Finding(snapshot.key, "CHAIN_BROKEN", "the snapshot before it is not there, or cannot be read")
        elif before != snapshot.header.previous:
            yield Finding(snapshot.key, "CHAIN_BROKEN", "the snapshot before it is not the one that it followed")
