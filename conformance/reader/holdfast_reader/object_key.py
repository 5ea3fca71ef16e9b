"""The names of objects (§3). What lies under any other name is passed over."""

from __future__ import annotations

import re
from typing import NamedTuple

_ID = "[0-9a-f]{32}"
WRITER = re.compile(f"keys/writers/(?P<writer>{_ID})")
APPROVAL = re.compile(f"keys/approvals/(?P<writer>{_ID})/(?P<hash>[0-9a-f]{{64}})")
EPOCH = re.compile(f"keys/epochs/(?P<domain>{_ID})/(?P<epoch>{_ID})")
PACK = re.compile(f"packs/(?P<domain>{_ID})/(?P<folder>[0-9a-f]{{2}})/(?P<hash>(?P=folder)[0-9a-f]{{62}})")
INDEX = re.compile(f"indexes/(?P<domain>{_ID})/(?P<hash>[0-9a-f]{{64}})")
SNAPSHOT = re.compile(f"snapshots/(?P<writer>{_ID})/(?P<job>[a-z0-9_-][a-z0-9._-]{{0,127}})/(?P<sequence>[0-9]{{10}})")

REMOVAL = re.compile(f"removals/(?P<writer>{_ID})/(?P<sequence>[0-9]{{10}})-(?P<hash>[0-9a-f]{{64}})")
SESSION = re.compile(f"sessions/(?P<writer>{_ID})/(?P<session>{_ID})")
MARK = re.compile(f"marks/(?P<domain>{_ID})/(?P<hash>[0-9a-f]{{64}})")

MARKER = "repository"
MAX_OBJECT = 67_108_864


class SnapshotKey(NamedTuple):
    writer: str
    job: str
    sequence: int


def snapshot_key(key: str) -> SnapshotKey | None:
    match = SNAPSHOT.fullmatch(key)
    if match is None or int(match["sequence"]) == 0:
        return None
    return SnapshotKey(match["writer"], match["job"], int(match["sequence"]))


def key_of(name: SnapshotKey) -> str:
    return f"snapshots/{name.writer}/{name.job}/{name.sequence:010}"


def epoch_key(domain: str, epoch: str) -> str:
    return f"keys/epochs/{domain}/{epoch}"
