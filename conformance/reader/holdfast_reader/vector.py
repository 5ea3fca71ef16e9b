"""The vectors (§21): reads each, and says whether it ends as it should."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Callable, NamedTuple

from .approval import Approval, SharedDomain, read_approval
from .birth import Birth
from .body_record import Artifact
from .cbor import Cursor, one
from .epoch import open_epoch, read_epoch
from .failure import Refused
from .fragment import read_fragment
from .frame import Frame, Reference
from .header import REPOSITORY, check_header
from .known_writer import KnownWriters
from .mark import read_mark
from .marker import read_marker
from .needed_frames import read_needed_frames
from .object_key import MAX_OBJECT
from .openpgp import Keyring
from .pack import read_pack, read_trailer
from .report import entry_document
from .repository import Repository
from .removal import read_removal
from .secret import DomainKeys
from .session import read_session
from .snapshot import read_snapshot
from .snapshot_reader import SnapshotReader
from .table import Table, read_table
from .tree_entry import Entry, TreeCheck, read_page
from .unlocked_domain import Domains
from .void import read_void
from .writer import read_writer

Vector = dict[str, Any]
NOTHING = object()
"""What a vector that is only read, and held against nothing, gives."""


class WrongFindings(Exception):
    """It was read, but something else was passed over than should have been."""


class Outcome(NamedTuple):
    file: str
    name: str
    wrong: str | None
    """How it ended otherwise than it should."""


class TestKeys:
    """The keys that everybody knows, by their names. A message is opened once for each of them."""

    __test__ = False

    def __init__(self, folder: str) -> None:
        with open(os.path.join(folder, "openpgp-keys.json"), encoding="utf-8") as file:
            self._armored = json.load(file)
        self._recipients: dict[str, _Remembering] = {}
        self._approvers: dict[tuple[str, ...], Keyring] = {}

    def recipient(self, name: str) -> _Remembering:
        if name not in self._recipients:
            keyring = Keyring()
            self._recipients[name] = _Remembering(keyring)
            keyring.add(self._armored[name]["privateKey"].encode("ascii"))
        return self._recipients[name]

    def approvers(self, *names: str) -> Keyring:
        if names not in self._approvers:
            self._approvers[names] = Keyring()
            for name in names:
                self._approvers[names].add(self._armored[name]["publicKey"].encode("ascii"))
        return self._approvers[names]

    def close(self) -> None:
        for keyring in [*self._approvers.values(), *(it.keyring for it in self._recipients.values())]:
            keyring.close()


class _Remembering:
    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring
        self._opened: dict[bytes, bytes] = {}

    @property
    def fingerprints(self) -> frozenset[str]:
        return self.keyring.fingerprints

    def decrypt(self, message: bytes) -> bytes:
        if message not in self._opened:
            self._opened[message] = self.keyring.decrypt(message)
        return self._opened[message]


def run_vectors(folder: str) -> Iterator[Outcome]:
    readers = _readers()
    keys = TestKeys(folder)
    try:
        for name in sorted(os.listdir(folder)):
            if not name.endswith(".json") or name.startswith("openpgp-"):
                continue
            file = name[: -len(".json")]
            with open(os.path.join(folder, name), encoding="utf-8") as opened:
                vectors = json.load(opened)["vectors"]
            for vector in vectors:
                read = readers.get(file)
                wrong = "there is no reader for this file" if read is None else _try(read, vector, keys)
                yield Outcome(file, vector["name"], wrong)
    finally:
        keys.close()


def _try(read: Callable[[Vector, TestKeys], Any], vector: Vector, keys: TestKeys) -> str | None:
    expected = vector["expect"]
    try:
        held = read(vector, keys)
    except Refused as refused:
        return None if refused.code == expected else f"ended with {refused}, not with {expected}"
    except WrongFindings as wrong:
        return str(wrong)
    if expected != "ok":
        return f"was read, though it should end with {expected}"
    wanted = vector.get("holds", NOTHING)
    if wanted is NOTHING or held is NOTHING or _same(held, wanted):
        return None
    return f"holds {json.dumps(held)}\n  instead of {json.dumps(wanted)}"


def _same(held: Any, wanted: Any) -> bool:
    """Equal. JSON in other languages has one kind of number."""
    if isinstance(held, dict) and isinstance(wanted, dict):
        return held.keys() == wanted.keys() and all(_same(held[key], wanted[key]) for key in held)
    if isinstance(held, list) and isinstance(wanted, list):
        return len(held) == len(wanted) and all(map(_same, held, wanted))
    return bool(held == wanted) and isinstance(held, bool) == isinstance(wanted, bool)


def _bytes(vector: Vector) -> bytes:
    data = bytes.fromhex(vector["bytes"])
    return data + bytes(max(0, vector.get("length", 0) - len(data)))


def _domain_keys(vector: Vector) -> DomainKeys:
    return DomainKeys.derive(vector["keys"]["domain"], bytes.fromhex(vector["keys"]["domainSecret"]))


def _writers(vector: Vector) -> KnownWriters:
    prefix = "writer "
    named = {name: key for name, key in vector["keys"].items() if name.startswith(prefix)}
    return KnownWriters({name[len(prefix) :]: bytes.fromhex(key) for name, key in named.items()})


def _hex(record: NamedTuple) -> dict[str, Any]:
    fields = record._asdict()
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in fields.items()}


def _chunk_list(chunks: tuple[Reference, ...]) -> list[list[Any]]:
    return [[chunk.id.hex(), chunk.length] for chunk in chunks]


def _read_header(vector: Vector, _: TestKeys) -> Any:
    check_header(_bytes(vector), REPOSITORY)
    return NOTHING


def _read_record(vector: Vector, _: TestKeys) -> Any:
    one(_bytes(vector), Cursor.skip)  # Both ways must agree.
    return one(_bytes(vector), Cursor.value)


def _read_birth(vector: Vector, _: TestKeys) -> Any:
    private_key = bytes.fromhex(vector["keys"]["epochPrivateKey"])
    return Birth.parse(_bytes(vector)).frame_key(vector["keys"]["domain"], private_key).hex()


def _read_sealed_record(vector: Vector, _: TestKeys) -> Any:
    given = vector["with"]
    return _domain_keys(vector).open_record(given["kind"], bytes.fromhex(given["aad"]), _bytes(vector)).hex()


def _read_epoch(vector: Vector, keys: TestKeys) -> Any:
    data = _bytes(vector)
    epoch = read_epoch(vector["key"], data, vector["keys"]["repository"], _writers(vector))
    secrets = open_epoch(epoch, keys.recipient(vector["with"]["reader"]))
    opened = {"privateKey": secrets.private_key.hex(), "domainSecret": secrets.domain_secret.hex()}
    return {**_hex(epoch), **opened}


def _read_approval(vector: Vector, keys: TestKeys) -> Any:
    signed = read_approval(vector["key"], _bytes(vector))
    approval = signed.check(keys.approvers(*vector["with"]["approvers"]))
    join_key = bytes.fromhex(vector["keys"]["joinPrivateKey"])
    domains = [{**_hex(domain), "secret": _join_secret(approval, domain, join_key)} for domain in approval.domains]
    return {**_hex(approval), "domains": domains}


def _join_secret(approval: Approval, domain: SharedDomain, join_key: bytes) -> str | None:
    try:
        return approval.secret(domain, join_key).hex()
    except Refused:
        return None


def _read_frame(vector: Vector, _: TestKeys) -> Any:
    given, sealed = vector["with"], _bytes(vector)
    chunks = tuple(Reference(bytes.fromhex(id), length) for id, length in given["chunks"])
    frame = Frame(8, len(sealed), given["plainLength"], given["ordinal"], 0, given["codec"], chunks)
    frame_key = bytes.fromhex(vector["keys"]["frameKey"])
    opened = frame.open(_domain_keys(vector), bytes.fromhex(given["salt"]), frame_key, sealed)
    return [sha256(chunk).hexdigest() for chunk in opened]


def _read_trailer(vector: Vector, _: TestKeys) -> Any:
    return read_trailer(_bytes(vector), vector["with"]["size"])._asdict()


def _table(table: Table) -> Any:
    frames = [
        {
            "offset": frame.offset,
            "sealedLength": frame.sealed_length,
            "plainLength": frame.plain_length,
            "ordinal": frame.ordinal,
            "birth": frame.birth,
            "codec": frame.codec,
            "chunks": _chunk_list(frame.chunks),
        }
        for frame in table.frames
    ]
    return {"births": [birth.salt.hex() for birth in table.births], "frames": frames}


def _read_pack(vector: Vector, _: TestKeys) -> Any:
    keys, data = _domain_keys(vector), _bytes(vector)
    private_key = bytes.fromhex(vector["keys"]["epochPrivateKey"])
    table = read_pack(data, keys)
    opened = []
    for frame in table.frames:
        birth = table.births[frame.birth]
        sealed = data[frame.offset : frame.offset + frame.sealed_length]
        chunks = frame.open(keys, birth.salt, birth.frame_key(keys.domain, private_key), sealed)
        opened.append([chunk.decode("utf-8") for chunk in chunks])
    return opened


def _read_fragment(vector: Vector, _: TestKeys) -> Any:
    packs = read_fragment(_bytes(vector), _domain_keys(vector))
    return [{"name": pack.name, "size": pack.size, "table": pack.encoded.hex()} for pack in packs]


def _needed(births: list[Any]) -> Any:
    return [{"salt": birth.salt.hex(), "ordinals": birth.ordinals} for birth in births]


def _read_snapshot(vector: Vector, _: TestKeys) -> Any:
    given = vector["keys"]
    snapshot = read_snapshot(vector["key"], _bytes(vector), given["repository"], _writers(vector))
    needed = snapshot.needed_frames(_domain_keys(vector))
    body = snapshot.open_body(bytes.fromhex(given["epochPrivateKey"]))
    header = snapshot.header._asdict()
    for name in ("pipeline", "facts", "needs", "counters"):
        header[name] = one(header[name], Cursor.value)
    header["artifacts"] = [
        {**artifact._asdict(), "facts": one(artifact.facts, Cursor.value)} for artifact in snapshot.header.artifacts
    ]
    pages = body.artifacts[0].pages if body.artifacts else []
    listed = [[page.chunk.id.hex(), page.chunk.length, page.first.hex()] for page in pages]
    return {"header": header, "references": _needed(needed), "pages": listed}


def _signed(read: Callable[[str, bytes, str, KnownWriters], NamedTuple]) -> Callable[[Vector, TestKeys], Any]:
    return lambda vector, _: _hex(read(vector["key"], _bytes(vector), vector["keys"]["repository"], _writers(vector)))


def _read_removal(vector: Vector, keys: TestKeys) -> Any:
    told = _signed(read_removal)(vector, keys)
    return {**told, "removed": [removed._asdict() for removed in told["removed"]]}


def _read_page(vector: Vector, _: TestKeys) -> Any:
    list(read_page(_bytes(vector), TreeCheck()))
    return NOTHING


class Objects:
    """A target that is in memory."""

    def __init__(self, objects: dict[str, str], lengths: dict[str, int]) -> None:
        self._objects = {key: bytes.fromhex(data) for key, data in objects.items()}
        self._sizes = {key: max(len(data), lengths.get(key, 0)) for key, data in self._objects.items()}

    def list(self, prefix: str) -> Iterator[tuple[str, int]]:
        return ((key, size) for key, size in sorted(self._sizes.items()) if key.startswith(prefix))

    def read(self, key: str) -> bytes:
        return self.read_part(key, 0, self._sizes.get(key, 0))

    def read_part(self, key: str, start: int, length: int) -> bytes:
        if key not in self._objects:
            raise Refused("OBJECT_MISSING", key)
        if self._sizes[key] > MAX_OBJECT:
            raise Refused("OBJECT_TOO_LARGE", key)
        data = self._objects[key]
        return (data + bytes(self._sizes[key] - len(data)))[start : start + length]


def _read_repository(vector: Vector, keys: TestKeys) -> Any:
    objects = Objects(vector["objects"], vector.get("lengths", {}))
    repository = Repository(objects, keys.approvers("recovery", "escrow"), (), vector.get("target"))
    try:
        reader = SnapshotReader(repository, Domains(repository, keys.recipient(vector["reader"])), vector["read"])
        held = [_artifact(reader, artifact) for artifact in reader.body.artifacts]
    except Refused:
        _check_findings(repository, vector)
        raise
    _check_findings(repository, vector)
    return held


def _check_findings(repository: Repository, vector: Vector) -> None:
    """Of one that is refused, they are not always told."""
    if sorted(repository.forgotten) != vector.get("forgotten", []):
        raise WrongFindings(f"takes for forgotten {sorted(repository.forgotten)}")
    found = sorted([finding.key, finding.code] for finding in repository.findings)
    if found != sorted(vector.get("findings", [] if vector["expect"] == "ok" else found)):
        raise WrongFindings(f"reports {found}")


def _artifact(reader: SnapshotReader, artifact: Artifact) -> Any:
    if artifact.kind == "bytes":
        return {"name": artifact.name, "kind": "bytes", **_content(reader.stream(artifact))}
    return {"name": artifact.name, "kind": "tree", "entries": [_entry(reader, it) for it in reader.entries(artifact)]}


def _content(parts: Iterator[bytes]) -> dict[str, Any]:
    size, digest = 0, sha256()
    for part in parts:
        size += len(part)
        digest.update(part)
    return {"size": size, "sha256": digest.hexdigest()}


def _entry(reader: SnapshotReader, entry: Entry) -> Any:
    told = entry_document(entry)
    return {**told, **_content(reader.file(entry))} if entry.kind == "file" else told


def _readers() -> dict[str, Callable[[Vector, TestKeys], Any]]:
    return {
        "headers": _read_header,
        "records": _read_record,
        "births": _read_birth,
        "sealed-records": _read_sealed_record,
        "markers": lambda vector, _: _hex(read_marker(_bytes(vector))),
        "writers": lambda vector, _: _hex(read_writer(vector["key"], _bytes(vector))),
        "approvals": _read_approval,
        "epochs": _read_epoch,
        "frames": _read_frame,
        "trailers": _read_trailer,
        "tables": lambda vector, _: _table(read_table(_bytes(vector))),
        "packs": _read_pack,
        "indexes": _read_fragment,
        "references": lambda vector, _: _needed(read_needed_frames(_bytes(vector))),
        "snapshots": _read_snapshot,
        "pages": _read_page,
        "removals": _read_removal,
        "sessions": _signed(read_session),
        "marks": _signed(read_mark),
        "voids": _signed(read_void),
        "repositories": _read_repository,
    }
