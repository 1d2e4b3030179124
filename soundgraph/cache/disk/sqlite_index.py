"""The index: small texts by name, in a SQLite file, with the time at which each was last used.

It can be lost: what it holds is made again from files, by the `restore` it is given. diskcache makes it and writes to
it; it is read by statements of its own, many names at a time. `index_file` opens and mends it.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from soundgraph.cache.disk.cache_folder import Places
from soundgraph.cache.disk.index_file import CannotMendError, IndexFile, Pair, Restore

if TYPE_CHECKING:
    import diskcache

# SQLite's default limit on variables in one statement, on builds before 3.32.
_BATCH = 900

# What soundgraph writes is a text in the row itself. Where diskcache would load a pickle, or a file, nothing is read.
_PLAIN = "raw = 1 AND mode = 1 AND filename IS NULL AND typeof(key) = 'text' AND typeof(value) = 'text'"

ACTION, NOTE = "action:", "note:"
"""How the names of records and of notes begin."""


class IndexRow(NamedTuple):
    """A row of the table as it is."""

    place: int
    """By which it can be removed."""
    name: str
    text: str | None
    """None for what is no plain text."""


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
        self._file = IndexFile(places, restore, told, alone)
        self._restore, self._no_locks = restore, no_locks
        self._restoring = threading.RLock()
        self._instead: dict[str, str] | None = None

    @property
    def is_there(self) -> bool:
        return not self.is_apart and self._file.is_there

    @property
    def is_apart(self) -> bool:
        """Whether it is in memory only, as there are no locks."""
        return self._no_locks()

    def _told_elsewhere(self) -> dict[str, str]:
        with self._restoring:
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
                return self._file.ask(lambda database: _texts(database, names), {})
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
            self._file.change(lambda cache: put_pairs(cache, texts.items()))

    def remove(self, names: Sequence[str]) -> None:
        """Takes them out, all or none. Raises StoreError."""

        def delete(cache: diskcache.Cache) -> None:
            for some, marks in _batches(names):
                cache._con.execute(f"DELETE FROM Cache WHERE raw = 1 AND key IN ({marks})", some)

        if self.is_apart:
            for name in names:
                self._told_elsewhere().pop(name, None)
        elif names and self.is_there:
            self._file.change(delete)

    # Use

    def touch(self, names: Sequence[str], at: float) -> None:
        """Notes that they are used. at: in seconds since 1970. Raises StoreError."""

        def update(cache: diskcache.Cache) -> None:
            for some, marks in _batches(sorted(names)):
                query = f"UPDATE Cache SET access_time = ? WHERE raw = 1 AND key IN ({marks})"
                cache._con.execute(query, [at, *some])

        if names and self.is_there:
            self._file.change(update)

    def used(self, prefix: str) -> dict[str, float]:
        """When each of the names that begin so was last put or touched, in seconds since 1970. Raises StoreError."""

        def read(database: sqlite3.Connection) -> dict[str, float]:
            query = "SELECT key, max(store_time, access_time) FROM Cache WHERE raw = 1 AND typeof(key) = 'text'"
            return {name: _seconds(at) for name, at in database.execute(query) if name.startswith(prefix)}

        return {} if self.is_apart else self._file.ask(read, {})

    def used_of(self, names: Sequence[str]) -> dict[str, float]:
        """The same of those names that are there. Raises StoreError."""

        def read(database: sqlite3.Connection) -> dict[str, float]:
            times: dict[str, float] = {}
            for some, marks in _batches(names):
                query = f"SELECT key, max(store_time, access_time) FROM Cache WHERE raw = 1 AND key IN ({marks})"
                times.update((name, _seconds(at)) for name, at in database.execute(query, some))
            return times

        return {} if self.is_apart else self._file.ask(read, {})

    # For `soundgraph cache verify`

    def stored(self, names: Sequence[str]) -> dict[str, str]:
        """Like `get`, from the file as it is: one that is damaged is not mended. Raises StoreError."""
        if self.is_apart:
            return self.get(names)
        with self._file.as_it_is() as database:
            return _texts(database, names) if database is not None else {}

    def faults(self) -> list[str]:
        """What SQLite itself finds wrong with the file, at most ten things. Raises StoreError."""
        if not self.is_there:
            is_odd = os.path.lexists(self._file.folder) and not self._file.folder.is_dir()
            return ["it is in no folder"] if is_odd and not self.is_apart else []
        return self._file.faults(f"SELECT count(*) FROM Cache WHERE {_PLAIN}")

    def rows(self) -> Iterator[IndexRow]:
        """Every row of the file as it is, a few hundred at a time: others may write meanwhile. Raises StoreError."""
        place = -(2**63)
        query = (
            f"SELECT rowid, CAST(key AS TEXT), CASE WHEN {_PLAIN} THEN value END FROM Cache"
            f" WHERE rowid > ? ORDER BY rowid LIMIT {_BATCH}"
        )
        while True:
            with self._file.as_it_is() as database:
                rows = database.execute(query, [place]).fetchall() if database is not None else []
            for at, name, text in rows:
                place = at
                yield IndexRow(at, name or "", text)
            if not rows:
                return

    def discard(self, places: Sequence[int]) -> None:
        """Removes rows. Raises StoreError."""

        def delete(cache: diskcache.Cache) -> None:
            cache._con.executemany("DELETE FROM Cache WHERE rowid = ?", [(place,) for place in places])

        if places and not self.is_apart:
            self._file.change(delete)

    def rebuild(self) -> None:
        """Sets it aside, and makes it from what can be told from elsewhere. Raises StoreError."""
        if not self.is_apart:
            self._file.rebuild()

    def close(self) -> None:
        self._file.close()


def _texts(database: sqlite3.Connection, names: Sequence[str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for some, marks in _batches(
        sorted(names)
    ):  # neighbours lie on one page: a quarter of the time where there are many
        query = f"SELECT key, value FROM Cache WHERE {_PLAIN} AND key IN ({marks})"
        texts.update(database.execute(query, some).fetchall())
    return texts


def put_pairs(cache: diskcache.Cache, pairs: Iterable[Pair]) -> None:
    for name, text in pairs:
        cache.set(name, text)


def _batches(names: Sequence[str]) -> Iterator[tuple[Sequence[str], str]]:
    """(some of the names, as many question marks)."""
    for start in range(0, len(names), _BATCH):
        some = names[start : start + _BATCH]
        yield some, ",".join("?" * len(some))


def _seconds(at: object) -> float:
    """A time as it stands in a row; of one that is damaged, the earliest."""
    return float(at) if isinstance(at, int | float) else 0.0
