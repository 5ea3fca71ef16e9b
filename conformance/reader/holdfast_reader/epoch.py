"""The life of a key pair of a domain; its private half is sealed to OpenPGP recipients (§9)."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from .cbor import Cursor, array_of, one
from .failure import Refused, damaged
from .field import fingerprint, ident, time
from .header import EPOCH, LENGTH, check_header, header
from .hpke import public_half
from .known_writer import KnownWriters
from .object_key import EPOCH as KEY
from .secret import check_signature
from .writer import SIGNATURE


class Recipient(Protocol):
    """Who can open OpenPGP messages."""

    @property
    def fingerprints(self) -> frozenset[str]:
        """Of primary keys: lower-case hex."""
        ...

    def decrypt(self, message: bytes) -> bytes:
        """Refuses as WRONG_KEY what is encrypted to others, as KEY_DAMAGED what does not open."""
        ...


class Epoch(NamedTuple):
    id: str
    domain: str
    repository: str
    writer: str
    domainName: str
    created: str
    publicKey: bytes
    recipients: list[str]
    sealed: bytes


class EpochSecrets(NamedTuple):
    private_key: bytes
    domain_secret: bytes


def read_epoch(key: str, data: bytes, repository: str, writers: KnownWriters) -> Epoch:
    check_header(data, EPOCH)
    if len(data) < LENGTH + SIGNATURE:
        raise damaged("it is shorter than a signature")
    epoch = Epoch(**one(data[LENGTH:-SIGNATURE], _record))
    check_signature(writers.public_key(epoch.writer), data[:-SIGNATURE], data[-SIGNATURE:])
    match = KEY.fullmatch(key)
    if match is None or (match["domain"], match["epoch"]) != (epoch.domain, epoch.id):
        raise damaged("it is the object of another epoch")
    if epoch.repository != repository:
        raise damaged("it is an epoch of another repository")
    return epoch


def open_epoch(epoch: Epoch, recipient: Recipient) -> EpochSecrets:
    if recipient.fingerprints.isdisjoint(epoch.recipients):
        raise Refused("WRONG_KEY", f"it is sealed to {', '.join(epoch.recipients) or 'nobody'}")
    data = recipient.decrypt(epoch.sealed)
    begins = header(EPOCH) + b"".join(bytes.fromhex(id) for id in (epoch.repository, epoch.domain, epoch.id))
    private_key, domain_secret = data[56:88], data[88:]
    if len(data) != 120 or data[:56] != begins or public_half(private_key) != epoch.publicKey:
        raise Refused("EPOCH_FORGED", "what was sealed are not the keys of this epoch")
    return EpochSecrets(private_key, domain_secret)


def _record(cursor: Cursor) -> dict[str, Any]:
    return cursor.fields(
        {
            "id": ident,
            "domain": ident,
            "repository": ident,
            "writer": ident,
            "domainName": Cursor.text,
            "created": time,
            "publicKey": lambda at: at.byte_string(32),
            "recipients": array_of(fingerprint),
            "sealed": Cursor.byte_string,
        }
    )
