"""A repository, as far as it can be read without a private key (§15, 1 to 3)."""

from __future__ import annotations

from .chain import broken_links
from .failure import Finding, Refused
from .marker import Marker, read_marker
from .object_key import MARKER, WRITER, snapshot_key
from .snapshot import Snapshot, read_snapshot
from .target import Target
from .writer import Writer, read_writer


class Repository:
    """`findings` grow while it is read: what was passed over, and why."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.findings: list[Finding] = []
        self.marker = self._marker()
        self.writers: dict[str, Writer] = {}
        self._read_writers()
        self.snapshots: dict[str, Snapshot] = {}
        self._refused: dict[str, Refused] = {}
        self._read_snapshots()

    @property
    def known(self) -> dict[str, bytes]:
        """The public keys of known writers by id."""
        return {writer.id: writer.publicKey for writer in self.writers.values()}

    def report(self, key: str, refused: Refused) -> None:
        self.findings.append(Finding(key, refused.code, refused.why))

    def snapshot(self, key: str) -> Snapshot:
        """One, whole. In `snapshots` are the same without what is sealed in them."""
        if key in self._refused:
            raise self._refused[key]
        return read_snapshot(key, self.target.read(key), self.marker.id, self.known)

    def _marker(self) -> Marker:
        try:
            return read_marker(self.target.read(MARKER))
        except Refused as refused:
            if refused.code == "OBJECT_MISSING":
                raise Refused("NOT_A_REPOSITORY", "there is no marker") from None
            raise

    def _read_writers(self) -> None:
        for key, _ in self.target.list("keys/writers/"):
            if WRITER.fullmatch(key) is None:
                continue
            try:
                writer = read_writer(key, self.target.read(key))
            except Refused as refused:
                self.report(key, refused)
                continue
            if writer.repository == self.marker.id:
                self.writers[writer.id] = writer

    def _read_snapshots(self) -> None:
        known = self.known
        for key, _ in self.target.list("snapshots/"):
            if snapshot_key(key) is None:
                continue
            try:
                snapshot = read_snapshot(key, self.target.read(key), self.marker.id, known)
                self.snapshots[key] = snapshot._replace(references=b"", body=b"")
            except Refused as refused:
                self._refused[key] = refused
                self.report(key, refused)
        self.findings.extend(broken_links(self.snapshots.values()))
