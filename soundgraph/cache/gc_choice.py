"""Which records and sounds of a cache go when room is made: decided from what was found in it, without touching it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import NamedTuple

from soundgraph.cache.action_key import Action, action_key

NOTHING_RUNS = float("inf")
"""Since when the oldest build runs, where none does."""


@dataclass(frozen=True)
class Reach:
    """What must stay."""

    keys: AbstractSet[str] = frozenset()
    """Actions whose current record scenes reach."""
    takes: AbstractSet[tuple[str, str]] = frozenset()
    """(key, digest) of pinned takes, current or not."""
    shapes: AbstractSet[str] = frozenset()
    """Of generated nodes whose key cannot be formed now, since an input or the weights are not here: any take of such a
    shape may be theirs."""

    def __or__(self, other: Reach) -> Reach:
        return Reach(self.keys | other.keys, self.takes | other.takes, self.shapes | other.shapes)


def shape(action: Action) -> str:
    """What is known of a generated node's key without its inputs and the identity of its model's weights."""
    model = {name: value for name, value in dict(action.get("model", {})).items() if name != "identity"}
    return action_key({**{name: action[name] for name in action if name != "inputs"}, "model": model})


class Entry(NamedTuple):
    """A record, as little of it as a collection needs: a cache may hold some 100,000."""

    key: bytes
    digest: bytes
    """Of the artifact."""
    inputs: tuple[bytes, ...]
    """The digests of the artifacts that went in."""
    earlier: bool
    """Whether it is a take that another one has replaced."""
    take: bool
    draft: bool
    reached: bool
    pinned: bool
    used: float
    """When, in seconds since 1970."""
    indexed: float | None
    """The same as the index has it; None where it lacks the record."""
    changed_ns: int
    """Of its file; 0 where there is none."""
    n_bytes: int
    """Of its file."""


class Blob(NamedTuple):
    """A sound."""

    n_bytes: int
    changed_ns: int
    """When it was written, or found to be needed again."""


@dataclass
class Survey:
    """What is in a cache."""

    entries: list[Entry]
    blobs: dict[bytes, Blob]
    """By digest."""
    givers: dict[bytes, list[int]]
    """By digest, the places in `entries` of the records that name it."""
    unreadable: int
    """How many files of records are damaged; `cache verify` is about these."""
    oldest_running: float = NOTHING_RUNS
    """Since when builds go on, in seconds since 1970."""

    @property
    def n_bytes(self) -> int:
        """Of all sounds and records."""
        return sum(blob.n_bytes for blob in self.blobs.values()) + sum(entry.n_bytes for entry in self.entries)

    def n_bytes_of(self, some: Iterable[Entry]) -> int:
        """Of those records and their sounds."""
        some = list(some)
        digests = {entry.digest for entry in some} & self.blobs.keys()
        return sum(entry.n_bytes for entry in some) + sum(self.blobs[digest].n_bytes for digest in digests)

    def unnamed(self, gone: Mapping[bytes, int]) -> list[bytes]:
        """The sounds that no record names any more. gone: how many records that named each of them went."""
        return [digest for digest, count in gone.items() if count == len(self.givers[digest]) and digest in self.blobs]

    def orphans(self) -> list[bytes]:
        """Sounds that no record names. None while there are damaged records: one of these may name it."""
        return [] if self.unreadable else [digest for digest in self.blobs if digest not in self.givers]


@dataclass(frozen=True)
class Limits:
    """How much of a cache may stay."""

    max_bytes: int | None = None
    """Of all sounds and records."""
    before: float | None = None
    """What was last used earlier goes; in seconds since 1970."""
    takes: bool = False
    """Whether takes may go, too."""


@dataclass(frozen=True)
class Choice:
    """What is to go: records, each before those that it refers to, and sounds that no record names."""

    entries: list[Entry] = field(default_factory=list)
    orphans: list[bytes] = field(default_factory=list)
    sounds: int = 0
    """How many go in all."""
    n_bytes: int = 0
    """Of all that goes."""
    left_bytes: int = 0
    """Of all that stays."""


def choose(survey: Survey, reach: Reach, limits: Limits) -> Choice:
    """What goes, so that the limits hold as far as they can."""
    entries, weight = survey.entries, _Weight(survey)
    must = [place for place, entry in enumerate(entries) if _must_stay(entry, survey, limits)]
    others = sorted(set(range(len(entries))).difference(must), key=lambda place: entries[place].used, reverse=True)
    orphans = sorted(_free_orphans(survey, reach), key=lambda digest: survey.blobs[digest].changed_ns)
    gone: list[int] = []
    going: list[bytes] = []
    if (before := limits.before) is not None:
        going = [digest for digest in orphans if survey.blobs[digest].changed_ns / 1e9 < before]
        weight.left -= sum(survey.blobs[digest].n_bytes for digest in going)
        for place, root in _users_first(survey, must, others):
            if entries[root].used >= before:
                break
            weight.take(place)
            gone.append(place)
    if limits.max_bytes is not None:
        for digest in orphans[len(going) :]:
            if weight.left <= limits.max_bytes:
                break
            going.append(digest)
            weight.left -= survey.blobs[digest].n_bytes
        left = set(others).difference(gone)
        # Takes are what costs most to make again: drafts and processed results go before them.
        staying = sorted((place for place in others if place in left), key=lambda place: not entries[place].take)
        for place, _ in _users_first(survey, must, staying):
            if weight.left <= limits.max_bytes:
                break
            weight.take(place)
            gone.append(place)
    sounds = weight.sounds + len(going)
    return Choice([entries[place] for place in gone], going, sounds, survey.n_bytes - weight.left, weight.left)


def _must_stay(entry: Entry, survey: Survey, limits: Limits) -> bool:
    if entry.reached or entry.pinned or entry.used >= survey.oldest_running:
        return True
    return entry.take and not limits.takes


def _free_orphans(survey: Survey, reach: Reach) -> Iterator[bytes]:
    """Those that no pin names, and that no build is just about to write a record for."""
    pinned = {bytes.fromhex(digest) for _, digest in reach.takes}
    for digest in survey.orphans():
        if digest not in pinned and survey.blobs[digest].changed_ns / 1e9 < survey.oldest_running:
            yield digest


def _users_first(survey: Survey, must: Sequence[int], wanted: Sequence[int]) -> Iterator[tuple[int, int]]:
    """What may go, the least wanted first, and each before what it refers to: any number of them may go.

    wanted: the places of records, the most wanted first. Gives (a place, the place of the most wanted record that it is
    needed for, perhaps itself). What `must` refers to is not given.

    It is the end of a walk that visits the most wanted first, and leaves each record after what that refers to. There
    may be circles (a sound turned round twice): these go together.
    """
    entries, givers = survey.entries, survey.givers
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

    def __init__(self, survey: Survey):
        self._survey = survey
        self._gone: Counter[bytes] = Counter()
        self.left = survey.n_bytes
        self.sounds = 0

    def take(self, place: int) -> None:
        entry = self._survey.entries[place]
        self._gone[entry.digest] += 1
        self.left -= entry.n_bytes
        blob = self._survey.blobs.get(entry.digest)
        if blob is not None and self._gone[entry.digest] == len(self._survey.givers[entry.digest]):
            self.left -= blob.n_bytes
            self.sounds += 1
