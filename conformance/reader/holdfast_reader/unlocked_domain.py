"""A domain whose secret is at hand, and where its chunks are (§15, 5 and 7)."""

from __future__ import annotations

from typing import NamedTuple

from .birth import Birth
from .epoch import EpochSecrets, Recipient, open_epoch, read_epoch
from .failure import Refused
from .fragment import check_name, read_fragment
from .frame import Frame, Reference
from .object_key import INDEX, MAX_OBJECT, PACK, epoch_key
from .pack import read_pack_table
from .repository import Repository
from .secret import DomainKeys
from .table import Table


class Place(NamedTuple):
    """Where a chunk is: in which frame of which pack, and where in its plaintext."""

    pack: str
    frame: Frame
    birth: Birth
    position: int


class UnlockedDomain:
    def __init__(self, repository: Repository, recipient: Recipient, domain: str, epoch: str) -> None:
        self.repository = repository
        self._recipient = recipient
        self._domain = domain
        self._epochs: dict[str, EpochSecrets] = {}
        self._frame_keys: dict[Birth, bytes] = {}
        self.keys = DomainKeys.derive(domain, self.epoch(epoch).domain_secret)
        self.packs: dict[str, int] = {}
        self._places: dict[bytes, list[Place]] = {}
        self._tables: dict[str, list[Table]] = {}
        self._located = False

    def epoch(self, id: str) -> EpochSecrets:
        if id not in self._epochs:
            key = epoch_key(self._domain, id)
            data = self.repository.target.read(key)
            epoch = read_epoch(key, data, self.repository.marker.id, self.repository.writers)
            self._epochs[id] = open_epoch(epoch, self._recipient)
        return self._epochs[id]

    def frame_key(self, birth: Birth) -> bytes:
        if birth not in self._frame_keys:
            self._frame_keys[birth] = birth.frame_key(self._domain, self.epoch(birth.epoch).private_key)
        return self._frame_keys[birth]

    def open_frame(self, frame: Frame, birth: Birth, sealed: bytes) -> list[bytes]:
        return frame.open(self.keys, birth.salt, self.frame_key(birth), sealed)

    def places(self, chunk: Reference) -> list[Place]:
        found = [it for it in self._places.get(chunk.id, ()) if it.frame.chunks[it.position].length == chunk.length]
        if not found:
            raise Refused("CHUNK_MISSING", f"no pack has the chunk {chunk.id.hex()} of {chunk.length} bytes")
        return found

    def locate(self) -> None:
        """Finds out, once, where chunks are: from fragments, and from the packs that no fragment names."""
        if self._located:
            return
        self._located = True
        target = self.repository.target
        for key, size in target.list(f"packs/{self._domain}/"):
            if PACK.fullmatch(key) is not None:
                self.packs[key] = size
        wrong_key: Refused | None = None
        opened = False
        taken = set()
        cut: dict[str, Table] = {}
        for key, _ in target.list(f"indexes/{self._domain}/"):
            if INDEX.fullmatch(key) is None:
                continue
            try:
                data = target.read(key)
                check_name(key, data)
                packs = read_fragment(data, self.keys)
            except Refused as refused:
                wrong_key = refused if refused.code == "WRONG_KEY" else wrong_key
                self.repository.report(key, refused)
                continue
            opened = True
            for indexed in packs:
                pack = self.pack_key(indexed.name)
                if self.packs.get(pack) == indexed.size and indexed.size <= MAX_OBJECT:
                    self._take(pack, indexed.table)
                    taken.add(pack)
                elif pack in self.packs:
                    cut[pack] = indexed.table
        for pack, size in self.packs.items():
            if pack in taken:
                continue
            try:
                self._take(pack, self.read_table(pack, size))
                opened = True
            except Refused as refused:
                wrong_key = refused if refused.code == "WRONG_KEY" else wrong_key
                self.repository.report(pack, refused)
                if pack in cut:
                    self._take(pack, cut[pack])
        if wrong_key is not None and not opened:
            raise wrong_key

    def pack_key(self, name: str) -> str:
        return f"packs/{self._domain}/{name[:2]}/{name}"

    def read_table(self, pack: str, size: int) -> Table:
        if size > MAX_OBJECT:
            raise Refused("OBJECT_TOO_LARGE", f"{pack} has {size} bytes")
        return read_pack_table(lambda at, length: self.repository.target.read_part(pack, at, length), size, self.keys)

    def _take(self, pack: str, table: Table) -> None:
        """Frames behind the end of a pack that was cut short are left out."""
        tables = self._tables.setdefault(pack, [])
        if table in tables:
            return
        tables.append(table)
        for frame in table.frames:
            if frame.offset + frame.sealed_length > self.packs[pack]:
                break
            for position, chunk in enumerate(frame.chunks):
                place = Place(pack, frame, table.births[frame.birth], position)
                self._places.setdefault(chunk.id, []).append(place)


class Domains:
    """Those that a recipient can open, each unlocked once."""

    def __init__(self, repository: Repository, recipient: Recipient) -> None:
        self.repository = repository
        self._recipient = recipient
        self._unlocked: dict[str, UnlockedDomain] = {}

    def unlock(self, domain: str, epoch: str) -> UnlockedDomain:
        """`epoch` is one that must open, too."""
        if domain not in self._unlocked:
            self._unlocked[domain] = UnlockedDomain(self.repository, self._recipient, domain, epoch)
        self._unlocked[domain].epoch(epoch)
        return self._unlocked[domain]
