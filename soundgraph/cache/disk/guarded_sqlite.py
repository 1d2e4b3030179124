"""SQLite, and diskcache over it, kept from what they would do with a file that came from somebody else.

diskcache would load a pickle where a row says that it is one, delete the file that a row names, take its settings from
there, whatever they are, and try for ever to write to a file that is damaged.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soundgraph.core import system

if TYPE_CHECKING:
    import diskcache

WAIT_S = 60
"""For other processes that write."""

BESIDE = ("-wal", "-shm")

# Says in the file that what can be told from elsewhere was put into it.
FILLED = 1

# diskcache's defaults would drop the oldest entries, without a word, at 1 GiB. A file that is cut off while it is
# mapped ends the process.
_SETTINGS = {"eviction_policy": "none", "size_limit": 2**62, "cull_limit": 0, "sqlite_mmap_size": 0}

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

Identity = tuple[int, int]
"""Of a file: another process may have moved it aside since, and put another one there."""


# Opening


def connect(path: Path, how: str) -> sqlite3.Connection:
    """A connection to a database. how: of SQLite's URIs. Raises DatabaseError."""
    # SQLite would wait for what comes out of a pipe.
    files = [Path(f"{path}{ending}") for ending in ("", "-journal", *BESIDE)]
    if any(file.exists() and not file.is_file() and not file.is_dir() for file in files):
        raise sqlite3.OperationalError("unable to open database file")
    place = f"{path.absolute().as_uri()}?{how}"
    connection = sqlite3.connect(place, timeout=WAIT_S, isolation_level=None, check_same_thread=False, uri=True)
    # A text with a changed byte may be no UTF-8 any more. What it is read as has another checksum in any case.
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    return connection


def open_cache(folder: Path) -> diskcache.Cache:
    import diskcache

    try:
        return diskcache.Cache(_plain_path(folder), disk=_text_disk(), timeout=WAIT_S, **_SETTINGS)
    except diskcache.Timeout as error:
        raise _cause(error) from error


@contextlib.contextmanager
def transaction(cache: diskcache.Cache) -> Iterator[None]:
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


def check_settings(database: sqlite3.Connection) -> None:
    """Looks at what diskcache is about to open.

    diskcache takes its settings from the file, and sets an attribute of itself for each: its folder, for one.

    Raises DatabaseError for settings that it did not write itself.
    """
    from diskcache.core import DEFAULT_SETTINGS, METADATA

    if is_filled(database) and not _has_table(database, "Cache"):
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


def is_filled(database: sqlite3.Connection) -> bool:
    version: tuple[int] = database.execute("PRAGMA user_version").fetchone()
    return version == (FILLED,)


# What went wrong


def is_damage(error: sqlite3.DatabaseError, path: Path) -> bool:
    """Whether it tells of damage of the file at that path, and not of the system."""
    if isinstance(error, sqlite3.ProgrammingError):
        return False
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)  # what Python finds itself has none
    match code & 0xFF:
        case sqlite3.SQLITE_READONLY:  # by its header: a later version wrote it; or it is not to be written here
            return _is_own(path) and os.access(path.parent, os.W_OK)
        case sqlite3.SQLITE_IOERR:
            return code in _DAMAGE_OF_READING
        case sqlite3.SQLITE_CANTOPEN:
            return not path.exists() or any(_is_odd(Path(f"{path}{end}")) for end in ("", *BESIDE))
        case primary:
            return primary not in _NO_DAMAGE


def told_by_sqlite(error: sqlite3.DatabaseError | UnicodeDecodeError) -> sqlite3.DatabaseError:
    """What SQLite says of a damaged name may hold the name, which is no UTF-8 any more: Python stumbles over that."""
    return sqlite3.DatabaseError(str(error)) if isinstance(error, UnicodeDecodeError) else error


def primary_code(error: sqlite3.DatabaseError) -> int:
    """Its primary code; 0 for what Python finds itself."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def file_identity(path: Path) -> Identity | None:
    try:
        about = os.stat(path)  # noqa: PTH116 - asked before each statement
    except (FileNotFoundError, NotADirectoryError):
        return None
    return about.st_dev, about.st_ino


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
