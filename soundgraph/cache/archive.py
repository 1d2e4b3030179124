"""Archives: results of a cache in one file, for another machine. Written so that equal content gives equal bytes, and
read as what a stranger may have sent.

    soundgraph-archive.json        which version of this form it is, and how many sounds and records follow
    blobs/<digest>.wav             sounds, sorted
    records/<key>.json             what each action gave, sorted; <key>.<digest>.json of an earlier take of it

It is a plain tar, so that any tar lists it. But only what `export` writes is read: a member's header is compared with
the one that would be written for its name and size, so that there are no links, no paths, no sparse files and no
extensions to be careful about. Nothing is unpacked by name: a sound goes where its digest says, after it was hashed.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import stat
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from soundgraph.audio import artifact
from soundgraph.cache.action_key import action_key
from soundgraph.cache.disk.store import DiskStore
from soundgraph.cache.result_record import Record
from soundgraph.core import system
from soundgraph.core.digest import DIGEST
from soundgraph.core.errors import StoreError, UsageError
from soundgraph.core.files import Replacement

HEADER = "soundgraph-archive.json"
_VERSION = 1

# A record is about 1 kB; notes of a model may make it some times as long.
MAX_RECORD_BYTES = 1 << 20
MAX_BLOB_BYTES = artifact.MAX_BYTES + artifact.HEADER_BYTES
MAX_MEMBERS = 2_000_000
_MAX_HEADER_BYTES = 4096

_BLOCK = tarfile.BLOCKSIZE
_CHUNK = 1 << 20
_GROUP = 256

_BLOB = re.compile(rf"blobs/({DIGEST})\.wav")
_RECORD = re.compile(rf"records/({DIGEST})(?:\.([0-9a-f]{{16}}))?\.json")

Report = Callable[[int, int], None]
"""Is told how many bytes are done, and how many there are in all."""


@dataclass(frozen=True)
class Item:
    """A result to be put into an archive."""

    record: Record
    earlier: bool = False
    """Whether another one is the result of its action now."""

    @property
    def name(self) -> str:
        ending = f".{self.record.digest[:16]}" if self.earlier else ""
        return f"records/{self.record.key}{ending}.json"


@dataclass
class Written:
    """What an archive holds."""

    takes: int = 0
    drafts: int = 0
    processed: int = 0
    sounds: int = 0
    bytes: int = 0
    """Of the file."""


@dataclass
class TakenIn:
    """What was in an archive, and how much of that was new here."""

    records: int = 0
    new_records: int = 0
    sounds: int = 0
    new_sounds: int = 0


# Writing


def export(store: DiskStore, items: Iterable[Item], path: Path, report: Report = lambda done, whole: None) -> Written:
    """Writes an archive, or leaves what was at `path` as it was.

    Raises StoreError for a sound that is missing or damaged, OSError for a file that cannot be written.
    """
    members = {item.name: _for_others(item.record) for item in items}
    digests = sorted({record.digest for record in members.values()})
    sizes = {digest: _size(store, digest) for digest in digests}
    whole, done = sum(sizes.values()), 0
    with (
        Replacement(str(path), str(path.parent), sync=True) as file,
        tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        _add(tar, HEADER, _header(len(digests), len(members)))
        for digest in digests:
            with _Hashed(store, digest) as sound:
                tar.addfile(_info(f"blobs/{digest}.wav", sizes[digest]), sound)
            done += sizes[digest]
            report(done, whole)
        for name, record in sorted(members.items()):
            _add(tar, name, record.to_json().encode())
    takes = sum(store.records.is_take(record) for record in members.values())
    drafts = sum(store.records.is_draft(record) for record in members.values())
    return Written(takes, drafts, len(members) - takes - drafts, len(digests), path.stat().st_size)


def _for_others(record: Record) -> Record:
    """What of a record is for others: the name of its note holds a path of this machine."""
    return replace(record, made={name: value for name, value in record.made.items() if name != "note"})


def _size(store: DiskStore, digest: str) -> int:
    try:
        return store.blobs.file(digest).stat().st_size
    except OSError as error:
        raise _gone(digest) from error


def _gone(digest: str) -> StoreError:
    what = f"the sound {digest[:12]} is missing from the cache, or damaged"
    return StoreError(f"{what}\n  soundgraph build makes it again; soundgraph cache verify finds all of that sort")


class _Hashed:
    """A sound's file, read by `tarfile`. Raises StoreError at its end if it is not what its name says."""

    def __init__(self, store: DiskStore, digest: str):
        self._digest, self._hash = digest, hashlib.sha256()
        try:
            self._file = store.blobs.file(digest).open("rb")
        except OSError as error:
            raise _gone(digest) from error

    def __enter__(self) -> BinaryIO:
        return self  # type: ignore[return-value]

    def __exit__(self, kind: object, *_: object) -> None:
        self._file.close()
        if kind is None and self._hash.hexdigest() != self._digest:
            raise _gone(self._digest)

    def read(self, n_bytes: int) -> bytes:
        data = self._file.read(n_bytes)
        if len(data) < n_bytes:
            raise _gone(self._digest)
        self._hash.update(data)
        return data


def _header(n_blobs: int, n_records: int) -> bytes:
    facts = {"soundgraph": "archive", "version": _VERSION, "blobs": n_blobs, "records": n_records}
    return f"{json.dumps(facts)}\n".encode()


def _info(name: str, n_bytes: int) -> tarfile.TarInfo:
    """The header of a member: it says nothing of who wrote it, or when."""
    info = tarfile.TarInfo(name)
    info.size = n_bytes
    return info


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    tar.addfile(_info(name, len(data)), io.BytesIO(data))


# Reading


def is_one(path: Path) -> bool:
    """Whether a file begins as an archive does. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(HEADER) + 1) == f"{HEADER}\0".encode()


def take_in(store: DiskStore, path: Path, report: Report = lambda done, whole: None) -> TakenIn:
    """Puts what is in an archive into the cache: each sound once it is known to be what its name says, each record once
    its sound is there.

    Raises UsageError for what is no archive, or one that is damaged, cut off or forged: what came before the fault, and
    is sound by itself, may be in the cache then. Raises StoreError for a full disk, OSError for an unreadable file.
    """
    counts = TakenIn()
    with _opened(path) as file:
        store.prepare()
        with store.coordination.running():
            _take_all(store, _TarReader(file, path, report), counts)
    return counts


def _take_all(store: DiskStore, reader: _TarReader, counts: TakenIn) -> None:
    n_blobs, n_records = reader.start()
    last = ""
    group: list[tuple[Record, bool]] = []
    for index in range(n_blobs + n_records):
        name, n_bytes = reader.member()
        # The order leaves no room for one that comes twice.
        if index not in (0, n_blobs) and name <= last:
            raise reader.wrong(f"{name} is out of order")
        last = name
        if index < n_blobs:
            counts.new_sounds += _take_sound(store, reader, name, n_bytes)
            counts.sounds += 1
            continue
        group.append(_record(store, reader, name, n_bytes))
        counts.records += 1
        if len(group) == _GROUP:
            counts.new_records += _publish(store, group)
            group.clear()
    reader.end()
    counts.new_records += _publish(store, group)


def _opened(path: Path) -> BinaryIO:
    """Raises UsageError for what is no file: a pipe would be waited for. Raises OSError."""
    handle = os.open(path, os.O_RDONLY | system.DO_NOT_WAIT | system.BINARY)
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(handle, "rb")
    os.close(handle)
    what = "folder" if stat.S_ISDIR(mode) else "pipe or a device"
    raise UsageError(f"{path} is a {what}, and no file", "name a file that soundgraph cache export has written")


def _publish(store: DiskStore, group: Sequence[tuple[Record, bool]]) -> int:
    current = [record for record, earlier in group if not earlier]
    beside = [record for record, earlier in group if earlier]
    return store.records.add(current) + store.records.add(beside, earlier=True)


def _take_sound(store: DiskStore, reader: _TarReader, name: str, n_bytes: int) -> bool:
    match = _BLOB.fullmatch(name)
    if match is None:
        raise reader.wrong(f"{_quoted(name)} is no sound's name")
    if not artifact.HEADER_BYTES <= n_bytes <= MAX_BLOB_BYTES:
        raise reader.wrong(f"{name} is no sound: it has {n_bytes:,} bytes")
    if n_bytes > shutil.disk_usage(store.folder).free:
        raise StoreError(f"{name} of {reader.path} has {n_bytes / 1e6:,.1f} MB, more than is free in {store.folder}")
    temporary = store.temporary()
    try:
        state = hashlib.sha256()
        with open(temporary, "wb", opener=store.places.open) as file:
            header = reader.read(artifact.HEADER_BYTES)
            try:
                shape = artifact.shape_of_wav(header, n_bytes)
            except ValueError as error:
                raise reader.wrong(f"{name} is no sound: {error}") from error
            if shape.n_samples > artifact.MAX_SECONDS * shape.sample_rate:
                raise reader.wrong(f"{name} is longer than {artifact.MAX_SECONDS / 3600:.0f} hours")
            file.write(header)
            state.update(header)
            for chunk in reader.chunks(n_bytes - artifact.HEADER_BYTES):
                if not np.isfinite(np.frombuffer(chunk, "<f4")).all():
                    raise reader.wrong(f"{name} holds samples that are not numbers")
                file.write(chunk)
                state.update(chunk)
        reader.pad(n_bytes)
        if state.hexdigest() != match[1]:
            raise reader.wrong(f"{name} is damaged")
        return store.blobs.move_in(match[1], temporary)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()


def _record(store: DiskStore, reader: _TarReader, name: str, n_bytes: int) -> tuple[Record, bool]:
    """A record, and whether it is one of an earlier take."""
    match = _RECORD.fullmatch(name)
    if match is None:
        raise reader.wrong(f"{_quoted(name)} is no record's name")
    if n_bytes > MAX_RECORD_BYTES:
        raise reader.wrong(f"{name} is no record: it has {n_bytes:,} bytes")
    data = reader.read(n_bytes)
    reader.pad(n_bytes)
    record = Record.from_json(data)
    if record is None or not _is_canonical(record, data):
        raise reader.wrong(f"{name} is no whole record")
    if (record.key, record.digest[:16]) != (match[1], match[2] or record.digest[:16]):
        raise reader.wrong(f"{name} is the record of something else")
    try:
        key = action_key(dict(record.action))
    except (ValueError, TypeError, RecursionError):
        key = ""
    if key != record.key:  # else a sound could be put in the place of any other
        raise reader.wrong(f"{name} is not named by what it is the record of")
    if _shape(store, record.digest) != (record.sample_rate, record.channels, record.n_samples):
        raise reader.wrong(f"{name} is the record of a sound that is not there")
    return record, match[2] is not None


def _is_canonical(record: Record, data: bytes) -> bool:
    try:
        return record.to_json().encode() == data
    except (ValueError, RecursionError):  # half a surrogate pair
        return False


def _shape(store: DiskStore, digest: str) -> tuple[int, int, int] | None:
    """What a sound of the cache says that it is; None if it is not there."""
    try:
        with store.blobs.file(digest).open("rb") as file:
            n_bytes = os.fstat(file.fileno()).st_size
            return artifact.shape_of_wav(file.read(artifact.HEADER_BYTES), n_bytes)
    except (OSError, ValueError):
        return None


def _quoted(name: str) -> str:
    return json.dumps(name[:100])


class _TarReader:
    """The members of an archive, one after another: first `start`, then for each `member`, its bytes and `pad`."""

    def __init__(self, file: BinaryIO, path: Path, report: Report):
        self.path = path
        self._file, self._report = file, report
        self._whole = os.fstat(file.fileno()).st_size
        self._done = 0

    def wrong(self, what: str) -> UsageError:
        return UsageError(f"{self.path}: {what}", "have it exported, or sent, again")

    def read(self, n_bytes: int) -> bytes:
        data = self._file.read(n_bytes)
        if len(data) < n_bytes:
            raise self.wrong("ends too early")
        self._done += n_bytes
        self._report(self._done, self._whole)
        return data

    def chunks(self, n_bytes: int) -> Iterator[bytes]:
        while n_bytes > 0:
            chunk = self.read(min(n_bytes, _CHUNK))
            n_bytes -= len(chunk)
            yield chunk

    def pad(self, n_bytes: int) -> None:
        """Reads on to the next member, after one of so many bytes."""
        if any(self.read(-n_bytes % _BLOCK)):
            raise self.wrong("has something between its members")

    def start(self) -> tuple[int, int]:
        """How many sounds and records there are."""
        try:
            name, n_bytes = self.member()
        except UsageError:
            name, n_bytes = "", 0
        if name != HEADER or n_bytes > _MAX_HEADER_BYTES:
            raise UsageError(f"{self.path}: is no archive of soundgraph's", "soundgraph cache export FILE writes one")
        data = self.read(n_bytes)
        self.pad(n_bytes)
        try:
            facts = json.loads(data)
            version, n_blobs, n_records = (facts[name] for name in ("version", "blobs", "records"))
        except (ValueError, TypeError, KeyError, RecursionError):
            version = None
        if isinstance(version, int) and version > _VERSION:
            raise UsageError(f"{self.path}: was written by a later version of soundgraph", "upgrade soundgraph")
        if version != _VERSION or not _are_counts(n_blobs, n_records) or data != _header(n_blobs, n_records):
            raise self.wrong("has a header that soundgraph did not write")
        if n_blobs + n_records > MAX_MEMBERS:
            raise self.wrong(f"holds more than {MAX_MEMBERS:,} sounds and records")
        return n_blobs, n_records

    def member(self) -> tuple[str, int]:
        """(name, bytes) of what follows."""
        block = self.read(_BLOCK)
        try:
            info = tarfile.TarInfo.frombuf(block, "ascii", "strict")
            expected = _info(info.name, info.size).tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")
        except (tarfile.HeaderError, ValueError) as error:
            raise self.wrong("is damaged, or ends too early") from error
        if expected != block:
            raise self.wrong(f"{_quoted(info.name)} is not as soundgraph writes it")
        return info.name, info.size

    def end(self) -> None:
        """There is nothing more than tar's own end: two blocks of zeros, and more of them up to a whole record."""
        left = self.read(2 * _BLOCK + -(self._done + 2 * _BLOCK) % tarfile.RECORDSIZE)
        if any(left) or self._file.read(1):
            raise self.wrong("goes on after its end")


def _are_counts(*numbers: object) -> bool:
    return all(type(number) is int and number >= 0 for number in numbers)
