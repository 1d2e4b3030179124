"""Garbage collection: which records and sounds of a cache go, and how they go without harm to a build beside it.

Deciding is apart from doing: `survey` looks, `choose` decides without touching anything, `remove` does it.

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
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from soundgraph.cache.action_key import Action, action_key
from soundgraph.cache.disk import listing
from soundgraph.cache.disk.files import sync_folder
from soundgraph.cache.disk.records import MAX_RECORD_BYTES
from soundgraph.cache.disk.store import DiskStore
from soundgraph.cache.result_record import Record
from soundgraph.core.digest import is_digest
from soundgraph.core.errors import StoreError

# What is removed behind the closed gate at a time: a build waits for some milliseconds.
_BATCH = 200

# Between two batches the gate is left open for as long as it takes those who wait to come in.
_OPEN_S = 0.001


NOTHING_RUNS = float("inf")
"""Since when the oldest build runs, where none does."""


@dataclass(frozen=True)
class Reach:
    """What must stay.

    keys: actions whose current record scenes reach. takes: (key, digest) of pinned takes, current or not.
    shapes: of generated nodes whose key cannot be formed now, since an input or the weights are not here: any take of
    such a shape may be theirs.
    """

    keys: Set[str] = frozenset()
    takes: Set[tuple[str, str]] = frozenset()
    shapes: Set[str] = frozenset()

    def __or__(self, other: Reach) -> Reach:
        return Reach(self.keys | other.keys, self.takes | other.takes, self.shapes | other.shapes)


def shape(action: Action) -> str:
    """What is known of a generated node's key without its inputs and the identity of its model's weights."""
    model = {name: value for name, value in dict(action.get("model", {})).items() if name != "identity"}
    return action_key({**{name: action[name] for name in action if name != "inputs"}, "model": model})


class Entry(NamedTuple):
    """A record, as little of it as a collection needs: a cache may hold some 100,000.

    digest, inputs: of artifacts. earlier: whether it is a take that another one has replaced.
    used: seconds since 1970. indexed: the same as the index has it, None where it lacks the record.
    changed_ns: of its file, 0 where there is none. n_bytes: of its file.
    """

    key: bytes
    digest: bytes
    inputs: tuple[bytes, ...]
    earlier: bool
    take: bool
    draft: bool
    reached: bool
    pinned: bool
    used: float
    indexed: float | None
    changed_ns: int
    n_bytes: int


class Blob(NamedTuple):
    """A sound. changed_ns: when it was written, or found to be needed again."""

    n_bytes: int
    changed_ns: int


@dataclass
class Survey:
    """What is in a cache. blobs: by digest. givers: by digest, the places in `entries` of the records that name it.

    unreadable: how many files of records are damaged; `cache verify` is about these.
    oldest_running: since when builds go on, in seconds since 1970.
    """

    entries: list[Entry]
    blobs: dict[bytes, Blob]
    givers: dict[bytes, list[int]]
    unreadable: int
    oldest_running: float = NOTHING_RUNS

    @property
    def n_bytes(self) -> int:
        """Of all sounds and records."""
        return sum(blob.n_bytes for blob in self.blobs.values()) + sum(entry.n_bytes for entry in self.entries)

    def n_bytes_of(self, some: Iterable[Entry]) -> int:
        """Of those records and their sounds."""
        some = list(some)
        digests = {entry.digest for entry in some} & self.blobs.keys()
        return sum(entry.n_bytes for entry in some) + sum(self.blobs[digest].n_bytes for digest in digests)

    def orphans(self) -> list[bytes]:
        """Sounds that no record names. None while there are damaged records: one of these may name it."""
        return [] if self.unreadable else [digest for digest in self.blobs if digest not in self.givers]


@dataclass(frozen=True)
class Limits:
    """max_bytes: of all sounds and records. before: what was last used earlier, in seconds since 1970, goes.
    takes: whether takes may go, too."""

    max_bytes: int | None = None
    before: float | None = None
    takes: bool = False


@dataclass(frozen=True)
class Choice:
    """What is to go: records, each before those that it refers to, and sounds that no record names.

    sounds: how many go in all. n_bytes: of all that goes. left_bytes: of all that stays.
    """

    entries: list[Entry] = field(default_factory=list)
    orphans: list[bytes] = field(default_factory=list)
    sounds: int = 0
    n_bytes: int = 0
    left_bytes: int = 0


@dataclass
class Removed:
    """What went. bytes: of records and sounds."""

    takes: int = 0
    drafts: int = 0
    processed: int = 0
    sounds: int = 0
    bytes: int = 0


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
        found = bytes.fromhex(text)
        return same.setdefault(found, found)

    def add(record: Record, earlier: bool, changed_ns: int, n_bytes: int) -> None:
        indexed = None if earlier else usage.get(record.key)
        entries.append(
            Entry(
                bytes.fromhex(record.key),
                digest(record.digest),
                tuple(digest(one) for one in record.inputs if is_digest(one)),
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


def _read(file: listing.Found) -> Record | None:
    if file.n_bytes > MAX_RECORD_BYTES:
        return None
    with open(file.path, "rb", buffering=0) as opened:  # noqa: PTH123 - a Path for each of 190,000 takes longer
        return Record.from_json(opened.readall())


def _is_reached(store: DiskStore, record: Record, earlier: bool, reach: Reach) -> bool:
    if not earlier and record.key in reach.keys:
        return True
    return bool(reach.shapes) and store.records.is_take(record) and shape(dict(record.action)) in reach.shapes


# Deciding


def choose(found: Survey, reach: Reach, limits: Limits) -> Choice:
    """What goes, so that the limits hold as far as they can."""
    entries, weight = found.entries, _Weight(found)
    must = [place for place, entry in enumerate(entries) if _must_stay(entry, found, limits)]
    others = sorted(set(range(len(entries))).difference(must), key=lambda place: entries[place].used, reverse=True)
    orphans = sorted(_free_orphans(found, reach), key=lambda digest: found.blobs[digest].changed_ns)
    gone: list[int] = []
    going: list[bytes] = []
    if (before := limits.before) is not None:
        going = [digest for digest in orphans if found.blobs[digest].changed_ns / 1e9 < before]
        weight.left -= sum(found.blobs[digest].n_bytes for digest in going)
        for place, root in _users_first(found, must, others):
            if entries[root].used >= before:
                break
            weight.take(place)
            gone.append(place)
    if limits.max_bytes is not None:
        for digest in orphans[len(going) :]:
            if weight.left <= limits.max_bytes:
                break
            going.append(digest)
            weight.left -= found.blobs[digest].n_bytes
        left = set(others).difference(gone)
        # Takes are what costs most to make again: drafts and processed results go before them.
        staying = sorted((place for place in others if place in left), key=lambda place: not entries[place].take)
        for place, _ in _users_first(found, must, staying):
            if weight.left <= limits.max_bytes:
                break
            weight.take(place)
            gone.append(place)
    sounds = weight.sounds + len(going)
    return Choice([entries[place] for place in gone], going, sounds, found.n_bytes - weight.left, weight.left)


def _must_stay(entry: Entry, found: Survey, limits: Limits) -> bool:
    if entry.reached or entry.pinned or entry.used >= found.oldest_running:
        return True
    return entry.take and not limits.takes


def _free_orphans(found: Survey, reach: Reach) -> Iterator[bytes]:
    """Those that no pin names, and that no build is just about to write a record for."""
    pinned = {bytes.fromhex(digest) for _, digest in reach.takes}
    for digest in found.orphans():
        if digest not in pinned and found.blobs[digest].changed_ns / 1e9 < found.oldest_running:
            yield digest


def _users_first(found: Survey, must: Sequence[int], wanted: Sequence[int]) -> Iterator[tuple[int, int]]:
    """What may go, the least wanted first, and each before what it refers to: any number of them may go.

    wanted: the places of records, the most wanted first. Gives (a place, the place of the most wanted record that it is
    needed for, perhaps itself). What `must` refers to is not given.

    It is the end of a walk that visits the most wanted first, and leaves each record after what that refers to. There
    may be circles (a sound turned round twice): these go together.
    """
    entries, givers = found.entries, found.givers
    seen = bytearray(len(entries))
    digests: set[bytes] = set()  # whose givers have been visited: a thousand records may give the same silence
    order: list[tuple[int, int]] = []
    for root in (*must, *wanted):
        if seen[root]:
            continue
        seen[root] = 1
        path = [(root, _unseen(root, entries, givers, seen, digests))]
        while path:
            place, below = path[-1]
            deeper = next(below, None)
            if deeper is None:
                path.pop()
                order.append((place, root))
            else:
                path.append((deeper, _unseen(deeper, entries, givers, seen, digests)))
    held = set(must)
    return ((place, root) for place, root in reversed(order) if root not in held)


def _unseen(
    place: int, entries: Sequence[Entry], givers: dict[bytes, list[int]], seen: bytearray, digests: set[bytes]
) -> Iterator[int]:
    """The records that gave the inputs of one, and were not visited before; they are now."""
    for digest in entries[place].inputs:
        if digest not in digests:
            for giver in givers.get(digest, ()):
                if not seen[giver]:
                    seen[giver] = 1
                    yield giver
            digests.add(digest)


class _Weight:
    """left: bytes that are left once some records went, and the sounds that no record names any more: `sounds` of
    them."""

    def __init__(self, found: Survey):
        self._found = found
        self._gone: Counter[bytes] = Counter()
        self.left = found.n_bytes
        self.sounds = 0

    def take(self, place: int) -> None:
        entry = self._found.entries[place]
        self._gone[entry.digest] += 1
        self.left -= entry.n_bytes
        blob = self._found.blobs.get(entry.digest)
        if blob is not None and self._gone[entry.digest] == len(self._found.givers[entry.digest]):
            self.left -= blob.n_bytes
            self.sounds += 1


# Doing


def remove(
    store: DiskStore, found: Survey, choice: Choice, report: Callable[[int, int], None] = lambda done, whole: None
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
            for entry in _remove_records(store, some, held, partial(_make_room, store, found, choice.orphans, counted)):
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
    digests = [digest for digest, count in gone.items() if count == len(found.givers[digest]) and digest in found.blobs]
    digests += choice.orphans
    for start in range(0, len(digests), _BATCH):
        some_digests = digests[start : start + _BATCH]
        with _alone(store):
            for digest in some_digests:
                if digest in counted or _remove_blob(store, digest, found):
                    done.sounds += 1
                    done.bytes += found.blobs[digest].n_bytes
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
    store: DiskStore, found: Survey, orphans: Sequence[bytes], counted: set[bytes], free: Sequence[Entry]
) -> bool:
    """Removes sounds before their records: on a disk that is full the index cannot be told of anything.

    free: records that may go, and of a sound all of them have to be among these. A kill right after it leaves records
    of sounds that are gone, as after damage: a build that needs one makes it again. Returns whether anything went, and
    adds it to `counted`.
    """
    going = Counter(entry.digest for entry in free)
    whole = [digest for digest, count in going.items() if count == len(found.givers[digest]) and digest in found.blobs]
    went = {digest for digest in (*whole, *orphans) if digest not in counted and _remove_blob(store, digest, found)}
    counted |= went
    return bool(went)


def _remove_blob(store: DiskStore, digest: bytes, found: Survey) -> bool:
    """Whether it was still as the survey saw it. A build to which it was of use since then has changed its time."""
    path = store.blobs.file(digest.hex())
    if _changed_ns(path) != found.blobs[digest].changed_ns:
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
