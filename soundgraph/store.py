"""The cache: a content-addressed artifact store (files), records of actions, and the index over them (`index`).

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
import filecmp
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from soundgraph import stamp
from soundgraph.audio import Audio, from_wav
from soundgraph.claims import Claims
from soundgraph.errors import StoreError
from soundgraph.index import Index
from soundgraph.records import Record

# Files written one after another, and from how many threads when there are more.
_FEW = 4
_WRITERS = 8

Content = Callable[[], bytes]

_TAG = "CACHEDIR.TAG"
_TAG_LINE = "# soundgraph's cache"

# A temporary file that old was left by a process that was killed.
_STALE_S = 24 * 3600


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

    def find(self, key: str) -> Record | None:
        """The record of a key, looked for wherever one may be: what another process has just published, too."""

    def kept(self, key: str, digest: str) -> Record | None:
        """The record by which an action gave that very artifact: the current one, or one that `--force` replaced."""

    def notes(self, names: Sequence[str]) -> dict[str, str]:
        """Small texts kept by name."""

    def put_notes(self, notes: Mapping[str, str]) -> None: ...

    # Builds at once

    def claim(self, key: str) -> bool:
        """Whether this build may run the action now; False while another one does. Ends by `release`, or by itself
        with the process."""

    def release(self, keys: Iterable[str]) -> None:
        """What was claimed is done, or given up. Not before its record is published."""

    def use(self, keys: Sequence[str]) -> None:
        """Says that a build needs these records: they count as used now, and no collection takes them from it."""


class DiskStore:
    """The cache in a folder. Safe to use from several threads and processes."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._index = Index(folder / "index", folder / "set-aside", self._restored)
        self._claims = Claims(folder / "locks")
        self._gates = _Counted()
        self._count = itertools.count()
        self.grown_bytes = 0
        """About how much was published through this object; sounds that were there already are among it."""

    # Reading

    def records(self, keys: Sequence[str]) -> dict[str, Record]:
        with _disk_errors(self.folder):
            texts = self._index.get([f"action:{key}" for key in keys])
        found = {}
        for name, text in texts.items():
            record = Record.from_json(text)
            if record is not None and f"action:{record.key}" == name:
                found[record.key] = record
        return found

    def find(self, key: str) -> Record | None:
        found = self.records([key]).get(key)
        if found is not None:
            return found
        # Published by a process that died before it could put it into the index, or whose index was moved aside.
        found = self._in_file(self._record_file(key))
        if found is not None and found.key == key:
            with contextlib.suppress(StoreError):
                self._index.put({f"action:{key}": found.to_json()})
            return found
        return None

    def kept(self, key: str, digest: str) -> Record | None:
        files = (self._record_file(key), self._earlier_file(key, digest))
        for found in itertools.chain([self.records([key]).get(key)], map(self._in_file, files)):
            if found is not None and (found.key, found.digest) == (key, digest):
                return found
        return None

    def _in_file(self, path: Path) -> Record | None:
        try:
            return Record.from_json(path.read_bytes())
        except OSError:
            return None

    def notes(self, names: Sequence[str]) -> dict[str, str]:
        with _disk_errors(self.folder):
            texts = self._index.get([f"note:{name}" for name in names])
        return {name.removeprefix("note:"): text for name, text in texts.items()}

    def has(self, digest: str) -> bool:
        with _disk_errors(self.folder):
            return self.blob(digest).exists()

    def read(self, digest: str) -> Audio | None:
        path = self.blob(digest)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except IsADirectoryError:
            data = b""
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

    def record_file(self, key: str, digest: str = "") -> Path:
        """Where the file of an action's record is, or would be. digest: of an earlier take, whose record it is then."""
        return self._earlier_file(key, digest) if digest else self._record_file(key)

    # Writing

    def prepare(self) -> None:
        """Makes the folder, so that one which cannot be used is told before anything runs. Raises StoreError."""
        with _disk_errors(self.folder):
            _adopt(self.folder)

    def put(self, results: Sequence[tuple[Record, Audio]], *, takes: bool) -> None:
        texts = {record.key: record.to_json() for record, _ in results}
        blobs = {self.blob(record.digest): audio.to_wav for record, audio in results}
        files = {self._record_file(key): text.encode for key, text in texts.items()}
        with _disk_errors(self.folder):
            _adopt(self.folder)
        with _disk_errors(self.folder), self.gate():
            self._keep_earlier(results)
            # What a power cut may take of other results than takes is a name or a record, and it is made again then:
            # syncing hundreds of folders, and each record, would cost more than most results do.
            self._publish(blobs.items(), sync=True, sync_folders=takes)
            self._publish(files.items(), sync=takes, sync_folders=takes)
            self._index.put({f"action:{key}": text for key, text in texts.items()})
        self.grown_bytes += sum(audio.samples.nbytes for _, audio in results)

    def _keep_earlier(self, results: Sequence[tuple[Record, Audio]]) -> None:
        """A take that is made again, and comes out otherwise, does not take the record of the earlier one with it."""
        takes = [record for record, _ in results if record.is_take]
        before = self.records([record.key for record in takes]) if takes else {}
        earlier = [before[one.key] for one in takes if one.key in before and before[one.key].digest != one.digest]
        files = {self._earlier_file(one.key, one.digest): one.to_json().encode for one in earlier}
        self._publish(files.items(), sync=True, sync_folders=True)

    def put_notes(self, notes: Mapping[str, str]) -> None:
        with _disk_errors(self.folder):
            if notes:
                _adopt(self.folder)
            self._index.put({f"note:{name}": text for name, text in notes.items()})

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
                except IsADirectoryError:
                    self._set_aside(path)
                    place.replace(path)
            if sync_folders:
                for folder in {path.parent for _, path in moves}:
                    sync_folder(folder)
        except BaseException:
            for place in temporary:
                place.unlink(missing_ok=True)
            raise

    def _temporary(self, count: int) -> list[Path]:
        """New names in the folder for what is being written."""
        folder = self.folder / "tmp"
        if count:
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

    def _earlier_file(self, key: str, digest: str) -> Path:
        return self.folder / "records" / key[:2] / f"{key}.{digest[:16]}.json"

    def _restored(self) -> dict[str, str]:
        """What the index has to hold by the files of the records, and the notes that follow from them."""
        texts: dict[str, str] = {}
        latest: dict[str, tuple[str, str]] = {}
        for record in self.all_records():
            texts[f"action:{record.key}"] = record.to_json()
            note, at = record.made.get("note"), str(record.made.get("at", ""))
            if isinstance(note, str) and at >= latest.get(note, ("", ""))[0]:
                latest[note] = (at, record.key)
        return texts | {f"note:{note}": key for note, (_, key) in latest.items()}

    def close(self) -> None:
        self._index.close()
        self._claims.close()

    # Builds at once, and collections beside them

    def claim(self, key: str) -> bool:
        return not self.is_there or self._claims.claim(_place(key))

    def release(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._claims.release(_place(key))

    def use(self, keys: Sequence[str]) -> None:
        with contextlib.suppress(StoreError):  # a cache that cannot be written is not collected either
            self._index.touch([f"action:{key}" for key in keys])

    @property
    def is_there(self) -> bool:
        """Whether the folder has been made a cache."""
        return (self.folder / _TAG).exists()

    @contextlib.contextmanager
    def gate(self, *, alone: bool = False) -> Iterator[None]:
        """While a build looks up what it needs, or publishes, no collection deletes; alone: the other way round."""
        if not self.is_there:
            yield
            return
        with self._gates:
            if self._gates.first:
                self._claims.claim(_GATE, shared=not alone, wait=True)
        try:
            yield
        finally:
            with self._gates:
                if self._gates.last:
                    self._claims.release(_GATE)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """For as long as a build takes: what it has used since it began stays.

        A file says when it began; a lock, which ends with the process, that it goes on.
        """
        folder = self.folder / "running"
        name = f"{time.time_ns():x}"
        with contextlib.suppress(OSError):
            if self.is_there:
                folder.mkdir(exist_ok=True)
                (folder / name).write_bytes(b"")
                self._claims.claim(_running(name))
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                (folder / name).unlink(missing_ok=True)
            self._claims.release(_running(name))

    def oldest_running(self) -> float:
        """When the oldest of the builds began that go on here, in seconds since 1970; infinity if none does."""
        oldest = float("inf")
        for path in sorted((self.folder / "running").glob("*")):
            if self._claims.claim(_running(path.name)) and self._claims.work:
                path.unlink(missing_ok=True)  # its build was killed
                self._claims.release(_running(path.name))
            else:
                oldest = min(oldest, int(path.name, 16) / 1e9)
        return oldest

    # From elsewhere: what `archive` has checked

    def temporary(self) -> Path:
        """A new name in the cache, for what is being written. Raises StoreError."""
        with _disk_errors(self.folder):
            return self._temporary(1)[0]

    def take_in(self, digest: str, written: Path) -> bool:
        """Moves the file of a sound, which is what its digest says, to its place. Raises StoreError.

        Returns whether it was of use: not if the same is there already, which then counts as used now.
        """
        path = self.blob(digest)
        with _disk_errors(self.folder), self.gate():
            if _is_same(path, written):
                written.unlink()
                return False
            with written.open("rb+") as file:
                os.fsync(file.fileno())
            path.parent.mkdir(parents=True, exist_ok=True)
            written.replace(path)
            sync_folder(path.parent)
        return True

    def add(self, records: Sequence[Record], *, earlier: bool = False) -> int:
        """Publishes records whose sounds are there; returns how many were new. Raises StoreError.

        What an action has given here stays its result. A take that says otherwise is kept beside it, as one that
        `--force` replaced is, for a pin to find; what can be made again is not kept twice.
        earlier: none of them becomes the result of its action, even if there is none here.
        """
        with _disk_errors(self.folder), self.gate():
            files: dict[Path, Content] = {}
            current: dict[str, str] = {}
            for record in records:
                known = self.find(record.key)
                if known is None and not earlier:
                    current[f"action:{record.key}"] = record.to_json()
                    files[self._record_file(record.key)] = record.to_json().encode
                elif record.is_take and self.kept(record.key, record.digest) is None:
                    files[self._earlier_file(record.key, record.digest)] = record.to_json().encode
            self._publish(files.items(), sync=True, sync_folders=True)
            self._index.put(current)
        return len(files)

    @property
    def has_locks(self) -> bool:
        """Whether builds are known of each other here. Where there are no locks, nobody can tell whether one runs."""
        with self.gate():
            return self._claims.work

    # Collecting: `collecting` decides what goes, and removes the files

    def usage(self) -> dict[str, float]:
        """When each record of the index was last put or used, by action key, in seconds since 1970."""
        with _disk_errors(self.folder):
            return {name.removeprefix("action:"): at for name, at in self._index.used("action:").items()}

    def usage_of(self, keys: Sequence[str]) -> dict[str, float]:
        """The same of those keys that are there, now."""
        with _disk_errors(self.folder):
            found = self._index.used_of([f"action:{key}" for key in keys])
        return {name.removeprefix("action:"): at for name, at in found.items()}

    def drop(self, keys: Sequence[str]) -> None:
        """Takes records out of the index. What is still in a file will be found again."""
        with _disk_errors(self.folder):
            self._index.remove([f"action:{key}" for key in keys])

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
        with _disk_errors(self.folder):
            blobs = [path.stat().st_size for path in (self.folder / "blobs").glob("??/*.wav")]
            records = list(self.all_records())
            aside = list((self.folder / "set-aside").glob("*.wav"))
        generated = [record for record in records if record.manifest.get("kind") == "generate"]
        drafts = [record for record in generated if record.manifest.get("model", {}).get("backend") == "draft"]
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
        """Reads everything. Sets damaged blobs and records aside, mends the index, and removes what killed processes
        left half written.

        Returns the names of what was found: "damaged" blobs; "missing", the digests that records name and that are not
        there; "bad_records"; keys that are "unfiled" (without a record's file) or "unindexed"; "leftovers" of killed
        processes.
        """
        found: dict[str, list[str]] = {}
        with _disk_errors(self.folder):
            found["damaged"] = [
                path.name for path in sorted((self.folder / "blobs").glob("??/*")) if self._faulty(path)
            ]
            good = {record.key: record for record in self.all_records()}
            damaged = {Path(name).stem for name in found["damaged"]}
            digests = {record.digest for record in good.values()} - damaged
            found["missing"] = sorted(digest for digest in digests if not self.has(digest))
            found["bad_records"] = []
            for path in sorted((self.folder / "records").glob("??/*")):
                if path.stem not in good or path.suffix != ".json":
                    found["bad_records"].append(path.name)
                    self._set_aside(path)
            keys = [name.removeprefix("action:") for name in self._index.names("action:")]
            unfiled = {key: record for key, record in self.records(keys).items() if key not in good}
            found["unfiled"] = sorted(unfiled)
            files = {self._record_file(key): record.to_json().encode for key, record in unfiled.items()}
            self._publish(files.items(), sync=True, sync_folders=True)
            found["unindexed"] = sorted(set(good) - set(self.records(list(good))))
            if found["unindexed"]:
                self._index.rebuild()
            found["leftovers"] = []
            for path in sorted((self.folder / "tmp").glob("*")):
                if time.time() - path.stat().st_mtime > _STALE_S:
                    found["leftovers"].append(path.name)
                    path.unlink(missing_ok=True)
        return found

    def _faulty(self, path: Path) -> bool:
        """Whether a file among the blobs is not what its name says; it is then set aside."""
        if self.blob(path.stem) == path:
            return self.read(path.stem) is None
        self._set_aside(path)
        return True

    def clear(self) -> int:
        """Removes every artifact and record; returns how many files that were. The folder and its .gitignore stay.

        Raises StoreError for a folder that is not a cache of soundgraph's.
        """
        import shutil

        self.close()
        count = 0
        with _disk_errors(self.folder):
            if self.folder.exists():
                _adopt(self.folder)
            for name in ("index", "records", "blobs", "set-aside", "tmp", "projects"):
                folder = self.folder / name
                count += sum(1 for path in folder.rglob("*") if path.is_file())
                if folder.is_dir():
                    shutil.rmtree(folder)
        return count


class _Counted:
    """How many threads of this process are within a block that takes one lock for all of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    @property
    def first(self) -> bool:
        self._inside += 1
        return self._inside == 1

    @property
    def last(self) -> bool:
        self._inside -= 1
        return self._inside == 0


# Places of `locks`. Actions have the lower half of the range, builds that run the upper one but for its last place.
_GATE = 2**62 - 1


def _place(key: str) -> int:
    return int(key[:16], 16) >> 3


def _running(name: str) -> int:
    return 2**61 + int(name, 16) % (2**61 - 1)


def _write_file(path: Path, content: Content, *, sync: bool) -> None:
    with path.open("wb") as file:
        file.write(content())
        file.flush()
        if sync:
            os.fsync(file.fileno())


def _holds(path: Path, content: Content) -> bool:
    try:
        return path.read_bytes() == content() and _freshen(path)
    except OSError:
        return False


def _is_same(path: Path, other: Path) -> bool:
    try:
        return filecmp.cmp(path, other, shallow=False) and _freshen(path)
    except OSError:
        return False


def _freshen(path: Path) -> bool:
    """What a collection has seen, and taken for unused, is used now: it finds another time there. Raises OSError."""
    now = time.time_ns()
    os.utime(path, ns=(now, now))
    return True


def _is_ours(folder: Path) -> bool:
    """Whether a folder is a cache of soundgraph's, or can become one: new, or empty but for hidden files."""
    if _is_tagged(folder) or not folder.exists() or all(path.name.startswith(".") for path in folder.iterdir()):
        return True
    return _is_tagged(folder)  # another build may have made it one since the first look


def _is_tagged(folder: Path) -> bool:
    try:
        return _TAG_LINE in (folder / _TAG).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return False


def _adopt(folder: Path) -> None:
    """Makes the cache's folder, open to its owner only: what is in it is trusted when it is read.

    The mode is set once: opening a folder to a group later is its owner's decision.
    Raises StoreError for a folder that holds something else.
    """
    if not _is_ours(folder):
        raise StoreError(
            f"{folder} holds files that are not soundgraph's\n  let [cache] dir name a new folder, or an empty one"
        )
    tag = folder / _TAG
    if not tag.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        # https://bford.info/cachedir/: backup programs leave such a folder out.
        # At once: another build, or the next one after a kill, would take a folder with half a tag for somebody else's.
        content = f"Signature: 8a477f597d28d172789f06886806bc55\n{_TAG_LINE}\n"
        stamp.write_atomically(str(tag), content.encode("ascii"), sync=True)


def sync_folder(folder: Path) -> None:
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
        raise StoreError(f"cannot use the cache ({where}): {error.strerror or error}") from error
