"""What people and programs are shown. Names from a repository may hold anything, so also what a terminal obeys."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from .cbor import Cursor, one
from .failure import Finding
from .repository import Repository
from .snapshot import Snapshot
from .tree_entry import KINDS, Entry

SHORT = 8
LETTERS = "d-lhpscb"  # Of the kinds of entries, in their order.


def printable(text: str) -> str:
    """Nothing but what is seen: the rest as \\xNN or \\uNNNN."""
    return "".join(
        it if it.isprintable() and it != "\\" else it.encode("unicode_escape").decode("ascii") for it in text
    )


def printable_path(path: bytes) -> str:
    return "".join(_escaped(it) for it in path.decode("utf-8", "surrogateescape")) or "."


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return printable(character)


def print_json(document: Any) -> None:
    print(json.dumps(document, indent=2, allow_nan=False))


def finding_document(finding: Finding) -> dict[str, str]:
    return finding._asdict()


def snapshot_document(repository: Repository, snapshot: Snapshot) -> dict[str, Any]:
    told = snapshot.header
    return {
        "key": snapshot.key,
        "hash": snapshot.hash,
        "trust": trust(repository, snapshot),
        "forgotten": snapshot.key in repository.forgotten,
        "host": told.host,
        "job": told.job,
        "source": told.source,
        "agent": told.agent,
        "sequence": told.sequence,
        "started": told.started,
        "finished": told.finished,
        "verdict": told.verdict,
        "skipped": told.skipped,
        "artifacts": [{**artifact._asdict(), "facts": _json(artifact.facts)} for artifact in told.artifacts],
        "facts": _json(told.facts),
    }


def _json(encoded: bytes) -> Any:
    """Facts are for people. What nobody could read is not built in memory either."""
    return one(encoded, Cursor.value) if len(encoded) <= 65_536 else None


def snapshot_lines(repository: Repository) -> Iterable[str]:
    for snapshot in by_age(repository):
        told = snapshot.header
        size = sum(artifact.size for artifact in told.artifacts)
        trusted = f"{standing(repository, snapshot):<10}"
        words = [snapshot.hash[:SHORT], told.started, f"{size:>16,}", f"{told.verdict:<10}", trusted, told.job]
        yield "  ".join([*words, printable(told.host), snapshot.key])


def trust(repository: Repository, snapshot: Snapshot) -> str:
    return "unapproved" if snapshot.key in repository.unapproved else "trusted"


def standing(repository: Repository, snapshot: Snapshot) -> str:
    """In a word: whether its writer is trusted, and whether it is still wanted."""
    return "forgotten" if snapshot.key in repository.forgotten else trust(repository, snapshot)


def by_age(repository: Repository) -> list[Snapshot]:
    """All, the oldest first. A clock that went backwards does not bring a snapshot before those that it follows (§13, chain)."""
    latest: dict[tuple[str, str], str] = {}
    ages = []
    all_of_them = [*repository.snapshots.values(), *repository.unapproved.values()]
    chained = sorted(all_of_them, key=lambda it: it.header.sequence, reverse=True)
    for snapshot in chained:
        told = snapshot.header
        chain = (told.writer, told.job)
        age = min(told.started, latest.get(chain, told.started))
        latest[chain] = age
        ages.append((age, told.sequence, snapshot))
    return [snapshot for _, _, snapshot in sorted(ages, key=lambda it: it[:2])]


def entry_document(entry: Entry) -> dict[str, Any]:
    """As in vectors (§21): paths and targets are hex."""
    told: dict[str, Any] = {
        "path": entry.path.hex(),
        "kind": entry.kind,
        "mode": entry.mode,
        "owner": list(entry.owner),
        "mtime": list(entry.mtime),
    }
    if entry.kind == "file":
        told["size"] = entry.size
    if entry.kind in ("symlink", "hardlink"):
        told["target"] = entry.target.hex()
    if entry.kind in ("fifo", "socket", "char", "block"):
        told["device"] = list(entry.device)
    if entry.xattrs is not None:
        told["xattrs"] = {name: value.hex() for name, value in entry.xattrs.items()}
    if entry.birth is not None:
        told["birth"] = list(entry.birth)
    if entry.flags != 0:
        told["flags"] = entry.flags
    if entry.sparse:
        told["sparse"] = True
    return told


def entry_line(entry: Entry) -> str:
    words = [
        f"{LETTERS[KINDS.index(entry.kind)]}{entry.mode:04o}",
        f"{entry.owner[0]}:{entry.owner[1]}",
        f"{entry.size:>14,}",
    ]
    line = "  ".join([*words, printable_path(entry.path)])
    return f"{line} -> {printable_path(entry.target)}" if entry.target else line
