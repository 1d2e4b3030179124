"""The project as it stands at a git revision: what its scenes are made of, read out of the repository into a folder.

The working tree and the index are left alone. Read are `soundgraph.toml`, `soundgraph.lock`, the scenes, and the files
that a scene names: a repository may hold a whole game. Files come as git keeps them: no filter runs, and nothing is
fetched.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import shutil
import tempfile
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from soundgraph.core import git_lfs, programs, toml_document
from soundgraph.core.errors import Mistake, UsageError
from soundgraph.core.files import digest_file
from soundgraph.project import git_commit, git_repository
from soundgraph.project.git_repository import Git
from soundgraph.project.lockfile import LOCK_FILE
from soundgraph.project.root import GRAPHS, PROJECT_FILE

if TYPE_CHECKING:
    import subprocess

_MOST_LINKS = 40
_LINK, _MODULE = "120000", "160000"
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Revision:
    """A project as it stood at a git revision."""

    name: str
    """As the user typed it."""
    sha: str
    """Of the commit."""
    folder: Path
    """The project as it was then."""
    root: Path
    """Of the project as it is now."""
    gaps: tuple[Mistake, ...] = ()
    """Files that a scene names, and that are not on this machine as they were then."""
    ignored: tuple[str, ...] = ()
    """Files that scenes name and git ignores: they have no history, and are taken to have been then as they are now."""

    def altered(self, paths: Iterable[Path]) -> set[Path]:
        """Those of the files that the repository held at the revision, and that are otherwise now.

        Of one in a submodule, or behind a link, so is whatever else is there.
        """
        real = Path(os.path.realpath(self.root))
        named: dict[str, set[Path]] = {}
        for path in paths:
            for place, root in ((path.absolute(), self.root), (Path(os.path.realpath(path)), real)):
                if place.is_relative_to(root):
                    named.setdefault(place.relative_to(root).as_posix(), set()).add(path)
        if not named:
            return set()
        above = {name: _above(name) for name in named}
        with git_repository.of(self.root).opened() as git:
            # Of what is in a submodule or behind a link, git says something only if it is asked about that.
            words = ("ls-tree", "-z", self.sha, "--", *map(_literal, set().union(*above.values())))
            gates = {
                name: mode
                for name, (mode, _) in _entries(git.run(*words, folder=self.root)).items()
                if mode in (_LINK, _MODULE)
            }
            changed = _changed(git, self.root, self.sha, [*named, *gates])
            start = self._start(git)
            modules = [name for name, mode in gates.items() if mode == _MODULE and name not in changed]
            changed |= {name for name in modules if git_commit.module_is_dirty(git, f"{start}{name}")}
        return {path for name, own in named.items() if changed & {name, *above[name]} for path in own}

    def _start(self, git: Git) -> str:
        """What a path from the project's root begins with, seen from the top of the working tree."""
        inside = Path(os.path.realpath(self.root)).relative_to(git.repository.top).as_posix()
        return "" if inside == "." else f"{inside}/"


@contextlib.contextmanager
def at(root: Path, name: str, places: Collection[str] = ()) -> Iterator[Revision]:
    """The project in `root` at the revision called `name`, for as long as the block takes.

    places: scenes and folders of scenes, relative to the root, that are wanted beside `graphs/`.
    Raises UsageError where there is no repository, no such revision, or no git.
    """
    with contextlib.ExitStack() as stack:
        git = stack.enter_context(git_repository.of(root).opened())
        sha = git.commit(name)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soundgraph-"))) / "project"
        folder.mkdir()
        tree = _Tree(git, root, sha, stack)
        copy = _Copy(tree, root, folder, name)
        copy.run([GRAPHS, *places])
        yield Revision(name, sha, folder, root, tuple(sorted(set(copy.gaps))), tuple(sorted(copy.ignored)))


def _changed(git: Git, root: Path, sha: str, names: Sequence[str]) -> set[str]:
    """Those of the paths from the root that are otherwise now than at a commit; not what changed in submodules."""
    words = ("--no-ext-diff", "--no-textconv", "--no-renames", "--ignore-submodules=dirty", "--relative", "-z", "--raw")
    printed = git.run("diff", *words, "--abbrev=64", sha, "--", *map(_literal, names), folder=root)
    parts = iter(_names(printed))
    # ":mode-then mode-now object-then object-now letter", and the path.
    changes = {path: about.removeprefix(":").split(" ") for about, path in zip(parts, parts, strict=True)}
    # A filter of Git LFS is not run: of a large file that was only touched, git says that it changed.
    prefix = Path(os.path.realpath(root)).relative_to(git.repository.top)
    edited = {(prefix / path).as_posix(): about[2] for path, about in changes.items() if about[0] == about[1]}
    same = git_commit.as_pointers(git, edited)
    return {path for path in changes if (prefix / path).as_posix() not in same}


def _ignored(git: Git, root: Path, paths: list[str]) -> list[str]:
    """Those of the paths that git ignores. One that it refuses to look at, as behind a link, is none of them."""
    if not paths:
        return []
    try:
        asked = b"\0".join(map(os.fsencode, paths))
        return _names(git.run("check-ignore", "-z", "--stdin", folder=root, fine=(0, 1), stdin=asked))
    except UsageError:  # for one of them; of those after it git says nothing
        if len(paths) == 1:
            return []
    half = len(paths) // 2
    return [*_ignored(git, root, paths[:half]), *_ignored(git, root, paths[half:])]


def _lacking(sha: str) -> tuple[str, str]:
    what = f"git cannot read object {sha[:12]}: this clone holds a part of the repository only, or is damaged"
    return what, "git worktree add fetches what a revision needs; git fsck tells of damage"


def _names(printed: bytes) -> list[str]:
    return [os.fsdecode(name) for name in printed.split(b"\0") if name]


def _entries(printed: bytes) -> dict[str, tuple[str, str]]:
    """(mode, object) by path, of what `git ls-tree` says."""
    entries = {}
    for line in _names(printed):
        about, _, path = line.partition("\t")
        mode, _, sha = about.split(" ")
        entries[path] = mode, sha
    return entries


def _above(name: str) -> set[str]:
    """The folders that a path leads through."""
    parts = name.split("/")
    return {"/".join(parts[:end]) for end in range(1, len(parts))}


def _literal(name: str) -> str:
    return f":(literal){name}"


# What a repository holds


class _Blob(NamedTuple):
    """A file of a repository."""

    sha: str
    home: _Tree


class _Tree:
    """The files under a folder at a commit, by their path from that folder."""

    def __init__(self, git: Git, folder: Path, sha: str, stack: contextlib.ExitStack):
        self.git, self.folder = git, folder
        self._stack = stack
        try:
            printed = git.run("ls-tree", "-r", "-z", sha, folder=folder)
        except UsageError as error:
            raise UsageError(*_lacking(sha)) from error
        self.entries = _entries(printed)
        self._modules: dict[str, _Tree | None] = {}
        self.unread: list[str] = []  # submodules in which scenes were looked for, and that are not here as they were
        self._links: dict[str, str] = {}
        self._batch: subprocess.Popen[bytes] | None = None

    def scenes(self, place: str) -> Iterator[str]:
        """The TOML files under a folder, those of submodules too; or the one that `place` is.

        The folder may be a link; those to folders in it are not followed, as in a working tree.
        """
        place_in_tree = self.real(place)
        if place_in_tree is None:
            return
        tree, real = place_in_tree
        # Looked up where it is a file: a build --since asks for each scene by itself.
        start = f"{real}/" if real else ""
        inside = [real] if real in tree.entries else [path for path in tree.entries if path.startswith(start)]
        for path in inside:
            name = f"{place}{path.removeprefix(real)}" if real else f"{place}/{path}"
            if tree.entries[path][0] == _MODULE:
                if tree.module(path) is None:
                    self.unread.append(name)
                yield from self.scenes(name)
            elif _is_scene(name):
                yield name

    def find(self, path: str) -> _Blob | None:
        """The file at a path, through links and into submodules; None if there is none, or it lies outside."""
        place_in_tree = self.real(path)
        if place_in_tree is None:
            return None
        tree, real = place_in_tree
        return _Blob(tree.entries[real][1], tree) if real in tree.entries else None

    def real(self, path: str) -> tuple[_Tree, str] | None:
        """Where a path leads, through links and into submodules, whether or not something lies there: "" for the folder
        of a tree itself. None if it leads out, through a file, or round in a circle."""
        for _ in range(_MOST_LINKS):
            parts = path.split("/")
            if {"", ".", "..", ".git"} & set(parts):
                return None
            for end in range(1, len(parts) + 1):
                start, rest = "/".join(parts[:end]), "/".join(parts[end:])
                mode, sha = self.entries.get(start, ("", ""))
                if mode == _MODULE:
                    module = self.module(start)
                    if module is None:
                        return None
                    return module.real(rest) if rest else (module, "")
                if mode == _LINK:
                    path = posixpath.normpath(posixpath.join(posixpath.dirname(start), self._target(sha), rest))
                    break
                if mode:
                    return (self, path) if not rest else None
            else:
                return self, path
        return None

    def lacks(self, path: str) -> bool:
        """Whether the path lies in a submodule that is not here as it was then."""
        for name in sorted(_above(path)):
            if self.entries.get(name, ("",))[0] == _MODULE:
                module = self.module(name)
                return module is None or module.lacks(path.removeprefix(f"{name}/"))
        return False

    def _target(self, sha: str) -> str:
        if sha not in self._links:
            self._links[sha] = os.fsdecode(b"".join(self.read(sha)))
        return self._links[sha]

    def module(self, path: str) -> _Tree | None:
        """None for a submodule that is not here, or not as it was then."""
        if path not in self._modules:
            folder, subtree = self.folder / path, None
            if module := git_repository.at(folder):
                with contextlib.suppress(UsageError):
                    git = self._stack.enter_context(module.opened())
                    subtree = _Tree(git, folder, self.entries[path][1], self._stack)
            self._modules[path] = subtree
        return self._modules[path]

    def read(self, sha: str) -> Iterator[bytes]:
        """The content of a blob, in parts: all of them have to be taken. Raises UsageError if it is not here."""
        process = self._cat()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{sha}\n".encode())
        process.stdin.flush()
        with _in_time(process):
            head = process.stdout.readline().split()
        if len(head) != 3:
            raise UsageError(*_lacking(sha))
        left = int(head[2])
        while left:
            with _in_time(process):
                part = process.stdout.read(min(left, _CHUNK))
            if not part:
                break
            left -= len(part)
            yield part
        if process.stdout.read(1) != b"\n":  # git gave up
            raise UsageError(*_lacking(sha))

    def _cat(self) -> subprocess.Popen[bytes]:
        if self._batch is None:
            self._batch = self.git.start("cat-file", "--batch")
            self._stack.enter_context(self._batch)  # closes its input, and waits for it
            self._stack.callback(programs.end, self._batch)  # before that: it may wait for a pipe
        return self._batch


@contextlib.contextmanager
def _in_time(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Ends a process that takes too long: in a stranger's repository, an object may be a pipe."""
    timer = threading.Timer(git_repository.TIMEOUT_S, programs.end, (process,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _is_scene(path: str) -> bool:
    return path.endswith(".toml") and not any(part.startswith(".") for part in path.split("/"))


# Into a folder


class _Copy:
    """Puts the files of a project into a folder: what is asked for, and whatever those name."""

    def __init__(self, tree: _Tree, root: Path, folder: Path, name: str):
        self.tree, self.root, self.folder, self.name = tree, root, folder, name
        self.done: set[str] = set()
        self.absent: list[str] = []  # may be named, and not in the repository
        self.gaps: list[Mistake] = []
        self.ignored: list[str] = []

    def run(self, places: Sequence[str]) -> None:
        waiting = [PROJECT_FILE, LOCK_FILE, *(path for place in places for path in self.tree.scenes(place))]
        for path in self.tree.unread:
            what = "is a submodule that is not here as it was then: nobody knows its scenes"
            self.gaps.append(Mistake(f"{self.name}:{path}", 0, "", what, "git submodule update --init"))
        while waiting:
            while waiting:
                path = waiting.pop()
                if path not in self.done:
                    self.done.add(path)
                    waiting += self._put(path)
            waiting = self._take_ignored()

    def _put(self, path: str) -> list[str]:
        """Returns the files that it may name."""
        blob = self.tree.find(path)
        if blob is None:
            self.absent.append(path)
            return []
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as file:
            for part in blob.home.read(blob.sha):
                file.write(part)
        if self._is_pointer(place) and not self._from_lfs(path, place, blob):
            place.unlink()
            return []
        return _named_in(place, path) if path.endswith(".toml") and path != PROJECT_FILE else []

    def _is_pointer(self, place: Path) -> bool:
        return place.stat().st_size <= git_lfs.MOST_BYTES and git_lfs.oid(place.read_bytes()) is not None

    def _from_lfs(self, path: str, place: Path, blob: _Blob) -> bool:
        """Puts the content that a pointer stands for in its place, if it is on this machine."""
        oid = git_lfs.oid(place.read_bytes())
        assert oid is not None
        common = blob.home.git.repository.common
        for candidate in (common / "lfs" / "objects" / oid[:2] / oid[2:4] / oid, self.root / path):
            if candidate.is_file() and digest_file(candidate) == oid:
                shutil.copyfile(candidate, place)
                return True
        hint = f"git lfs fetch origin {self.name}"
        what = "is in Git LFS, and its content is not on this machine"
        self.gaps.append(Mistake(f"{self.name}:{path}", 0, "", what, hint))
        return False

    def _is_file(self, path: str) -> bool:
        try:
            return (self.root / path).is_file()
        except OSError:  # a long prompt, which is no path
            return False

    def _take_ignored(self) -> list[str]:
        """Takes what git ignores out of the working tree. Returns the files that it may name in turn."""
        absent, self.absent = self.absent, []
        for path in filter(self.tree.lacks, absent):
            what = "is in a submodule that is not here as it was then"
            self.gaps.append(Mistake(f"{self.name}:{path}", 0, "", what, "git submodule update --init"))
        real = Path(os.path.realpath(self.root))
        there = [
            path
            for path in absent
            if self._is_file(path) and Path(os.path.realpath(self.root / path)).is_relative_to(real)
        ]
        named = []
        for path in _ignored(self.tree.git, self.root, there):
            place = self.folder / path
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
            except (FileExistsError, NotADirectoryError):  # what is a folder now was a file then
                continue
            shutil.copyfile(self.root / path, place)
            self.ignored.append(path)
            named += _named_in(place, path) if path.endswith(".toml") else []
        return named


def _named_in(place: Path, path: str) -> list[str]:
    """The paths, from the project's root, that a scene may name: whatever in it could be one."""
    if place.stat().st_size > toml_document.MAX_BYTES:
        return []
    try:
        waiting: list[Any] = [toml_document.loads(place.read_text("utf-8"))]
    except (ValueError, RecursionError):  # the loader tells what is wrong
        return []
    paths = []
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and 0 < len(value) < 4096 and "\0" not in value:
            full = posixpath.normpath(posixpath.join(posixpath.dirname(path), value))
            if not full.startswith(("/", "../")) and full not in (".", ".."):
                paths.append(full)
    return paths
