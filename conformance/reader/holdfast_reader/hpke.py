"""HPKE (RFC 9180), base mode, single shot: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM (§1)."""

from __future__ import annotations

import hmac

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .failure import Refused
from .secret import open_gcm

KEM = b"KEM" + (0x0020).to_bytes(2, "big")
SUITE = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (0x0020, 0x0001, 0x0002))


def open_base(private_key: bytes, enc: bytes, info: bytes, aad: bytes, sealed: bytes) -> bytes:
    """OpenBase of the RFC. Refuses as WRONG_KEY what does not open, and an exchange that gives zeros."""
    wrong = Refused("WRONG_KEY", "it is sealed to another key")
    mine = X25519PrivateKey.from_private_bytes(private_key)
    try:
        exchanged = mine.exchange(X25519PublicKey.from_public_bytes(enc))
    except ValueError:
        raise wrong from None
    shared = _expand(
        KEM, _extract(KEM, b"", b"eae_prk", exchanged), b"shared_secret", enc + public_half(private_key), 32
    )
    context = b"\0" + _extract(SUITE, b"", b"psk_id_hash", b"") + _extract(SUITE, b"", b"info_hash", info)
    secret = _extract(SUITE, shared, b"secret", b"")
    key = _expand(SUITE, secret, b"key", context, 32)
    nonce = _expand(SUITE, secret, b"base_nonce", context, 12)
    return open_gcm(key, nonce, sealed, aad, wrong)


def public_half(private_key: bytes) -> bytes:
    public = X25519PrivateKey.from_private_bytes(private_key).public_key()
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    """LabeledExtract (RFC 9180, §4): HKDF-Extract is one HMAC."""
    return hmac.digest(salt, b"HPKE-v1" + suite + label + material, "sha256")


def _expand(suite: bytes, key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    """LabeledExpand (RFC 9180, §4)."""
    labeled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return HKDFExpand(algorithm=SHA256(), length=length, info=labeled).derive(key)
