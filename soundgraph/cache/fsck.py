"""Reading everything in a cache, to find what is not as it was written, and to mend that."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from soundgraph.audio import artifact
from soundgraph.cache.disk import leases, registered_projects, sealing
from soundgraph.cache.disk.errors import disk_errors
from soundgraph.cache.disk.files import read_file
from soundgraph.cache.disk.records import MAX_RECORD_BYTES, is_named
from soundgraph.cache.disk.sqlite_index import ACTION, NOTE
from soundgraph.cache.disk.store import DiskStore
from soundgraph.cache.result_record import Record, is_later
from soundgraph.core.digest import DIGEST
from soundgraph.core.errors import StoreError
from soundgraph.core.threads import Workers

Report = Callable[[int, int], None]
"""Is told how many of the files were read, and how many there are."""

_ASIDE = "it is set aside"

FAULTS = {
    "damaged": ("is not the sound that its name says", f"{_ASIDE}; a build that needs it makes it again"),
    "missing": ("is named by a record, and is not there", "a build that needs it makes it again"),
    "bad_records": ("is no whole record", _ASIDE),
    "strays": ("does not belong there", _ASIDE),
    "unreadable": ("cannot be read", _ASIDE),
    "index": ("is damaged", "it is made again from the records"),
    "bad_rows": ("is a row of the index that soundgraph did not write so", "it is removed"),
    "unfiled": ("is in the index, and has no record's file", "it has one now"),
    "unindexed": ("is not in the index as in its record's file", "it is now"),
    "projects": (
        "does not tell which project it stands for, so that nothing can be collected",
        "it stays: the next build there that has anything to do mends it; remove it if that project is no more",
    ),
    "leftovers": ("was left by a process that was killed", "it is removed"),
}
"""Every sort of fault: words that follow the name of what has it, and what repair does."""

# What was begun that long ago was left by a process that was killed.
_STALE_S = 24 * 3600

_HASHERS = min(4, os.cpu_count() or 1)
_CHUNK = 2**20

# Records looked at within the gate at a time: no collection removes what one of them names meanwhile.
_BATCH = 200

_TWO = re.compile("[0-9a-f]{2}")
_BLOB = re.compile(rf"({DIGEST})\.wav")
_RECORD = re.compile(rf"({DIGEST})(\.[0-9a-f]{{16}})?\.json")


def verify(
    store: DiskStore, *, repair: bool = False, report: Report = lambda done, whole: None
) -> dict[str, list[str]]:
    """Reads every file of a cache. Others may go on using it.

    repair: sets aside what is damaged or does not belong there, puts whole records and sounds where they should be,
    mends the index, and removes leftovers. Then another call finds nothing, but for files of the list of projects: what
    stood in them is known to those projects only. Of a sound that is gone it keeps in mind that this is known. Without
    it, nothing is changed.

    Returns names of what was found, by its sort: all keys of `FAULTS`. Raises StoreError.
    """
    with disk_errors(store.folder):
        if not store.is_there:
            return {sort: [] for sort in FAULTS}
        audit = _Audit(store, repair, report)
        audit.places()
        audit.blobs()
        audit.records()
        audit.index()
        audit.leftovers()
        audit.names["projects"] = [
            path.relative_to(store.folder).as_posix() for path in registered_projects.damaged(store.folder)
        ]
        store.damage()  # it is told here
        return {sort: sorted(names) for sort, names in audit.names.items()}


class _Audit:
    def __init__(self, store: DiskStore, repair: bool, report: Report):
        self.store, self.repair, self.report = store, repair, report
        self.names: dict[str, list[str]] = {sort: [] for sort in FAULTS}
        self.done = 0
        self.whole = sum(_count(store.folder / name) for name in ("blobs", "records"))
        self.bad: set[str] = set()  # digests of damaged blobs
        self.faults = store.index.faults()

    def places(self) -> None:
        """What stands in the place of one of the cache's own folders and files; the index tells of its own."""
        for path in self.store.places.odd():
            if path.name not in ("blobs", "records", "index"):
                self._fault("strays", path)

    def blobs(self) -> None:
        with Workers(_HASHERS) as pool:  # hashing lets go of the interpreter's lock
            checks: deque[tuple[Path, object]] = deque()
            for path in self._files("blobs", _BLOB):
                checks.append((path, pool.submit(_digest, path)))
                if len(checks) > 4 * _HASHERS:
                    self._blob(*checks.popleft())
            while checks:
                self._blob(*checks.popleft())

    def _blob(self, path: Path, check: object) -> None:
        self._step()
        try:
            digest = check.result()  # type: ignore[attr-defined]
        except FileNotFoundError:  # removed since
            return
        except OSError:
            self._fault("unreadable", path)
            self.bad.add(path.stem)
            return
        if digest == path.stem and path.parent.name == digest[:2]:
            return
        self.bad.add(path.stem)
        self.names["damaged"].append(path.name)
        if not self.repair:
            return
        if digest is not None and not self.store.blobs.file(digest).exists():  # a whole sound under another name
            right = self.store.blobs.file(digest)
            right.parent.mkdir(exist_ok=True)
            path.replace(right)
        else:
            self._aside(path)

    def records(self) -> None:
        files = self._files("records", _RECORD)
        while some := [path for _, path in zip(range(_BATCH), files, strict=False)]:
            with self.store.coordination.gate():
                current: dict[str, Record] = {}
                for path in some:
                    self._step()
                    record = self._record(path)
                    if record is None:
                        continue
                    self._sound(record)
                    if path.stem == record.key:
                        current[record.key] = record
                self._indexed(current)

    def _record(self, path: Path) -> Record | None:
        try:
            data = read_file(path, MAX_RECORD_BYTES)
        except FileNotFoundError:
            return None
        except OSError:
            self._fault("unreadable", path)
            return None
        record = Record.from_json(data) if data is not None else None
        if record is not None and is_named(path, record) and path.parent.name == record.key[:2]:
            return record
        if data is not None and record is None and is_later(data):
            return None
        if self.repair and record is not None and not self.store.records.file(record.key).exists():
            # Whole, under another name: it is found there in this or the next pass, so that it is put right here.
            self._file(record)
            self._indexed({record.key: record}, told=False)
        self._fault("bad_records", path)
        return None

    def _sound(self, record: Record) -> None:
        digest = record.digest
        known = self.store.folder / "set-aside" / f"{digest}.missing"
        if digest not in self.bad and self.store.blobs.file(digest).exists():
            if self.repair:
                known.unlink(missing_ok=True)
            return
        if known.exists() or digest in self.names["missing"]:
            return
        self.names["missing"].append(digest)
        if self.repair:
            # The record stays: what rests on it is still right, and need not be made again, nor the take without need.
            known.parent.mkdir(exist_ok=True)
            known.write_bytes(b"")

    def _indexed(self, records: dict[str, Record], *, told: bool = True) -> None:
        if self.faults or not records:  # it is made again from all of them
            return
        texts = {f"{ACTION}{key}": record.to_json() for key, record in records.items()}
        known = self.store.index.stored(list(texts))
        wrong = {name: text for name, text in texts.items() if known.get(name) != text}
        if told and self.store.index.is_there:  # without one, all of it is made when it is first asked
            self.names["unindexed"] += [name.removeprefix(ACTION) for name in wrong]
        if self.repair:
            self.store.index.put(wrong)

    def index(self) -> None:
        rebuild = bool(self.faults)
        self.names["index"] = [f"index/cache.db ({fault})" for fault in self.faults]
        bad: list[int] = []
        kept: dict[str, str] = {}
        with contextlib.suppress(StoreError) if rebuild else contextlib.nullcontext():
            for row in self.store.index.rows():
                if not self._row(row.name, row.text):
                    bad.append(row.place)
                elif rebuild and row.text is not None and row.name.startswith(NOTE):
                    kept[row.name] = row.text
        if not self.repair:
            return
        if rebuild:
            self.store.index.rebuild()
            self.store.index.put(kept)
        else:
            self.store.index.discard(bad)

    def _row(self, name: str, text: str | None) -> bool:
        """Whether a row is as it was written."""
        if text is not None and name.startswith(NOTE) and sealing.unseal(name.removeprefix(NOTE), text) is not None:
            return True
        record = Record.from_json(text) if text is not None and name.startswith(ACTION) else None
        if record is None or f"{ACTION}{record.key}" != name:
            if text is not None and is_later(text):
                return True
            self.names["bad_rows"].append(name[:100])
            return False
        if not self.store.records.file(record.key).exists():
            with self.store.coordination.gate():  # a collection takes the row first, and then the file
                there = self.store.index.stored([name])
                if name in there and not self.store.records.file(record.key).exists():
                    self.names["unfiled"].append(record.key)
                    if self.repair:
                        self._file(record)
                    self._sound(record)
        return True

    def _file(self, record: Record) -> None:
        file = self.store.records.file(record.key)
        self.store.files.publish([(file, record.to_json().encode)], sync=True, sync_folders=True)

    def leftovers(self) -> None:
        folder = self.store.folder
        for path in (*_within(folder / "tmp"), *_within(folder / "running")):
            with contextlib.suppress(FileNotFoundError):
                is_old = time.time() - path.lstat().st_mtime > _STALE_S
                is_lease = path.parent.name == "running" and leases.is_build(path.name) and path.is_file()
                if is_old and not (is_lease and not self.store.leases.is_over(path.name)):
                    self._leftover(path)

    def _leftover(self, path: Path) -> None:
        self.names["leftovers"].append(path.relative_to(self.store.folder).as_posix())
        if self.repair:
            if path.is_dir() and not path.is_symlink():
                self._aside(path)
            else:
                path.unlink(missing_ok=True)

    # What is common to all

    def _files(self, name: str, pattern: re.Pattern[str]) -> Iterator[Path]:
        """The files in a folder of folders; what else is there is a stray."""
        top = self.store.folder / name
        if os.path.lexists(top) and (top.is_symlink() or not top.is_dir()):
            self._fault("strays", top)
            return
        for folder in _within(top):
            if not _TWO.fullmatch(folder.name) or folder.is_symlink() or not folder.is_dir():
                self._fault("strays", folder)
                continue
            for path in _within(folder):
                if not pattern.fullmatch(path.name) or path.is_symlink() or not path.is_file():
                    self._fault("strays", path)
                else:
                    yield path

    def _fault(self, sort: str, path: Path) -> None:
        self.names[sort].append(path.relative_to(self.store.folder).as_posix() if sort == "strays" else path.name)
        if self.repair:
            self._aside(path)

    def _aside(self, path: Path) -> None:
        if not self.store.files.set_aside(path):
            raise StoreError(f"cannot set {path} aside: may {self.store.folder} be written?")

    def _step(self) -> None:
        self.done += 1
        self.report(self.done, max(self.whole, self.done))


def _digest(path: Path) -> str | None:
    """The digest of a file that is a sound as soundgraph writes it; None for another one. Raises OSError."""
    with path.open("rb") as file:
        header = file.read(artifact.HEADER_BYTES)
        state = hashlib.sha256(header)
        while chunk := file.read(_CHUNK):
            state.update(chunk)
        try:
            artifact.shape_of_wav(header, file.tell())
        except ValueError:
            return None
    return state.hexdigest()


def _within(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _count(folder: Path) -> int:
    count = 0
    for inner in _within(folder):
        with contextlib.suppress(OSError), os.scandir(inner) as entries:
            count += sum(1 for _ in entries)
    return count
