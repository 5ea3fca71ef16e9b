"""The word of a recipient that a writer may be trusted (§8a)."""

from __future__ import annotations

import hmac
import struct
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

from . import hpke
from .cbor import Cursor, array_of, one
from .failure import Refused, damaged
from .field import fingerprint, ident, time
from .header import APPROVAL, LENGTH, check_header
from .object_key import APPROVAL as KEY


class Approvers(Protocol):
    """Whose word a reader heeds: OpenPGP keys that it was given from outside the repository."""

    @property
    def approvers(self) -> frozenset[str]:
        """Fingerprints of primary keys: lower-case hex."""
        ...

    def check_signature(self, approver: str, signed: bytes, signature: bytes) -> None:
        """Refuses as SIGNATURE_INVALID all but one good binary signature by `approver`."""
        ...


class SharedDomain(NamedTuple):
    id: str
    name: str
    sealed: bytes


class Approval(NamedTuple):
    repository: str
    writer: str
    host: str
    publicKey: bytes
    joinKey: bytes
    domains: list[SharedDomain]
    approver: str
    created: str

    def secret(self, domain: SharedDomain, join_private_key: bytes) -> bytes:
        """The secret of a shared domain. Only the writer can have it so; readers have it from epochs."""
        aad = b"".join(bytes.fromhex(id) for id in (self.repository, domain.id, self.writer))
        return hpke.open_base(join_private_key, domain.sealed[:32], b"holdfast v1 join", aad, domain.sealed[32:])


class SignedApproval(NamedTuple):
    """One that nobody has looked at the signature of yet."""

    approval: Approval
    signed: bytes
    signature: bytes

    def check(self, approvers: Approvers) -> Approval:
        if self.approval.approver not in approvers.approvers:
            raise Refused("WRITER_UNAPPROVED", f"{self.approval.approver}, who approved it, is none of the approvers")
        approvers.check_signature(self.approval.approver, self.signed, self.signature)
        return self.approval


def read_approval(key: str, data: bytes) -> SignedApproval:
    check_header(data, APPROVAL)
    if len(data) < LENGTH + 4:
        raise damaged("it has no record")
    (length,) = struct.unpack_from("<I", data, LENGTH)
    end = LENGTH + 4 + length
    if end > len(data):
        raise damaged("its record is longer than the object")
    approval = Approval(**one(data[LENGTH + 4 : end], _record))
    match = KEY.fullmatch(key)
    if match is None or not hmac.compare_digest(match["hash"], sha256(data).hexdigest()):
        raise damaged("it is not what its name says")
    if match["writer"] != approval.writer:
        raise damaged("it is the approval of another writer")
    return SignedApproval(approval, data[:end], data[end:])


def _domain(cursor: Cursor) -> SharedDomain:
    shape = {"id": ident, "name": Cursor.text, "sealed": lambda at: at.byte_string(80)}
    return SharedDomain(**cursor.fields(shape))


def _record(cursor: Cursor) -> dict[str, Any]:
    return cursor.fields(
        {
            "repository": ident,
            "writer": ident,
            "host": Cursor.text,
            "publicKey": lambda at: at.byte_string(32),
            "joinKey": lambda at: at.byte_string(32),
            "domains": array_of(_domain),
            "approver": fingerprint,
            "created": time,
        }
    )
