"""Chunks by their references (§15, 8)."""

from __future__ import annotations

from collections import OrderedDict

from .failure import Refused
from .frame import Reference
from .unlocked_domain import Place, UnlockedDomain

KEPT = 67_108_864  # Bytes of plaintext: small chunks share a frame, and are read one after the other.


class ChunkReader:
    def __init__(self, domain: UnlockedDomain) -> None:
        self._domain = domain
        self._frames: OrderedDict[tuple[str, int], list[bytes]] = OrderedDict()
        self._kept = 0

    def read(self, chunk: Reference) -> bytes:
        failed: Refused | None = None
        for place in self._domain.places(chunk):
            try:
                return self._frame(place)[place.position]
            except Refused as refused:
                # Another copy may be intact; and when none is, the first failure is as good as any.
                failed = failed or refused
        assert failed is not None
        raise failed

    def _frame(self, place: Place) -> list[bytes]:
        at = (place.pack, place.frame.offset)
        chunks = self._frames.get(at)
        if chunks is None:
            target = self._domain.repository.target
            sealed = target.read_part(place.pack, place.frame.offset, place.frame.sealed_length)
            chunks = self._domain.open_frame(place.frame, place.birth, sealed)
            self._frames[at] = chunks
            self._kept += place.frame.plain_length
            while self._kept > KEPT and len(self._frames) > 1:
                _, dropped = self._frames.popitem(last=False)
                self._kept -= sum(len(it) for it in dropped)
        self._frames.move_to_end(at)
        return chunks
