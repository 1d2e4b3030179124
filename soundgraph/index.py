"""The index: small texts by name, in a SQLite file, with the time at which each was last used.

It can be lost: what it holds is made again from files, by the `restore` it is given. The table is as diskcache made it
for earlier versions, so that their caches go on. diskcache itself is not used: it loads a pickle where a row says that
it is one, takes its settings from the file, and tries for ever to begin a transaction in a file that is damaged.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import shutil
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from soundgraph.errors import StoreError

# SQLite's default limit on variables in one statement, on builds before 3.32.
_BATCH = 900

_WAIT_S = 60
"""For other processes that write."""

_TRIES = 4

# With less than that a disk is full, as far as the index is concerned.
_ROOM_BYTES = 64 * 1024

_TABLE = (
    "CREATE TABLE Cache (key BLOB, raw INTEGER, store_time REAL, access_time REAL, mode INTEGER, filename TEXT,"
    " value BLOB)"
)
_UNIQUE = "CREATE UNIQUE INDEX Cache_key_raw ON Cache (key, raw)"

# What soundgraph writes is a text in the row itself. Where diskcache would load a pickle, or a file, nothing is read.
_PLAIN = "raw = 1 AND mode = 1 AND filename IS NULL AND typeof(key) = 'text' AND typeof(value) = 'text'"

_PUT = (
    "INSERT INTO Cache (key, raw, store_time, access_time, mode, filename, value) VALUES (?, 1, ?, ?, 1, NULL, ?)"
    " ON CONFLICT (key, raw) DO UPDATE SET store_time = excluded.store_time, access_time = excluded.access_time,"
    " mode = 1, filename = NULL, value = excluded.value"
)

# Primary result codes that tell of the system, not of the file. https://www.sqlite.org/rescode.html
_NO_DAMAGE = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_AUTH,
}
_DAMAGE_OF_READING = {sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS}

Pair = tuple[str, str]
"""(name, text)."""

Restore = Callable[[], Iterable[Pair]]
"""All that can be told of the index's content from elsewhere."""

T = TypeVar("T")


class Row(NamedTuple):
    """A row of the table as it is. place: by which it can be removed. text: None for what is no plain text."""

    place: int
    name: str
    text: str | None


class _Open(NamedTuple):
    """A connection, and which file it is to: another process may have moved that one aside since."""

    database: sqlite3.Connection
    identity: tuple[int, int] | None


class CannotMendError(StoreError):
    """The index is lost, or damaged, and may not be written either."""


class Index:
    """Texts by name. Safe to use from several threads and processes.

    folder: of the database. aside: where a damaged one is put. told: is called when that happens.
    alone: keeps other processes from mending it at the same time.
    """

    def __init__(
        self,
        folder: Path,
        aside: Path,
        restore: Restore,
        told: Callable[[], None] = lambda: None,
        alone: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
    ):
        self._folder, self._aside, self._restore, self._told, self._alone = folder, aside, restore, told, alone
        self._file = folder / "cache.db"
        self._reader: _Open | None = None
        self._writer: _Open | None = None
        self._seen: tuple[int, int] | None = None  # the file that was last opened, or tried to be
        # Who needs both takes them in this order.
        self._reading, self._writing = threading.RLock(), threading.RLock()
        self._making = 0
        self._instead: dict[str, str] | None = None

    @property
    def is_there(self) -> bool:
        return self._file.exists()

    # Texts

    def get(self, names: Sequence[str]) -> dict[str, str]:
        """The texts of those names that have one. Raises StoreError if they cannot be read."""
        if not names:
            return {}
        try:
            return self._ask(lambda database: _texts(database, names), {})
        except CannotMendError:
            if self._instead is None:
                self._instead = dict(self._restore())
            return {name: self._instead[name] for name in names if name in self._instead}

    def put(self, texts: Mapping[str, str]) -> None:
        """Keeps them, all or none. Raises StoreError if they cannot be written."""
        for text in itertools.chain(texts, texts.values()):
            if not isinstance(text, str):
                raise TypeError("a name of the index is a str, and so is a text")
        if texts:
            self._change(lambda database: _put(database, texts.items()))

    def remove(self, names: Sequence[str]) -> None:
        """Takes them out, all or none. Raises StoreError."""

        def delete(database: sqlite3.Connection) -> None:
            for some, marks in _batches(names):
                database.execute(f"DELETE FROM Cache WHERE raw = 1 AND key IN ({marks})", some)

        if names and self.is_there:
            self._change(delete)

    # Use

    def touch(self, names: Sequence[str]) -> None:
        """Notes that they are used now. Raises StoreError."""

        def update(database: sqlite3.Connection) -> None:
            now = time.time()
            for some, marks in _batches(sorted(names)):
                query = f"UPDATE Cache SET access_time = ? WHERE raw = 1 AND key IN ({marks})"
                database.execute(query, [now, *some])

        if names and self.is_there:
            self._change(update)

    def used(self, prefix: str) -> dict[str, float]:
        """When each of the names that begin so was last put or touched, in seconds since 1970. Raises StoreError."""

        def read(database: sqlite3.Connection) -> dict[str, float]:
            query = "SELECT key, max(store_time, access_time) FROM Cache WHERE raw = 1 AND typeof(key) = 'text'"
            return {name: _seconds(at) for name, at in database.execute(query) if name.startswith(prefix)}

        return self._ask(read, {})

    def used_of(self, names: Sequence[str]) -> dict[str, float]:
        """The same of those names that are there. Raises StoreError."""

        def read(database: sqlite3.Connection) -> dict[str, float]:
            found: dict[str, float] = {}
            for some, marks in _batches(names):
                query = f"SELECT key, max(store_time, access_time) FROM Cache WHERE raw = 1 AND key IN ({marks})"
                found.update((name, _seconds(at)) for name, at in database.execute(query, some))
            return found

        return self._ask(read, {})

    # For `soundgraph cache verify`

    def stored(self, names: Sequence[str]) -> dict[str, str]:
        """Like `get`, from the file as it is: one that is damaged is not mended. Raises StoreError."""
        with self._errors(), self._reading:
            return _texts(self._to_read(), names) if self.is_there else {}

    def faults(self) -> list[str]:
        """What SQLite itself finds wrong with the file, at most ten things. Raises StoreError."""

        def check(database: sqlite3.Connection) -> list[str]:
            try:
                found = [str(text) for (text,) in database.execute("PRAGMA quick_check(10)")]
                database.execute(f"SELECT count(*) FROM Cache WHERE {_PLAIN}").fetchone()
            except sqlite3.DatabaseError as error:
                if not self._is_damage(error):
                    raise
                return [str(error)]
            return [text for text in found if text != "ok"]

        with self._errors(), self._reading:
            return check(self._to_read()) if self.is_there else []

    def rows(self) -> Iterator[Row]:
        """Every row of the file as it is, a few hundred at a time: others may write meanwhile. Raises StoreError."""
        place = -(2**63)
        query = (
            f"SELECT rowid, CAST(key AS TEXT), CASE WHEN {_PLAIN} THEN value END FROM Cache"
            f" WHERE rowid > ? ORDER BY rowid LIMIT {_BATCH}"
        )
        while True:
            with self._errors(), self._reading:
                found = self._to_read().execute(query, [place]).fetchall() if self.is_there else []
            for at, name, text in found:
                place = at
                yield Row(at, name or "", text)
            if not found:
                return

    def discard(self, places: Sequence[int]) -> None:
        """Removes rows. Raises StoreError."""

        def delete(database: sqlite3.Connection) -> None:
            database.executemany("DELETE FROM Cache WHERE rowid = ?", [(place,) for place in places])

        if places:
            self._change(delete)

    def rebuild(self) -> None:
        """Sets it aside, and makes it from what can be told from elsewhere. Raises StoreError."""
        with self._reading, self._writing, self._errors():
            self._anew()

    def close(self) -> None:
        with self._reading, self._writing:
            for connection in (self._reader, self._writer):
                if connection is not None:
                    connection.database.close()
            self._reader = self._writer = None

    # Connections

    def _ask(self, query: Callable[[sqlite3.Connection], T], nothing: T) -> T:
        for left in reversed(range(_TRIES)):
            try:
                with self._reading:
                    if not self.is_there and not self._made_again():
                        return nothing
                    return query(self._to_read())
            except sqlite3.DatabaseError as error:
                self._mend(error, give_up=not left)
        raise AssertionError("the last try returns or raises")

    def _change(self, act: Callable[[sqlite3.Connection], None]) -> None:
        for left in reversed(range(_TRIES)):
            try:
                with self._writing:
                    opened = self._to_write()
                    with _transaction(opened.database):
                        act(opened.database)
                    # Moved aside meanwhile, it is another file that others read: it has to be there, too.
                    if opened.identity == _identity(self._file):
                        return
            except sqlite3.DatabaseError as error:
                self._mend(error, give_up=not left)
        raise StoreError(f"cannot use the cache's index {self._file}: other processes go on making it again")

    def _to_read(self) -> sqlite3.Connection:
        now = self._seen = _identity(self._file)
        if self._reader is None or self._reader.identity != now:
            if self._reader is not None:
                self._reader.database.close()
                self._reader = None
            self._reader = _Open(self._connected(), now)
        return self._reader.database

    def _connected(self) -> sqlite3.Connection:
        connection = self._connect("mode=rw")
        try:
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.OperationalError:
            connection.close()
            if os.access(self._folder, os.W_OK):
                raise
            # On a read-only file system SQLite cannot make the files beside it that it wants for reading.
            connection = self._connect("mode=ro&immutable=1")
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect(self, how: str) -> sqlite3.Connection:
        place = f"{self._file.absolute().as_uri()}?{how}"
        connection = sqlite3.connect(place, timeout=_WAIT_S, isolation_level=None, check_same_thread=False, uri=True)
        # A text with a changed byte may be no UTF-8 any more. What it is read as has another checksum in any case.
        connection.text_factory = partial(str, encoding="utf-8", errors="replace")
        return connection

    def _to_write(self) -> _Open:
        now = self._seen = _identity(self._file)
        if self._writer is not None and self._writer.identity == now:
            return self._writer
        if self._writer is not None:
            self._writer.database.close()
            self._writer = None
        if now is None:
            if os.path.lexists(self._folder) and not self._folder.is_dir():
                self._move_aside()
            self._folder.mkdir(parents=True, exist_ok=True)
        connection = self._connect("mode=rwc")
        try:
            self._set_up(connection)
        except BaseException:
            connection.close()
            raise
        self._writer = _Open(connection, _identity(self._file))
        return self._writer

    def _set_up(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA cache_size = 8192")
        if _has_table(connection):
            connection.execute("PRAGMA synchronous = NORMAL")
            return
        with self._exclusively():
            if _has_table(connection):  # by now: another process makes it
                return
            connection.execute("PRAGMA auto_vacuum = FULL")
            _patiently(connection, "PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            with _transaction(connection):  # a kill leaves all of it or nothing
                if not _has_table(connection):
                    connection.execute(_TABLE)
                    connection.execute(_UNIQUE)
                    _put(connection, self._restore())

    @contextlib.contextmanager
    def _exclusively(self) -> Iterator[None]:
        """No other process mends or makes the index meanwhile. Within it, it is granted again."""
        with self._writing:
            self._making += 1
            try:
                if self._making > 1:
                    yield
                else:
                    with self._alone():
                        yield
            finally:
                self._making -= 1

    # Mending

    def _made_again(self) -> bool:
        """Whether there is anything to be put into an index that is not there; then it is there now."""
        if next(iter(self._restore()), None) is None:
            return False
        try:
            with self._writing:
                self._to_write()
        except (sqlite3.OperationalError, OSError) as error:
            raise CannotMendError(f"cannot make the cache's index {self._file}: {error}") from error
        return True

    def _mend(self, error: sqlite3.DatabaseError, *, give_up: bool) -> None:
        """Makes a damaged index again. Raises StoreError for what is no damage: locked, full, not to be written."""
        if give_up or not self._is_damage(error):
            raise self._refusal(error) from error
        with self._reading, self._writing, self._exclusively():
            self.close()
            try:
                if "no such table" in str(error):
                    # It is empty, or another process is making it at this moment: moved aside, that process would go on
                    # writing to it there.
                    self._to_write()
                elif _identity(self._file) == self._seen:  # else another process was first
                    self._anew()
            except sqlite3.DatabaseError as other:
                if isinstance(other, sqlite3.OperationalError) and not self._is_damage(other):
                    raise CannotMendError(str(self._refusal(other))) from other
            except OSError as other:
                raise CannotMendError(f"cannot make the cache's index {self._file} again: {other.strerror}") from other

    def _anew(self) -> None:
        with self._exclusively():
            self.close()
            self._move_aside()
            self._told()
            self._to_write()

    def _move_aside(self) -> None:
        self._aside.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # another process was first
            self._folder.replace(self._aside / f"index-{time.time_ns():x}")

    def _is_damage(self, error: sqlite3.DatabaseError) -> bool:
        if isinstance(error, sqlite3.ProgrammingError):
            return False
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)  # what Python finds itself has none
        match code & 0xFF:
            case sqlite3.SQLITE_READONLY:  # by its header: a later version wrote it; or it is not to be written here
                return _is_own(self._file) and os.access(self._folder, os.W_OK)
            case sqlite3.SQLITE_IOERR:
                return code in _DAMAGE_OF_READING
            case sqlite3.SQLITE_CANTOPEN:
                return any(_is_odd(Path(f"{self._file}{end}")) for end in ("", "-wal", "-shm"))
            case primary:
                return primary not in _NO_DAMAGE

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise self._refusal(error) from error

    def _refusal(self, error: sqlite3.DatabaseError) -> StoreError:
        what = str(error)
        # A full disk is a "disk I/O error" where it fails the files beside the database.
        with contextlib.suppress(OSError):
            if shutil.disk_usage(self._folder).free < _ROOM_BYTES:
                what = os.strerror(errno.ENOSPC)
        return StoreError(f"cannot use the cache's index {self._file}: {what}")


def _texts(database: sqlite3.Connection, names: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some, marks in _batches(
        sorted(names)
    ):  # neighbours lie on one page: a quarter of the time where there are many
        query = f"SELECT key, value FROM Cache WHERE {_PLAIN} AND key IN ({marks})"
        found.update(database.execute(query, some).fetchall())
    return found


def _put(database: sqlite3.Connection, pairs: Iterable[Pair]) -> None:
    now = time.time()
    database.executemany(_PUT, ((name, now, now, text) for name, text in pairs))


@contextlib.contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.DatabaseError):
            database.execute("ROLLBACK")
        raise


def _patiently(database: sqlite3.Connection, statement: str) -> None:
    """Runs what SQLite does not wait with for others."""
    until = time.monotonic() + _WAIT_S
    while True:
        try:
            database.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(0.01)


def _has_table(database: sqlite3.Connection) -> bool:
    return database.execute("SELECT 1 FROM sqlite_master WHERE name = 'Cache'").fetchone() is not None


def _batches(names: Sequence[str]) -> Iterator[tuple[Sequence[str], str]]:
    """(some of the names, as many question marks)."""
    for start in range(0, len(names), _BATCH):
        some = names[start : start + _BATCH]
        yield some, ",".join("?" * len(some))


def _seconds(at: object) -> float:
    """A time as it stands in a row; of one that is damaged, the earliest."""
    return float(at) if isinstance(at, int | float) else 0.0


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - asked before each statement
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


def _is_own(path: Path) -> bool:
    try:
        return not hasattr(os, "geteuid") or path.stat().st_uid == os.geteuid()
    except FileNotFoundError:  # moved aside meanwhile
        return True


def _is_odd(path: Path) -> bool:
    """Whether something is there that is no file."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False
