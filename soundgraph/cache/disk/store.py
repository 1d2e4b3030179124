"""The cache in a folder.

    cache/
      blobs/ab/<digest>.wav      samples, as `Audio.to_wav` writes them; the name is the SHA-256 of the file
      records/ab/<key>.json      what an action gave: the same text as in the index, so that it can be rebuilt
      index/cache.db             action key -> record, and small notes; a SQLite file
      set-aside/                 what was found damaged
      tmp/                       what is being written
      locks, running/            what builds know of each other (`leases`)

Blobs are published first (temporary file, fsync, rename), then the record's file, then the index: whatever is named
can be read. A blob is checked against its digest whenever it is read. Nothing here is ever evicted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from soundgraph.cache.disk.blobs import DiskBlobs
from soundgraph.cache.disk.cache_folder import FOLDERS, Places
from soundgraph.cache.disk.coordination import DiskCoordination
from soundgraph.cache.disk.damage import Damage
from soundgraph.cache.disk.errors import disk_errors, unwritable
from soundgraph.cache.disk.files import Files
from soundgraph.cache.disk.leases import Leases
from soundgraph.cache.disk.notes import DiskNotes
from soundgraph.cache.disk.records import DiskRecords
from soundgraph.cache.disk.sqlite_index import Index
from soundgraph.cache.disk.writing import Writing
from soundgraph.cache.store import Draft, Store

# Without room for that much a build need not begin: the index alone needs it.
_ROOM_BYTES = 64 * 1024


def _is_no_draft(backend: str) -> bool:
    return False


class DiskStore(Store):
    """The cache in a folder. Safe to use from several threads and processes."""

    blobs: DiskBlobs
    records: DiskRecords
    coordination: DiskCoordination
    notes: DiskNotes

    def __init__(self, folder: Path, draft: Draft = _is_no_draft):
        """draft: without one, all that backends made counts as takes, which are never removed unasked."""
        self.folder = folder
        self._damage = Damage()
        self.places = Places(folder, self._damage.of_file)
        self.leases = Leases(self.places)
        self.files = Files(self.places)
        self.index = Index(
            self.places,
            lambda: self.records.index_rows(),  # noqa: PLW0108 - there are no records yet
            self._damage.of_index,
            self.leases.index,
            self.leases.are_refused,
        )
        self._writing = Writing(self.places, self.leases)
        records = DiskRecords(self.files, self.index, self.leases, self._writing, self._damage, draft)
        super().__init__(
            DiskBlobs(self.files, self._writing),
            records,
            DiskCoordination(folder, self.leases, records, self._writing),
            DiskNotes(folder, self.index, self._damage, self._writing),
        )

    @property
    def disk(self) -> DiskStore:
        return self

    @property
    def is_there(self) -> bool:
        return self.places.is_there

    def damage(self) -> list[str]:
        return self._damage.told()

    def close(self) -> None:
        self.index.close()
        self.leases.close()

    # Whether it may be written

    def prepare(self) -> None:
        try:
            self._writing.adopt()
            self.places.mend()
            self.places.check(_ROOM_BYTES)
        except OSError as error:
            raise unwritable(error, self.folder) from error

    @property
    def may_change(self) -> bool:
        """Whether what is there may be changed, or removed: not whether there is room for more."""
        try:
            self.places.check(None)
        except OSError:
            return False
        return True

    def need_rights(self) -> None:
        """Raises UnwritableError where that is not so. Clears places of what does not belong there."""
        if self.is_there:
            try:
                self.places.check(None)
                self.places.mend()
            except OSError as error:
                raise unwritable(error, self.folder) from error

    def temporary(self) -> Path:
        """A new name in the cache, for what is being written. Raises StoreError."""
        with disk_errors(self.folder):
            return self.files.temporary(1)[0]

    # For `soundgraph cache`

    def stats(self) -> dict[str, Any]:
        """Counts and bytes of what is there."""
        with disk_errors(self.folder):
            sizes = [path.stat().st_size for path in (self.folder / "blobs").glob("??/*.wav")]
            records = list(self.records.all())
            aside = list((self.folder / "set-aside").glob("*.wav"))
        return {
            "folder": str(self.folder),
            "artifacts": len(sizes),
            "bytes": sum(sizes),
            "records": len(records),
            "takes": sum(map(self.records.is_take, records)),
            "drafts": sum(map(self.records.is_draft, records)),
            "set_aside": len(aside),
        }

    def clear(self) -> int:
        """Removes every artifact and record; returns how many files that were. The folder and its .gitignore stay.

        Raises StoreError for a folder that is not a cache of soundgraph's.
        """
        import shutil

        count = 0
        self.need_rights()
        with disk_errors(self.folder):
            if self.folder.exists():
                self.places.adopt()
            # Not what builds know of each other: who waits for the gate would hold a lock on a file that is gone.
            with self.coordination.gate(alone=True):
                self.index.close()
                for name in sorted(FOLDERS - {"running"}):
                    folder = self.folder / name
                    count += sum(1 for path in folder.rglob("*") if path.is_file())
                    if folder.is_dir():
                        shutil.rmtree(folder)
        self.close()
        return count
