"""The cache: an action index (diskcache) and a content-addressed artifact store (files beside it).

    cache/
      blobs/ab/<digest>.wav      samples, as `Audio.to_wav` writes them; the name is the SHA-256 of the file
      records/ab/<key>.json      what an action gave: the same text as in the index, so that it can be rebuilt
      index/cache.db             action key -> record, and small notes; diskcache's SQLite file
      set-aside/                 blobs that were found damaged
      tmp/                       what is being written

Blobs are published first (temporary file, fsync, rename), then the record's file, then the index: whatever is named
can be read. A blob is checked against its digest whenever it is read. Nothing here is ever evicted.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from soundgraph.audio import Audio, from_wav
from soundgraph.errors import StoreError

# SQLite's default limit on variables in one statement, on builds before 3.32.
_BATCH = 900

# Files written one after another, and from how many threads when there are more.
_FEW = 4
_WRITERS = 8

Content = Callable[[], bytes]

_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class Record:
    """What an action gave.

    key: the action key. digest: of the artifact.
    manifest: what the key is a digest of.
    made: facts that are no part of the key: node, time, seconds, versions, machine.
    remarks: what the build said when it ran.
    """

    key: str
    digest: str
    sample_rate: int
    channels: int
    n_samples: int
    manifest: Mapping[str, Any]
    made: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def to_json(self) -> str:
        return json.dumps(
            {
                "record": 1,
                "key": self.key,
                "digest": self.digest,
                "sample_rate": self.sample_rate,
                "channels": self.channels,
                "n_samples": self.n_samples,
                "manifest": self.manifest,
                "made": self.made,
                "remarks": list(self.remarks),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @staticmethod
    def from_json(text: str | bytes) -> Record | None:
        """None for a text that is not a whole record."""
        try:
            data = json.loads(text)
            if data["record"] != 1 or not (_is_digest(data["key"]) and _is_digest(data["digest"])):
                return None
            return Record(
                data["key"],
                data["digest"],
                int(data["sample_rate"]),
                int(data["channels"]),
                int(data["n_samples"]),
                dict(data["manifest"]),
                dict(data["made"]),
                tuple(map(str, data["remarks"])),
            )
        except (ValueError, TypeError, KeyError):
            return None


class Store(Protocol):
    """What planning and building ask of a cache. A remote tier would be another form of it."""

    def records(self, keys: Sequence[str]) -> dict[str, Record]:
        """The records of those keys that have one."""

    def has(self, digest: str) -> bool:
        """Whether the artifact is there, by name only; `read` checks it."""

    def read(self, digest: str) -> Audio | None:
        """The artifact, checked against its digest; None if it is not there or was damaged, and so set aside."""

    def put(self, results: Sequence[tuple[Record, Audio]], *, takes: bool) -> None:
        """Publishes artifacts, then their records. Raises StoreError if that fails; what was there is unharmed.

        takes: whether what cannot be made again for nothing is among them.
        """

    def notes(self, names: Sequence[str]) -> dict[str, str]:
        """Small texts kept by name."""

    def put_notes(self, notes: Mapping[str, str]) -> None: ...


class DiskStore:
    """The cache in a folder. Safe to use from several threads and processes."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._index: Any = None
        self._opening = threading.Lock()
        self._reader: sqlite3.Connection | None = None
        self._reading = threading.Lock()
        self._count = itertools.count()

    # Reading

    def records(self, keys: Sequence[str]) -> dict[str, Record]:
        found = {}
        for name, text in self._select([f"action:{key}" for key in keys]).items():
            record = Record.from_json(text)
            if record is not None and f"action:{record.key}" == name:
                found[record.key] = record
        return found

    def notes(self, names: Sequence[str]) -> dict[str, str]:
        return {name[5:]: text for name, text in self._select([f"note:{name}" for name in names]).items()}

    def has(self, digest: str) -> bool:
        return self.blob(digest).exists()

    def read(self, digest: str) -> Audio | None:
        path = self.blob(digest)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"cannot read {path}: {error.strerror}") from error
        with contextlib.suppress(ValueError):
            audio = from_wav(data)
            if audio.digest == digest:
                return audio
        self._set_aside(path)
        return None

    def blob(self, digest: str) -> Path:
        """Where the artifact's file is, or would be."""
        return self.folder / "blobs" / digest[:2] / f"{digest}.wav"

    # Writing

    def put(self, results: Sequence[tuple[Record, Audio]], *, takes: bool) -> None:
        texts = {record.key: record.to_json() for record, _ in results}
        blobs = {self.blob(record.digest): audio.to_wav for record, audio in results}
        files = {self._record_file(key): text.encode for key, text in texts.items()}
        with _disk_errors(self.folder):
            # What a power cut may take of other results than takes is a name or a record, and it is made again then:
            # syncing hundreds of folders, and each record, would cost more than most results do.
            self._publish(blobs.items(), sync=True, sync_folders=takes)
            self._publish(files.items(), sync=takes, sync_folders=takes)
            self._set({f"action:{key}": text for key, text in texts.items()})

    def put_notes(self, notes: Mapping[str, str]) -> None:
        with _disk_errors(self.folder):
            self._set({f"note:{name}": text for name, text in notes.items()})

    def _publish(self, files: Iterable[tuple[Path, Content]], sync: bool, sync_folders: bool) -> None:
        """Gives files their names once they are whole: temporary file, fsync, rename."""
        # A blob that is there, as its name says, need not be written again; one that was damaged since is made good.
        files = [(path, content) for path, content in files if path.suffix != ".wav" or not _holds(path, content)]
        temporary = self._temporary(len(files))
        moves = [(place, path) for place, (path, _) in zip(temporary, files, strict=True)]
        contents = (content for _, content in files)
        write = partial(_write_file, sync=sync)
        try:
            if len(files) < _FEW:
                for place, content in zip(temporary, contents, strict=True):
                    write(place, content)
            else:  # syncs wait for the disk; side by side they wait together
                with ThreadPoolExecutor(_WRITERS) as pool:
                    list(pool.map(write, temporary, contents))
            for place, path in moves:
                try:
                    place.replace(path)
                except FileNotFoundError:  # the first file in that folder
                    path.parent.mkdir(parents=True, exist_ok=True)
                    place.replace(path)
            if sync_folders:
                for folder in {path.parent for _, path in moves}:
                    _sync_folder(folder)
        except BaseException:
            for place in temporary:
                place.unlink(missing_ok=True)
            raise

    def _temporary(self, count: int) -> list[Path]:
        """New names in the folder for what is being written."""
        folder = self.folder / "tmp"
        if count and not folder.is_dir():
            _make_folder(self.folder)
            folder.mkdir(exist_ok=True)
        return [folder / f"{os.getpid()}-{time.time_ns():x}-{next(self._count)}" for _ in range(count)]

    def _set_aside(self, path: Path) -> None:
        aside = self.folder / "set-aside"
        with _disk_errors(self.folder):
            aside.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # another process was first
                path.replace(aside / path.name)

    def _record_file(self, key: str) -> Path:
        return self.folder / "records" / key[:2] / f"{key}.json"

    # The index

    def _select(self, names: Sequence[str]) -> dict[str, str]:
        """The texts kept by those names, in a few statements: diskcache's own `get` costs ten times as much a key.

        Only rows that hold plain text are looked at, so that a pickle planted in the file is never loaded.
        """
        path = self.folder / "index" / "cache.db"
        if not names or not (path.exists() or self._rebuild_if_lost()):
            return {}
        found: dict[str, str] = {}
        try:
            with self._reading:
                if self._reader is None:
                    self._reader = sqlite3.connect(path, timeout=60, check_same_thread=False)
                for start in range(0, len(names), _BATCH):
                    some = names[start : start + _BATCH]
                    query = (
                        "SELECT key, value FROM Cache WHERE raw = 1 AND mode = 1 AND filename IS NULL"
                        f" AND typeof(value) = 'text' AND key IN ({','.join('?' * len(some))})"
                    )
                    found.update(self._reader.execute(query, some).fetchall())
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise StoreError(f"cannot read the cache's index {path}: {error}") from error
            if str(error).startswith("no such table"):
                # Empty, or another process is making it at this moment. Moved aside, it would go on writing to that one.
                self.close()
                self.rebuild_index()
            else:
                self._replace_index()
            return self._select(names)
        return found

    def _set(self, texts: Mapping[str, str]) -> None:
        if not texts:
            return
        try:
            self._write(texts)
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise StoreError(f"cannot write the cache's index: {error}") from error
            self._replace_index()
            self._write(texts)

    def _write(self, texts: Mapping[str, str]) -> None:
        index = self._open()
        with index.transact(retry=True):
            for name, text in texts.items():
                index.set(name, text, retry=True)

    def _open(self) -> Any:
        with self._opening:
            if self._index is None:
                self._rebuild_if_lost()
                self._index = self._open_index()
            return self._index

    def _open_index(self) -> Any:
        import diskcache

        _make_folder(self.folder)
        folder = self.folder / "index"
        # diskcache's defaults would drop the oldest entries, without a word, at 1 GiB.
        return diskcache.Cache(
            str(folder), disk=_text_disk(), eviction_policy="none", size_limit=2**62, cull_limit=0, timeout=60
        )

    def _rebuild_if_lost(self) -> bool:
        """Makes the index again from the records beside the blobs if there are records and no index."""
        if (self.folder / "index" / "cache.db").exists() or not (self.folder / "records").is_dir():
            return False
        self.rebuild_index()
        return True

    def _replace_index(self) -> None:
        """A damaged index goes to set-aside/ and is made again."""
        self.close()
        aside = self.folder / "set-aside" / f"index-{time.time_ns():x}"
        aside.parent.mkdir(exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # another process was first
            (self.folder / "index").replace(aside)
        self.rebuild_index()

    def rebuild_index(self) -> int:
        """Reads every record file into the index; returns how many there were."""
        index = self._index = self._open_index()
        count = 0
        latest: dict[str, tuple[str, str]] = {}
        with index.transact(retry=True):
            for record in self.all_records():
                index.set(f"action:{record.key}", record.to_json(), retry=True)
                count += 1
                note, at = record.made.get("note"), str(record.made.get("at", ""))
                if isinstance(note, str) and at >= latest.get(note, ("", ""))[0]:
                    latest[note] = (at, record.key)
            for note, (_, key) in latest.items():
                index.set(f"note:{note}", key, retry=True)
        return count

    def close(self) -> None:
        with self._reading:
            if self._reader is not None:
                self._reader.close()
                self._reader = None
        if self._index is not None:
            self._index.close()
            self._index = None

    # For `soundgraph cache`

    def all_records(self) -> Iterator[Record]:
        """Every whole record, from its file."""
        for path in sorted((self.folder / "records").glob("??/*.json")):
            with contextlib.suppress(OSError):
                record = Record.from_json(path.read_bytes())
                if record is not None and record.key == path.stem:
                    yield record

    def stats(self) -> dict[str, Any]:
        """Counts and bytes of what is there."""
        blobs = [path.stat().st_size for path in (self.folder / "blobs").glob("??/*.wav")]
        records = list(self.all_records())
        generated = [record for record in records if record.manifest.get("kind") == "generate"]
        drafts = [record for record in generated if record.manifest.get("model", {}).get("backend") == "draft"]
        aside = list((self.folder / "set-aside").glob("*.wav"))
        return {
            "folder": str(self.folder),
            "artifacts": len(blobs),
            "bytes": sum(blobs),
            "records": len(records),
            "takes": len(generated) - len(drafts),
            "drafts": len(drafts),
            "set_aside": len(aside),
        }

    def verify(self) -> dict[str, list[str]]:
        """Reads everything. Damaged blobs are set aside, records that are not whole are dropped, the index is made anew
        if it lacks a record.

        Returns the names of what was found: "damaged" blobs, "missing" (digests a record names that are not there; the
        next build makes them again), "bad_records", and "unindexed" keys.
        """
        found: dict[str, list[str]] = {"damaged": [], "missing": [], "bad_records": [], "unindexed": []}
        for path in sorted((self.folder / "blobs").glob("??/*")):
            if self.blob(path.stem) != path or self.read(path.stem) is None:
                found["damaged"].append(path.name)
                if path.exists():  # no artifact's name: `read` did not look at it
                    self._set_aside(path)
        good = {record.key: record for record in self.all_records()}
        for path in sorted((self.folder / "records").glob("??/*")):
            if path.stem not in good or path.suffix != ".json":
                found["bad_records"].append(path.name)
                self._set_aside(path)
        found["missing"] = sorted({record.digest for record in good.values() if not self.has(record.digest)})
        found["unindexed"] = sorted(set(good) - set(self.records(list(good))))
        if found["unindexed"]:
            self.close()
            self.rebuild_index()
        return found

    def clear(self) -> int:
        """Removes every artifact and record; returns how many files that were. The folder and its .gitignore stay."""
        import shutil

        self.close()
        count = 0
        for name in ("index", "records", "blobs", "set-aside", "tmp"):
            folder = self.folder / name
            count += sum(1 for path in folder.rglob("*") if path.is_file())
            if folder.is_dir():
                shutil.rmtree(folder)
        return count


def _text_disk() -> Any:
    """diskcache's Disk, made to take and give text only. Anything else it would pickle, and reading a pickle runs code:
    its JSONDisk still loads one that was planted in the file, because the row says how it is to be read."""
    import diskcache
    from diskcache.core import MODE_RAW

    class TextDisk(diskcache.Disk):  # type: ignore[misc]
        def put(self, key: Any) -> tuple[str, bool]:
            if not isinstance(key, str):
                raise TypeError("a key of the index is a str")
            return key, True

        def get(self, key: Any, raw: Any) -> str:
            if not raw or not isinstance(key, str):
                raise StoreError("the cache's index holds a key that soundgraph did not write")
            return key

        def store(self, value: Any, read: Any, key: Any = None) -> tuple[int, int, None, str]:
            if not isinstance(value, str) or read:
                raise TypeError("a value of the index is a str")
            return 0, MODE_RAW, None, value

        def fetch(self, mode: Any, filename: Any, value: Any, read: Any) -> str:
            if mode != MODE_RAW or filename is not None or read or not isinstance(value, str):
                raise StoreError("the cache's index holds a value that soundgraph did not write")
            return value

        def remove(self, file_path: Any) -> None:
            """No value is kept in a file: a row that names one was planted, perhaps to have that file deleted."""

    return TextDisk


def _write_file(path: Path, content: Content, *, sync: bool) -> None:
    with path.open("wb") as file:
        file.write(content())
        file.flush()
        if sync:
            os.fsync(file.fileno())


def _holds(path: Path, content: Content) -> bool:
    try:
        return path.read_bytes() == content()
    except OSError:
        return False


def _is_digest(text: object) -> bool:
    return isinstance(text, str) and len(text) == 64 and _HEX.issuperset(text)


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file is no whole database, rather than locked, full, or not to be written."""
    return not isinstance(error, sqlite3.OperationalError) or "no such" in str(error)


def _make_folder(folder: Path) -> None:
    """The cache's folder, open to its owner only: what is in it is trusted when it is read."""
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):  # somebody else's shared folder: its mode is theirs to choose
        if folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
    tag = folder / "CACHEDIR.TAG"
    if not tag.exists():
        # https://bford.info/cachedir/: backup programs leave such a folder out.
        tag.write_text("Signature: 8a477f597d28d172789f06886806bc55\n# soundgraph's cache\n", encoding="ascii")


def _sync_folder(folder: Path) -> None:
    """Makes renames in a folder last through a power cut, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = error.filename or folder
        raise StoreError(f"cannot write to the cache ({where}): {error.strerror or error}") from error
