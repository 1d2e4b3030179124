"""Which files soundgraph delivered into the working tree, so that one which no scene delivers any more can be removed.

Kept in `.soundgraph/delivered`: a line with a digest of what follows, then tab-separated lines. Losing it only means
that such files stay where they are, so one that was damaged counts as lost.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from soundgraph import stamp

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


_FORM = b"soundgraph-delivered 2"


class Entry(NamedTuple):
    """A delivered file.

    path: relative to the project's root, with "/". owner: "scene:export". source: the scene's file, relative to the
    root; "" for a scene that was built in code. draft: whether `--draft` delivered it.
    key: of the export, or "sidecar". digest: of its bytes. commit: at which these bytes were first delivered here, as
    `str` of a Commit; "" where that is not known, and of a sidecar.
    """

    path: str
    owner: str
    source: str
    draft: bool
    key: str
    digest: str
    commit: str = ""

    @property
    def scene(self) -> str:
        return self.owner.rpartition(":")[0]


class Ledger:
    """The entries by path. `save` merges with what another build has written in the meantime."""

    def __init__(self, root: Path):
        self._root = root
        self._file = root / stamp.FOLDER / "delivered"
        self._changes: dict[str, Entry | None] = {}
        self.entries = self._read()

    def add(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.entries[entry.path] = self._changes[entry.path] = entry

    def remove_files(self, stale: Iterable[Entry]) -> list[str]:
        """Deletes those files that are still as they were delivered; forgets them all. Returns the deleted paths.

        One that cannot be deleted is remembered: the next build tries again.
        """
        gone = []
        for entry in stale:
            path = self._root / entry.path
            # Nothing was ever delivered outside the project: a ledger that says so, or a link that makes it so, came
            # with somebody else's tree.
            inside = path.is_relative_to(self._root) and path.parent.resolve().is_relative_to(self._root.resolve())
            if inside and ".." not in path.parts and stamp.file_digest(str(path)) == entry.digest:
                try:
                    path.unlink(missing_ok=True)
                except OSError:
                    continue
                gone.append(entry.path)
            self.entries.pop(entry.path, None)
            self._changes[entry.path] = None
        return gone

    def save(self) -> None:
        """Writes what changed. Raises OSError if it cannot be written."""
        if not self._changes:
            return
        self._file.parent.mkdir(exist_ok=True)
        with locked(self._file.with_name("lock")):
            self._merge()
        self._changes.clear()

    def _merge(self) -> None:
        entries = {**self._read(), **self._changes}
        lines = ["\t".join(_fields(entry)) for _, entry in sorted(entries.items()) if entry is not None]
        body = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
        stamp.write_atomically(str(self._file), _head(body) + body, root=str(self._root))

    def _read(self) -> dict[str, Entry]:
        try:
            data = stamp.read_whole(str(self._file))
        except OSError:
            return {}
        head, _, body = data.partition(b"\n")
        if b"\t" in head and not head.startswith(_FORM):
            body = data  # written before there was a digest
        elif head + b"\n" != _head(body):
            return {}
        entries = {}
        # Not splitlines(): names may hold other characters that it takes for the end of a line.
        for line in body.decode("utf-8", "surrogateescape").split("\n"):
            fields = line.split("\t")
            if len(fields) in (6, 7):
                path, owner, source, draft, key, digest, *commit = fields
                entries[path] = Entry(path, owner, source, draft == "draft", key, digest, *commit)
        return entries


def _head(body: bytes) -> bytes:
    """The first line of a ledger. It has no tab in it, so that versions which knew of no digest pass over it."""
    return b"%s %s\n" % (_FORM, hashlib.sha256(body).hexdigest().encode())


def _fields(entry: Entry) -> list[str]:
    """Those of its line. The commit only where there is one: most files of most projects have none."""
    found = [entry.path, entry.owner, entry.source, "draft" if entry.draft else "", entry.key, entry.digest]
    return [*found, entry.commit] if entry.commit else found


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time. The system lets go of the lock when its holder ends, however it ends.

    path: of a file that stays empty.
    """
    with path.open("wb") as file:
        if fcntl is not None:
            # Where the file system has no locks, entries of two builds at once may be lost; files are not.
            with contextlib.suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield
