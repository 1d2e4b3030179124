"""Records as files, each of one line of JSON; the index over them says which is which without a look at each file.

The record of an action that counts is `<key>.json`; takes beside it are `<key>.<16 digits of the digest>.json`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from soundgraph.cache.disk import sealing
from soundgraph.cache.disk.damage import Damage
from soundgraph.cache.disk.errors import disk_errors
from soundgraph.cache.disk.files import Content, Files, freshen, read_file
from soundgraph.cache.disk.index_file import Pair
from soundgraph.cache.disk.leases import Leases
from soundgraph.cache.disk.sqlite_index import ACTION, NOTE, Index
from soundgraph.cache.disk.writing import Writing
from soundgraph.cache.result_record import Record, digest_of_later, is_later
from soundgraph.cache.store import Draft
from soundgraph.core.errors import StoreError

MAX_RECORD_BYTES = 64 * 2**20
"""A file that is bigger is no record."""


class DiskRecords:
    """Safe to use from several threads and processes."""

    def __init__(self, files: Files, index: Index, leases: Leases, writing: Writing, damage: Damage, draft: Draft):
        self._folder, self._files, self._index = files.places.folder, files, index
        self._leases, self._writing, self._damage, self._draft = leases, writing, damage, draft
        self.looks_in_files = False
        """Whether a record that the index lacks is looked for among the files: it may not have got into the index."""

    def is_take(self, record: Record) -> bool:
        return record.backend is not None and not self._draft(record.backend)

    def is_draft(self, record: Record) -> bool:
        return record.backend is not None and self._draft(record.backend)

    # Reading

    def lookup(self, keys: Sequence[str]) -> dict[str, Record]:
        with disk_errors(self._folder):
            texts = self._index.get([f"{ACTION}{key}" for key in keys])
        records = {}
        for name, text in texts.items():
            record = Record.from_row(text)
            if record is None or f"{ACTION}{record.key}" != name:
                record = self._instead_of_row(name, text)
            if record is not None:
                records[record.key] = record
        if self.looks_in_files:
            for key in dict.fromkeys(keys):
                if key not in records and (record := self._in_file(self.file(key))) is not None:
                    records[key] = record
        return records

    def _instead_of_row(self, name: str, text: str) -> Record | None:
        """The record that a damaged row of the index stood for."""
        if is_later(text):
            return None
        record = self._in_file(self.file(name.removeprefix(ACTION)))
        how = "it is read from the record's file" if record is not None else "its file is gone, too"
        self._damage.add(f"index/cache.db: the row of action {name.removeprefix(ACTION)} was damaged; {how}")
        with contextlib.suppress(StoreError):
            if record is not None:
                self._index.put({name: record.to_json()})
            else:
                self._index.remove([name])
        return record

    def find(self, key: str) -> Record | None:
        record = self.lookup([key]).get(key)
        if record is not None:
            return record
        # Published by a process that died before it could put it into the index, or whose index was moved aside.
        record = self._in_file(self.file(key))
        if record is not None:
            with contextlib.suppress(StoreError):
                self._index.put({f"{ACTION}{key}": record.to_json()})
        return record

    def kept(self, key: str, digest: str) -> Record | None:
        current = self.lookup([key]).get(key)
        if current is not None and current.digest == digest:
            return current
        for path in (self.file(key), self.file(key, digest)):
            record = self._in_file(path)
            if record is not None and (record.key, record.digest) == (key, digest):
                return record
        return None

    def _in_file(self, path: Path) -> Record | None:
        """The record in a file; one that is damaged, or another's, is set aside."""
        try:
            data = read_file(path, MAX_RECORD_BYTES)
        except OSError:
            return None
        record = Record.from_json(data) if data is not None else None
        if record is not None and is_named(path, record):
            return record
        if data is None or not is_later(data):
            self._files.set_aside(path)
        return None

    def file(self, key: str, digest: str = "") -> Path:
        """Where an action's record is, or would be. digest: of a take beside it, whose record it is then."""
        ending = f".{digest[:16]}" if digest else ""
        return self._folder / "records" / key[:2] / f"{key}{ending}.json"

    def _all_files(self) -> Iterator[Path]:
        for folder in sorted((self._folder / "records").glob("??")):
            yield from sorted(folder.glob("*.json"))

    def all(self) -> Iterator[Record]:
        """Every whole record that counts, from its file."""
        for path in self._all_files():
            with contextlib.suppress(OSError):
                record = Record.from_json(read_file(path, MAX_RECORD_BYTES) or b"")
                if record is not None and record.key == path.stem:
                    yield record

    def index_rows(self) -> Iterator[Pair]:
        """What the index has to hold by the files of the records, and the notes that follow from them."""
        latest: dict[str, tuple[str, str]] = {}
        for path in self._all_files():
            record = self._in_file(path)
            if record is None or path.stem != record.key:
                continue
            yield f"{ACTION}{record.key}", record.to_json()
            note, at = record.made.get("note"), str(record.made.get("at", ""))
            if isinstance(note, str) and at >= latest.get(note, ("", ""))[0]:
                latest[note] = (at, record.key)
        for note, (_, key) in latest.items():
            yield f"{NOTE}{note}", sealing.seal(note, key)

    # Writing

    def put(self, records: Sequence[Record], *, takes: bool) -> None:
        texts = {record.key: record.to_json() for record in records}
        files = {self.file(key): text.encode for key, text in texts.items()}

        def publish() -> None:
            self._keep_earlier(records)
            self._files.publish(files.items(), sync=takes, sync_folders=takes)
            self._index.put({f"{ACTION}{key}": text for key, text in texts.items()})
            if time.time_ns() < self._leases.began_ns:
                self.touch(texts)

        self._writing.publish(publish)

    def _keep_earlier(self, records: Sequence[Record]) -> None:
        """A take that is made again, and comes out otherwise, does not take the record of the earlier one with it.

        Of such an action the index says nothing until it has the new record: after a kill between the two the file
        would say one thing and the index another.
        """
        files: dict[Path, Content] = {}
        replaced: list[str] = []
        for record in records:
            if not self.is_take(record):
                continue
            before = self.find(record.key)
            if before is None:
                files.update(self._of_later_version(record.key))
            elif before.digest != record.digest:
                files[self.file(before.key, before.digest)] = before.to_json().encode
                replaced.append(f"{ACTION}{record.key}")
        self._files.publish(files.items(), sync=True, sync_folders=True)
        self._index.remove(replaced)

    def _of_later_version(self, key: str) -> dict[Path, Content]:
        """The record that a later version has written for an action, to be kept beside the one that replaces it."""
        try:
            data = read_file(self.file(key), MAX_RECORD_BYTES)
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
        return {self.file(key, digest): lambda: data}

    def add(self, records: Sequence[Record], *, earlier: bool = False) -> int:
        """Publishes records from elsewhere, whose sounds are there; returns how many were new.

        What an action has given here stays its result. A take that says otherwise is kept beside it, as one that
        `--force` replaced is, for a pin to find; what can be made again is not kept twice.
        earlier: none of them becomes the result of its action, even if there is none here. Raises StoreError.
        """
        with disk_errors(self._folder), self._writing.gate():
            files: dict[Path, Content] = {}
            current: dict[str, str] = {}
            for record in records:
                known = self.find(record.key)
                if known is None and not earlier:
                    current[f"{ACTION}{record.key}"] = record.to_json()
                    files[self.file(record.key)] = record.to_json().encode
                elif self.is_take(record) and self.kept(record.key, record.digest) is None:
                    files[self.file(record.key, record.digest)] = record.to_json().encode
            self._files.publish(files.items(), sync=True, sync_folders=True)
            self._index.put(current)
        return len(files)

    # Use, and what a collection takes away

    def touch(self, keys: Iterable[str]) -> None:
        """Notes that they are used now. Raises StoreError."""
        if self._index.is_apart:  # the times are those of the records' files, then
            for key in keys:
                with contextlib.suppress(OSError):
                    freshen(self.file(key))
            return
        # A clock that is put back while a build goes on must not make its uses look earlier than the build.
        self._index.touch([f"{ACTION}{key}" for key in keys], max(time.time(), self._leases.began_ns / 1e9))

    def usage(self) -> dict[str, float]:
        """When each record of the index was last put or used, by action key, in seconds since 1970."""
        with disk_errors(self._folder):
            return {name.removeprefix(ACTION): at for name, at in self._index.used(ACTION).items()}

    def usage_of(self, keys: Sequence[str]) -> dict[str, float]:
        """The same of those keys that are there, now."""
        with disk_errors(self._folder):
            usage = self._index.used_of([f"{ACTION}{key}" for key in keys])
        return {name.removeprefix(ACTION): at for name, at in usage.items()}

    def drop(self, keys: Sequence[str]) -> None:
        """Takes records out of the index. What is still in a file will be found again."""
        with disk_errors(self._folder):
            self._index.remove([f"{ACTION}{key}" for key in keys])


def is_named(path: Path, record: Record) -> bool:
    """Whether a file of a record is named as that record's, or as that of a take beside it."""
    return path.name in (f"{record.key}.json", f"{record.key}.{record.digest[:16]}.json")
