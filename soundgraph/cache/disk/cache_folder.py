"""The cache's folder and the places in it that are its own: made with the folder's mode, and cleared of what else
stands in them.

Who may use the folder may use what is in it: a new folder or file has the group and the mode of the cache's own folder,
whatever the umask of who makes it. git does the same under `core.sharedRepository`. Where soundgraph makes the folder
itself, it is open to its owner only: what is in it is trusted when it is read.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from soundgraph.core import system
from soundgraph.core.digest import DIGEST
from soundgraph.core.errors import StoreError

TAG = "CACHEDIR.TAG"
LOCKS = "locks"
ASIDE = "set-aside"
FOLDERS = frozenset({"blobs", "records", "index", ASIDE, "tmp", "running", "projects"})

_TAG_LINE = "# soundgraph's cache"
_FILES = (TAG, LOCKS)

# What a cache's folders hold, by their names: a folder without a tag is one only if it holds nothing else.
_HEX = "[0-9a-f]"
_HOLDS = {
    "blobs": re.compile(rf"{_HEX}{{2}}(/{DIGEST}\.wav)?"),
    "records": re.compile(rf"{_HEX}{{2}}(/{DIGEST}(\.{_HEX}{{16}})?\.json)?"),
    "index": re.compile(r"cache\.db(-wal|-shm|-journal)?"),
    "tmp": re.compile(rf"\d+-{_HEX}+-\d+"),
    "running": re.compile(rf"{_HEX}{{1,16}}"),
    "projects": re.compile(rf"{_HEX}{{16}}(\.reach)?"),
    ASIDE: re.compile(rf"({_HEX}{{16}}|{TAG}|{LOCKS}|{'|'.join(sorted(FOLDERS))}).*"),
}
_NESTED = ("blobs", "records")

# A lock file is empty, and so is every file of `running`.
_MOST_BYTES = {"locks": 0, "running": 0}

# What SQLite keeps beside its file, too.
_WRITTEN_FILES = (LOCKS, *(f"index/cache.db{ending}" for ending in ("", "-wal", "-shm")))


class Places:
    """The places of one cache. Safe to use from several threads and processes; raises OSError.

    told: is given the path of what is set aside, relative to the folder, and whether that could be done.
    """

    def __init__(self, folder: Path, told: Callable[[str, bool], None] = lambda name, is_aside: None):
        self.folder, self._told = folder, told
        self._count = itertools.count()
        self._seen: os.stat_result | None = None  # the folder, should it have to be made again

    # The folder itself

    @property
    def is_there(self) -> bool:
        """Whether the folder has been made a cache."""
        return _is_file(self.folder / TAG)

    def adopt(self) -> bool:
        """Makes the folder a cache, and says whether it was none before: new, or what was left of one.

        Raises StoreError for a folder that holds something else.
        """
        if is_tagged(self.folder):
            self._seen = self._seen or _stat(self.folder)
            return False
        if not _is_ours(self.folder):
            what = f"{self.folder} holds files that are not soundgraph's"
            raise StoreError(f"{what}\n  let [cache] dir name a new folder, or an empty one")
        self._make_itself()
        # https://bford.info/cachedir/: backup programs leave such a folder out.
        # At once: another build, or the next one after a kill, would take a folder with half a tag for somebody else's.
        content = f"Signature: 8a477f597d28d172789f06886806bc55\n{_TAG_LINE}\n"
        self.write(self.folder / TAG, content.encode("ascii"))
        return True

    def _make_itself(self) -> None:
        if self.folder.is_dir():  # somebody's decision, its mode too
            self._seen = self._seen or _stat(self.folder)
            return
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.folder.mkdir(mode=0o700)
        except FileExistsError:
            if not self.folder.is_dir():
                raise
            return
        if self._seen is None:
            self.folder.chmod(0o700)
        else:  # removed under a build that goes on: who could use it before can use it now
            self._adjust(self.folder, self._seen)
        self._seen = _stat(self.folder)

    def mend(self) -> None:
        """Clears the places of what is not what belongs there."""
        for path in self.odd():
            self._clear(path)

    def odd(self) -> list[Path]:
        """The places in which something else stands."""
        odd_places = [self.folder / name for name in sorted(FOLDERS)]
        odd_places = [path for path in odd_places if os.path.lexists(path) and not path.is_dir()]
        return odd_places + [
            path for name in _FILES if os.path.lexists(path := self.folder / name) and not _is_file(path)
        ]

    # What is made in it

    def make(self, path: Path) -> None:
        """A folder in the cache, and those above it."""
        try:
            path.mkdir()
        except FileNotFoundError:
            if path.parent == self.folder.parent:
                raise
            self.make(path.parent)
            self.make(path)
            return
        except FileExistsError:
            if path.is_dir():
                return
            self._clear(path)
            path.mkdir(exist_ok=True)
        self.follow(path)

    def open(self, path: str | os.PathLike[str], flags: int) -> int:
        """A new file there, for `open`'s `opener`: the mode is right before there is anything in it."""
        handle = os.open(path, flags | system.CLOSE_ON_EXEC, 0o666)
        self.follow(handle)
        return handle

    def follow(self, made: int | Path) -> None:
        """Gives what was made, by its handle or path, the group and the mode of the cache's folder.

        What cannot be changed stays: a file system may have no modes, and what is another's is not ours to open.
        """
        wanted = _stat(self.folder) or self._seen
        if wanted is not None and os.name == "posix":
            self._seen = wanted
            self._adjust(made, wanted)

    def _adjust(self, made: int | Path, wanted: os.stat_result) -> None:
        about = _look(made)
        mode = wanted.st_mode & (0o2777 if stat.S_ISDIR(about.st_mode) else 0o666)
        if wanted.st_mode & 0o070 and about.st_gid != wanted.st_gid:
            with contextlib.suppress(OSError):
                system.set_group(made, wanted.st_gid)
        # A change of group may have taken a bit of the mode; and not to ask is cheaper than to change for nothing.
        if stat.S_IMODE(_look(made).st_mode) != mode:
            with contextlib.suppress(OSError):
                os.chmod(made, mode)  # noqa: PTH101

    def temporary(self, count: int = 1) -> list[Path]:
        """New names for what is being written."""
        folder = self.folder / "tmp"
        if count and not folder.is_dir():
            self.make(folder)
        return [folder / f"{os.getpid()}-{time.time_ns():x}-{next(self._count)}" for _ in range(count)]

    def write(self, path: Path, content: bytes) -> None:
        """A small file, whole or not at all, synced."""
        (temporary,) = self.temporary()
        try:
            with open(temporary, "xb", opener=self.open) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            self.move(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise

    def move(self, temporary: Path, path: Path) -> None:
        """Gives a temporary file its name. What has the name, and cannot be replaced, is set aside."""
        try:
            temporary.replace(path)
        except (FileNotFoundError, NotADirectoryError):  # the first file in that folder, or none is there
            self.make(path.parent)
            temporary.replace(path)
        except (IsADirectoryError, PermissionError):  # a folder; Windows says of a read-only file that it is denied
            if not (os.path.lexists(path) and self.set_aside(path)):
                raise
            temporary.replace(path)

    # What is moved out of the way

    def _clear(self, path: Path) -> None:
        if path.is_symlink() and path.name in _NESTED:  # on a disk that is not mounted now, perhaps
            raise NotADirectoryError(errno.ENOTDIR, "it is a link that leads to no folder", str(path))
        if not self.set_aside(path):
            raise FileExistsError(errno.EEXIST, "something else stands there, and cannot be set aside", str(path))

    def set_aside(self, path: Path) -> bool:
        """Moves what is damaged into `set-aside`, beside what was put there before under the same name.

        Returns whether it is out of the way; not if the folder may not be written, say.
        """
        aside = self.folder / ASIDE
        name = path.relative_to(self.folder).as_posix()
        try:
            if os.path.lexists(aside) and not aside.is_dir():
                self._set_aside_itself(aside)
            if path != aside:
                self.make(aside)
                place = aside / path.name
                if os.path.lexists(place):
                    place = self._another(place)
                path.replace(place)
        except FileNotFoundError:  # another process was first
            return True
        except OSError:
            self._told(name, False)
            return False
        self._told(name, True)
        return True

    def _set_aside_itself(self, aside: Path) -> None:
        (elsewhere,) = self.temporary()
        aside.replace(elsewhere)
        self.make(aside)
        elsewhere.replace(aside / ASIDE)

    def _another(self, place: Path) -> Path:
        return place.with_name(f"{place.name}.{time.time_ns():x}-{os.getpid()}-{next(self._count)}")

    # Whether it may be written

    def check(self, room_bytes: int | None) -> None:
        """Raises OSError, with the path it is about, if the cache cannot be written. room_bytes: that have to fit; None
        to ask for rights only.

        What is ours in it and closed to ourselves is opened, as far as the cache's own folder is open.
        """
        if not _may_write(self.folder):
            raise _refusal(self.folder)
        refused = []
        for path in self._written_to():
            if not _may_write(path):
                self.follow(path)
                if not _may_write(path):
                    refused.append(path)
        if room_bytes is not None:
            self._try(room_bytes)
        if refused:
            raise _refusal(refused[0])

    def _try(self, room_bytes: int) -> None:
        try:
            (temporary,) = self.temporary()
        except PermissionError as error:
            raise type(error)(error.errno, error.strerror, str(self.folder)) from error
        try:
            with open(temporary, "xb", buffering=0, opener=self.open) as file:
                file.write(bytes(room_bytes))
        except OSError as error:
            raise type(error)(error.errno, error.strerror, str(temporary.parent)) from error
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _written_to(self) -> Iterator[Path]:
        yield from (path for name in sorted(FOLDERS) if (path := self.folder / name).is_dir())
        yield from (path for name in _WRITTEN_FILES if _is_file(path := self.folder / name))
        for name in _NESTED:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(self.folder / name) as entries:
                yield from (Path(entry.path) for entry in entries if len(entry.name) == 2 and entry.is_dir())


def is_tagged(folder: Path) -> bool:
    """Whether a folder says that it is a cache of soundgraph's."""
    tag = folder / TAG
    try:
        if not stat.S_ISREG(tag.stat().st_mode):
            return False
        with tag.open("rb") as file:
            return _TAG_LINE.encode() in file.read(4096)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):  # ELOOP: a link that leads to itself
            return False
        raise


def _is_ours(folder: Path) -> bool:
    """Whether a folder is a cache of soundgraph's, or can become one: new, or empty but for hidden files; or a part of
    a cache, of which the rest was removed or is not restored."""
    if is_tagged(folder) or not os.path.lexists(folder):
        return True
    try:
        names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    except FileNotFoundError:
        return True
    if is_tagged(folder):  # another build may have made it one since the first look
        return True
    if not names <= FOLDERS | set(_FILES):
        return False
    # With a tag, be it damaged, whatever stands in the places of a cache's own is damage too. Without one, it has to be
    # a cache's by all that is in it: somebody may keep other things in a folder that is called `index`.
    return TAG in names or (names != {ASIDE} and all(_is_part(folder / name) for name in names))


def _is_part(place: Path) -> bool:
    """Whether a place holds nothing but what soundgraph would put there."""
    if place.name not in _HOLDS:
        return _is_file(place) and _is_small(place, place.name)
    if place.is_symlink() or not place.is_dir():
        return False
    nested = place.name in _NESTED
    for path in (*place.glob("*"), *(place.glob("*/*") if nested else ())):
        name = path.relative_to(place).as_posix()
        is_folder = nested and "/" not in name
        if not _HOLDS[place.name].fullmatch(name) or (path.is_dir() != is_folder and place.name != ASIDE):
            return False
        if not _is_small(path, place.name):
            return False
    return True


def _is_small(path: Path, name: str) -> bool:
    about = _stat(path)
    return about is None or about.st_size <= _MOST_BYTES.get(name, about.st_size)


def _look(made: int | Path) -> os.stat_result:
    return os.fstat(made) if isinstance(made, int) else made.stat()


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _is_file(path: Path) -> bool:
    about = _stat(path)
    return about is not None and stat.S_ISREG(about.st_mode)


def _may_write(path: Path) -> bool:
    mode = os.W_OK | os.X_OK if path.is_dir() else os.W_OK
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def _refusal(path: Path) -> OSError:
    """Why it may not be written: what the system says when it is tried."""
    tried = path / f".{os.getpid()}-{time.time_ns():x}" if path.is_dir() else path
    try:
        os.close(os.open(tried, os.O_WRONLY | os.O_APPEND | (os.O_CREAT | os.O_EXCL if tried != path else 0), 0o600))
        if tried != path:
            tried.unlink()
    except OSError as error:
        return OSError(error.errno, error.strerror, str(path))
    return OSError(errno.EACCES, os.strerror(errno.EACCES), str(path))
