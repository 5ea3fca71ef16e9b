"""What people and programs are shown. Names from a repository may hold anything, so also what a terminal obeys."""

from __future__ import annotations

import json
from typing import Any, Dict, Iterable, List

from .cbor import Cursor, one
from .failure import Finding
from .repository import Repository
from .snapshot import Snapshot
from .tree_entry import Entry

SHORT = 8


def printable(text: str) -> str:
    """Nothing but what is seen: the rest as \\xNN or \\uNNNN."""
    return "".join(it if it.isprintable() and it != "\\" else it.encode("unicode_escape").decode("ascii") for it in text)


def printable_path(path: bytes) -> str:
    return "".join(_escaped(it) for it in path.decode("utf-8", "surrogateescape")) or "."


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return printable(character)


def print_json(document: Any) -> None:
    print(json.dumps(document, indent=2, allow_nan=False))


def finding_document(finding: Finding) -> Dict[str, str]:
    return finding._asdict()


def snapshot_document(snapshot: Snapshot) -> Dict[str, Any]:
    told = snapshot.header
    return {
        "key": snapshot.key,
        "hash": snapshot.hash,
        "host": told.host,
        "job": told.job,
        "source": told.source,
        "agent": told.agent,
        "sequence": told.sequence,
        "started": told.started,
        "finished": told.finished,
        "verdict": told.verdict,
        "skipped": told.skipped,
        "artifacts": [artifact._replace(facts=None)._asdict() for artifact in told.artifacts],
        "facts": one(told.facts, Cursor.value) if len(told.facts) < 65_536 else None,
    }


def snapshot_lines(repository: Repository) -> Iterable[str]:
    for snapshot in by_age(repository):
        told = snapshot.header
        size = sum(artifact.size for artifact in told.artifacts)
        words: List[str] = [snapshot.hash[:SHORT], told.started, f"{size:>16,}", told.verdict, told.job]
        yield "  ".join([*words, printable(told.host), snapshot.key])


def by_age(repository: Repository) -> List[Snapshot]:
    """A clock that went backwards does not bring a snapshot before those that it follows (§13, chain)."""
    latest: Dict[tuple[str, str], str] = {}
    ages = []
    chained = sorted(repository.snapshots.values(), key=lambda it: it.header.sequence, reverse=True)
    for snapshot in chained:
        told = snapshot.header
        chain = (told.writer, told.job)
        age = min(told.started, latest.get(chain, told.started))
        latest[chain] = age
        ages.append((age, told.sequence, snapshot))
    return [snapshot for _, _, snapshot in sorted(ages, key=lambda it: it[:2])]


def entry_document(entry: Entry) -> Dict[str, Any]:
    """As in vectors (§21): paths and targets are hex."""
    told: Dict[str, Any] = {
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
    letter = {"directory": "d", "file": "-", "symlink": "l", "hardlink": "h", "fifo": "p", "socket": "s", "char": "c", "block": "b"}
    words = [f"{letter[entry.kind]}{entry.mode:04o}", f"{entry.owner[0]}:{entry.owner[1]}", f"{entry.size:>14,}"]
    line = "  ".join([*words, printable_path(entry.path)])
    return f"{line} -> {printable_path(entry.target)}" if entry.target else line
