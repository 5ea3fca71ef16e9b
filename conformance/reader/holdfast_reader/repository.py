"""A repository, as far as it can be read without a private key (§15, 1 to 3)."""

from __future__ import annotations

from collections.abc import Collection

from .approval import Approvers
from .chain import broken_links
from .failure import Finding, Refused
from .known_writer import KnownWriters, read_writers
from .marker import Marker, read_marker
from .object_key import MARKER, SnapshotKey, snapshot_key
from .removal import read_removals
from .snapshot import Snapshot, read_snapshot
from .target import Target
from .void import StoredVoid, is_void, stored_void


class Repository:
    """`findings` grow while it is read: what was passed over, and why."""

    def __init__(
        self,
        target: Target,
        approvers: Approvers | None = None,
        trusted: Collection[str] = (),
        name: str | None = None,
    ) -> None:
        """`trusted` are ids of writers that need no approval; `name` is what the policy calls the target."""
        self.target = target
        self.findings: list[Finding] = []
        self.marker = self._marker()
        self.writers = read_writers(target, self.marker.id, approvers, trusted, self.report)
        self.snapshots: dict[str, Snapshot] = {}
        self.unapproved: dict[str, Snapshot] = {}
        """Signed by the key that their writer's object says; nothing of them is used, they are only shown."""
        self.voids: list[StoredVoid] = []
        self._refused: dict[str, Refused] = {}
        self._read_snapshots()
        removals = read_removals(target, name, self.marker.id, self.writers, self.report)
        self.findings.extend(broken_links(self.snapshots.values(), self.voids, removals))
        self.forgotten = frozenset(
            key for key, snapshot in self.snapshots.items() if removals.is_forgotten(key, snapshot.hash)
        )
        """What is wanted no more here. It can be read as long as it is there; it is not the latest."""

    def report(self, key: str, refused: Refused) -> None:
        self.findings.append(Finding(key, refused.code, refused.why))

    def snapshot(self, key: str) -> Snapshot:
        """One, whole. In `snapshots` are the same without what is sealed in them."""
        if key in self._refused:
            raise self._refused[key]
        return self._read(key, self.writers)

    def _read(self, key: str, writers: KnownWriters) -> Snapshot:
        return read_snapshot(key, self.target.read(key), self.marker.id, writers)

    def _marker(self) -> Marker:
        try:
            return read_marker(self.target.read(MARKER))
        except Refused as refused:
            if refused.code == "OBJECT_MISSING":
                raise Refused("NOT_A_REPOSITORY", "there is no marker") from None
            raise

    def _read_snapshots(self) -> None:
        for key, _ in self.target.list("snapshots/"):
            named = snapshot_key(key)
            if named is None:
                continue
            try:
                if named.writer not in self.writers.keys:
                    self._look_at_unapproved(key, named)
                    raise Refused("WRITER_UNAPPROVED", f"nobody has approved the writer {named.writer}")
                self._read_one(key, self.target.read(key))
            except Refused as refused:
                self._refused[key] = refused
                self.report(key, refused)

    def _read_one(self, key: str, data: bytes) -> None:
        if is_void(data):
            self.voids.append(stored_void(key, data, self.marker.id, self.writers))
            self._refused[key] = Refused("SNAPSHOT_VOID", "the run that was to end there was taken for dead")
        else:
            self.snapshots[key] = _unsealed(read_snapshot(key, data, self.marker.id, self.writers))

    def _look_at_unapproved(self, key: str, named: SnapshotKey) -> None:
        try:
            self.unapproved[key] = _unsealed(self._read(key, KnownWriters(self.writers.others)))
        except Refused:
            pass  # Whatever is wrong with it: it is reported as what nobody approved (§8a).


def _unsealed(snapshot: Snapshot) -> Snapshot:
    """Without the parts that may be large."""
    return snapshot._replace(references=b"", body=b"")
