"""The cache: a content-addressed artifact store (files), records of actions, and the index over them (`index`).

    cache/
      blobs/ab/<digest>.wav      samples, as `Audio.to_wav` writes them; the name is the SHA-256 of the file
      records/ab/<key>.json      what an action gave: the same text as in the index, so that it can be rebuilt
      index/cache.db             action key -> record, and small notes; a SQLite file
      set-aside/                 what was found damaged
      tmp/                       what is being written
      locks, running/            what builds know of each other (`leases`)

Blobs are published first (temporary file, fsync, rename), then the record's file, then the index: whatever is named
can be read. A blob is checked against its digest whenever it is read. Nothing here is ever evicted.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from soundgraph.audio.artifact import HEADER_BYTES, MAX_BYTES, Audio, from_wav
from soundgraph.cache import sealing
from soundgraph.cache.cache_folder import FOLDERS, Places
from soundgraph.cache.coordination import Leases
from soundgraph.cache.files import Content, Files, freshen, is_same, read_file
from soundgraph.cache.result_record import Record, digest_of_later, is_later
from soundgraph.cache.sqlite_index import Index, Pair
from soundgraph.core.errors import StoreError, UnwritableError

# How often what was removed under a build is made again before it is given up.
_TRIES = 20

# Without room for that much a build need not begin: the index alone needs it.
_ROOM_BYTES = 64 * 1024

MAX_RECORD_BYTES = 64 * 2**20
"""A file that is bigger is no record."""

ACTION, NOTE = "action:", "note:"
"""How the names of records and of notes begin in the index."""


T = TypeVar("T")


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

    def gate(self) -> contextlib.AbstractContextManager[None]:
        """While it is open to a build, nothing is deleted: what it finds and says to use, it has."""

    def use(self, keys: Sequence[str]) -> None:
        """Says that a build needs these records: they count as used now, and no collection takes them from it."""


class DiskStore:
    """The cache in a folder. Safe to use from several threads and processes."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.places = Places(folder, self._tell_of_file)
        self.leases = Leases(self.places)
        self.files = Files(self.places)
        self.index = Index(self.places, self._restored, self._tell_of_index, self.leases.index, self.leases.are_refused)
        self._damage: deque[str] = deque()
        self.looks_in_files = False
        """Whether a record that the index lacks is looked for among the files: it may not have got into the index."""
        self._bad: set[str] = set()  # digests of damaged blobs that could not be set aside
        self.grown_bytes = 0
        """About how much was published through this object; sounds that were there already are among it."""

    def damage(self) -> list[str]:
        """What was found damaged since this was last asked: a line for each, to be told."""
        found = []
        while self._damage:
            found.append(self._damage.popleft())
        return found

    def _tell_of_file(self, name: str, is_aside: bool) -> None:
        what = "was damaged and is set aside" if is_aside else "is damaged, and cannot be set aside"
        self._damage.append(f"{name} {what}")

    def _tell_of_index(self) -> None:
        self._damage.append(
            "index/cache.db was damaged and is set aside; it is made again from the files of the records"
        )

    # Reading

    def records(self, keys: Sequence[str]) -> dict[str, Record]:
        with disk_errors(self.folder):
            texts = self.index.get([f"{ACTION}{key}" for key in keys])
        found = {}
        for name, text in texts.items():
            record = Record.from_row(text)
            if record is None or f"{ACTION}{record.key}" != name:
                record = self._instead_of_row(name, text)
            if record is not None:
                found[record.key] = record
        if self.looks_in_files:
            for key in dict.fromkeys(keys):
                if key not in found and (record := self._in_file(self._record_file(key))) is not None:
                    found[key] = record
        return found

    def _instead_of_row(self, name: str, text: str) -> Record | None:
        """The record that a damaged row of the index stood for."""
        if is_later(text):
            return None
        found = self._in_file(self._record_file(name.removeprefix(ACTION)))
        how = "it is read from the record's file" if found is not None else "its file is gone, too"
        self._damage.append(f"index/cache.db: the row of action {name.removeprefix(ACTION)} was damaged; {how}")
        with contextlib.suppress(StoreError):
            if found is not None:
                self.index.put({name: found.to_json()})
            else:
                self.index.remove([name])
        return found

    def find(self, key: str) -> Record | None:
        found = self.records([key]).get(key)
        if found is not None:
            return found
        # Published by a process that died before it could put it into the index, or whose index was moved aside.
        found = self._in_file(self._record_file(key))
        if found is not None:
            with contextlib.suppress(StoreError):
                self.index.put({f"{ACTION}{key}": found.to_json()})
        return found

    def kept(self, key: str, digest: str) -> Record | None:
        found = self.records([key]).get(key)
        if found is not None and found.digest == digest:
            return found
        for path in (self._record_file(key), self._earlier_file(key, digest)):
            found = self._in_file(path)
            if found is not None and (found.key, found.digest) == (key, digest):
                return found
        return None

    def _in_file(self, path: Path) -> Record | None:
        """The record in a file; one that is damaged, or another's, is set aside."""
        try:
            data = read_file(path, MAX_RECORD_BYTES)
        except OSError:
            return None
        found = Record.from_json(data) if data is not None else None
        if found is not None and is_named(path, found):
            return found
        if data is None or not is_later(data):
            self.files.set_aside(path)
        return None

    def notes(self, names: Sequence[str]) -> dict[str, str]:
        with disk_errors(self.folder):
            texts = self.index.get([f"{NOTE}{name}" for name in names])
        found = {}
        for row, sealed in texts.items():
            name = row.removeprefix(NOTE)
            text = sealing.unseal(name, sealed)
            if text is not None:
                found[name] = text
            else:
                self._damage.append(f'index/cache.db: the note "{name}" was damaged, and is dropped')
                with contextlib.suppress(StoreError):
                    self.index.remove([row])
        return found

    def has(self, digest: str) -> bool:
        with disk_errors(self.folder):
            return digest not in self._bad and self.blob(digest).exists()

    def read(self, digest: str) -> Audio | None:
        if digest in self._bad:
            return None
        path = self.blob(digest)
        try:
            data = read_file(path, HEADER_BYTES + MAX_BYTES)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(f"cannot read {path}: {error.strerror}") from error
        with contextlib.suppress(ValueError):
            audio = from_wav(data or b"")
            if audio.digest == digest:
                return audio
        if not self.files.set_aside(path):
            self._bad.add(digest)
        return None

    def blob(self, digest: str) -> Path:
        """Where the artifact's file is, or would be."""
        return self.folder / "blobs" / digest[:2] / f"{digest}.wav"

    def record_file(self, key: str, digest: str = "") -> Path:
        """Where the file of an action's record is, or would be. digest: of an earlier take, whose record it is then."""
        return self._earlier_file(key, digest) if digest else self._record_file(key)

    # Writing

    def prepare(self) -> None:
        """Makes the folder, clears its places of what does not belong there, and tries whether it can be written: that
        is to be known before anything runs. Raises StoreError, UnwritableError if it cannot."""
        try:
            self._adopt()
            self.places.mend()
            self.places.check(_ROOM_BYTES)
        except OSError as error:
            raise self._unwritable(error) from error

    @property
    def may_change(self) -> bool:
        """Whether what is there may be changed, or removed: not whether there is room for more."""
        try:
            self.places.check(None)
        except OSError:
            return False
        return True

    def need_rights(self) -> None:
        """Raises UnwritableError where that is not so. Clears places of what does not belong there."""
        if self.is_there:
            try:
                self.places.check(None)
                self.places.mend()
            except OSError as error:
                raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> UnwritableError:
        where = _about(error, self.folder)
        return UnwritableError(f"the cache cannot be written ({where}: {error.strerror or error})")

    def _adopt(self) -> None:
        self.places.adopt()
        self.leases.renew()  # it may have been removed, and made again, while builds go on

    def _through_removal(self, act: Callable[[], T]) -> T:
        """What `act` returns. Where the folder is removed meanwhile, all or parts of it, it is made again."""
        for left in reversed(range(_TRIES)):
            was_there = False
            try:
                with disk_errors(self.folder):
                    self._adopt()
                    was_there = True
                    return act()
            except StoreError as error:
                lost = isinstance(error.__cause__, FileNotFoundError | NotADirectoryError)
                if not left or not (lost or (was_there and not self.is_there)):
                    raise
        raise AssertionError("the last try returns or raises")

    def put(self, results: Sequence[tuple[Record, Audio]], *, takes: bool) -> None:
        texts = {record.key: record.to_json() for record, _ in results}
        blobs = {self.blob(record.digest): audio.to_wav for record, audio in results}
        files = {self._record_file(key): text.encode for key, text in texts.items()}

        def publish() -> None:
            self.leases.open()
            with self.gate():
                self._keep_earlier(results)
                # What a power cut may take of other results than takes is a name or a record, and it is made again
                # then: syncing hundreds of folders, and each record, would cost more than most results do.
                self.files.publish(blobs.items(), sync=True, sync_folders=takes)
                self._bad.difference_update(record.digest for record, _ in results)
                self.files.publish(files.items(), sync=takes, sync_folders=takes)
                self.index.put({f"{ACTION}{key}": text for key, text in texts.items()})
                if time.time_ns() < self.leases.began_ns:
                    self._touch(texts)

        self._through_removal(publish)
        self.grown_bytes += sum(audio.samples.nbytes for _, audio in results)

    def _keep_earlier(self, results: Sequence[tuple[Record, Audio]]) -> None:
        """A take that is made again, and comes out otherwise, does not take the record of the earlier one with it.

        Of such an action the index says nothing until it has the new record: after a kill between the two the file
        would say one thing and the index another.
        """
        files: dict[Path, Content] = {}
        replaced: list[str] = []
        for record, _ in results:
            if not record.is_take:
                continue
            before = self.find(record.key)
            if before is None:
                files.update(self._later(record.key))
            elif before.digest != record.digest:
                files[self._earlier_file(before.key, before.digest)] = before.to_json().encode
                replaced.append(f"{ACTION}{record.key}")
        self.files.publish(files.items(), sync=True, sync_folders=True)
        self.index.remove(replaced)

    def _later(self, key: str) -> dict[Path, Content]:
        """The record that a later version has written for an action, to be kept as an earlier one."""
        try:
            data = read_file(self._record_file(key), MAX_RECORD_BYTES)
        except OSError:
            return {}
        if data is None or not is_later(data):
            return {}
        digest = digest_of_later(data)
        if digest is None:
            raise StoreError(
                f"a later version of soundgraph has written the record of action {key}, and it would be lost",
                "update soundgraph, or give this project a cache of its own",
            )
        return {self._earlier_file(key, digest): lambda: data}

    def put_notes(self, notes: Mapping[str, str]) -> None:
        if notes:
            sealed = {f"{NOTE}{name}": sealing.seal(name, text) for name, text in notes.items()}
            self._through_removal(lambda: self.index.put(sealed))

    def _record_file(self, key: str) -> Path:
        return self.folder / "records" / key[:2] / f"{key}.json"

    def _earlier_file(self, key: str, digest: str) -> Path:
        return self.folder / "records" / key[:2] / f"{key}.{digest[:16]}.json"

    def _restored(self) -> Iterator[Pair]:
        """What the index has to hold by the files of the records, and the notes that follow from them."""
        latest: dict[str, tuple[str, str]] = {}
        for path in self._record_files():
            record = self._in_file(path)
            if record is None or path.stem != record.key:
                continue
            yield f"{ACTION}{record.key}", record.to_json()
            note, at = record.made.get("note"), str(record.made.get("at", ""))
            if isinstance(note, str) and at >= latest.get(note, ("", ""))[0]:
                latest[note] = (at, record.key)
        for note, (_, key) in latest.items():
            yield f"{NOTE}{note}", sealing.seal(note, key)

    def _record_files(self) -> Iterator[Path]:
        for folder in sorted((self.folder / "records").glob("??")):
            yield from sorted(folder.glob("*.json"))

    def close(self) -> None:
        self.index.close()
        self.leases.close()

    # Builds at once, and collections beside them

    def claim(self, key: str) -> bool:
        with disk_errors(self.folder):
            return self.leases.claim(key)

    def release(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.leases.release(key)

    def use(self, keys: Sequence[str]) -> None:
        with contextlib.suppress(StoreError):  # a cache that cannot be written is not collected either
            self._touch(keys)

    def _touch(self, keys: Iterable[str]) -> None:
        if self.index.is_apart:  # the times are those of the records' files, then
            for key in keys:
                with contextlib.suppress(OSError):
                    freshen(self._record_file(key))
            return
        # A clock that is put back while a build goes on must not make its uses look earlier than the build.
        self.index.touch([f"{ACTION}{key}" for key in keys], max(time.time(), self.leases.began_ns / 1e9))

    @property
    def is_there(self) -> bool:
        """Whether the folder has been made a cache."""
        return self.places.is_there

    def gate(self, *, alone: bool = False) -> contextlib.AbstractContextManager[None]:
        """While a build looks up what it needs, or publishes, no collection deletes; alone: the other way round."""
        return self.leases.gate(alone=alone)

    def running(self) -> contextlib.AbstractContextManager[None]:
        """For as long as a build takes: what it has used since it began stays."""
        return self.leases.running()

    def oldest_running(self) -> float:
        """When the oldest of the builds began that go on here, in seconds since 1970; infinity if none does."""
        return self.leases.oldest_running()

    # From elsewhere: what `archive` has checked

    def temporary(self) -> Path:
        """A new name in the cache, for what is being written. Raises StoreError."""
        with disk_errors(self.folder):
            return self.files.temporary(1)[0]

    def take_in(self, digest: str, written: Path) -> bool:
        """Moves the file of a sound, which is what its digest says, to its place. Raises StoreError.

        Returns whether it was of use: not if the same is there already, which then counts as used now.
        """
        path = self.blob(digest)
        with disk_errors(self.folder), self.gate():
            if is_same(path, written):
                written.unlink()
                return False
            with written.open("rb+") as file:
                os.fsync(file.fileno())
            self.files.move(written, path)
            self._bad.discard(digest)
            self.files.sync_folders({path.parent})
        return True

    def add(self, records: Sequence[Record], *, earlier: bool = False) -> int:
        """Publishes records whose sounds are there; returns how many were new. Raises StoreError.

        What an action has given here stays its result. A take that says otherwise is kept beside it, as one that
        `--force` replaced is, for a pin to find; what can be made again is not kept twice.
        earlier: none of them becomes the result of its action, even if there is none here.
        """
        with disk_errors(self.folder), self.gate():
            files: dict[Path, Content] = {}
            current: dict[str, str] = {}
            for record in records:
                known = self.find(record.key)
                if known is None and not earlier:
                    current[f"{ACTION}{record.key}"] = record.to_json()
                    files[self._record_file(record.key)] = record.to_json().encode
                elif record.is_take and self.kept(record.key, record.digest) is None:
                    files[self._earlier_file(record.key, record.digest)] = record.to_json().encode
            self.files.publish(files.items(), sync=True, sync_folders=True)
            self.index.put(current)
        return len(files)

    @property
    def has_locks(self) -> bool:
        """Whether builds are known of each other here. Where there are no locks, nobody can tell whether one runs."""
        with self.gate():
            return self.leases.work

    # Collecting: `collecting` decides what goes, and removes the files

    def usage(self) -> dict[str, float]:
        """When each record of the index was last put or used, by action key, in seconds since 1970."""
        with disk_errors(self.folder):
            return {name.removeprefix(ACTION): at for name, at in self.index.used(ACTION).items()}

    def usage_of(self, keys: Sequence[str]) -> dict[str, float]:
        """The same of those keys that are there, now."""
        with disk_errors(self.folder):
            found = self.index.used_of([f"{ACTION}{key}" for key in keys])
        return {name.removeprefix(ACTION): at for name, at in found.items()}

    def drop(self, keys: Sequence[str]) -> None:
        """Takes records out of the index. What is still in a file will be found again."""
        with disk_errors(self.folder):
            self.index.remove([f"{ACTION}{key}" for key in keys])

    # For `soundgraph cache`

    def all_records(self) -> Iterator[Record]:
        """Every whole record, from its file."""
        for path in self._record_files():
            with contextlib.suppress(OSError):
                record = Record.from_json(read_file(path, MAX_RECORD_BYTES) or b"")
                if record is not None and record.key == path.stem:
                    yield record

    def stats(self) -> dict[str, Any]:
        """Counts and bytes of what is there."""
        with disk_errors(self.folder):
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

    def clear(self) -> int:
        """Removes every artifact and record; returns how many files that were. The folder and its .gitignore stay.

        Raises StoreError for a folder that is not a cache of soundgraph's.
        """
        import shutil

        count = 0
        self.need_rights()
        with disk_errors(self.folder):
            if self.folder.exists():
                self.places.adopt()
            # Not what builds know of each other: who waits for the gate would hold a lock on a file that is gone.
            with self.gate(alone=True):
                self.index.close()
                for name in sorted(FOLDERS - {"running"}):
                    folder = self.folder / name
                    count += sum(1 for path in folder.rglob("*") if path.is_file())
                    if folder.is_dir():
                        shutil.rmtree(folder)
        self.close()
        return count


def is_named(path: Path, record: Record) -> bool:
    """Whether a file of a record is named as that record's, or as that of an earlier take."""
    return path.name in (f"{record.key}.json", f"{record.key}.{record.digest[:16]}.json")


@contextlib.contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Errors of the system as StoreError."""
    try:
        yield
    except OSError as error:
        what = f"cannot use the cache ({_about(error, folder)}): {error.strerror or error}"
        raise StoreError(what) from error


def _about(error: OSError, folder: Path) -> Path:
    """The place that an error is about. The names of temporary files say nothing to anybody."""
    name = error.filename2 or error.filename
    if not isinstance(name, str | os.PathLike):
        return folder
    path = Path(os.fsdecode(name))
    if not path.is_absolute() and folder not in path.parents:
        return folder
    if path.parent == folder / "tmp":
        return path.parent
    # A file gets its name by a change of the folder that it is in.
    return path.parent if error.filename2 and isinstance(error, PermissionError) else path
