"""Signatures that are good to somebody, and not to an approval (§8a)."""

from __future__ import annotations

import json
import os
import unittest
from hashlib import sha256
from typing import Any

from .failure import Refused
from .openpgp import Keyring
from .repository import Repository
from .vector import Objects

VECTORS = os.path.join(os.path.dirname(__file__), "..", "..", "vectors", "repository")
SIGNED = b"what is signed"
ANY_TIME = ("--ignore-time-conflict", "--ignore-valid-from", "--faked-system-time")


def read_json(name: str) -> Any:
    with open(os.path.join(VECTORS, name), encoding="utf-8") as file:
        return json.load(file)


class ApprovalTest(unittest.TestCase):
    def setUp(self) -> None:
        self.key = read_json("openpgp-keys.json")["recovery"]
        self.keyring = Keyring()
        self.addCleanup(self.keyring.close)
        self.keyring.add(self.key["privateKey"].encode("ascii"))

    def sign(self, *options: str) -> bytes:
        ended = self.keyring._run([*options, "--detach-sign"], SIGNED)
        self.assertTrue(ended.ok, ended.stderr)
        return ended.stdout

    def assert_good(self, *options: str) -> None:
        self.keyring.check_signature(self.key["fingerprint"], SIGNED, self.sign(*options))

    def assert_refused(self, signature: bytes) -> None:
        with self.assertRaises(Refused) as refused:
            self.keyring.check_signature(self.key["fingerprint"], SIGNED, signature)
        self.assertEqual(refused.exception.code, "SIGNATURE_INVALID")

    def test_when_it_was_made_does_not_matter(self) -> None:
        self.assert_good()
        self.assert_good(*ANY_TIME, "20990101T000000")
        self.assert_good("--digest-algo", "SHA512", "--set-notation", "note@example.org=anything")

    def test_neither_before_its_key_nor_after_its_own_end(self) -> None:
        self.assert_refused(self.sign(*ANY_TIME, "19990101T000000"))
        made = max(self.keyring._made.values())
        self.assert_refused(self.sign(*ANY_TIME, f"{made + 1}", "--default-sig-expire", "seconds=1"))

    def test_no_hash_that_is_weak_nor_anything_critical_that_is_unknown(self) -> None:
        for hash in ("SHA1", "SHA224"):
            self.assert_refused(self.sign("--digest-algo", hash))
        self.assert_refused(self.sign("--set-notation", "!note@example.org=anything"))

    def test_one_signature_of_bytes_by_the_approver(self) -> None:
        self.assert_refused(self.sign("--textmode"))
        self.assert_refused(self.sign() * 2)
        self.assert_refused(self.sign("--armor"))
        self.assert_refused(b"")
        with self.assertRaises(Refused):
            self.keyring.check_signature("0" * 40, SIGNED, self.sign())

    def test_a_bad_approval_of_a_writer_who_has_no_good_one(self) -> None:
        vector = next(it for it in read_json("repositories.json")["vectors"] if it["name"] == "one file")
        objects = dict(vector["objects"])
        key = next(it for it in objects if it.startswith("keys/approvals/"))
        damaged = bytearray.fromhex(objects.pop(key))
        damaged[-1] ^= 1
        bad = f"{os.path.dirname(key)}/{sha256(damaged).hexdigest()}"
        repository = Repository(Objects({**objects, bad: damaged.hex()}, {}), self.keyring)
        found = sorted((it.key, it.code) for it in repository.findings)
        self.assertEqual(found, [(bad, "SIGNATURE_INVALID"), (vector["read"], "WRITER_UNAPPROVED")])
        with self.assertRaises(Refused):
            repository.snapshot(vector["read"])


if __name__ == "__main__":
    unittest.main()
