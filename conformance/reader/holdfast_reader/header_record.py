"""What a snapshot says of itself to everybody (§13)."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

from .cbor import Cursor, array_of, one
from .failure import damaged
from .field import digest, ident, time

MAX_SEQUENCE = 9_999_999_999


class NamedArtifact(NamedTuple):
    name: str
    kind: str
    facts: bytes
    size: int
    entries: int


class HeaderRecord(NamedTuple):
    """`facts`, `pipeline`, `needs` and `counters` were checked, and are kept as they were encoded."""

    repository: str
    domain: str
    epoch: str
    writer: str
    job: str
    source: str
    host: str
    agent: str
    sequence: int
    previous: str
    started: str
    finished: str
    verdict: str
    policyHash: str
    pipeline: bytes
    facts: bytes
    artifacts: list[NamedArtifact]
    needs: bytes
    counters: bytes
    skipped: int


def read_header_record(data: bytes) -> HeaderRecord:
    record = HeaderRecord(**one(data, _record))
    if record.verdict == "complete" and record.skipped > 0:
        raise damaged("it is complete, though something was skipped")
    if (record.previous == "") != (record.sequence == 1):
        raise damaged("only the first of a chain follows none")
    if len({artifact.name for artifact in record.artifacts}) != len(record.artifacts):
        raise damaged("two artifacts of one name")
    return record


def one_of(*values: str) -> Callable[[Cursor], str]:
    def read(cursor: Cursor) -> str:
        text = cursor.text()
        if text not in values:
            raise damaged(f"none of {', '.join(values)}")
        return text

    return read


def _artifact(cursor: Cursor) -> NamedArtifact:
    shape: dict[str, Callable[[Cursor], Any]] = {
        "name": Cursor.text,
        "kind": one_of("bytes", "tree"),
        "facts": Cursor.json,
        "size": Cursor.integer,
        "entries": Cursor.integer,
    }
    artifact = NamedArtifact(**cursor.fields(shape))
    if artifact.kind == "bytes" and artifact.entries != 0:
        raise damaged("a stream with entries")
    return artifact


def _previous(cursor: Cursor) -> str:
    start = cursor.at
    if cursor.text() == "":
        return ""
    cursor.at = start
    return digest(cursor)


def _encoded(read: Callable[[Cursor], Any]) -> Callable[[Cursor], bytes]:
    def check(cursor: Cursor) -> bytes:
        start = cursor.at
        read(cursor)
        return cursor.data[start : cursor.at]

    return check


def _needs(cursor: Cursor) -> None:
    for _ in cursor.items():
        cursor.fields({"log": Cursor.text, "from": Cursor.json})


def _counters(cursor: Cursor) -> None:
    for _ in cursor.keys():
        cursor.number()


def _record(cursor: Cursor) -> dict[str, Any]:
    return cursor.fields(
        {
            **dict.fromkeys(("repository", "domain", "epoch", "writer"), ident),
            **dict.fromkeys(("job", "source", "host", "agent"), Cursor.text),
            "sequence": lambda at: at.integer(1, MAX_SEQUENCE),
            "previous": _previous,
            "started": time,
            "finished": time,
            "verdict": one_of("complete", "incomplete"),
            "policyHash": digest,
            "pipeline": Cursor.json,
            "facts": Cursor.json,
            "artifacts": array_of(_artifact),
            "needs": _encoded(_needs),
            "counters": _encoded(_counters),
            "skipped": Cursor.integer,
        }
    )
