"""The birth of a frame: the data key that it was sealed with, itself sealed to an epoch (§6)."""

from __future__ import annotations

import hmac
from typing import NamedTuple

from . import hpke
from .failure import Refused
from .secret import hkdf

LENGTH = 160


class Birth(NamedTuple):
    salt: bytes
    epoch: str
    enc: bytes
    sealed: bytes
    commitment: bytes

    @staticmethod
    def parse(data: bytes) -> Birth:
        assert len(data) == LENGTH
        return Birth(data[:32], data[32:48].hex(), data[48:80], data[80:128], data[128:])

    def frame_key(self, domain: str, epoch_private_key: bytes) -> bytes:
        aad = bytes.fromhex(domain) + bytes.fromhex(self.epoch) + self.salt
        data_key = hpke.open_base(epoch_private_key, self.enc, b"holdfast v1 birth", aad, self.sealed)
        derived = hkdf(data_key, self.salt, b"holdfast v1 frame", 64)
        if not hmac.compare_digest(derived[32:], self.commitment):
            raise Refused("WRONG_KEY", "a birth that commits to another key")
        return derived[:32]

    def body_key(self, frame_key: bytes) -> bytes:
        return hkdf(frame_key, self.salt, b"holdfast v1 body", 32)
