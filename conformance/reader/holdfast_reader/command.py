"""The command line."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Callable, NamedTuple
from urllib.parse import quote

from . import report
from .body_record import Artifact
from .checking import Checked, check_inside, check_outside
from .extraction import Extraction, Left, write_stream
from .failure import Finding, Refused
from .openpgp import Keyring
from .repository import Repository
from .snapshot_reader import SnapshotReader
from .target import Folder
from .unlocked_domain import Domains

OK, FAILED, INCOMPLETE, USAGE, NOT_PERMITTED, INTERRUPTED = 0, 1, 3, 64, 77, 130
NOBODYS = ("WRITER_UNAPPROVED", "WRITER_UNKNOWN")


class Usage(Exception):
    """Something that was asked for makes no sense."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    # So that it ends as Ctrl-C ends it: what is open is closed, and the key's folder goes.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return run(options)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Refused as refused:
        _say(str(refused))
        return NOT_PERMITTED if refused.code in ("WRONG_KEY", *NOBODYS) else FAILED
    except Usage as usage:
        _say(str(usage))
        return USAGE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        _say(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "))
        return FAILED


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="holdfast_reader", description="Reads Holdfast repositories.")
    verbs = parser.add_subparsers(metavar="<verb>", required=True)

    def verb(name: str, run: Callable[[argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=help, description=help)
        added.set_defaults(run=run)
        if name != "vectors":
            added.add_argument("repository", help="the folder with the file `repository` in it")
        return added

    listing = verb("list", _list, "what was backed up; signatures are checked, no key is needed")
    entries = verb("ls", _ls, "what is in a snapshot")
    extract = verb("extract", _extract, "writes what is in a snapshot into a new folder")
    check = verb("check", _check, "reads everything; without a key, as far as that goes")
    vectors = verb("vectors", _vectors, "reads the test vectors of the format")
    vectors.add_argument("folder", help="conformance/vectors/repository")
    for asking in (entries, extract):
        asking.add_argument("snapshot", help="its key, or the first digits of its hash, as `list` shows them")
        asking.add_argument("--artifact", metavar="NAME", help="only this part of the snapshot")
    for unlocking in (entries, extract, check):
        needed = unlocking is not check
        unlocking.add_argument("--key", metavar="FILE", required=needed, help="an OpenPGP private key of a recipient")
        unlocking.add_argument("--passphrase-file", metavar="FILE", help="a file whose first line is its passphrase")
    for trusting in (listing, entries, extract, check):
        trusting.add_argument(
            "--recipient",
            metavar="FILE",
            action="append",
            default=[],
            help="an OpenPGP public key whose approvals of writers count; that of --key does anyway",
        )
        trusting.add_argument(
            "--trust-writer",
            metavar="ID",
            action="append",
            default=[],
            help="a writer to trust though nobody approved it; `list` shows its id in the key of a snapshot",
        )
    for reading in (listing, entries, extract, check):
        reading.add_argument(
            "--target",
            metavar="NAME",
            help="what the policy calls this place: `list` then says which snapshots were forgotten here",
        )
    extract.add_argument("--into", metavar="FOLDER", required=True, help="a folder that is not there, or empty")
    for printing in (listing, entries, check):
        printing.add_argument("--json", action="store_true", help="one JSON document")
    return parser


def _list(options: argparse.Namespace) -> int:
    with _open(options) as (repository, _):
        # What nobody approved is listed as that, so it need not be told again.
        shown = [it for it in repository.findings if it.key not in repository.unapproved]
        if options.json:
            snapshots = [report.snapshot_document(repository, it) for it in report.by_age(repository)]
            findings = [report.finding_document(it) for it in shown]
            report.print_json({"repository": repository.marker.id, "snapshots": snapshots, "findings": findings})
        else:
            for line in report.snapshot_lines(repository):
                print(line)
        if repository.unapproved:
            _say("Unapproved: none of the keys given by --recipient vouches for the writer. Anybody could be it.")
        _say_findings(shown)
        return INCOMPLETE if any(map(_is_wrong, shown)) else OK


def _ls(options: argparse.Namespace) -> int:
    with _open(options) as (repository, domains):
        reader = SnapshotReader(repository, domains, _chosen(repository, options.snapshot))
        listed = []
        for artifact in _artifacts(reader, options.artifact):
            told = {"name": artifact.name, "kind": artifact.kind, "size": artifact.size}
            entries = reader.entries(artifact) if artifact.kind == "tree" else iter(())
            if options.json:
                listed.append({**told, "entries": [report.entry_document(it) for it in entries]})
                continue
            print(f"{report.printable(artifact.name)}: {artifact.kind}, {artifact.size:,} bytes")
            for entry in entries:
                print(report.entry_line(entry))
        if options.json:
            report.print_json({"artifacts": listed})
        _say_findings(repository.findings)
        return OK


def _extract(options: argparse.Namespace) -> int:
    with _open(options) as (repository, domains):
        reader = SnapshotReader(repository, domains, _chosen(repository, options.snapshot))
        artifacts = _artifacts(reader, options.artifact)
        root = _empty_folder(options.into)
        try:
            left = _extract_all(reader, artifacts, root)
        finally:
            os.close(root)
    _say_findings(repository.findings)
    for path, why, _ in left:
        _say(f"{report.printable_path(path)}: {report.printable(why)}")
    for skipped in reader.body.skipped:
        _say(f"not in the backup: {report.printable(skipped.what)}: {report.printable(skipped.message)}")
    return OK if all(it.whole for it in left) else INCOMPLETE


def _extract_all(reader: SnapshotReader, artifacts: list[Artifact], root: int) -> list[Left]:
    """One tree alone goes into the folder itself; of several artifacts, each goes below its name there."""
    left: list[Left] = []
    alone = len(artifacts) == 1 and artifacts[0].kind == "tree"
    for artifact in artifacts:
        # A name may be any text: what could mean something to a file system is escaped.
        name = quote(artifact.name, safe=" ").encode("ascii").replace(b".", b"%2E", artifact.name in (".", ".."))
        name = name or b"%"
        try:
            if artifact.kind == "bytes":
                write_stream(root, name, reader.stream(artifact))
                continue
            folder = os.dup(root) if alone else _new_folder(root, name)
            try:
                extraction = Extraction(folder, reader.file)
                try:
                    extraction.extract(reader.entries(artifact))
                finally:
                    left.extend(extraction.left)
            finally:
                os.close(folder)
            print(f"{report.printable(artifact.name)}: {extraction.extracted} entries")
        except Refused as refused:
            left.append(Left(name, f"the rest of it could not be read: {refused}", False))
    return left


def _check(options: argparse.Namespace) -> int:
    checked = Checked()
    with _open(options) as (repository, domains):
        found = list(check_outside(repository, checked))
        if options.key is not None:
            found.extend(check_inside(repository, domains, checked))
    # What is wrong with a pack shows from outside and from inside.
    findings = list(dict.fromkeys(repository.findings + found))
    if options.json:
        report.print_json({**vars(checked), "findings": [report.finding_document(it) for it in findings]})
    elif options.key is None:
        print(f"{checked.packs} packs are what their names say. With --key, frames and snapshots are opened, too.")
    else:
        print(
            f"{checked.packs} packs, {checked.frames} frames, {checked.snapshots} snapshots, {checked.entries} entries"
        )
    _say_findings(findings)
    if any(map(_is_wrong, findings)):
        return FAILED
    # Nothing is wrong, but not everything was looked into.
    return INCOMPLETE if findings and options.key is not None else OK


def _vectors(options: argparse.Namespace) -> int:
    from .vector import run_vectors

    passed: dict[str, int] = {}
    failed = 0
    for outcome in run_vectors(options.folder):
        passed.setdefault(outcome.file, 0)
        if outcome.wrong is None:
            passed[outcome.file] += 1
        else:
            failed += 1
            print(f"{outcome.file}: {outcome.name}: {outcome.wrong}")
    for file, count in passed.items():
        print(f"{file}: {count} as they should be")
    if not passed:
        raise Usage(f"there are no vectors in {options.folder}")
    return FAILED if failed else OK


class _Opened(NamedTuple):
    repository: Repository
    domains: Domains
    """As far as the private key that was given opens them."""


@contextmanager
def _open(options: argparse.Namespace) -> Iterator[_Opened]:
    """The keys that are given approve writers; a private one opens backups as well."""
    key, recipients = getattr(options, "key", None), options.recipient
    passphrase = _first_line(options.passphrase_file) if getattr(options, "passphrase_file", None) else None
    target = Folder(options.repository)
    if key is None and not recipients:
        repository = Repository(target, None, options.trust_writer, options.target)
        yield _Opened(repository, Domains(repository, _Nobody()))
        return
    with Keyring(passphrase) as keyring:
        for path in [*recipients, *([key] if key is not None else [])]:
            with open(path, "rb") as file:
                keyring.add(file.read())
        if key is not None and not keyring.fingerprints:
            raise Refused("KEY_DAMAGED", f"there is no private key in {key}")
        repository = Repository(target, keyring, options.trust_writer, options.target)
        yield _Opened(repository, Domains(repository, keyring))


class _Nobody:
    """A recipient of nothing."""

    fingerprints: frozenset[str] = frozenset()

    def decrypt(self, message: bytes) -> bytes:
        raise Refused("WRONG_KEY", "no private key was given")


def _first_line(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.readline().rstrip(b"\r\n")


def _chosen(repository: Repository, name: str) -> str:
    if name.startswith("snapshots/"):
        return name
    if not name:
        raise Usage("which snapshot?")
    found = [it.key for it in report.by_age(repository) if it.hash.startswith(name)]
    if len(found) != 1:
        raise Usage(f"{len(found)} snapshots have a hash that begins with {report.printable(name)}: see `list`")
    return found[0]


def _artifacts(reader: SnapshotReader, name: str | None) -> list[Artifact]:
    if name is None:
        return reader.body.artifacts
    if name not in reader.artifacts:
        raise Usage(f"it has no artifact {name}, but {', '.join(map(report.printable, reader.artifacts))}")
    return [reader.artifacts[name]]


def _empty_folder(path: str) -> int:
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        if os.listdir(path):
            raise Usage(f"{path} is not empty") from None
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _new_folder(root: int, name: bytes) -> int:
    os.mkdir(name, 0o700, dir_fd=root)
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=root)


def _say_findings(findings: list[Finding]) -> None:
    for finding in findings:
        _say(f"{finding.key}: {finding.code}: {report.printable(finding.why)}")


def _is_wrong(finding: Finding) -> bool:
    """What writers stored whom nobody approved is passed over; nothing about it is damage (§8a)."""
    return finding.code not in NOBODYS


def _say(text: str) -> None:
    print(text, file=sys.stderr)
