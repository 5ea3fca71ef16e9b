"""Fields that several records have (§1, §5)."""

from __future__ import annotations

import re

from .cbor import Cursor
from .failure import damaged

ID = re.compile(r"[0-9a-f]{32}")
HASH = re.compile(r"[0-9a-f]{64}")
FINGERPRINT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.[0-9]{3}Z")
DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def ident(cursor: Cursor) -> str:
    return _like(ID, cursor.text(), "an id")


def digest(cursor: Cursor) -> str:
    return _like(HASH, cursor.text(), "a hash")


def fingerprint(cursor: Cursor) -> str:
    return _like(FINGERPRINT, cursor.text(), "the fingerprint of an OpenPGP key")


def time(cursor: Cursor) -> str:
    text = cursor.text()
    match = TIME.fullmatch(text)
    if match is None:
        raise damaged("a time in another form")
    year, month, day, hour, minute, second = (int(part) for part in match.groups())
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not (year >= 1 and 1 <= month <= 12 and 1 <= day <= DAYS[month - 1] + leap and hour < 24 and minute < 60 and second < 60):
        raise damaged("a time that does not exist")
    return text


def _like(form: re.Pattern[str], text: str, what: str) -> str:
    if form.fullmatch(text) is None:
        raise damaged(f"{what} in another form")
    return text
