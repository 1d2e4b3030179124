"""The no-op path: what a build read and delivered, so that the next one can see that nothing changed.

Standard library only, and little of it: a build with nothing to do must not pay for an import. The state lives in
`.soundgraph/` in the working tree, one file for each configuration (`--draft`, `-D`, …), and may be deleted at
any time.

A file is taken as unchanged by its stat alone: size, mtime, ctime and inode. That would miss an edit within the tick of
the clock in which the file was read, so the rule that git has for its index is followed, with a moment read from the
filesystem (by touching a file: its clock ticks in other steps than the system's):

- a scene of which anything read is not older than the moment the build began gets no stamp: it may have changed since
  it was read. The next build looks at it in full, finds nothing to run, and stamps it.
- a delivered file that is not older than the moment the build began is *racy*: it may have been altered after it was
  written and before it was looked at again, or within the same tick. The next build compares it by content, once.

The file is text: a version and digest, then tab-separated lines. Anything unexpected in it means it is not used.
(`marshal` would load faster, but a damaged or hostile marshal file can crash the interpreter.)
"""

from __future__ import annotations

import os
import sys

from soundgraph.core.files import (
    _TEMPORARY,
    ABSENT,
    STATE_FOLDER,
    digest_if_readable,
    is_older,
    read_clock,
    read_whole,
    stat_text,
    write_atomically,
)

TYPE_CHECKING = False  # what typing.TYPE_CHECKING is, without importing it
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from hashlib import sha256
else:
    try:  # as `random` does in the standard library: hashlib loads OpenSSL, which takes as long as all else here
        from _sha2 import sha256
    except ImportError:
        try:
            from _sha256 import sha256  # Python 3.11
        except ImportError:
            from hashlib import sha256


_VERSION = "soundgraph-stamps 2"
_LEDGER = "soundgraph-delivered 2"


PROGRAM = "//program/"
"""Stands before the name of a program in the place of a path; no path that is relative, or normal, begins so."""

MANIFEST = ":manifest"
"""Stands for the export in the outputs of manifests, which come last: after it, each after a space, stand the engine
and the exports that the manifest is about. No item of a target can be called so."""


_MOST_DELIVERED_BYTES = 2**33
"""A WAV file may have half of that. A file that is as big as its disk says, and empty, would be read for hours."""


_LOST = "lost"
"""Stands for the stat of a ledger that is not there, or not to be believed."""

_STALE_NS = 3600 * 10**9
"""No write takes an hour: a temporary file that old belongs to a process that was killed."""


if TYPE_CHECKING:
    Output = tuple[str, str, str, str, str]


class SceneStamp:
    """What one scene came to.

    path: of its file. files: all that was read for it, as indices into `Stamps.files`.
    complete: whether all its exports were delivered (not only some that were asked for).
    nodes: the names of the nodes that its exports needed, joined by spaces.
    outputs: of each file delivered: export, path, stat, and if it may have changed since its content was seen, for all
        that its stat tells, the digest of its bytes and "racy"; else twice "". Each is followed by its sidecar, but for
        manifests. Plain tuples: there are thousands of them.
    """

    __slots__ = ("complete", "files", "id", "nodes", "outputs", "path")

    def __init__(
        self,
        id: str,  # noqa: A002
        path: str,
        files: Sequence[int],
        complete: bool,
        nodes: str,
        outputs: list[Output],
    ):
        self.id, self.path, self.files = id, path, files
        self.complete, self.nodes, self.outputs = complete, nodes, outputs


class Stamps:
    """The state of one configuration of one working tree. Paths are relative to `root`, or absolute outside it.

    files: (path, stat) of all that was read, or looked for and absent; of a program, see `program_text`.
    ledger: the stat of the ledger of delivered files (see `ledger`), and the scenes' files that it names beside these.
    rehashed: whether a file was found to be racy no more, which is worth saving.
    """

    __slots__ = ("_changed", "_moment", "files", "ledger", "rehashed", "root", "scenes")

    def __init__(
        self,
        root: str,
        files: list[tuple[str, str]],
        scenes: dict[str, SceneStamp],
        ledger: tuple[str, ...] = ("",),
    ):
        self.root, self.files, self.scenes, self.ledger = root, files, scenes, ledger
        self.rehashed = False
        self._changed: dict[int, bool] = {}
        self._moment: int | None = None

    def holds(self, scene: SceneStamp) -> bool:
        """Whether all that was read for the scene is as it was, and all that was delivered is there, unaltered."""
        # Written for speed: with a thousand scenes, this is what a build with nothing to do spends its time on.
        prefix, changed = self.root + os.sep, self._changed
        for index in scene.files:
            differs = changed.get(index)
            if differs is None:  # asked once for a file that many scenes read
                path, stat = self.files[index]
                if path.startswith(PROGRAM):
                    now = program_text(path.removeprefix(PROGRAM))
                else:
                    now = stat_text(prefix + path)
                differs = changed[index] = now != stat
            if differs:
                return False
        status = os.stat
        try:
            for _, path, known, _, racy in scene.outputs:
                current = status(prefix + path)
                if f"{current.st_size} {current.st_mtime_ns} {current.st_ctime_ns} {current.st_ino}" != known:
                    return False
                if racy and not self._is_unaltered(scene, path):
                    return False
        except (OSError, ValueError):
            return False
        return True

    def read_for(self, scene: SceneStamp) -> list[str]:
        """The paths of the files that were read for a scene, or looked for and absent."""
        paths = (self.files[index][0] for index in scene.files)
        return [path for path in paths if not path.startswith(PROGRAM)]

    def sources(self) -> set[str]:
        """The files of scenes other than these that delivered something, whether or not they are still there."""
        self._look_at_ledger()
        return set(self.ledger[1:])

    def has_lost_ledger(self) -> bool:
        """Whether files were delivered, and it is known of none: then a build looks at all of it again."""
        self._look_at_ledger()
        return self.ledger[0] == _LOST and any(scene.outputs for scene in self.scenes.values())

    def _look_at_ledger(self) -> None:
        path = os.path.join(self.root, STATE_FOLDER, "delivered")
        stat = stat_text(path)
        if stat == self.ledger[0]:
            return
        known = {scene.path for scene in self.scenes.values()}
        body = ledger_lines(path)
        lines = (body or b"").decode("utf-8", "surrogateescape").split("\n")
        sources = {line.split("\t", 3)[2] for line in lines if line.count("\t") in (5, 6)}
        self.ledger = (_LOST if body is None else stat, *sorted(sources - known - {""}))

    def _is_unaltered(self, scene: SceneStamp, path: str) -> bool:
        """Compares a racy file by content, and trusts its stat from now on if it is older than that look at it."""
        if self._moment is None:
            try:
                self._moment = read_clock(self.root)
            except OSError:
                self._moment = 0  # nothing can be written here, so nothing would be remembered either
        place = next(place for place, output in enumerate(scene.outputs) if output[1] == path)
        export, _, stat, digest, _ = scene.outputs[place]
        if digest_if_readable(os.path.join(self.root, path)) != digest:
            return False
        if is_older(stat, self._moment):
            scene.outputs[place] = (export, path, stat, "", "")
            self.rehashed = True
        return True


def program_text(name: str) -> str:
    """Which program a name stands for now, and its stat; `ABSENT` if there is none.

    The stat of the one that was run does not tell of another one that is found before it.
    """
    from soundgraph.core import programs  # only where a scene was read through one

    path = programs.find(name)
    return ABSENT if path is None else f"{path} {stat_text(path)}"


def ledger_head(body: bytes) -> bytes:
    """The first line of a ledger. It has no tab in it, so that versions which knew of no digest pass over it."""
    return f"{_LEDGER} {sha256(body).hexdigest()}\n".encode()


def ledger_lines(path: str) -> bytes | None:
    """What stands in a ledger of delivered files after its first line; None for one that is lost, or damaged.

    Once there was a form without a digest. Whoever wanted to have files removed could write it by hand.
    """
    try:
        head, end, body = read_whole(path).partition(b"\n")
    except OSError:
        return None
    # No file is called so, and no build writes it: it would be asked of the system, which takes no such name.
    return body if head + end == ledger_head(body) and b"\0" not in body else None


def delivered_digest(path: str) -> str:
    """The digest of a file that may be a delivered one; "" for what cannot be read, or is bigger than any of those."""
    try:
        is_too_big = os.stat(path).st_size > _MOST_DELIVERED_BYTES
    except OSError:
        return ""
    return "" if is_too_big else digest_if_readable(path)


def scan(root: str, folder: str = "graphs") -> list[tuple[str, str]]:
    """(scene id, path relative to root) of every scene under `folder`, sorted by id.

    Hidden files and folders, and links to folders, are not looked at. Raises OSError for a folder that may not be read.
    """
    scenes: list[tuple[str, str]] = []
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            with os.scandir(os.path.join(root, here)) as entries:
                for entry in entries:
                    name = entry.name
                    if name.startswith("."):
                        continue
                    if name.endswith(".toml"):
                        path = f"{here}/{name}"
                        scenes.append((scene_id(path), path))
                    elif entry.is_dir(follow_symlinks=False):
                        waiting.append(f"{here}/{name}")
        except (FileNotFoundError, NotADirectoryError):
            continue
    scenes.sort()
    return scenes


def scene_id(path: str) -> str:
    """`forest/rain` for "graphs/forest/rain.toml". path: relative to the project's root, with "/"."""
    stem = path.removesuffix(".toml")
    return stem.removeprefix("graphs/")


def config_name(options: Iterable[str]) -> str:
    """The name of one configuration's state file. options: whatever, beside the files, decides what a build gives."""
    return "stamps-" + sha256("\0".join(options).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def fingerprint() -> str:
    """Stands for this installation: version of Python, stat of the package's sources and of the libraries' folder.

    Under another fingerprint no stamp holds.
    """
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parts = [sys.version, package]
    waiting = [package]
    while waiting:
        here = waiting.pop()
        with os.scandir(here) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    info = entry.stat()
                    parts.append(f"{entry.path} {info.st_size} {info.st_mtime_ns}")
                elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
                    waiting.append(entry.path)
    parts.sort()
    parts.extend(stat_text(path) for path in sys.path if path.endswith(("site-packages", "dist-packages")))
    return config_name(parts)


def load(root: str, config: str) -> Stamps | None:
    """The state of that configuration; None if there is none that can be used."""
    try:
        head, _, body = read_whole(os.path.join(root, STATE_FOLDER, config)).partition(b"\n")
        if head.decode() != f"{_VERSION} {sha256(body).hexdigest()}":
            return None
        lines = body.decode("utf-8", "surrogateescape").split("\n")
        if lines[0] != fingerprint() or lines[1] != config:  # one that was put in the place of another
            return None
        files: list[tuple[str, str]] = []
        ledger: tuple[str, ...] = ("",)
        scenes: dict[str, SceneStamp] = {}
        for line in lines[2:]:
            fields = line.split("\t")
            if fields[0] == "F":
                files.append((fields[1], fields[2]))
            elif fields[0] == "L":
                ledger = tuple(fields[1:])
            elif fields[0] == "S":
                outputs = list(zip(fields[6::5], fields[7::5], fields[8::5], fields[9::5], fields[10::5], strict=True))
                indices = [int(text) for text in fields[3].split()]
                if indices and not 0 <= min(indices) <= max(indices) < len(files):
                    return None
                scenes[fields[1]] = SceneStamp(
                    fields[1], fields[2], indices, fields[4] == "complete", fields[5], outputs
                )
        return Stamps(root, files, scenes, ledger)
    except (OSError, ValueError, IndexError):
        return None


def scene_paths(root: str) -> dict[str, str]:
    """The files of scenes by their ids, of all that any configuration knows: they may be gone by now."""
    path_of: dict[str, str] = {}
    try:
        names = [name for name in os.listdir(os.path.join(root, STATE_FOLDER)) if name.startswith("stamps-")]
    except OSError:
        return path_of
    for name in sorted(names):
        if (stamps := load(root, name)) is not None:
            path_of.update((scene.id, scene.path) for scene in stamps.scenes.values())
    return path_of


def save(stamps: Stamps, config: str) -> None:
    """Writes the state; whole, or, where a path does not fit its form (a tab in a name), not at all."""
    os.makedirs(os.path.join(stamps.root, STATE_FOLDER), exist_ok=True)
    stamps.sources()
    rows: list[list[str]] = [["L", *stamps.ledger], *(["F", path, stat] for path, stat in stamps.files)]
    for scene in stamps.scenes.values():
        row = ["S", scene.id, scene.path, " ".join(map(str, scene.files)), "complete" if scene.complete else ""]
        row.append(scene.nodes)
        for output in scene.outputs:
            row += output
        rows.append(row)
    lines = ["\t".join(row) for row in rows]
    if any(line.count("\t") != len(row) - 1 or "\n" in line for line, row in zip(lines, rows, strict=True)):
        return
    lines = [fingerprint(), config, *lines]
    body = "\n".join(lines).encode("utf-8", "surrogateescape")
    head = f"{_VERSION} {sha256(body).hexdigest()}\n".encode()
    write_atomically(os.path.join(stamps.root, STATE_FOLDER, config), head + body, root=stamps.root)


def prune(root: str, keep: int = 20) -> None:
    """Forgets the states of configurations that were not built for longest, each -D makes one, and removes what
    processes that were killed left half written."""
    folder = os.path.join(root, STATE_FOLDER)
    states = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("stamps-"):
                states.append((entry.stat().st_mtime_ns, entry.path))
            elif entry.name.startswith(_TEMPORARY) and entry.stat().st_mtime_ns < read_clock(root) - _STALE_NS:
                os.unlink(entry.path)
    for _, path in sorted(states)[:-keep]:
        os.unlink(path)
