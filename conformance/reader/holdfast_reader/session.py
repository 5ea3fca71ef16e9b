"""That a writer is at work (§17a). A reader needs none; whoever prunes does."""

from __future__ import annotations

from typing import Any, NamedTuple

from .cbor import Cursor, array_of, one
from .failure import damaged
from .field import ident, time
from .header import LENGTH, SESSION, check_header
from .known_writer import KnownWriters
from .object_key import SESSION as KEY
from .object_key import snapshot_key
from .secret import check_signature
from .writer import SIGNATURE


class Session(NamedTuple):
    id: str
    repository: str
    writer: str
    domain: str
    snapshot: str
    seen: list[str]
    created: str


def read_session(key: str, data: bytes, repository: str, writers: KnownWriters) -> Session:
    check_header(data, SESSION)
    if len(data) < LENGTH + SIGNATURE:
        raise damaged("it is shorter than a signature")
    session = Session(**one(data[LENGTH:-SIGNATURE], _record))
    match = KEY.fullmatch(key)
    if match is None:
        raise damaged("that is not where a session lies")
    check_signature(writers.public_key(match["writer"]), data[:-SIGNATURE], data[-SIGNATURE:])
    if (match["writer"], match["session"]) != (session.writer, session.id):
        raise damaged("it is the object of another session")
    if session.repository != repository:
        raise damaged("it is a session of another repository")
    if snapshot_key(session.snapshot) is None:
        raise damaged("it is to end with what is no snapshot")
    return session


def _record(cursor: Cursor) -> dict[str, Any]:
    return cursor.fields(
        {
            "id": ident,
            "repository": ident,
            "writer": ident,
            "domain": ident,
            "snapshot": Cursor.text,
            "seen": array_of(lambda at: at.byte_string(32).hex()),
            "created": time,
        }
    )
