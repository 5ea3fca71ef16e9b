"""Keys that derive from other keys, and what is sealed with them (§6)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .failure import Refused

TAG = 16
NO_NONCE = bytes(12)


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)


def open_gcm(key: bytes, nonce: bytes, sealed: bytes, aad: bytes, damage: Refused) -> bytes:
    """What was sealed by AES-256-GCM with a tag of 16 bytes; raises `damage` when the tag does not hold."""
    if len(sealed) < TAG:
        raise damage
    try:
        return AESGCM(key).decrypt(nonce, sealed, aad)
    except InvalidTag:
        raise damage from None


def check_signature(public_key: bytes, signed: bytes, signature: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        raise Refused("SIGNATURE_INVALID", "its writer did not sign this") from None


@dataclass(frozen=True)
class DomainKeys:
    """What derives from the secret of a domain."""

    domain: str
    id_key: bytes
    index_key: bytes

    @staticmethod
    def derive(domain: str, secret: bytes) -> DomainKeys:
        salt = bytes.fromhex(domain)
        return DomainKeys(
            domain,
            id_key=hkdf(secret, salt, b"holdfast v1 id key", 32),
            index_key=hkdf(secret, salt, b"holdfast v1 index key", 32),
        )

    def chunk_id(self, plaintext: bytes) -> bytes:
        return hmac.digest(self.id_key, plaintext, "sha256")

    def open_record(self, kind: str, aad: bytes, sealed: bytes, damage: str = "OBJECT_DAMAGED") -> bytes:
        """A sealed record: of kind `table`, `index` or `references`."""
        if len(sealed) < 56:
            raise Refused(damage, "a sealed record that is shorter than salt, check and tag")
        salt, check, rest = sealed[:32], sealed[32:40], sealed[40:]
        wanted = hkdf(self.index_key, b"", b"holdfast v1 index key check", 8)
        same_key = hmac.compare_digest(check, wanted)
        record_key = hkdf(self.index_key, salt, b"holdfast v1 " + kind.encode("ascii"), 32)
        # When neither tag nor check holds, this is somebody else's.
        refusal = (
            Refused(damage, f"what was sealed as {kind} does not open")
            if same_key
            else Refused("WRONG_KEY", f"what was sealed as {kind} is sealed with another key")
        )
        record = open_gcm(record_key, NO_NONCE, rest, aad, refusal)
        if not same_key:
            raise Refused(damage, "the check of the key is not that of the key")
        return record
