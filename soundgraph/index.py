"""The action index: small texts by name, in diskcache's SQLite file, read and written without a pickle.

The index can be lost: what it holds is made again from files by the `restore` it is given.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from soundgraph.errors import StoreError

# SQLite's default limit on variables in one statement, on builds before 3.32.
_BATCH = 900

Restore = Callable[[], Mapping[str, str]]
"""All that can be told of the index's content from elsewhere."""


class Index:
    """Texts by name. Safe to use from several threads and processes.

    folder: of the database. aside: where a damaged one is put.
    """

    def __init__(self, folder: Path, aside: Path, restore: Restore):
        self._folder, self._aside, self._restore = folder, aside, restore
        self._file = folder / "cache.db"
        self._cache: Any = None
        self._opening = threading.RLock()
        self._reader: sqlite3.Connection | None = None
        self._reading = threading.Lock()

    def get(self, names: Sequence[str]) -> dict[str, str]:
        """The texts of those names that have one. Raises StoreError if they cannot be read.

        A few statements for all of them: diskcache's own `get` costs ten times as much a name. Only rows that hold
        plain text are looked at, so that a pickle planted in the file is never loaded.
        """
        if not names:
            return {}
        if not self._file.exists():
            texts = self._restore()
            if not texts:
                return {}
            self._fill(texts)
        try:
            return self._read(names)
        except sqlite3.DatabaseError as error:
            self._mend(error)
        with self._errors():
            return self._read(names)

    def _read(self, names: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        names = sorted(names)  # neighbours lie on one page of the file: a quarter of the time where there are many
        with self._reading:
            if self._reader is None:
                self._reader = self._connect()
            for start in range(0, len(names), _BATCH):
                some = names[start : start + _BATCH]
                query = (
                    "SELECT key, value FROM Cache WHERE raw = 1 AND mode = 1 AND filename IS NULL"
                    f" AND typeof(value) = 'text' AND key IN ({','.join('?' * len(some))})"
                )
                found.update(self._reader.execute(query, some).fetchall())
        return found

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, timeout=60, check_same_thread=False)
        try:
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            if not any(word in str(error) for word in ("unable to open", "readonly", "read-only")):
                raise
            # On a read-only file system SQLite cannot make the files beside it that it wants for reading.
            connection.close()
            place = f"{self._file.absolute().as_uri()}?mode=ro&immutable=1"
            connection = sqlite3.connect(place, uri=True, check_same_thread=False)
        return connection

    def names(self, prefix: str) -> list[str]:
        """All names that begin so. Raises StoreError."""
        if not self.get([prefix]) and self._reader is None:
            return []
        with self._errors(), self._reading:
            assert self._reader is not None
            rows = self._reader.execute("SELECT key FROM Cache WHERE raw = 1 AND typeof(key) = 'text'").fetchall()
        return sorted(name for (name,) in rows if name.startswith(prefix))

    def put(self, texts: Mapping[str, str]) -> None:
        """Keeps them, all or none. Raises StoreError if they cannot be written."""
        if not texts:
            return
        try:
            self._write(texts)
        except sqlite3.DatabaseError as error:
            self._mend(error)
            with self._errors():
                self._write(texts)

    def touch(self, names: Sequence[str]) -> None:
        """Notes that they are used now, in diskcache's own column for that. Raises StoreError."""
        if not names or not self._file.exists():
            return
        self._write({})  # opens it for writing
        now = time.time()
        with self._errors(), self._cache.transact(retry=True):
            for start in range(0, len(names), _BATCH):
                some = names[start : start + _BATCH]
                marks = ",".join("?" * len(some))
                self._cache._sql(f"UPDATE Cache SET access_time = ? WHERE raw = 1 AND key IN ({marks})", [now, *some])

    def used(self, prefix: str) -> dict[str, float]:
        """When each of the names that begin so was last put or touched, in seconds since 1970. Raises StoreError."""
        if not self.get([prefix]) and self._reader is None:
            return {}
        with self._errors(), self._reading:
            assert self._reader is not None
            query = "SELECT key, max(store_time, access_time) FROM Cache WHERE raw = 1 AND typeof(key) = 'text'"
            rows = self._reader.execute(query).fetchall()
        return {name: float(at) for name, at in rows if name.startswith(prefix)}

    def used_of(self, names: Sequence[str]) -> dict[str, float]:
        """The same of those names that are there. Raises StoreError."""
        if not self.get(names[:1]) and self._reader is None:
            return {}
        found: dict[str, float] = {}
        with self._errors(), self._reading:
            assert self._reader is not None
            for start in range(0, len(names), _BATCH):
                some = names[start : start + _BATCH]
                marks = ",".join("?" * len(some))
                query = f"SELECT key, max(store_time, access_time) FROM Cache WHERE raw = 1 AND key IN ({marks})"
                found.update((name, float(at)) for name, at in self._reader.execute(query, some))
        return found

    def remove(self, names: Sequence[str]) -> None:
        """Takes them out, all or none. Raises StoreError."""
        if not names or not self._file.exists():
            return
        with self._errors():
            self._write({})  # opens it for writing
            with self._cache.transact(retry=True):
                for start in range(0, len(names), _BATCH):
                    some = names[start : start + _BATCH]
                    self._cache._sql(f"DELETE FROM Cache WHERE raw = 1 AND key IN ({','.join('?' * len(some))})", some)

    def rebuild(self) -> None:
        """Puts in what can be told from elsewhere; what else it holds stays."""
        self.close()
        self._fill(self._restore())

    def close(self) -> None:
        with self._reading:
            if self._reader is not None:
                self._reader.close()
                self._reader = None
        with self._opening:
            if self._cache is not None:
                self._cache.close()
                self._cache = None

    def _mend(self, error: sqlite3.DatabaseError) -> None:
        """Makes a damaged index again. Raises StoreError for what is no damage: locked, full, not to be written."""
        if isinstance(error, sqlite3.OperationalError) and "no such" not in str(error):
            raise StoreError(f"cannot use the cache's index {self._file}: {error}") from error
        self.close()
        if not str(error).startswith("no such table"):
            aside = self._aside / f"index-{time.time_ns():x}"
            aside.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # another process was first
                self._folder.replace(aside)
        # Without its table it is empty, or another process is making it at this moment: moved aside, that process would
        # go on writing to it there.
        self._fill(self._restore())

    def _fill(self, texts: Mapping[str, str]) -> None:
        with self._errors():
            self._write(texts)

    def _write(self, texts: Mapping[str, str]) -> None:
        with self._opening:
            if self._cache is None:
                lost = not self._file.exists()
                self._cache = _open(self._folder)
                texts = {**self._restore(), **texts} if lost else texts
        with self._cache.transact(retry=True):
            for name, text in texts.items():
                self._cache.set(name, text, retry=True)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise StoreError(f"cannot use the cache's index {self._file}: {error}") from error


def _open(folder: Path) -> Any:
    import diskcache

    # diskcache's defaults would drop the oldest entries, without a word, at 1 GiB.
    settings = {"eviction_policy": "none", "size_limit": 2**62, "cull_limit": 0}
    return diskcache.Cache(_plain_path(folder), disk=_text_disk(), timeout=60, **settings)


@cache
def _plain_path(folder: Path) -> str:
    """A path of the folder that diskcache takes as it is: it puts the value of HOME where a name has "$HOME" in it."""
    if os.path.expandvars(str(folder)) == str(folder):
        return str(folder)
    place = tempfile.TemporaryDirectory(prefix="soundgraph-")
    atexit.register(place.cleanup)
    link = Path(place.name) / "index"
    folder.mkdir(parents=True, exist_ok=True)
    link.symlink_to(folder, target_is_directory=True)
    return str(link)


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
