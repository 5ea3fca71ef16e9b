"""What a snapshot holds: streams, trees, files (§15, 4 to 11)."""

from __future__ import annotations

from collections.abc import Iterator

from .body_record import Artifact, BodyRecord, stretches
from .chunk_reader import ChunkReader
from .failure import damaged
from .frame import REFERENCE, Reference, reference, references
from .repository import Repository
from .snapshot import Snapshot
from .tree_entry import Entry, TreeCheck, read_page
from .unlocked_domain import Domains


class SnapshotReader:
    def __init__(self, repository: Repository, domains: Domains, key: str) -> None:
        self.snapshot: Snapshot = repository.snapshot(key)
        told = self.snapshot.header
        self.domain = domains.unlock(told.domain, told.epoch)
        self.body: BodyRecord = self.snapshot.open_body(self.domain.epoch(told.epoch).private_key)
        self.domain.locate()
        self._chunks = ChunkReader(self.domain)

    @property
    def artifacts(self) -> dict[str, Artifact]:
        return {artifact.name: artifact for artifact in self.body.artifacts}

    def entries(self, tree: Artifact) -> Iterator[Entry]:
        check = TreeCheck()
        for page in tree.pages:
            yield from read_page(self._chunks.read(page.chunk), check, page.first)

    def stream(self, artifact: Artifact) -> Iterator[bytes]:
        for chunk in self.stream_chunks(artifact):
            yield self._chunks.read(chunk)

    def stream_chunks(self, artifact: Artifact) -> Iterator[Reference]:
        for page, length in stretches(artifact):
            chunks = references(self._chunks.read(page.chunk))
            if sum(chunk.length for chunk in chunks) != length:
                raise damaged("a page of a stream that does not reach exactly to the next")
            yield from chunks

    def file(self, entry: Entry) -> Iterator[bytes]:
        for chunk in self.file_chunks(entry):
            yield self._chunks.read(chunk)

    def file_chunks(self, entry: Entry) -> Iterator[Reference]:
        """Those of the content. A list is gone through as it is read, so its sum fails at its end at the latest."""
        if not entry.listed:
            yield from entry.chunks
            return
        left, carried = entry.size, b""
        for part in entry.chunks:
            joined = carried + self._chunks.read(part)
            whole = len(joined) - len(joined) % REFERENCE
            for at in range(0, whole, REFERENCE):
                chunk = reference(joined[at : at + REFERENCE])
                left -= chunk.length
                if left < 0:
                    raise damaged("a list of chunks for more than the file has")
                yield chunk
            carried = joined[whole:]
        if left != 0:
            raise damaged("a list of chunks for less than the file has")
