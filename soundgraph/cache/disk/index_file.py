"""The file of the index: opened for reading and writing, made again where it is damaged or lost."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from soundgraph.cache.disk.cache_folder import ASIDE, Places
from soundgraph.cache.disk.guarded_sqlite import (
    BESIDE,
    FILLED,
    Identity,
    check_settings,
    connect,
    file_identity,
    is_damage,
    is_filled,
    open_cache,
    primary_code,
    told_by_sqlite,
    transaction,
)
from soundgraph.core.errors import BusyError, StoreError

if TYPE_CHECKING:
    import diskcache

_TRIES = 4

# With less than that a disk is full, as far as the index is concerned.
_ROOM_BYTES = 64 * 1024

# Many rows of a new file, a tenth of the time that diskcache's `set` takes. What another process has just put there is
# newer.
_FILL = (
    "INSERT OR IGNORE INTO Cache (key, raw, store_time, access_time, mode, filename, value)"
    " VALUES (?, 1, ?, ?, 1, NULL, ?)"
)

# Primary result codes by which SQLite says that it cannot make what it wants beside the database.
_CANNOT_WRITE = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN}

Pair = tuple[str, str]
"""(name, text)."""

Restore = Callable[[], Iterable[Pair]]
"""All that can be told of the index's content from elsewhere."""

T = TypeVar("T")


class _ReadConnection(NamedTuple):
    database: sqlite3.Connection
    identity: Identity | None
    lasts: bool
    """Whether it sees what is written later; not what could be opened only as a file that never changes."""


class _WriteConnection(NamedTuple):
    cache: diskcache.Cache
    identity: Identity | None


class CannotMendError(StoreError):
    """The index is lost, or damaged, and may not be written either."""


class IndexFile:
    """A database that others may write to, or set aside, at the same time. Safe to use from several threads.

    told: is called when a damaged one is set aside. alone: keeps other processes from mending it at the same time.
    """

    def __init__(
        self,
        places: Places,
        restore: Restore,
        told: Callable[[], None],
        alone: Callable[[], contextlib.AbstractContextManager[None]],
    ):
        self._places, self._restore, self._told, self._alone = places, restore, told, alone
        self.folder, self._aside = places.folder / "index", places.folder / ASIDE
        self.path = self.folder / "cache.db"
        self._reader: _ReadConnection | None = None
        self._writer: _WriteConnection | None = None
        self._seen: Identity | None = None  # the file that was last opened, or tried to be
        # Who needs both takes them in this order.
        self._reading, self._writing = threading.RLock(), threading.RLock()
        self._making = 0

    @property
    def is_there(self) -> bool:
        return self.path.exists()

    @contextlib.contextmanager
    def as_it_is(self) -> Iterator[sqlite3.Connection | None]:
        """The database, damaged or not; None where there is none. Raises StoreError for what is found wrong within."""
        with self._errors(), self._reading:
            yield self._to_read() if self.is_there else None

    def faults(self, query: str) -> list[str]:
        """What SQLite finds wrong with it, at most ten things. query: that it has to answer. Raises StoreError."""
        with self._errors(), self._reading:
            try:
                database = self._to_read()
                # quick_check would not notice that a table and its index disagree: then rows are there and not found.
                faults = [str(text) for (text,) in database.execute("PRAGMA integrity_check(10)")]
                database.execute(query).fetchone()
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                if not is_damage(told_by_sqlite(error), self.path):
                    raise
                return [str(error)]
        return [text for text in faults if text != "ok"]

    def rebuild(self) -> None:
        """Sets it aside, and makes it from what can be told from elsewhere. Raises StoreError."""
        with self._reading, self._writing, self._errors():
            self._anew()

    def close(self) -> None:
        with self._reading, self._writing:
            if self._reader is not None:
                self._reader.database.close()
            if self._writer is not None:
                with contextlib.suppress(sqlite3.OperationalError):  # what it could not tidy up, the next one does
                    self._writer.cache.close()
            self._reader = self._writer = None

    # Connections

    def ask(self, query: Callable[[sqlite3.Connection], T], nothing: T) -> T:
        for left in reversed(range(_TRIES)):
            try:
                with self._reading:
                    if not self.is_there and not self._made_again():
                        return nothing
                    if not is_filled(self._to_read()):
                        self._made_again()
                    return query(self._to_read())
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                self.mend(told_by_sqlite(error), give_up=not left)
        raise AssertionError("the last try returns or raises")

    def change(self, act: Callable[[diskcache.Cache], None]) -> None:
        for left in reversed(range(_TRIES)):
            try:
                with self._writing:
                    opened = self._to_write()
                    with transaction(opened.cache):
                        act(opened.cache)
                    # Moved aside meanwhile, it is another file that others read: it has to be there, too.
                    if opened.identity == file_identity(self.path):
                        return
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                self.mend(told_by_sqlite(error), give_up=not left)
            except OSError as error:
                raise StoreError(f"cannot use the cache's index {self.path}: {error.strerror}") from error
        raise StoreError(f"cannot use the cache's index {self.path}: other processes go on making it again")

    def _to_read(self) -> sqlite3.Connection:
        now = self._seen = file_identity(self.path)
        if self._reader is None or self._reader.identity != now or not self._reader.lasts:
            if self._reader is not None:
                self._reader.database.close()
                self._reader = None
            self._reader = self._connected(now)
        return self._reader.database

    def _connected(self, now: Identity | None) -> _ReadConnection:
        for left in reversed(range(_TRIES)):
            try:
                return _ReadConnection(self._tried("mode=rw"), now, lasts=True)
            except sqlite3.OperationalError as error:
                may_be_read = primary_code(error) in _CANNOT_WRITE and not is_damage(error, self.path)
                if not may_be_read or file_identity(self.path) != now:
                    raise
                if not left or not os.access(self.folder, os.W_OK):
                    break
        # Where nothing may be written, or nothing fits on the disk, SQLite cannot make the files beside it that it
        # wants for reading. What was not moved into the database since a kill is in one of them.
        with contextlib.suppress(sqlite3.OperationalError):
            return _ReadConnection(self._tried("mode=ro"), now, lasts=True)
        with contextlib.suppress(OSError):
            if Path(f"{self.path}-wal").stat().st_size:
                raise CannotMendError(f"cannot use the cache's index {self.path}: a part of it cannot be read here")
        return _ReadConnection(self._tried("mode=ro&immutable=1"), now, lasts=False)

    def _tried(self, how: str) -> sqlite3.Connection:
        connection = connect(self.path, how)
        try:
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection

    def _to_write(self) -> _WriteConnection:
        now = self._seen = file_identity(self.path)
        if self._writer is not None and self._writer.identity == now:
            return self._writer
        if self._writer is not None:
            self._writer.cache.close()
            self._writer = None
        if os.path.lexists(self.folder) and not self.folder.is_dir():
            self._move_aside()
        self._places.make(self.folder)
        self._follow_mode()
        self._look_at_settings()
        cache = open_cache(self.folder)
        try:
            if not is_filled(cache._con):
                with self._exclusively():  # else each of those who come at once would gather what is to be put in
                    self._fill(cache)
        except BaseException:
            cache.close()
            raise
        now = self._seen = file_identity(self.path)
        self._writer = _WriteConnection(cache, now)
        return self._writer

    def _follow_mode(self) -> None:
        """Makes the file, or opens it to those who may use the cache. SQLite gives those beside it the same mode."""
        if not os.path.lexists(self.path):
            with contextlib.suppress(FileExistsError):
                os.close(self._places.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        for ending in ("", *BESIDE):
            with contextlib.suppress(FileNotFoundError):
                self._places.follow(Path(f"{self.path}{ending}"))

    def _look_at_settings(self) -> None:
        """Raises DatabaseError for a file that diskcache is not to open."""
        if not self.is_there:
            return
        try:
            connection = connect(self.path, "mode=rw")
        except sqlite3.OperationalError:
            if self.is_there:
                raise
            return  # moved aside at this moment
        try:
            check_settings(connection)
        finally:
            connection.close()

    def _fill(self, cache: diskcache.Cache) -> None:
        with transaction(cache):  # a kill leaves all of it or nothing
            if not is_filled(cache._con):
                now = time.time()
                cache._con.executemany(_FILL, ((name, now, now, text) for name, text in self._restore()))
                cache._con.execute(f"PRAGMA user_version = {FILLED}")

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
            raise CannotMendError(f"cannot make the cache's index {self.path}: {error}") from error
        return True

    def mend(self, error: sqlite3.DatabaseError, *, give_up: bool) -> None:
        """Makes a damaged index again. Raises StoreError for what is no damage: locked, full, not to be written."""
        if not give_up and file_identity(self.path) != self._seen:
            return  # another process has just moved it aside, or made it: what it had open there is no measure
        if give_up or not is_damage(error, self.path):
            if not give_up and primary_code(error) == sqlite3.SQLITE_IOERR:
                # Where there are no locks, another process may have moved a file aside that was just being opened.
                self.close()
                return
            raise self._refusal(error) from error
        with self._reading, self._writing, self._exclusively():
            self.close()
            try:
                if not self.is_there or (str(error).startswith("no such table") and not self._was_filled()):
                    # It is empty, or another process is making it at this moment: moved aside, that process would go on
                    # writing to it there.
                    self._to_write()
                elif file_identity(self.path) == self._seen:  # else another process was first
                    self._anew()
            except UnicodeDecodeError:
                self._anew()
            except sqlite3.DatabaseError as other:
                if isinstance(other, sqlite3.OperationalError) and not is_damage(other, self.path):
                    raise CannotMendError(str(self._refusal(other))) from other
            except OSError as other:
                raise CannotMendError(f"cannot make the cache's index {self.path} again: {other.strerror}") from other

    def _was_filled(self) -> bool:
        """Whether it was whole once, so that a table which is missing is damage."""
        try:
            with contextlib.closing(connect(self.path, "mode=rw")) as database:
                return is_filled(database)
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            return True

    def _anew(self) -> None:
        with self._exclusively():
            self.close()
            self._move_aside()
            self._told()
            self._to_write()

    def _move_aside(self) -> None:
        self._places.make(self._aside)
        with contextlib.suppress(FileNotFoundError):  # another process was first
            self.folder.replace(self._aside / f"index-{time.time_ns():x}")

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise self._refusal(told_by_sqlite(error)) from error

    def _refusal(self, error: sqlite3.DatabaseError) -> StoreError:
        what = str(error)
        # A full disk is a "disk I/O error" where it fails the files beside the database.
        with contextlib.suppress(OSError):
            if shutil.disk_usage(self.folder).free < _ROOM_BYTES:
                what = os.strerror(errno.ENOSPC)
        busy = primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        return (BusyError if busy else StoreError)(f"cannot use the cache's index {self.path}: {what}")
