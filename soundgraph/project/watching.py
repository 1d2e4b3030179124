"""Building again after each burst of changes: what is watched, and how changes are heard of."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator, Iterable
from typing import Any, Protocol

from soundgraph.core.files import is_older, stat_text
from soundgraph.core.text import counted
from soundgraph.project.root import GRAPHS, PROJECT_FILE

_STEP_MS = 50
"""A burst of changes is over when nothing more changes for so long."""

_LONGEST_BURST_MS = 2000
_POLL_S = 1.0
_LONGEST_POLLS = 5


class Scope:
    """What is watched between two builds: files that were read, or looked for and absent, and all of `graphs/`.

    Folders are watched one by one, and none for what lies below it: a project may be part of a large tree, and holds
    the cache, whose folders are many. Of a file inside the project all folders above it are watched, since they may be
    renamed; of one outside, the next one that is there.

    root: of the project, absolute. files: absolute. folders: those to be watched, all of them there.
    """

    def __init__(self, root: str, files: Iterable[str]):
        self.root = root
        self.files = frozenset(map(os.path.normpath, [*files, os.path.join(root, PROJECT_FILE)]))
        self._graphs = os.path.join(root, GRAPHS)
        self._above: set[str] = set()
        self._real: dict[str, str] = {}  # of folders
        names = set(self.files)
        for file in self.files:
            names |= self._other_names(file)
        for name in names:  # a checkpoint that is not whole yet is a folder
            self._climb(name if os.path.isdir(name) else os.path.dirname(name))
        self._names = names
        inside = {here for here, _, _ in _walk(self._graphs)}
        self.folders = frozenset(folder for folder in inside | self._above if os.path.isdir(folder))

    def concerns(self, path: str) -> bool:
        """Whether a change of what is, or was, at `path` can change what a build gives."""
        if path in self._names or path in self._above or os.path.dirname(path) in self._names or path == self._graphs:
            return True
        if not path.startswith(self._graphs + os.sep):
            return False
        if any(part.startswith(".") for part in path[len(self._graphs) + 1 :].split(os.sep)):
            return False
        return path.endswith(".toml") or os.path.isdir(path)

    def _other_names(self, file: str) -> set[str]:
        """What a file behind links is called by a system that follows them, and where it is edited."""
        folder, name = os.path.split(file)
        real = self._real.get(folder)
        if real is None:
            real = self._real[folder] = os.path.realpath(folder)
        names = {os.path.join(real, name)}
        if os.path.islink(file):
            names.add(os.path.realpath(file))
        return names

    def _climb(self, folder: str) -> None:
        inside = folder == self.root or folder.startswith(self.root + os.sep)
        while folder not in self._above:
            self._above.add(folder)
            if folder == self.root or (not inside and os.path.isdir(folder)):
                return
            folder = os.path.dirname(folder)


def _walk(folder: str) -> Iterable[tuple[str, list[str], list[str]]]:
    """`os.walk` over the folders in which `build_state.scan` looks for scenes."""
    for here, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield here, folders, files


class Events(Protocol):
    def watch(self, folders: frozenset[str]) -> None:
        """From now on changes in these folders are heard of; those of before, in folders watched till now, are kept."""

    def wait(self, concerns: Callable[[str], bool]) -> set[str]:
        """What changed since it was last asked, of what matters; waits for a change, and until no more come."""


Aim = Callable[[Iterable[str], int | None], None]
"""Called by a build with all the files it read, and the moment (of `files.read_clock`) before it read the first."""


def watch(root: str, events: Events, build: Callable[[Aim, frozenset[str]], bool]) -> None:
    """Builds, and builds again after each burst of changes, until `build` says that it is over.

    What changes while a build runs is built next. build: is given what to call once it knows its files, before it
    begins anything that takes long, and the paths whose change led to it: none for the first.
    """
    scope = Scope(root, ())
    missed: set[str] = set()

    def aim(files: Iterable[str], moment: int | None) -> None:
        nonlocal scope
        before, scope = scope, Scope(root, files)
        events.watch(scope.folders)
        # What lies in a folder that was not watched before may have changed since it was read.
        if moment is not None:
            new = scope.folders - before.folders
            missed.update(
                file for file in scope.files if os.path.dirname(file) in new and not is_older(stat_text(file), moment)
            )

    events.watch(scope.folders)
    changed: set[str] = set()
    while build(aim, frozenset(changed)):
        changed, missed = missed or events.wait(scope.concerns), set()


class Heard:
    """Hears of changes from the system, or looks at the files itself where the system cannot watch them.

    A user has so many watches, and so many who watch (128 on most Linux systems, of which editors and containers take
    theirs); both may be used up at the first build or at a later one. tell: is given a line about that.
    """

    def __init__(self, tell: Callable[[str], None], notified: Notified | None = None, polled: Polled | None = None):
        self._tell = tell
        self._notified, self._polled = notified or Notified(), polled or Polled()
        self._events: Events = self._notified
        self._left: set[str] = set()

    def watch(self, folders: frozenset[str]) -> None:
        try:
            self._events.watch(folders)
        except UnwatchedError as error:
            self._tell(f"{error}: the files are looked at once a second instead, as with --poll")
            self._events = self._polled
            self._events.watch(folders)
            self._left = self._notified.close()

    def wait(self, concerns: Callable[[str], bool]) -> set[str]:
        left, self._left = {path for path in self._left if concerns(path)}, set()
        return left or self._events.wait(concerns)


class UnwatchedError(Exception):
    """The system cannot watch so much."""


class Notified:
    """Hears of changes from the system."""

    def __init__(self) -> None:
        self._folders: frozenset[str] = frozenset()
        self._source: Generator[set[Any], None, None] | None = None
        self._heard: set[str] = set()

    def watch(self, folders: frozenset[str]) -> None:
        """Raises UnwatchedError where the system cannot watch so many."""
        if folders == self._folders:
            return
        before, self._source = self._source, self._begin(folders)
        self._folders = folders
        if before is not None:  # what it heard before the new one began
            self._hear(before)
            before.close()

    def wait(self, concerns: Callable[[str], bool]) -> set[str]:
        if self._source is None:
            raise RuntimeError("nothing is watched")
        while not (changed := self.changes(concerns)):
            self._hear(self._source)
        end = time.monotonic() + _LONGEST_BURST_MS / 1000
        # watchfiles takes a burst for over when no other file changes: one that is saved again and again is not heard.
        while time.monotonic() < end:
            self._hear(self._source)
            if not (more := self.changes(concerns)):
                break
            changed |= more
        if not self._folders.isdisjoint(changed):
            self._folders = frozenset()  # what comes in the place of a folder is another one: begin anew
        return changed

    def close(self) -> set[str]:
        """Watches no more; what it has heard of and not told yet."""
        source, self._source = self._source, None
        if source is not None:
            self._hear(source)
            source.close()
        return self._heard

    def changes(self, concerns: Callable[[str], bool]) -> set[str]:
        """What was heard of since the last call, of what matters."""
        changed = {path for path in self._heard if concerns(path)}
        self._heard = set()
        return changed

    def _begin(self, folders: frozenset[str]) -> Generator[set[Any], None, None]:
        import watchfiles

        _start_thread()
        source = watchfiles.watch(
            *folders,
            watch_filter=None,
            debounce=_LONGEST_BURST_MS,
            step=_STEP_MS,
            rust_timeout=_STEP_MS,
            yield_on_timeout=True,  # it watches nothing before it is first asked, which must not wait for a change
            recursive=False,
            force_polling=False,  # that of watchfiles sees no two changes within a second: see `Polled`
            ignore_permission_denied=True,
        )
        try:
            self._hear(source)
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        # OSError where watches are used up, a RuntimeError of its own where those who watch are, and what Rust calls a
        # panic, which is no Exception, where there is no thread for it.
        except BaseException as error:
            raise UnwatchedError(f"the system cannot watch {counted(len(folders), 'folder')} ({error})") from error
        return source

    def _hear(self, source: Generator[set[Any], None, None]) -> None:
        self._heard |= {path for _, path in next(source)}


def _start_thread() -> None:
    """Raises UnwatchedError where the system gives no thread: what is written in Rust would end the process."""
    thread = threading.Thread(target=lambda: None, name="is there one")
    try:
        thread.start()
    except RuntimeError as error:
        raise UnwatchedError(f"the system cannot watch folders ({error})") from error
    thread.join()


class Polled:
    """Looks at all files of the folders again and again: for where the system tells nothing, as of network drives.

    By all that a stamp goes by, so that no second change within a second is missed. pause: waits so many seconds.
    """

    def __init__(self, pause: Callable[[float], None] = time.sleep):
        self._pause = pause
        self._seen: dict[str, dict[str, str]] = {}  # by folder

    def watch(self, folders: frozenset[str]) -> None:
        self._seen = {folder: self._seen[folder] if folder in self._seen else _look(folder) for folder in folders}

    def wait(self, concerns: Callable[[str], bool]) -> set[str]:
        while not (changed := self.changes(concerns)):
            pass
        for _ in range(_LONGEST_POLLS):
            if not (more := self.changes(concerns)):
                break
            changed |= more
        return changed

    def changes(self, concerns: Callable[[str], bool]) -> set[str]:
        self._pause(_POLL_S)
        changed = set()
        for folder, before in self._seen.items():
            now = self._seen[folder] = _look(folder)
            changed |= {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}
        return {path for path in changed if concerns(path)}


def _look(folder: str) -> dict[str, str]:
    """From the paths in a folder to how they stand; of folders in it, only that they are there."""
    try:
        with os.scandir(folder) as entries:
            return {entry.path: "" if entry.is_dir() else stat_text(entry.path) for entry in entries}
    except OSError:
        return {}
