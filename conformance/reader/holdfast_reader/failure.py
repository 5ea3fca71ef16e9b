"""How reading ends when it does not end well (§19)."""

from __future__ import annotations

from typing import NamedTuple

CODES = frozenset(
    [
        "NOT_A_REPOSITORY",
        "FORMAT_NEWER",
        "OBJECT_MISSING",
        "OBJECT_TOO_LARGE",
        "OBJECT_DAMAGED",
        "PACK_DAMAGED",
        "TABLE_DAMAGED",
        "FRAME_DAMAGED",
        "CHUNK_MISSING",
        "CODEC_UNKNOWN",
        "WRITER_UNKNOWN",
        "WRITER_UNAPPROVED",
        "WRITER_FORGED",
        "SIGNATURE_INVALID",
        "WRONG_KEY",
        "KEY_DAMAGED",
        "EPOCH_FORGED",
        "CHAIN_BROKEN",
        "SNAPSHOT_VOID",
    ]
)


class Refused(Exception):
    """Something that must not be used, with the code of the page for why."""

    def __init__(self, code: str, why: str) -> None:
        assert code in CODES, code
        super().__init__(f"{code}: {why}")
        self.code = code
        self.why = why


def damaged(why: str) -> Refused:
    return Refused("OBJECT_DAMAGED", why)


class Finding(NamedTuple):
    """What is wrong with an object while others can still be read."""

    key: str
    code: str
    why: str
