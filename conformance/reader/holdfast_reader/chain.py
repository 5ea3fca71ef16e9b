"""The snapshots of one writer and job, each of which names the one before (§13), and voids between them (§13b)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from .failure import Finding
from .object_key import SnapshotKey, key_of, snapshot_key
from .removal import Removals
from .snapshot import Snapshot
from .void import StoredVoid


def broken_links(snapshots: Iterable[Snapshot], voids: Iterable[StoredVoid], removals: Removals) -> Iterator[Finding]:
    """All that could be read, in any order. What was removed or made void leaves no hole."""
    read, made_void = list(snapshots), list(voids)
    hashes = {snapshot.key: snapshot.hash for snapshot in read}
    empty = {it.key for it in made_void if it.void is not None}
    unbelieved = {it.key: it.hash for it in made_void if it.void is None}
    links = chain(
        ((snapshot.key, snapshot.header.previous) for snapshot in read),
        ((it.key, it.void.previous) for it in made_void if it.void is not None and it.void.previous != ""),
    )
    for key, previous in links:
        last = _before(key)
        if last is None or last in empty or previous in (hashes.get(last), unbelieved.get(last)):
            continue
        if last in hashes:
            yield Finding(key, "CHAIN_BROKEN", "what is before it is not the snapshot that it followed")
        elif not removals.explains(last, previous):
            yield Finding(key, "CHAIN_BROKEN", "the snapshot before it is not there, or cannot be read")


def _before(key: str) -> str | None:
    named = snapshot_key(key)
    if named is None or named.sequence == 1:
        return None
    return key_of(SnapshotKey(named.writer, named.job, named.sequence - 1))
