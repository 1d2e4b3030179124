"""The index: small texts by name, in a SQLite file, with the time at which each was last used.

It can be lost: what it holds is made again from files, by the `restore` it is given. diskcache makes it and writes to
it. It is read by statements of its own, many names at a time; and diskcache is kept from what it would do with a file
that came from somebody else: load a pickle where a row says that it is one, delete the file that a row names, take its
settings from there, whatever they are, and try for ever to write to a file that is damaged.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import itertools
import os
import shutil
import sqlite3
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from soundgraph.cache.disk.cache_folder import ASIDE, Places
from soundgraph.core import system
from soundgraph.core.errors import BusyError, StoreError

if TYPE_CHECKING:
    import diskcache

# SQLite's default limit on variables in one statement, on builds before 3.32.
_BATCH = 900

_WAIT_S = 60
"""For other processes that write."""

_TRIES = 4

_BESIDE = ("-wal", "-shm")

# Says in the file that what can be told from elsewhere was put into it.
_FILLED = 1

# With less than that a disk is full, as far as the index is concerned.
_ROOM_BYTES = 64 * 1024

# What soundgraph writes is a text in the row itself. Where diskcache would load a pickle, or a file, nothing is read.
_PLAIN = "raw = 1 AND mode = 1 AND filename IS NULL AND typeof(key) = 'text' AND typeof(value) = 'text'"

# diskcache's defaults would drop the oldest entries, without a word, at 1 GiB. A file that is cut off while it is
# mapped ends the process.
_SETTINGS = {"eviction_policy": "none", "size_limit": 2**62, "cull_limit": 0, "sqlite_mmap_size": 0}

# Many rows of a new file, a tenth of the time that diskcache's `set` takes. What another process has just put there is
# newer.
_FILL = (
    "INSERT OR IGNORE INTO Cache (key, raw, store_time, access_time, mode, filename, value)"
    " VALUES (?, 1, ?, ?, 1, NULL, ?)"
)

# Primary result codes by which SQLite says that it cannot make what it wants beside the database.
_CANNOT_WRITE = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN}

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

ACTION, NOTE = "action:", "note:"
"""How the names of records and of notes begin."""

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


Identity = tuple[int, int]
"""Of a file: another process may have moved it aside since, and put another one there."""


class _Reader(NamedTuple):
    """lasts: whether it sees what is written later; not what could be opened only as a file that never changes."""

    database: sqlite3.Connection
    identity: Identity | None
    lasts: bool


class _Writer(NamedTuple):
    cache: diskcache.Cache
    identity: Identity | None


class CannotMendError(StoreError):
    """The index is lost, or damaged, and may not be written either."""


class Index:
    """Texts by name. Safe to use from several threads and processes.

    told: is called when a damaged one is set aside. alone: keeps other processes from mending it at the same time.
    no_locks: whether there are none that keep other processes from writing to the database at the same time. SQLite
    could not be trusted with it then: what the index would hold is told from elsewhere, and in memory only.
    """

    def __init__(
        self,
        places: Places,
        restore: Restore,
        told: Callable[[], None] = lambda: None,
        alone: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
        no_locks: Callable[[], bool] = lambda: False,
    ):
        self._places, self._restore, self._told, self._alone = places, restore, told, alone
        self._no_locks = no_locks
        self._folder, self._aside = places.folder / "index", places.folder / ASIDE
        self._file = self._folder / "cache.db"
        self._reader: _Reader | None = None
        self._writer: _Writer | None = None
        self._seen: Identity | None = None  # the file that was last opened, or tried to be
        # Who needs both takes them in this order.
        self._reading, self._writing = threading.RLock(), threading.RLock()
        self._making = 0
        self._instead: dict[str, str] | None = None

    @property
    def is_there(self) -> bool:
        return not self.is_apart and self._file.exists()

    @property
    def is_apart(self) -> bool:
        """Whether it is in memory only, as there are no locks."""
        return self._no_locks()

    def _told_elsewhere(self) -> dict[str, str]:
        with self._reading:
            if self._instead is None:
                self._instead = dict(self._restore())
            return self._instead

    # Texts

    def get(self, names: Sequence[str]) -> dict[str, str]:
        """The texts of those names that have one. Raises StoreError if they cannot be read."""
        if not names:
            return {}
        if not self.is_apart:
            with contextlib.suppress(CannotMendError):
                return self._ask(lambda database: _texts(database, names), {})
        known = self._told_elsewhere()
        return {name: known[name] for name in names if name in known}

    def put(self, texts: Mapping[str, str]) -> None:
        """Keeps them, all or none. Raises StoreError if they cannot be written."""
        for text in itertools.chain(texts, texts.values()):
            if not isinstance(text, str):
                raise TypeError("a name of the index is a str, and so is a text")
        if texts and self.is_apart:
            self._told_elsewhere().update(texts)
        elif texts:
            self._change(lambda cache: _put(cache, texts.items()))

    def remove(self, names: Sequence[str]) -> None:
        """Takes them out, all or none. Raises StoreError."""

        def delete(cache: diskcache.Cache) -> None:
            for some, marks in _batches(names):
                cache._con.execute(f"DELETE FROM Cache WHERE raw = 1 AND key IN ({marks})", some)

        if self.is_apart:
            for name in names:
                self._told_elsewhere().pop(name, None)
        elif names and self.is_there:
            self._change(delete)

    # Use

    def touch(self, names: Sequence[str], at: float) -> None:
        """Notes that they are used. at: in seconds since 1970. Raises StoreError."""

        def update(cache: diskcache.Cache) -> None:
            for some, marks in _batches(sorted(names)):
                query = f"UPDATE Cache SET access_time = ? WHERE raw = 1 AND key IN ({marks})"
                cache._con.execute(query, [at, *some])

        if names and self.is_there:
            self._change(update)

    def used(self, prefix: str) -> dict[str, float]:
        """When each of the names that begin so was last put or touched, in seconds since 1970. Raises StoreError."""

        def read(database: sqlite3.Connection) -> dict[str, float]:
            query = "SELECT key, max(store_time, access_time) FROM Cache WHERE raw = 1 AND typeof(key) = 'text'"
            return {name: _seconds(at) for name, at in database.execute(query) if name.startswith(prefix)}

        return {} if self.is_apart else self._ask(read, {})

    def used_of(self, names: Sequence[str]) -> dict[str, float]:
        """The same of those names that are there. Raises StoreError."""

        def read(database: sqlite3.Connection) -> dict[str, float]:
            found: dict[str, float] = {}
            for some, marks in _batches(names):
                query = f"SELECT key, max(store_time, access_time) FROM Cache WHERE raw = 1 AND key IN ({marks})"
                found.update((name, _seconds(at)) for name, at in database.execute(query, some))
            return found

        return {} if self.is_apart else self._ask(read, {})

    # For `soundgraph cache verify`

    def stored(self, names: Sequence[str]) -> dict[str, str]:
        """Like `get`, from the file as it is: one that is damaged is not mended. Raises StoreError."""
        if self.is_apart:
            return self.get(names)
        with self._errors(), self._reading:
            return _texts(self._to_read(), names) if self.is_there else {}

    def faults(self) -> list[str]:
        """What SQLite itself finds wrong with the file, at most ten things. Raises StoreError."""

        if not self.is_there:
            is_odd = os.path.lexists(self._folder) and not self._folder.is_dir()
            return ["it is in no folder"] if is_odd and not self.is_apart else []
        with self._errors(), self._reading:
            try:
                database = self._to_read()
                # quick_check would not notice that a table and its index disagree: then rows are there and not found.
                found = [str(text) for (text,) in database.execute("PRAGMA integrity_check(10)")]
                database.execute(f"SELECT count(*) FROM Cache WHERE {_PLAIN}").fetchone()
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                if not self._is_damage(_told_by_sqlite(error)):
                    raise
                return [str(error)]
        return [text for text in found if text != "ok"]

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

        def delete(cache: diskcache.Cache) -> None:
            cache._con.executemany("DELETE FROM Cache WHERE rowid = ?", [(place,) for place in places])

        if places and not self.is_apart:
            self._change(delete)

    def rebuild(self) -> None:
        """Sets it aside, and makes it from what can be told from elsewhere. Raises StoreError."""
        if self.is_apart:
            return
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

    def _ask(self, query: Callable[[sqlite3.Connection], T], nothing: T) -> T:
        for left in reversed(range(_TRIES)):
            try:
                with self._reading:
                    if not self.is_there and not self._made_again():
                        return nothing
                    if not _is_filled(self._to_read()):
                        self._made_again()
                    return query(self._to_read())
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                self._mend(_told_by_sqlite(error), give_up=not left)
        raise AssertionError("the last try returns or raises")

    def _change(self, act: Callable[[diskcache.Cache], None]) -> None:
        for left in reversed(range(_TRIES)):
            try:
                with self._writing:
                    opened = self._to_write()
                    with _transaction(opened.cache):
                        act(opened.cache)
                    # Moved aside meanwhile, it is another file that others read: it has to be there, too.
                    if opened.identity == _identity(self._file):
                        return
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                self._mend(_told_by_sqlite(error), give_up=not left)
            except OSError as error:
                raise StoreError(f"cannot use the cache's index {self._file}: {error.strerror}") from error
        raise StoreError(f"cannot use the cache's index {self._file}: other processes go on making it again")

    def _to_read(self) -> sqlite3.Connection:
        now = self._seen = _identity(self._file)
        if self._reader is None or self._reader.identity != now or not self._reader.lasts:
            if self._reader is not None:
                self._reader.database.close()
                self._reader = None
            self._reader = self._connected(now)
        return self._reader.database

    def _connected(self, now: Identity | None) -> _Reader:
        for left in reversed(range(_TRIES)):
            try:
                return _Reader(self._tried("mode=rw"), now, lasts=True)
            except sqlite3.OperationalError as error:
                if self._is_damage(error) or _code(error) not in _CANNOT_WRITE or _identity(self._file) != now:
                    raise
                if not left or not os.access(self._folder, os.W_OK):
                    break
        # Where nothing may be written, or nothing fits on the disk, SQLite cannot make the files beside it that it
        # wants for reading. What was not moved into the database since a kill is in one of them.
        with contextlib.suppress(sqlite3.OperationalError):
            return _Reader(self._tried("mode=ro"), now, lasts=True)
        with contextlib.suppress(OSError):
            if Path(f"{self._file}-wal").stat().st_size:
                raise CannotMendError(f"cannot use the cache's index {self._file}: a part of it cannot be read here")
        return _Reader(self._tried("mode=ro&immutable=1"), now, lasts=False)

    def _tried(self, how: str) -> sqlite3.Connection:
        connection = self._connect(how)
        try:
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect(self, how: str) -> sqlite3.Connection:
        # SQLite would wait for what comes out of a pipe.
        files = [Path(f"{self._file}{ending}") for ending in ("", "-journal", *_BESIDE)]
        if any(file.exists() and not file.is_file() and not file.is_dir() for file in files):
            raise sqlite3.OperationalError("unable to open database file")
        place = f"{self._file.absolute().as_uri()}?{how}"
        connection = sqlite3.connect(place, timeout=_WAIT_S, isolation_level=None, check_same_thread=False, uri=True)
        # A text with a changed byte may be no UTF-8 any more. What it is read as has another checksum in any case.
        connection.text_factory = partial(str, encoding="utf-8", errors="replace")
        return connection

    def _to_write(self) -> _Writer:
        now = self._seen = _identity(self._file)
        if self._writer is not None and self._writer.identity == now:
            return self._writer
        if self._writer is not None:
            self._writer.cache.close()
            self._writer = None
        if os.path.lexists(self._folder) and not self._folder.is_dir():
            self._move_aside()
        self._places.make(self._folder)
        self._follow_mode()
        self._look_at_settings()
        cache = _opened(self._folder)
        try:
            if not _is_filled(cache._con):
                with self._exclusively():  # else each of those who come at once would gather what is to be put in
                    self._fill(cache)
        except BaseException:
            cache.close()
            raise
        now = self._seen = _identity(self._file)
        self._writer = _Writer(cache, now)
        return self._writer

    def _follow_mode(self) -> None:
        """Makes the file, or opens it to those who may use the cache. SQLite gives those beside it the same mode."""
        if not os.path.lexists(self._file):
            with contextlib.suppress(FileExistsError):
                os.close(self._places.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        for ending in ("", *_BESIDE):
            with contextlib.suppress(FileNotFoundError):
                self._places.follow(Path(f"{self._file}{ending}"))

    def _look_at_settings(self) -> None:
        """Raises DatabaseError for a file that diskcache is not to open."""
        if not self.is_there:
            return
        try:
            connection = self._connect("mode=rw")
        except sqlite3.OperationalError:
            if self.is_there:
                raise
            return  # moved aside at this moment
        try:
            _check_settings(connection)
        finally:
            connection.close()

    def _fill(self, cache: diskcache.Cache) -> None:
        with _transaction(cache):  # a kill leaves all of it or nothing
            if not _is_filled(cache._con):
                now = time.time()
                cache._con.executemany(_FILL, ((name, now, now, text) for name, text in self._restore()))
                cache._con.execute(f"PRAGMA user_version = {_FILLED}")

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
        if not give_up and _identity(self._file) != self._seen:
            return  # another process has just moved it aside, or made it: what it had open there is no measure
        if give_up or not self._is_damage(error):
            if not give_up and _code(error) == sqlite3.SQLITE_IOERR:
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
                elif _identity(self._file) == self._seen:  # else another process was first
                    self._anew()
            except UnicodeDecodeError:
                self._anew()
            except sqlite3.DatabaseError as other:
                if isinstance(other, sqlite3.OperationalError) and not self._is_damage(other):
                    raise CannotMendError(str(self._refusal(other))) from other
            except OSError as other:
                raise CannotMendError(f"cannot make the cache's index {self._file} again: {other.strerror}") from other

    def _was_filled(self) -> bool:
        """Whether it was whole once, so that a table which is missing is damage."""
        try:
            with contextlib.closing(self._connect("mode=rw")) as database:
                return _is_filled(database)
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
                return not self.is_there or any(_is_odd(Path(f"{self._file}{end}")) for end in ("", *_BESIDE))
            case primary:
                return primary not in _NO_DAMAGE

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise self._refusal(_told_by_sqlite(error)) from error

    def _refusal(self, error: sqlite3.DatabaseError) -> StoreError:
        what = str(error)
        # A full disk is a "disk I/O error" where it fails the files beside the database.
        with contextlib.suppress(OSError):
            if shutil.disk_usage(self._folder).free < _ROOM_BYTES:
                what = os.strerror(errno.ENOSPC)
        busy = _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        return (BusyError if busy else StoreError)(f"cannot use the cache's index {self._file}: {what}")


def _told_by_sqlite(error: sqlite3.DatabaseError | UnicodeDecodeError) -> sqlite3.DatabaseError:
    """What SQLite says of a damaged name may hold the name, which is no UTF-8 any more: Python stumbles over that."""
    return sqlite3.DatabaseError(str(error)) if isinstance(error, UnicodeDecodeError) else error


def _code(error: sqlite3.DatabaseError) -> int:
    """Its primary code; 0 for what Python finds itself."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _texts(database: sqlite3.Connection, names: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some, marks in _batches(
        sorted(names)
    ):  # neighbours lie on one page: a quarter of the time where there are many
        query = f"SELECT key, value FROM Cache WHERE {_PLAIN} AND key IN ({marks})"
        found.update(database.execute(query, some).fetchall())
    return found


def _put(cache: diskcache.Cache, pairs: Iterable[Pair]) -> None:
    for name, text in pairs:
        cache.set(name, text)


def _opened(folder: Path) -> diskcache.Cache:
    import diskcache

    try:
        return diskcache.Cache(_plain_path(folder), disk=_text_disk(), timeout=_WAIT_S, **_SETTINGS)
    except diskcache.Timeout as error:
        raise _cause(error) from error


@contextlib.contextmanager
def _transaction(cache: diskcache.Cache) -> Iterator[None]:
    import diskcache

    try:
        with cache.transact(retry=False):  # True would try for ever, whatever it is that goes wrong
            yield
    except diskcache.Timeout as error:
        raise _cause(error) from error


def _cause(error: Exception) -> sqlite3.DatabaseError:
    """What SQLite said, for which diskcache has one name."""
    cause = error.__context__
    return cause if isinstance(cause, sqlite3.DatabaseError) else sqlite3.OperationalError(str(error))


def _check_settings(database: sqlite3.Connection) -> None:
    """Looks at what diskcache is about to open.

    diskcache takes its settings from the file, and sets an attribute of itself for each: its folder, for one.

    Raises DatabaseError for settings that it did not write itself.
    """
    from diskcache.core import DEFAULT_SETTINGS, METADATA

    if _is_filled(database) and not _has_table(database, "Cache"):
        raise sqlite3.DatabaseError("its table is gone")
    if not _has_table(database, "Settings"):
        return
    expected = {**DEFAULT_SETTINGS, **_SETTINGS}
    for key, value in database.execute("SELECT key, value FROM Settings").fetchall():
        if key in METADATA and isinstance(value, int):
            continue
        if key not in expected or value not in (expected[key], DEFAULT_SETTINGS.get(key)):
            raise sqlite3.DatabaseError("settings that soundgraph did not write")


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
            return key, True

        def store(self, value: Any, read: Any, key: Any = None) -> tuple[int, int, None, str]:
            return 0, MODE_RAW, None, value

        def get(self, key: Any, raw: Any) -> str:
            raise AssertionError("the index is read by statements of its own")

        def fetch(self, mode: Any, filename: Any, value: Any, read: Any) -> str:
            raise AssertionError("the index is read by statements of its own")

        def remove(self, file_path: Any) -> None:
            """No value is kept in a file: a row that names one was planted, perhaps to have that file deleted."""

    return TextDisk


def _has_table(database: sqlite3.Connection, name: str) -> bool:
    return database.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [name]).fetchone() is not None


def _is_filled(database: sqlite3.Connection) -> bool:
    found: tuple[int] = database.execute("PRAGMA user_version").fetchone()
    return found == (_FILLED,)


def _batches(names: Sequence[str]) -> Iterator[tuple[Sequence[str], str]]:
    """(some of the names, as many question marks)."""
    for start in range(0, len(names), _BATCH):
        some = names[start : start + _BATCH]
        yield some, ",".join("?" * len(some))


def _seconds(at: object) -> float:
    """A time as it stands in a row; of one that is damaged, the earliest."""
    return float(at) if isinstance(at, int | float) else 0.0


def _identity(path: Path) -> Identity | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - asked before each statement
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


def _is_own(path: Path) -> bool:
    try:
        return system.user_id() in (None, path.stat().st_uid)
    except FileNotFoundError:  # moved aside meanwhile
        return True


def _is_odd(path: Path) -> bool:
    """Whether something is there that is no file."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False
