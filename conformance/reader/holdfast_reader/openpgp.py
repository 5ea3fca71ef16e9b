"""OpenPGP by the program `gpg`: messages (§9) and signatures (§8a).

Keys go into a folder of its own for as long as the `with` lasts, protected as their files are; the passphrase goes through
a pipe, never into arguments or files.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from time import sleep
from typing import IO, Callable, NamedTuple

from .failure import Refused

MAX_PLAIN = 65_536
BAD_PASSPHRASE, NO_PASSPHRASE = 11, 177  # GPG_ERR_… of libgpg-error.
NOBODY = "0" * 16
HASHES = ("8", "9", "10", "12", "14")  # Of 256 bits at least (RFC 9580, §9.5).


class Ended(NamedTuple):
    ok: bool
    stdout: bytes
    status: list[list[str]]
    """Lines of --status-fd (GnuPG's doc/DETAILS), in words."""
    stderr: str

    def words(self, keyword: str) -> list[list[str]]:
        return [words[1:] for words in self.status if words[:1] == [keyword]]


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Signals that end the program wait until what is in it is done: `tempfile` makes a file of its own on the way, and
    a folder whose name nobody has yet could not be removed."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _remove(home: str) -> None:
    # The agent that gpg started holds the keys, and would stay. One that is just starting may still make files.
    for _ in range(100):
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False, capture_output=True)
        shutil.rmtree(home, ignore_errors=True)
        if not os.path.exists(home):
            return
        sleep(0.05)
    raise OSError(errno.ENOTEMPTY, "it could not be removed, and has keys in it", home)


class Keyring:
    """OpenPGP keys, private ones of recipients and public ones of approvers. To be used with `with`."""

    def __init__(self, passphrase: bytes | None = None) -> None:
        if shutil.which("gpg") is None:
            raise FileNotFoundError("the program gpg is not there: apt-get install gnupg")
        self._passphrase = passphrase
        with _undisturbed():
            self._home = tempfile.mkdtemp(prefix="holdfast-reader-")
            self.close = weakref.finalize(self, _remove, self._home)
            """Also called when nobody has it any more, and at the end of the program."""

    def __enter__(self) -> Keyring:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    fingerprints: frozenset[str] = frozenset()
    """Of the private keys; `approvers` are those of all."""
    approvers: frozenset[str] = frozenset()
    _secret_ids: set[str] = set()
    _made: dict[str, int] = {}
    """When, in seconds since 1970, by the fingerprint of a key or subkey."""
    _ends: dict[str, int] = {}
    """The same of those that end at all."""

    def add(self, key: bytes) -> None:
        """A public or private key, armored or not. Whoever has it is an approver from now on."""
        imported = self._run(["--import"], key)
        if not imported.words("IMPORT_OK"):
            raise Refused("KEY_DAMAGED", f"gpg does not take this key: {imported.stderr.strip()}")
        secret, public = self._listed("--list-secret-keys"), self._listed("--list-keys")
        self._secret_ids = {row[4] for row in secret if row[0] in ("sec", "ssb")}
        self.fingerprints = _primary(secret, "sec")
        self.approvers = _primary(public, "pub")
        keys = [(of, row) for of, row in zip(public, public[1:]) if of[0] in ("pub", "sub") and row[0] == "fpr"]
        self._made = {row[9]: int(of[5]) for of, row in keys}
        self._ends = {row[9]: int(of[6]) for of, row in keys if of[6]}

    def check_signature(self, approver: str, signed: bytes, signature: bytes) -> None:
        invalid = Refused("SIGNATURE_INVALID", f"{approver} did not sign this")
        if not _is_one_signature(signature):
            raise invalid
        path = os.path.join(self._home, "signature")
        with open(path, "wb") as file:
            file.write(signature)
        # When it was made does not matter, so neither do clocks, as long as its key was there.
        ended = self._run(["--ignore-time-conflict", "--ignore-valid-from", "--verify", path, "-"], signed)
        good = ended.words("VALIDSIG")
        if len(good) != 1 or any(ended.words(word) for word in ("BADSIG", "ERRSIG", "EXPSIG", "REVKEYSIG")):
            raise invalid
        # GnuPG's doc/DETAILS.
        key, _, made, _, _, _, _, hash, kind, primary = good[0]
        if kind != "00" or hash not in HASHES or primary.lower() != approver or int(made) < self._made[key]:
            raise invalid
        if any(self._ends.get(it, int(made) + 1) <= int(made) for it in (key, primary)):
            raise invalid

    def decrypt(self, message: bytes) -> bytes:
        ended = self._run(["--decrypt"], message, limit=MAX_PLAIN)
        sealed_to = {words[0] for words in ended.words("ENC_TO")}
        if sealed_to and sealed_to.isdisjoint(self._secret_ids | {NOBODY}):
            raise Refused("WRONG_KEY", "the message is encrypted to other keys")
        for words in ended.words("ERROR"):
            if words[0] == "pkdecrypt_failed" and int(words[1]) & 0xFFFF in (BAD_PASSPHRASE, NO_PASSPHRASE):
                raise Refused(
                    "WRONG_KEY", "the passphrase is not that of the key, or there is none (--passphrase-file)"
                )
        # Modification detection, or AEAD: gpg says which of them the message has.
        protections = [word for told in ended.words("DECRYPTION_INFO") for word in told[0:1] + told[2:3]]
        protected = any(word != "0" for word in protections)
        if not ended.ok or not ended.words("DECRYPTION_OKAY") or not protected:
            raise Refused("KEY_DAMAGED", f"the message does not open: {ended.stderr.strip()}")
        return ended.stdout

    def _listed(self, which: str) -> list[list[str]]:
        """Rows of GnuPG's colon listings (doc/DETAILS)."""
        return [line.split(":") for line in self._run([which]).stdout.decode("utf-8", "replace").splitlines()]

    def _run(self, arguments: Sequence[str], data: bytes = b"", limit: int = -1) -> Ended:
        """Runs gpg with `data` as stdin; of more than `limit` bytes on stdout, it is ended."""
        status_read, status_write = os.pipe()
        secret_read, secret_write = os.pipe()
        command = ["gpg", "--homedir", self._home, "--batch", "--no-tty", "--no-options", "--with-colons"]
        command += ["--trust-model", "always", "--disable-dirmngr", "--no-auto-key-locate"]
        command += ["--pinentry-mode", "loopback", "--passphrase-fd", str(secret_read)]
        command += ["--status-fd", str(status_write), *arguments]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(status_write, secret_read),
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        )
        os.close(status_write)
        os.close(secret_read)
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        try:
            status, errors = _read_all(os.fdopen(status_read, "rb")), _read_all(process.stderr)
            _feed(os.fdopen(secret_write, "wb"), (self._passphrase or b"") + b"\n")
            _feed(process.stdin, data)
            with process.stdout:
                stdout = process.stdout.read(limit + 1 if limit >= 0 else -1)
            too_much = 0 <= limit < len(stdout)
            if too_much:
                process.kill()
            ended = process.wait()
        except BaseException:
            process.kill()  # When it is interrupted, nothing must go on writing keys.
            process.wait()
            raise
        lines = status.result().decode("utf-8", "replace").splitlines()
        words = [line.split()[1:] for line in lines if line.startswith("[GNUPG:] ")]
        return Ended(ended == 0 and not too_much, stdout, words, errors.result().decode("utf-8", "replace"))


def _primary(rows: list[list[str]], kind: str) -> frozenset[str]:
    return frozenset(row[9].lower() for before, row in zip(rows, rows[1:]) if before[0] == kind and row[0] == "fpr")


def _is_one_signature(data: bytes) -> bool:
    """Exactly one packet of type 2 (RFC 9580, §4.2), of a length that stands in front of it."""
    if len(data) < 2:
        return False
    tag, first = data[0], data[1]
    if tag == 0xC2:
        if first < 192:
            return len(data) == 2 + first
        if first < 224:
            return len(data) == 3 + ((first - 192) << 8) + 192 + int.from_bytes(data[2:3], "big")
        return first == 255 and len(data) == 6 + int.from_bytes(data[2:6], "big")
    size = {0x88: 1, 0x89: 2, 0x8A: 4}.get(tag)
    return size is not None and len(data) == 1 + size + int.from_bytes(data[1 : 1 + size], "big")


class _Background(Thread):
    """Something that is read while something else is waited for."""

    def __init__(self, work: Callable[[], bytes]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._result = b""
        self.start()

    def run(self) -> None:
        self._result = self._work()

    def result(self) -> bytes:
        self.join()
        return self._result


def _read_all(pipe: IO[bytes]) -> _Background:
    def read() -> bytes:
        with pipe:
            return pipe.read()

    return _Background(read)


def _feed(pipe: IO[bytes], data: bytes) -> None:
    def write() -> bytes:
        try:
            with pipe:
                pipe.write(data)
        except BrokenPipeError:
            pass  # What it did not want to read does not matter: it says how it ended.
        return b""

    _Background(write)
