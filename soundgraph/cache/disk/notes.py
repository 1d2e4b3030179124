"""Notes as rows of the index."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from soundgraph.cache.disk import sealing
from soundgraph.cache.disk.damage import Damage
from soundgraph.cache.disk.errors import disk_errors
from soundgraph.cache.disk.sqlite_index import NOTE, Index
from soundgraph.cache.disk.writing import Writing
from soundgraph.core.errors import StoreError


class DiskNotes:
    """Safe to use from several threads and processes."""

    def __init__(self, folder: Path, index: Index, damage: Damage, writing: Writing):
        self._folder, self._index, self._damage, self._writing = folder, index, damage, writing

    def get(self, names: Sequence[str]) -> dict[str, str]:
        with disk_errors(self._folder):
            sealed_texts = self._index.get([f"{NOTE}{name}" for name in names])
        notes = {}
        for row, sealed in sealed_texts.items():
            name = row.removeprefix(NOTE)
            text = sealing.unseal(name, sealed)
            if text is not None:
                notes[name] = text
            else:
                self._damage.add(f'index/cache.db: the note "{name}" was damaged, and is dropped')
                with contextlib.suppress(StoreError):
                    self._index.remove([row])
        return notes

    def put(self, notes: Mapping[str, str]) -> None:
        if notes:
            sealed_texts = {f"{NOTE}{name}": sealing.seal(name, text) for name, text in notes.items()}
            self._writing.through_removal(lambda: self._index.put(sealed_texts))
