"""The index: whatever is done to its file, what comes out of it went in, and what is lost is made again."""

from __future__ import annotations

import random
import re
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from soundgraph.cache.disk import guarded_sqlite, sqlite_index
from soundgraph.cache.disk.cache_folder import Places
from soundgraph.cache.disk.index_file import IndexFile
from soundgraph.cache.disk.leases import Leases
from soundgraph.cache.disk.sqlite_index import Index
from soundgraph.core.errors import StoreError
from tests.cache.test_store import THOROUGH
from tests.helpers import changed

TEXTS = {f"action:{number:064x}": f"text of {number} " * 20 for number in range(60)}
FIRST = next(iter(TEXTS))


class Made:
    """Indexes over one folder, as several processes have them. told: how often one was set aside."""

    def __init__(self, folder: Path):
        self.folder, self.told = folder, 0
        self.made: list[Index] = []

    def __call__(self) -> Index:
        self.made.append(Index(Places(self.folder), TEXTS.items, self._tell))
        return self.made[-1]

    def _tell(self) -> None:
        self.told += 1

    @property
    def file(self) -> Path:
        return self.folder / "index" / "cache.db"

    def close(self) -> None:
        for one in self.made:
            one.close()
        self.made.clear()


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    found = Made(tmp_path)
    yield found
    found.close()


@pytest.fixture
def filled(made: Made) -> Made:
    """One with all texts, in one file that nobody has open."""
    made().put(TEXTS)
    made.close()
    assert [path.name for path in made.file.parent.iterdir()] == ["cache.db"]
    return made


def all_is_right(made: Made) -> None:
    """What is asked for is there, what is put comes out again, and others see it."""
    one = made()
    got = one.get(list(TEXTS))
    assert got.items() <= {**TEXTS}.items() or all(text == TEXTS[name] for name, text in got.items())
    one.put({"action:new": "new", FIRST: TEXTS[FIRST]})
    assert one.get(["action:new", FIRST]) == {"action:new": "new", FIRST: TEXTS[FIRST]}
    made.close()
    assert made().get(["action:new"]) == {"action:new": "new"}
    made.close()


# Damage


def test_an_index_cut_off_at_any_length_is_noticed_or_does_no_harm(filled: Made) -> None:
    data = filled.file.read_bytes()
    pages = {edge + by for edge in range(0, len(data), 4096) for by in (-1, 0, 1)}
    lengths = {*range(0, len(data), 97 if THOROUGH else 2003), *pages} & set(range(len(data)))
    for length in sorted(lengths):
        shutil.rmtree(filled.file.parent)
        filled.file.parent.mkdir()
        filled.file.write_bytes(data[:length])
        assert filled().get(list(TEXTS)) == TEXTS, length
        all_is_right(filled)


def test_an_index_with_a_flipped_bit_in_its_header_still_works(filled: Made) -> None:
    data = filled.file.read_bytes()
    for place in range(100):
        for bit in (0x01, 0x80) if THOROUGH or place % 3 == 0 else (0x02,):
            flip(filled, data, place, bit)
            filled().get(list(TEXTS))
            all_is_right(filled)


def test_an_index_with_flipped_bits_anywhere_still_works(filled: Made) -> None:
    data = filled.file.read_bytes()
    draw = random.Random(11)
    for _ in range(3000 if THOROUGH else 120):
        # The first bytes of a page say how it is laid out.
        page = draw.randrange(len(data) // 4096) * 4096
        place = page + draw.choice([draw.randrange(12), draw.randrange(100), draw.randrange(4096)])
        flip(filled, data, place, 1 << draw.randrange(8))
        one, told = filled(), filled.told
        one.touch(list(TEXTS)[:3], 1e9)
        one.used("action:")
        one.used_of(list(TEXTS)[:3])
        one.remove(["action:no"])
        one.put({"action:new": "new"})
        # Unless the damage is found only now, and all of it made again from the records, among which this is none here;
        # or SQLite itself finds one row for another: the store knows that by the text, and looks for the record's file.
        found = one.get(["action:new"])
        assert found == {"action:new": "new"} or filled.told > told or one.faults(), (place, page)
        filled.close()


def test_an_index_whose_own_names_are_damaged_is_made_again(filled: Made) -> None:
    """A trigger of diskcache's names a table that is not there: nothing could be written into it for ever."""
    data = filled.file.read_bytes()
    places = [found.start() for found in re.finditer(b"UPDATE Settings", data)]
    assert places
    for place in places:
        flip(filled, data, place + len("UPDATE Se"), 2)
        all_is_right(filled)


def flip(made: Made, data: bytes, place: int, bit: int) -> None:
    shutil.rmtree(made.file.parent)
    made.file.parent.mkdir()
    other = bytearray(data)
    other[place] ^= bit
    made.file.write_bytes(other)


@pytest.mark.parametrize("end", ["", "-wal", "-shm"])
@pytest.mark.parametrize("what", ["folder", "garbage", "nothing"])
def test_something_else_beside_or_in_place_of_the_file_is_no_harm(filled: Made, end: str, what: str) -> None:
    path = Path(f"{filled.file}{end}")
    path.unlink(missing_ok=True)
    if what == "folder":
        (path / "deep").mkdir(parents=True)
    else:
        path.write_bytes(b"garbage" * 5000 if what == "garbage" else b"")
    assert filled().get(list(TEXTS)) == TEXTS
    all_is_right(filled)


def test_a_log_left_behind_by_another_database_brings_nothing_back(filled: Made, tmp_path: Path) -> None:
    other = Made(tmp_path / "other")
    writer = other()
    writer.put({FIRST: "of another database"})
    log = Path(f"{other.file}-wal").read_bytes()
    other.close()
    for emptied in (False, True):
        if emptied:
            filled.file.write_bytes(b"")
        Path(f"{filled.file}-wal").write_bytes(log)
        got = filled().get(list(TEXTS))
        assert got.get(FIRST) in (None, TEXTS[FIRST], "of another database")
        filled().put({FIRST: TEXTS[FIRST]})
        assert filled().get([FIRST]) == {FIRST: TEXTS[FIRST]}
        filled.close()


SCHEMAS = {
    "another table": "DROP TABLE Cache; CREATE TABLE Cache (something)",
    "a view": "ALTER TABLE Cache RENAME TO Other; CREATE VIEW Cache AS SELECT * FROM Other",
    "no unique index": "DROP INDEX Cache_key_raw",
    "no table": "DROP TABLE Cache",
    "a column less": "ALTER TABLE Cache DROP COLUMN value",
    "a constraint": "ALTER TABLE Cache ADD COLUMN more INTEGER CHECK (more = 1) DEFAULT 1",
    "a trigger that forbids": "CREATE TRIGGER no BEFORE INSERT ON Cache BEGIN SELECT RAISE(ABORT, 'no'); END",
    "settings": "CREATE TABLE IF NOT EXISTS Settings (key, value); INSERT INTO Settings VALUES ('_disk', 2)",
}


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_a_database_of_another_form_is_made_again(filled: Made, schema: str) -> None:
    with closing(sqlite3.connect(filled.file)) as database:
        database.executescript(schema)
    filled().put({"action:new": "new"})
    filled.close()
    assert filled().get(["action:new", *TEXTS]) == {"action:new": "new", **TEXTS}


@pytest.mark.parametrize("column", ["store_time", "access_time"])
@pytest.mark.parametrize("value", ["x", b"\0", None])
def test_a_time_that_is_none_counts_as_the_earliest(filled: Made, column: str, value: Any) -> None:
    with closing(sqlite3.connect(filled.file)) as database, database:
        database.execute(f"UPDATE Cache SET {column} = ?", [value])
    assert set(filled().used("action:")) == set(TEXTS)
    assert filled().used_of([FIRST]).keys() == {FIRST}


# Several at once


def test_what_another_one_has_set_aside_is_noticed_by_those_who_have_it_open(filled: Made) -> None:
    one, other = filled(), filled()
    assert one.get([FIRST])
    one.put({"action:one": "1"})
    filled.file.parent.rename(filled.folder / "moved")
    other.put({"action:other": "2"})
    assert one.get(["action:other"]) == {"action:other": "2"}
    one.put({"action:one": "1"})
    assert other.get(["action:one"]) == {"action:one": "1"}


def test_what_is_put_while_another_one_sets_the_index_aside_is_not_lost(filled: Made) -> None:
    real = sqlite_index.put_pairs
    moved: list[Path] = []

    def put(*arguments: Any) -> None:
        real(*arguments)
        if not moved:
            moved.append(filled.file.parent.rename(filled.folder / "moved"))

    with changed(sqlite_index, "put_pairs", put):
        filled().put({"action:new": "new"})
    filled.close()
    assert filled().get(["action:new"]) == {"action:new": "new"}


def test_of_two_who_find_it_damaged_one_mends_it_and_the_other_takes_that(filled: Made) -> None:
    filled.file.write_bytes(b"x" * 9000)
    one, other = filled(), filled()
    real = IndexFile.mend
    calls: list[IndexFile] = []

    def mend(self: IndexFile, error: Any, **more: Any) -> None:
        calls.append(self)
        if len(calls) == 1:  # before it comes to that, the other one has done it
            assert other.get([FIRST])
            other.put({"action:other": "put by the other"})
        real(self, error, **more)

    with changed(IndexFile, "mend", mend):
        assert one.get([FIRST, "action:other"]) == {FIRST: TEXTS[FIRST], "action:other": "put by the other"}
    assert filled.told == 1
    assert len(list((filled.folder / "set-aside").iterdir())) == 1


@pytest.mark.parametrize("locks", [True, False], ids=["locks", "no locks"])
@pytest.mark.parametrize("how", ["new", "garbage", "lost"])
def test_many_who_come_to_it_at_once_all_get_and_put(made: Made, how: str, locks: bool) -> None:
    if how != "new":
        made().put(TEXTS)
        made.close()
    if how == "garbage":
        made.file.write_bytes(b"garbage" * 1000)
    elif how == "lost":
        shutil.rmtree(made.file.parent)
    start, wrong = threading.Barrier(8), []

    def use(number: int) -> None:
        leases = Leases(Places(made.folder), lambda: locks)
        one = Index(Places(made.folder), TEXTS.items, alone=leases.index)
        start.wait()
        try:
            if one.get(list(TEXTS)) != TEXTS:
                wrong.append("get")
            one.put({f"action:of {number}": str(number)})
        except BaseException as error:
            wrong.append(repr(error))
        one.close()
        leases.close()

    threads = [threading.Thread(target=use, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    names = [f"action:of {number}" for number in range(8)]
    # Without locks one may set aside what another one has just made, and put into. A record is in a file as well.
    assert not locks or made().get(names).keys() == set(names)


# What is no damage


@pytest.mark.parametrize("act", [lambda one: one.put({"a": "b"}), lambda one: one.touch([FIRST], 1e9)])
def test_one_that_is_locked_is_told_and_left_as_it_is(filled: Made, act: Callable[[Index], None]) -> None:
    with changed(guarded_sqlite, "WAIT_S", 0), closing(sqlite3.connect(filled.file)) as database:
        one = filled()
        one.put({"action:one": "1"})
        database.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="locked"):
            act(one)
    assert filled.told == 0
    assert filled().get([FIRST])


def test_one_that_is_damaged_and_may_not_be_written_is_read_from_elsewhere(filled: Made) -> None:
    filled.file.write_bytes(b"garbage" * 1000)

    def refuse(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    with changed(Path, "replace", refuse):
        one = filled()
        assert one.get([FIRST, "action:no"]) == {FIRST: TEXTS[FIRST]}
        with pytest.raises(StoreError, match="Permission denied"):
            one.put({"a": "b"})
    assert filled.file.read_bytes() == b"garbage" * 1000


def test_a_kill_while_it_is_made_leaves_all_of_it_or_nothing(made: Made) -> None:
    class KilledError(BaseException):
        pass

    def half() -> Iterator[tuple[str, str]]:
        yield from list(TEXTS.items())[:30]
        raise KilledError

    one = Index(Places(made.folder), half)
    with pytest.raises(KilledError):
        one.put({"a": "b"})
    one.close()
    assert made().get(list(TEXTS)) == TEXTS


@pytest.mark.parametrize("name", ["$HOME", "%7Eq?a=b#c", "späce and 'quote'"])
def test_the_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    one = Index(Places(tmp_path / name), dict[str, str]().items)
    one.put({"a": "b"})
    assert one.get(["a"]) == {"a": "b"}
    one.close()
    assert (tmp_path / name / "index" / "cache.db").is_file()
