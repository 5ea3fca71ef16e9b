"""Where the contents of a snapshot are (§13)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .cbor import SAFE, Cursor, array_of, one
from .failure import damaged
from .frame import MAX_PLAIN, REFERENCE, Reference
from .header_record import NamedArtifact, one_of
from .tree_path import check_path, tree_order


class Page(NamedTuple):
    """A stretch of an artifact. `first` is the path it begins with, or its offset in the stream, as bytes."""

    chunk: Reference
    first: bytes


class Artifact(NamedTuple):
    name: str
    kind: str
    size: int
    pages: list[Page]


class Skipped(NamedTuple):
    what: str
    code: str
    message: str


class BodyRecord(NamedTuple):
    artifacts: list[Artifact]
    skipped: list[Skipped]


def read_body_record(data: bytes, named: Sequence[NamedArtifact]) -> BodyRecord:
    """`named` are the artifacts of the header record."""
    shape = {"artifacts": array_of(_artifact), "skipped": array_of(_skipped)}
    body = BodyRecord(**one(data, lambda cursor: cursor.fields(shape)))
    if [artifact[:3] for artifact in body.artifacts] != [(it.name, it.kind, it.size) for it in named]:
        raise damaged("a body with other artifacts than its header record")
    for artifact in body.artifacts:
        (_check_stream if artifact.kind == "bytes" else _check_tree)(artifact)
    return body


def stretches(artifact: Artifact) -> list[tuple[Page, int]]:
    """The pages of a stream, with how many of its bytes each must have."""
    starts = [int.from_bytes(page.first, "big") for page in artifact.pages] + [artifact.size]
    return [(page, starts[index + 1] - starts[index]) for index, page in enumerate(artifact.pages)]


def _check_stream(artifact: Artifact) -> None:
    for page in artifact.pages:
        if len(page.first) != 8 or page.chunk.length % REFERENCE != 0:
            raise damaged("a page of a stream without an offset, or with half a reference")
    if (artifact.size == 0) != (not artifact.pages) or (artifact.pages and artifact.pages[0].first != bytes(8)):
        raise damaged("pages that do not cover the stream from its start")
    if any(length <= 0 for _, length in stretches(artifact)):
        raise damaged("pages of a stream out of order, or behind its end")


def _check_tree(artifact: Artifact) -> None:
    last = None
    for page in artifact.pages:
        check_path(page.first)
        order = tree_order(page.first)
        if last is not None and order <= last:
            raise damaged("pages of a tree out of order")
        last = order


def _page(cursor: Cursor) -> Page:
    items = cursor.items(exactly=3)
    next(items)
    id = cursor.byte_string(32)
    next(items)
    length = cursor.integer(1, MAX_PLAIN)
    next(items)
    first = cursor.byte_string()
    for _ in items:
        pass
    return Page(Reference(id, length), first)


def _artifact(cursor: Cursor) -> Artifact:
    shape = {
        "name": Cursor.text,
        "kind": one_of("bytes", "tree"),
        "size": lambda at: at.integer(0, SAFE),
        "pages": array_of(_page),
    }
    return Artifact(**cursor.fields(shape))


def _skipped(cursor: Cursor) -> Skipped:
    found = cursor.fields({"what": Cursor.text, "failure": _failure})
    return Skipped(found["what"], found["failure"]["code"], found["failure"]["message"])


def _failure(cursor: Cursor) -> dict[str, Any]:
    shape = {
        "code": Cursor.text,
        "message": Cursor.text,
        "origin": one_of("source", "repository", "target", "policy", "key", "agent"),
        "permanent": Cursor.boolean,
        "hint": Cursor.text,
        "detail": Cursor.json,
    }
    return cursor.fields(shape, optional=("hint", "detail"))
