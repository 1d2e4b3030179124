"""Garbage collection: which records and sounds of a cache go, and how they go without harm to a build beside it.

Deciding is apart from doing: `survey` looks, `gc_choice.choose` decides without touching anything, `remove` does it.

Why nothing goes that somebody needs:

- What scenes reach (`Reach`) is found out before anything is removed. Whatever a build looks up or publishes after that
  gets another time of use: a build says so (`Coordination.use`, `Store.publish`) within the same gate in which it
  looks. `remove` closes the gate, and takes only what has the very time that the survey saw; times are compared for
  being equal, not earlier, so that no clock has to be right.
- Of the builds that go on, the survey reads the times of use first and asks for the oldest build then. One that used a
  record before the times were read is among those that are asked for, if it goes on; one that used it afterwards has
  changed the time. What was used since the oldest of them began stays.
- A record that stays keeps every record that gave one of its inputs: without that one, nobody could form its key.

Why a collection may be killed anywhere: a record goes out of the index first, then its file, and after all of them the
sounds that no record names any more. What is left at any moment is whole: a file whose row is gone is found again, and
a sound without a record is what the next collection begins with.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from soundgraph.cache.disk import listing
from soundgraph.cache.disk.files import sync_folder
from soundgraph.cache.disk.records import MAX_RECORD_BYTES
from soundgraph.cache.disk.store import DiskStore
from soundgraph.cache.gc_choice import NOTHING_RUNS, Blob, Choice, Entry, Reach, Survey, shape
from soundgraph.cache.result_record import Record
from soundgraph.core.digest import is_digest
from soundgraph.core.errors import StoreError

# What is removed behind the closed gate at a time: a build waits for some milliseconds.
_BATCH = 200

# Between two batches the gate is left open for as long as it takes those who wait to come in.
_OPEN_S = 0.001


@dataclass
class Removed:
    """What went."""

    takes: int = 0
    drafts: int = 0
    processed: int = 0
    sounds: int = 0
    bytes: int = 0
    """Of records and sounds."""


# Looking


def fill_index(store: DiskStore) -> None:
    """Puts records into the index that are in files only, as after a kill, if it can be written. Raises StoreError."""
    indexed = store.records.usage().keys()
    for file in listing.records(store.folder):
        key = file.name.removesuffix(".json")
        if key not in indexed and is_digest(key):
            store.records.find(key)


def survey(store: DiskStore, reach: Reach, *, alone: bool = False) -> Survey:
    """Looks at every record and sound. alone: no build is running, whatever the cache says of that.

    Raises StoreError for an index, OSError for a folder, that cannot be read.
    """
    usage = store.records.usage()
    oldest = NOTHING_RUNS if alone else store.coordination.oldest_running()
    entries: list[Entry] = []
    unreadable = 0
    same: dict[bytes, bytes] = {}  # one object for each digest, however many records name it

    def digest(text: str) -> bytes:
        raw_digest = bytes.fromhex(text)
        return same.setdefault(raw_digest, raw_digest)

    def add(record: Record, earlier: bool, changed_ns: int, n_bytes: int) -> None:
        indexed = None if earlier else usage.get(record.key)
        entries.append(
            Entry(
                bytes.fromhex(record.key),
                digest(record.digest),
                tuple(digest(digest_text) for digest_text in record.inputs if is_digest(digest_text)),
                earlier,
                store.records.is_take(record),
                store.records.is_draft(record),
                _is_reached(store, record, earlier, reach),
                (record.key, record.digest) in reach.takes,
                changed_ns / 1e9 if indexed is None else indexed,
                indexed,
                changed_ns,
                n_bytes,
            )
        )

    filed: set[bytes] = set()
    for file in listing.records(store.folder):
        key, _, earlier = file.name.removesuffix(".json").partition(".")
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            record = _read(file)
            if record is None or record.key != key or (earlier and record.digest[:16] != earlier):
                unreadable += 1
                continue
            add(record, bool(earlier), file.changed_ns, file.n_bytes)
            if not earlier:
                filed.add(entries[-1].key)
    # A power cut may take the file of a record and leave its row.
    unfiled = [key for key in usage if is_digest(key) and bytes.fromhex(key) not in filed]
    for record in store.records.lookup(unfiled).values():
        add(record, False, 0, 0)
    blobs = {
        digest(file.name.removesuffix(".wav")): Blob(file.n_bytes, file.changed_ns)
        for file in listing.blobs(store.folder)
        if is_digest(file.name.removesuffix(".wav"))
    }
    givers: dict[bytes, list[int]] = {}
    for place, entry in enumerate(entries):
        givers.setdefault(entry.digest, []).append(place)
    return Survey(entries, blobs, givers, unreadable, oldest)


def _read(file: listing.ListedFile) -> Record | None:
    if file.n_bytes > MAX_RECORD_BYTES:
        return None
    with open(file.path, "rb", buffering=0) as opened:  # noqa: PTH123 - a Path for each of 190,000 takes longer
        return Record.from_json(opened.readall())


def _is_reached(store: DiskStore, record: Record, earlier: bool, reach: Reach) -> bool:
    if not earlier and record.key in reach.keys:
        return True
    return bool(reach.shapes) and store.records.is_take(record) and shape(dict(record.action)) in reach.shapes


# Doing


def remove(
    store: DiskStore, survey: Survey, choice: Choice, report: Callable[[int, int], None] = lambda done, whole: None
) -> Removed:
    """Removes what was chosen, but for what was used since the survey.

    report: is told how many of the records and sounds were looked at, and of how many. Raises StoreError, OSError.
    """
    done = Removed()
    whole = len(choice.entries) + len(choice.orphans)
    held: set[bytes] = set()  # what stays refers to these
    gone: Counter[bytes] = Counter()
    folders: set[Path] = set()
    counted: set[bytes] = set()  # sounds that went before their records
    for start in range(0, len(choice.entries), _BATCH):
        some = choice.entries[start : start + _BATCH]
        with _alone(store):
            make_room = partial(_make_room, store, survey, choice.orphans, counted)
            for entry in _remove_records(store, some, held, make_room):
                gone[entry.digest] += 1
                folders.add(_path(store, entry).parent)
                done.takes += entry.take
                done.drafts += entry.draft
                done.processed += not (entry.take or entry.draft)
                done.bytes += entry.n_bytes
        report(start + len(some), whole)
    # Were a power cut to bring a record back, its sound should be there.
    for folder in folders:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):  # it went with all that was in it
            sync_folder(folder)
    digests = survey.unnamed(gone) + choice.orphans
    for start in range(0, len(digests), _BATCH):
        some_digests = digests[start : start + _BATCH]
        with _alone(store):
            for digest in some_digests:
                if digest in counted or _remove_blob(store, digest, survey):
                    done.sounds += 1
                    done.bytes += survey.blobs[digest].n_bytes
        report(min(whole, len(choice.entries) + start + len(some_digests)), whole)
    return done


@contextlib.contextmanager
def _alone(store: DiskStore) -> Iterator[None]:
    with store.coordination.gate(alone=True):
        yield
    # Who waits for a lock is woken when it is let go, and would find it taken again.
    time.sleep(_OPEN_S)


def _remove_records(
    store: DiskStore, some: Sequence[Entry], held: set[bytes], make_room: Callable[[Iterable[Entry]], bool]
) -> list[Entry]:
    """Removes those that are as the survey saw them; returns them.

    held: digests that what stays refers to; more of them are added. make_room: removes something else; whether it did.
    """
    usage = store.records.usage_of([entry.key.hex() for entry in some if not entry.earlier])
    free = []
    for entry in some:
        used = None if entry.earlier else usage.get(entry.key.hex())
        if entry.digest in held or used != entry.indexed or _changed_ns(_path(store, entry)) != entry.changed_ns:
            held.update(entry.inputs)
        else:
            free.append(entry)
    keys = [entry.key.hex() for entry in free if not entry.earlier]
    try:
        store.records.drop(keys)
    except StoreError:
        if not make_room(free):
            raise
        store.records.drop(keys)
    for entry in free:
        _unlink(_path(store, entry))
    return free


def _make_room(
    store: DiskStore, survey: Survey, orphans: Sequence[bytes], counted: set[bytes], free: Sequence[Entry]
) -> bool:
    """Removes sounds before their records: on a disk that is full the index cannot be told of anything.

    free: records that may go, and of a sound all of them have to be among these. A kill right after it leaves records
    of sounds that are gone, as after damage: a build that needs one makes it again. Returns whether anything went, and
    adds it to `counted`.
    """
    unnamed = survey.unnamed(Counter(entry.digest for entry in free))
    went = {digest for digest in (*unnamed, *orphans) if digest not in counted and _remove_blob(store, digest, survey)}
    counted |= went
    return bool(went)


def _remove_blob(store: DiskStore, digest: bytes, survey: Survey) -> bool:
    """Whether it was still as the survey saw it. A build to which it was of use since then has changed its time."""
    path = store.blobs.file(digest.hex())
    if _changed_ns(path) != survey.blobs[digest].changed_ns:
        return False
    _unlink(path)
    return True


def _path(store: DiskStore, entry: Entry) -> Path:
    return store.records.file(entry.key.hex(), entry.digest.hex() if entry.earlier else "")


def _changed_ns(path: Path) -> int:
    """The modification time of a file; 0 if it is not there."""
    try:
        return path.stat().st_mtime_ns
    except (FileNotFoundError, NotADirectoryError):  # something else may stand in the place of its folder
        return 0


def _unlink(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        path.unlink()
