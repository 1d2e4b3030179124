"""What a cache is to those who build with it: four parts, and the order in which results are published.

`disk/` is the form that lies in a folder; a part of another form may stand in place of any of these.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from soundgraph.audio.artifact import Audio
from soundgraph.cache.result_record import Record

if TYPE_CHECKING:
    from soundgraph.cache.disk.store import DiskStore

Draft = Callable[[str], bool]
"""Whether all that a backend makes are stand-ins, by its name. The cache does not know the backends."""


class Blobs(Protocol):
    """Sounds, by digest. What a digest stands for never changes: what is there need not be put again."""

    def has(self, digest: str) -> bool:
        """Whether the sound is there, by name only; `read` checks it."""

    def read(self, digest: str) -> Audio | None:
        """The sound, checked against its digest; None if it is not there or was damaged, and so set aside."""

    def window(self, digest: str, start: int, n_samples: int) -> Audio | None:
        """A part of a sound, for a preview; None if it is not there, or is no sound.

        start: 0 or more; samples of one channel that are left out before it. n_samples: of one channel, 0 or more;
        what lies behind the sound's end is not among it. No more than that part is read where that can be done: so it
        is not checked against the digest, unless it is the whole sound. Nothing may be published that comes of it.
        """

    def put(self, sounds: Mapping[str, Audio], *, takes: bool) -> None:
        """Keeps sounds, by their digests. Raises StoreError. takes: as in `Store.publish`."""


class Records(Protocol):
    """What actions gave, by action key. A record is put once its sound can be read.

    One record of a key counts. Takes that it has replaced, or that came from elsewhere, stay beside it: a pin may name
    one of them.
    """

    def lookup(self, keys: Sequence[str]) -> dict[str, Record]:
        """The records of those keys that have one. Asked for all nodes of a build at once."""

    def find(self, key: str) -> Record | None:
        """The record of a key, looked for wherever one may be: what another process has just published, too."""

    def kept(self, key: str, digest: str) -> Record | None:
        """The record by which an action gave that very sound: the one that counts, or one beside it."""

    def put(self, records: Sequence[Record], *, takes: bool) -> None:
        """Keeps records, which count from now on. Takes that they replace stay beside them. Raises StoreError.

        takes: as in `Store.publish`.
        """

    def is_take(self, record: Record) -> bool:
        """Whether a model made it, so that perhaps it cannot be made again bit for bit. A draft can."""

    def is_draft(self, record: Record) -> bool:
        """Whether it is a stand-in."""


class Coordination(Protocol):
    """What those who share a cache know of each other. All of it ends by itself with the process."""

    def claim(self, key: str) -> bool:
        """Whether this build may run the action now; False while another one does. Ends by `release`."""

    def release(self, keys: Iterable[str]) -> None:
        """What was claimed is done, or given up. Not before its record is published."""

    def gate(self) -> contextlib.AbstractContextManager[None]:
        """While it is open to a build, nothing is deleted: what it finds and says to use, it has."""

    def running(self) -> contextlib.AbstractContextManager[None]:
        """For as long as a build takes: what it has used since it began stays."""

    def use(self, keys: Sequence[str]) -> None:
        """Says that a build needs these records: they count as used now, and no collection takes them from it."""

    def publishing(self, put: Callable[[], None]) -> None:
        """Calls `put` within the gate; once more from its start where what it puts is removed from under it."""


class Notes(Protocol):
    """Small texts by name, which save work. One that is lost changes no result. `NOTES_THAT_TRAVEL` has their kinds."""

    def get(self, names: Sequence[str]) -> dict[str, str]:
        """The texts of those names that have one."""

    def put(self, notes: Mapping[str, str]) -> None:
        """Keeps them. Raises StoreError."""


NOTES_THAT_TRAVEL = {
    # The action key that a node of a project had last, for `explain`. Its name holds a path of this machine.
    "last": False,
    # Figures of a sound or file, under the digest of what was measured: they are the same everywhere.
    "measured": True,
    # The facts and the digest of a delivered file, under a key that covers the sound, the settings and the versions of
    # the libraries that wrote it. Where other bytes come out all the same, the file is made again.
    "export": True,
    # How big this cache is.
    "size": False,
}
"""Whether another machine may have the notes of a kind: the kind is the first word of a note's name."""


class Store:
    """The parts of a cache that belong together. Safe to use from several threads."""

    def __init__(
        self, blobs: Blobs, records: Records, coordination: Coordination, notes: Notes, local: Store | None = None
    ):
        """local: what is prepared, and closed in the end, and tells of damage, where the parts do not do so."""
        self.blobs, self.records, self.coordination, self.notes = blobs, records, coordination, notes
        self._local = local

    def publish(self, results: Sequence[tuple[Record, Audio]], *, takes: bool) -> None:
        """Publishes sounds, then their records: whatever a record names can be read.

        takes: whether what cannot be made again for nothing is among them; that has to outlast a power cut.
        Raises StoreError if it fails; what was there is unharmed.
        """

        def put() -> None:
            self.blobs.put({record.digest: sound for record, sound in results}, takes=takes)
            self.records.put([record for record, _ in results], takes=takes)

        self.coordination.publishing(put)

    @property
    def is_there(self) -> bool:
        """Whether there is anything yet: a cache is made when it is first needed."""
        return self._local is None or self._local.is_there

    @property
    def disk(self) -> DiskStore | None:
        """The folder of this machine in which results are kept; None if they are kept in none."""
        return self._local.disk if self._local is not None else None

    def prepare(self) -> None:
        """Makes it, and tries whether it can be written: that is to be known before anything runs.

        Raises StoreError, UnwritableError if it cannot.
        """
        if self._local is not None:
            self._local.prepare()

    def damage(self) -> list[str]:
        """What was found damaged since this was last asked: a line for each, to be told."""
        return self._local.damage() if self._local is not None else []

    def close(self) -> None:
        """Lets go of files and locks. It may be used again."""
        if self._local is not None:
            self._local.close()
