"""Which files soundgraph delivered into the working tree, so that one which no scene delivers any more can be removed.

Kept in `.soundgraph/delivered`: a line with a digest of what follows, then tab-separated lines. One that was damaged
counts as lost; what was lost is learned again from the sidecars of delivered files.

A file that it names is taken for soundgraph's own, and is written over, so that a path is written down before its file
is. Whatever a ledger says, no file is removed but below the output folder: it may have come with somebody's tree.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from soundgraph.core import system
from soundgraph.core.files import STATE_FOLDER, write_atomically
from soundgraph.core.path_names import real
from soundgraph.project import build_state

CLAIMED = "claimed"
"""The key of a file that a build was about to deliver. It has no digest, so that nothing is removed for it."""
LEARNED = "learned"
"""The key of a file that is known by its sidecar alone."""


class DeliveredFile(NamedTuple):
    """A file that soundgraph delivered, as the ledger knows it."""

    path: str
    """Relative to the project's root, with "/"."""
    owner: str
    """ "scene:export"."""
    source: str
    """The scene's file, relative to the root; "" for a scene that was built in code."""
    draft: bool
    """Whether `--draft` delivered it."""
    key: str
    """Of the export, or "sidecar", or one of `CLAIMED` and `LEARNED`."""
    digest: str
    """Of its bytes."""
    commit: str = ""
    """At which these bytes were first delivered here, as `str` of a Commit; "" where that is not known, and of a
    sidecar."""

    @property
    def scene(self) -> str:
        return self.owner.rpartition(":")[0]


class Ledger:
    """The entries by path. `save` merges with what another build has written in the meantime."""

    def __init__(self, root: Path):
        self._root = root
        self._file = root / STATE_FOLDER / "delivered"
        self._changes: dict[str, DeliveredFile | None] = {}
        self._claimed: list[str] = []
        self.lost = False
        """Whether there is none that can be believed."""
        self.entries = self._read()

    def add(self, entries: Iterable[DeliveredFile]) -> None:
        for entry in entries:
            self.entries[entry.path] = self._changes[entry.path] = entry

    def claim(self, entries: Iterable[DeliveredFile]) -> None:
        """Writes down what is about to be delivered, and is not known yet: a build that is killed leaves files behind
        of which nobody could tell whose they are."""
        entries = list(entries)
        self.add([entry for entry in entries if entry.path not in self.entries])
        self._claimed = [entry.path for entry in entries if self.entries[entry.path].key == CLAIMED]
        with contextlib.suppress(OSError):  # a tree whose state cannot be written; what is delivered has its sidecar
            self.save(sync=True)  # as what is delivered is: a power cut must not take one and leave the other

    def drop_claims(self) -> None:
        """Forgets what was claimed and did not come to be: whatever appears there is somebody else's."""
        self.forget(
            path
            for path in self._claimed
            if self.entries[path].key == CLAIMED and not os.path.lexists(self._root / path)
        )

    def refresh(self) -> None:
        """Learns what other builds have written down in the meantime."""
        self.entries = {**self._read(), **self.entries}

    def forget(self, paths: Iterable[str]) -> None:
        for path in paths:
            self.entries.pop(path, None)
            self._changes[path] = None

    def remove_files(self, stale: Iterable[DeliveredFile], output: Path) -> list[str]:
        """Deletes those files that are still as they were delivered; forgets them all. Returns the deleted paths.

        One that cannot be deleted is remembered: the next build tries again. output: the folder that files are
        delivered into; nothing outside it is touched.
        """
        gone = []
        for entry in stale:
            path = self._root / entry.path
            # A link is none of ours, wherever it leads: what is delivered is a file.
            is_ours = bool(entry.digest) and lies_below(self._root, entry.path, output) and not path.is_symlink()
            if is_ours and build_state.delivered_digest(str(path)) == entry.digest:
                try:
                    path.unlink(missing_ok=True)
                except OSError:
                    continue
                gone.append(entry.path)
            self.forget([entry.path])
        return gone

    def save(self, *, sync: bool = False) -> None:
        """Writes what changed. Raises OSError if it cannot be written."""
        if not self._changes:
            return
        self._file.parent.mkdir(exist_ok=True)
        with locked(self._file.with_name("lock")):
            self._merge(sync)
        self._changes.clear()

    def _merge(self, sync: bool) -> None:
        entries = {**self._read(), **self._changes}
        lines = ["\t".join(_fields(entry)) for _, entry in sorted(entries.items()) if entry is not None]
        body = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
        write_atomically(str(self._file), build_state.ledger_head(body) + body, root=str(self._root), sync=sync)

    def _read(self) -> dict[str, DeliveredFile]:
        body = build_state.ledger_lines(str(self._file))
        self.lost = body is None
        if body is None:
            return {}
        entries = {}
        # Not splitlines(): names may hold other characters that it takes for the end of a line.
        for line in body.decode("utf-8", "surrogateescape").split("\n"):
            fields = line.split("\t")
            if len(fields) in (6, 7):
                path, owner, source, draft, key, digest, *commit = fields
                entries[path] = DeliveredFile(path, owner, source, draft == "draft", key, digest, *commit)
        return entries


def lies_below(root: Path, path: str, output: Path) -> bool:
    """Whether a path, relative to the root, names something in the output folder, and no link on the way leads out."""
    full = root / path
    if ".." in full.parts or not full.is_relative_to(output) or full == output:
        return False
    folder = real(output)
    return real(full.parent).is_relative_to(folder) and folder.is_relative_to(real(root))


def _fields(entry: DeliveredFile) -> list[str]:
    """Those of its line. The commit only where there is one: most files of most projects have none."""
    fields = [entry.path, entry.owner, entry.source, "draft" if entry.draft else "", entry.key, entry.digest]
    return [*fields, entry.commit] if entry.commit else fields


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time. The system lets go of the lock when its holder ends, however it ends.

    path: of a file that stays empty.
    """
    # Not for writing alone: where a pipe stands in its place, that would wait for a reader.
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | system.CLOSE_ON_EXEC, 0o666), "rb") as file:
        # Where the file system has no locks, entries of two builds at once may be lost; files are not.
        with contextlib.suppress(OSError):
            system.lock_whole(file)
        yield
