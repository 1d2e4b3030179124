"""What a build has made, between the moment it is made and the moment nobody needs it: sounds held for their users, and
results gathered to be published together."""

from __future__ import annotations

import contextlib
import time

from soundgraph.audio.artifact import Audio
from soundgraph.cache.result_record import Record
from soundgraph.cache.store import Store
from soundgraph.core.errors import BusyError, StoreError
from soundgraph.core.tracing import Off, Trace

# Results of processing, and drafts, are published in groups: one sync of the index for many. A kill loses one at most,
# and another build that waits for one of them does not wait for long.
_GROUP_COUNT = 256
_GROUP_BYTES = 64 * 2**20
_GROUP_S = 2.0

# Of what is held for its users, this much stays in memory; the rest is read from the store again, so that what a build
# takes does not grow with the number of its nodes.
_HELD_BYTES = 256 * 2**20

_OFF = Off()


class LostError(Exception):
    """A record's artifact is missing or damaged: what was planned on it has to be planned again."""

    def __init__(self, digest: str):
        self.digest = digest


class Results:
    """Changed in one thread; `need` may be called in others."""

    def __init__(self, store: Store, trace: Trace = _OFF):
        self._store, self._trace = store, trace
        self._held: dict[str, tuple[Audio, int]] = {}  # digest -> sound, and how many still need it; the oldest first
        self.held_bytes = 0
        self._group: list[tuple[Record, Audio]] = []  # made, not yet published
        self._unpublished: dict[str, Audio] = {}  # the sounds in it, by digest
        self._bytes = 0
        self._begun = 0.0  # when the first of the group was made
        self._notes: dict[str, str] = {}

    def need(self, digest: str) -> Audio:
        """The artifact. Raises LostError if it is nowhere, or was damaged; StoreError."""
        held = self._held.get(digest)
        if held is not None:
            return held[0]
        waiting = self._unpublished.get(digest)
        if waiting is not None:
            return waiting
        with self._trace.span("read", digest[:12]):
            sound = self._store.blobs.read(digest)
        if sound is None:
            raise LostError(digest)
        self._trace.count("bytes read", sound.samples.nbytes)
        return sound

    def add(self, record: Record, sound: Audio, uses: int) -> None:
        """A result, to be published with the next group. uses: how many nodes and exports will want its sound."""
        if not self._group:
            self._begun = time.monotonic()
        self._group.append((record, sound))
        self._unpublished[sound.digest] = sound
        self._bytes += sound.samples.nbytes
        if uses:
            self._hold(sound, uses)

    def _hold(self, sound: Audio, uses: int) -> None:
        known, before = self._held.get(sound.digest), 0
        if known is not None:
            before = known[1]
        else:
            self.held_bytes += sound.samples.nbytes
        self._held[sound.digest] = (sound, before + uses)
        if self.held_bytes > _HELD_BYTES:
            # The oldest first: the builder goes on from what was made last.
            over, going = self.held_bytes - _HELD_BYTES, []
            for digest, (held, _) in self._held.items():
                if over <= 0:
                    break
                if digest not in self._unpublished:
                    going.append(digest)
                    over -= held.samples.nbytes
            for digest in going:
                self._forget(digest)

    def _forget(self, digest: str) -> None:
        sound, _ = self._held.pop(digest)
        self.held_bytes -= sound.samples.nbytes

    def note(self, notes: dict[str, str]) -> None:
        """Small texts, to be kept with the next group."""
        self._notes.update(notes)

    def release(self, digest: str) -> None:
        """One that wanted a sound is done with it. Miscounting would cost a read from the store, no more."""
        if digest in self._held:
            sound, uses = self._held[digest]
            if uses > 1:
                self._held[digest] = (sound, uses - 1)
            else:
                self._forget(digest)

    @property
    def is_full(self) -> bool:
        if len(self._group) >= _GROUP_COUNT or self._bytes > _GROUP_BYTES:
            return True
        return bool(self._group) and time.monotonic() - self._begun > _GROUP_S

    def keys(self) -> list[str]:
        """The action keys of what is gathered."""
        return [record.key for record, _ in self._group]

    def publish(self, *, takes: bool) -> list[tuple[Record, StoreError]]:
        """Puts what was gathered into the store; returns what could not be kept.

        takes: whether what cannot be made again for nothing is among it.
        """
        group, notes = self._group, self._notes
        failures: list[tuple[Record, StoreError]] = []
        try:
            if group:
                with self._trace.span("publish", f"{len(group)} results"):
                    self._store.publish(group, takes=takes)
            with contextlib.suppress(StoreError):  # they save measuring again; that they are lost changes no result
                self._store.notes.put(notes)
        except BusyError as error:  # for each of them it would be waited as long again
            failures = [(record, error) for record, _ in group]
        except (StoreError, MemoryError):
            for place, (record, sound) in enumerate(group):  # what still fits is kept
                try:
                    self._store.publish([(record, sound)], takes=takes)
                except BusyError as error:
                    failures += [(left, error) for left, _ in group[place:]]
                    break
                except StoreError as error:
                    failures.append((record, error))
                except MemoryError:
                    failures.append((record, StoreError("there is not enough memory to keep it")))
        # Not before: an interrupted call leaves all as it was, to be published by the next.
        self._group, self._unpublished, self._notes, self._bytes = [], {}, {}, 0
        return failures
