"""Whom a reader trusts, and by which keys (§8, §8a)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from .approval import Approval, Approvers, read_approval
from .failure import Refused
from .object_key import APPROVAL, WRITER
from .target import Target
from .writer import Writer, read_writer

Report = Callable[[str, Refused], None]


class KnownWriters:
    """The public keys of trusted writers by id; `others` are there, but nobody vouches for them."""

    def __init__(self, keys: Mapping[str, bytes], others: Mapping[str, bytes] | None = None) -> None:
        self.keys = keys
        self.others = others or {}

    def public_key(self, writer: str) -> bytes:
        if writer in self.keys:
            return self.keys[writer]
        if writer in self.others:
            raise Refused("WRITER_UNAPPROVED", f"nobody has approved the writer {writer}")
        raise Refused("WRITER_UNKNOWN", f"there is no writer {writer}")


def read_writers(
    target: Target, repository: str, approvers: Approvers | None, chosen: Collection[str], report: Report
) -> KnownWriters:
    """`chosen` are trusted by the word of whoever runs this: by the keys that their objects say."""
    objects = _objects(target, repository, report)
    approved: dict[str, bytes] = {}
    for writer, vouched in _approvals(target, repository, approvers, report).items():
        first = vouched[0]
        if any(_keys(it) != _keys(first) for it in vouched):
            why = "approvals of this writer name different keys: none of them counts"
            report(f"keys/writers/{writer}", Refused("WRITER_FORGED", why))
            continue
        approved[writer] = first.publicKey
        if writer in objects and _keys(objects[writer]) != _keys(first):
            why = "it says other keys than were approved: those that were approved count"
            report(f"keys/writers/{writer}", Refused("WRITER_FORGED", why))
    trusted = {id: writer.publicKey for id, writer in objects.items() if id in chosen}
    return KnownWriters({**trusted, **approved}, {id: writer.publicKey for id, writer in objects.items()})


def _keys(of: Writer | Approval) -> tuple[bytes, bytes]:
    return of.publicKey, of.joinKey


def _objects(target: Target, repository: str, report: Report) -> dict[str, Writer]:
    found = {}
    for key, _ in target.list("keys/writers/"):
        if WRITER.fullmatch(key) is None:
            continue
        try:
            writer = read_writer(key, target.read(key))
        except Refused as refused:
            report(key, refused)
            continue
        if writer.repository == repository:
            found[writer.id] = writer
    return found


def _approvals(
    target: Target, repository: str, approvers: Approvers | None, report: Report
) -> dict[str, list[Approval]]:
    """Those that count, by writer."""
    found: dict[str, list[Approval]] = {}
    for key, _ in target.list("keys/approvals/"):
        if APPROVAL.fullmatch(key) is None:
            continue
        try:
            signed = read_approval(key, target.read(key))
            heeded = approvers is not None and signed.approval.approver in approvers.approvers
            if signed.approval.repository != repository or approvers is None or not heeded:
                continue
            approval = signed.check(approvers)
            found.setdefault(approval.writer, []).append(approval)
        except Refused as refused:
            report(key, refused)
    return found
