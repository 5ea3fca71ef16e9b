"""Paths in a tree (§14): raw bytes, relative; the empty one is the root."""

from __future__ import annotations

from .failure import damaged


def check_path(path: bytes) -> None:
    if b"\0" in path:
        raise damaged("a path with a NUL")
    if path != b"" and any(part in (b"", b".", b"..") for part in path.split(b"/")):
        raise damaged("a path that is absolute, or leads out, or is written in another way")


def tree_order(path: bytes) -> bytes:
    """Bytes that compare as the page wants paths compared: `/` below all others. No path has a NUL."""
    return path.replace(b"/", b"\0")


def is_below(path: bytes, other: bytes) -> bool:
    return path != other and (other == b"" or path.startswith(other + b"/"))
