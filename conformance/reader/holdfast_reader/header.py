"""The 8 bytes that every object starts with (§4)."""

from __future__ import annotations

from .failure import Refused, damaged

MAGIC = b"HFST"
LENGTH = 8
REPOSITORY, PACK, INDEX, SNAPSHOT, LOG, EPOCH, WRITER, SESSION, AUDIT, CHECK, APPROVAL, REMOVAL, MARK, VOID = range(1, 15)


def header(kind: int) -> bytes:
    return MAGIC + bytes((kind, 1, 1, 0))


def check_header(data: bytes, kind: int) -> None:
    """Refuses an object of `kind` that does not start as it must. Looks at things in the order of the page."""
    if data[:4] != MAGIC:
        raise Refused("NOT_A_REPOSITORY" if kind == REPOSITORY else "OBJECT_DAMAGED", "it does not begin with HFST")
    if len(data) < LENGTH:
        raise damaged("it is shorter than a header")
    found, version, suite, last = data[4:8]
    if version > 1 or (version == 1 and suite > 1):
        raise Refused("FORMAT_NEWER", f"format version {version}, suite {suite}")
    if found != kind or version == 0 or suite == 0 or last != 0:
        raise damaged("its header is that of another type of object, or of none")
