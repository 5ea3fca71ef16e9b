"""Opening OpenPGP messages with the program `gpg` (§9).

The key goes into a folder of its own for as long as the `with` lasts, protected as its file is; the passphrase goes through
a pipe, never into arguments or files.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from threading import Thread
from typing import IO, Callable, NamedTuple

from .failure import Refused

MAX_PLAIN = 65_536
BAD_PASSPHRASE, NO_PASSPHRASE = 11, 177  # GPG_ERR_… of libgpg-error.
NOBODY = "0" * 16


class Ended(NamedTuple):
    ok: bool
    stdout: bytes
    status: list[list[str]]
    """Lines of --status-fd (GnuPG's doc/DETAILS), in words."""
    stderr: str

    def words(self, keyword: str) -> list[list[str]]:
        return [words[1:] for words in self.status if words[:1] == [keyword]]


class Keyring:
    """OpenPGP keys in a folder that is removed in the end."""

    def __init__(self) -> None:
        if shutil.which("gpg") is None:
            raise FileNotFoundError("the program gpg is not there: apt-get install gnupg")
        self._home = tempfile.mkdtemp(prefix="holdfast-reader-")

    def close(self) -> None:
        # The agent that gpg started holds the keys, and would stay.
        subprocess.run(["gpgconf", "--homedir", self._home, "--kill", "all"], check=False, capture_output=True)
        shutil.rmtree(self._home, ignore_errors=True)

    def add(self, key: bytes) -> None:
        """A public or private key, armored or not."""
        imported = self.run(["--import"], key)
        if not imported.words("IMPORT_OK"):
            raise Refused("KEY_DAMAGED", f"gpg does not take this key: {imported.stderr.strip()}")

    def run(self, arguments: Sequence[str], data: bytes, passphrase: bytes | None = None, limit: int = -1) -> Ended:
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
        status, errors = _Background(os.fdopen(status_read, "rb").read), _Background(process.stderr.read)
        feeders = [_feed(os.fdopen(secret_write, "wb"), (passphrase or b"") + b"\n"), _feed(process.stdin, data)]
        with process.stdout:
            stdout = process.stdout.read(limit + 1 if limit >= 0 else -1)
        too_much = 0 <= limit < len(stdout)
        if too_much:
            process.kill()
        for feeder in feeders:
            feeder.result()
        ended = process.wait()
        lines = status.result().decode("utf-8", "replace").splitlines()
        words = [line.split()[1:] for line in lines if line.startswith("[GNUPG:] ")]
        return Ended(ended == 0 and not too_much, stdout, words, errors.result().decode("utf-8", "replace"))


class PrivateKey:
    """A recipient's key: opens what is encrypted to it. To be used with `with`."""

    def __init__(self, key: bytes, passphrase: bytes | None = None) -> None:
        self._keyring = Keyring()
        self._passphrase = passphrase
        try:
            self._keyring.add(key)
            listed = self._keyring.run(["--list-secret-keys"], b"").stdout.decode("ascii", "replace")
            rows = [line.split(":") for line in listed.splitlines()]
            self._ids = {row[4] for row in rows if row[0] in ("sec", "ssb")}
            self.fingerprints: frozenset[str] = frozenset(
                row[9].lower() for before, row in zip(rows, rows[1:]) if before[0] == "sec" and row[0] == "fpr"
            )
            if not self.fingerprints:
                raise Refused("KEY_DAMAGED", "there is no private key in this file")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> PrivateKey:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._keyring.close()

    def decrypt(self, message: bytes) -> bytes:
        ended = self._keyring.run(["--decrypt"], message, self._passphrase, limit=MAX_PLAIN)
        sealed_to = {words[0] for words in ended.words("ENC_TO")}
        if sealed_to and sealed_to.isdisjoint(self._ids | {NOBODY}):
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


class _Background(Thread):
    """Something that is waited for while something else is."""

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


def _feed(pipe: IO[bytes], data: bytes) -> _Background:
    def write() -> bytes:
        try:
            with pipe:
                pipe.write(data)
        except BrokenPipeError:
            pass  # What it did not want to read does not matter: it says how it ended.
        return b""

    return _Background(write)
