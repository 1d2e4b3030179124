"""The project as it stands at a git revision: what its scenes are made of, read out of the repository into a folder.

The working tree and the index are left alone. Read are `soundgraph.toml`, `soundgraph.lock`, the scenes, and the files
that a scene names: a repository may hold a whole game. Files come as git keeps them: no filter runs, and nothing is
fetched.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import re
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

from soundgraph import commit, toml_file
from soundgraph.errors import Mistake, UsageError, quote
from soundgraph.lock import LOCK_FILE
from soundgraph.manifest import file_digest
from soundgraph.root import GRAPHS, PROJECT_FILE

_LFS = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\n")
_LFS_MOST = 1024
"""Bytes of a pointer of Git LFS, at most."""
_MOST_LINKS = 40
_LINK, _MODULE = "120000", "160000"
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Revision:
    """name: as the user typed it. sha: of the commit. folder: the project at it. root: of the project as it is now.

    gaps: files that a scene names, and that are not on this machine as they were then. ignored: files that scenes name
    and git ignores: they have no history, and are taken to have been then as they are now.
    """

    name: str
    sha: str
    folder: Path
    root: Path
    gaps: tuple[Mistake, ...] = ()
    ignored: tuple[str, ...] = ()

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
        # Of what is in a submodule or behind a link, git says something only if it is asked about that.
        entries = _entries(
            _git(self.root, "ls-tree", "-z", self.sha, "--", *map(_literal, set().union(*above.values())))
        )
        gates = [name for name, (mode, _) in entries.items() if mode in (_LINK, _MODULE)]
        words = ("--no-ext-diff", "--no-renames", "--name-only", "--relative", "-z", self.sha)
        changed = set(_names(_git(self.root, "diff", *words, "--", *map(_literal, [*named, *gates]))))
        return {path for name, own in named.items() if changed & {name, *above[name]} for path in own}


@contextlib.contextmanager
def at(root: Path, name: str, places: Collection[str] = ()) -> Iterator[Revision]:
    """The project in `root` at the revision called `name`, for as long as the block takes.

    places: scenes and folders of scenes, relative to the root, that are wanted beside `graphs/`.
    Raises UsageError where there is no repository, no such revision, or no git.
    """
    sha = _commit(root, name)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soundgraph-"))) / "project"
        folder.mkdir()
        tree = _Tree(root, sha, stack)
        copy = _Copy(tree, root, folder, name)
        copy.run([GRAPHS, *places])
        yield Revision(name, sha, folder, root, tuple(sorted(set(copy.gaps))), tuple(sorted(copy.ignored)))


def _commit(root: Path, name: str) -> str:
    try:
        _git(root, "rev-parse", "--git-dir")
    except UsageError as error:
        raise UsageError(str(error), "a revision is one of the git repository that the project lies in") from error
    try:
        # In two steps: of ":/fix^{commit}", all would be what to look for. "^main" is none: it says what to leave out.
        found = name
        for suffix in ("", "^{commit}"):
            words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{found}{suffix}")
            found = _git(root, *words).decode().strip()
        if found.startswith("^"):
            raise ValueError(found)
        return found
    except (UsageError, ValueError) as error:  # ValueError: a null character, too
        hint = "a branch, a tag or a commit, as in HEAD~1; git log lists commits"
        raise UsageError(f"{quote(name)} is no revision of this repository", hint) from error


def _git(folder: Path, *arguments: str, fine: Collection[int] = (0,), stdin: bytes = b"") -> bytes:
    """What git prints. fine: exit statuses that are no failure. Raises UsageError with git's words if it fails."""
    words = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(words, env=_environment(), input=stdin, capture_output=True)
    except OSError as error:
        raise UsageError(f"git cannot be run: {error.strerror}") from error
    if done.returncode not in fine:
        lines = done.stderr.decode("utf-8", "replace").strip().split("\n")
        said = next((line for line in lines if not line.startswith("warning: ")), "").removeprefix("fatal: ")
        raise UsageError(f"git {arguments[0]}: {said or f'failed with {done.returncode}'}")
    return done.stdout


def _environment() -> dict[str, str]:
    # What a partial clone lacks is not fetched: nobody has asked for gigabytes.
    return {**commit.environment(), "GIT_NO_LAZY_FETCH": "1"}


def _ignored(root: Path, paths: list[str]) -> list[str]:
    """Those of the paths that git ignores. One that it refuses to look at, as behind a link, is none of them."""
    if not paths:
        return []
    try:
        asked = b"\0".join(map(os.fsencode, paths))
        return _names(_git(root, "check-ignore", "-z", "--stdin", fine=(0, 1), stdin=asked))
    except UsageError:  # for one of them; of those after it git says nothing
        if len(paths) == 1:
            return []
    half = len(paths) // 2
    return [*_ignored(root, paths[:half]), *_ignored(root, paths[half:])]


def _lacking(sha: str) -> tuple[str, str]:
    what = f"git cannot read object {sha[:12]}: this clone holds a part of the repository only, or is damaged"
    return what, "git worktree add fetches what a revision needs; git fsck tells of damage"


def _names(printed: bytes) -> list[str]:
    return [os.fsdecode(name) for name in printed.split(b"\0") if name]


def _entries(printed: bytes) -> dict[str, tuple[str, str]]:
    """(mode, object) by path, of what `git ls-tree` says."""
    found = {}
    for line in _names(printed):
        about, _, path = line.partition("\t")
        mode, _, sha = about.split(" ")
        found[path] = mode, sha
    return found


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

    def __init__(self, folder: Path, sha: str, stack: contextlib.ExitStack):
        self.folder = folder
        self._stack = stack
        try:
            printed = _git(folder, "ls-tree", "-r", "-z", sha)
        except UsageError as error:
            raise UsageError(*_lacking(sha)) from error
        self._entries = _entries(printed)
        self._modules: dict[str, _Tree | None] = {}
        self.unread: list[str] = []  # submodules in which scenes were looked for, and that are not here as they were
        self._links: dict[str, str] = {}
        self._batch: subprocess.Popen[bytes] | None = None

    def scenes(self, place: str) -> Iterator[str]:
        """The TOML files under a folder, those of submodules too; or the one that `place` is.

        The folder may be a link; those to folders in it are not followed, as in a working tree.
        """
        found = self._real(place)
        if found is None:
            return
        tree, real = found
        # Looked up where it is a file: a build --since asks for each scene by itself.
        start = f"{real}/" if real else ""
        inside = [real] if real in tree._entries else [path for path in tree._entries if path.startswith(start)]
        for path in inside:
            name = f"{place}{path.removeprefix(real)}" if real else f"{place}/{path}"
            if tree._entries[path][0] == _MODULE:
                if tree._module(path) is None:
                    self.unread.append(name)
                yield from self.scenes(name)
            elif _is_scene(name):
                yield name

    def find(self, path: str) -> _Blob | None:
        """The file at a path, through links and into submodules; None if there is none, or it lies outside."""
        found = self._real(path)
        if found is None:
            return None
        tree, real = found
        return _Blob(tree._entries[real][1], tree) if real in tree._entries else None

    def _real(self, path: str) -> tuple[_Tree, str] | None:
        """Where a path leads, through links and into submodules, whether or not something lies there: "" for the folder
        of a tree itself. None if it leads out, through a file, or round in a circle."""
        for _ in range(_MOST_LINKS):
            parts = path.split("/")
            if {"", ".", "..", ".git"} & set(parts):
                return None
            for end in range(1, len(parts) + 1):
                start, rest = "/".join(parts[:end]), "/".join(parts[end:])
                mode, sha = self._entries.get(start, ("", ""))
                if mode == _MODULE:
                    module = self._module(start)
                    if module is None:
                        return None
                    return module._real(rest) if rest else (module, "")
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
            if self._entries.get(name, ("",))[0] == _MODULE:
                module = self._module(name)
                return module is None or module.lacks(path.removeprefix(f"{name}/"))
        return False

    def _target(self, sha: str) -> str:
        if sha not in self._links:
            self._links[sha] = os.fsdecode(b"".join(self.read(sha)))
        return self._links[sha]

    def _module(self, path: str) -> _Tree | None:
        """None for a submodule that is not here, or not as it was then."""
        if path not in self._modules:
            folder, found = self.folder / path, None
            if (folder / ".git").exists():
                with contextlib.suppress(UsageError):
                    found = _Tree(folder, self._entries[path][1], self._stack)
            self._modules[path] = found
        return self._modules[path]

    def read(self, sha: str) -> Iterator[bytes]:
        """The content of a blob, in parts: all of them have to be taken. Raises UsageError if it is not here."""
        stdin, stdout = self._cat()
        stdin.write(f"{sha}\n".encode())
        stdin.flush()
        head = stdout.readline().split()
        if len(head) != 3:
            raise UsageError(*_lacking(sha))
        left = int(head[2])
        while left and (part := stdout.read(min(left, _CHUNK))):
            left -= len(part)
            yield part
        if stdout.read(1) != b"\n":  # git gave up
            raise UsageError(*_lacking(sha))

    def _cat(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._batch is None:
            words = ["git", "-C", str(self.folder), "cat-file", "--batch"]
            pipe = subprocess.PIPE
            self._batch = subprocess.Popen(
                words, env=_environment(), stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
            )
            self._stack.enter_context(self._batch)  # closes its input, and waits for it
        assert self._batch.stdin is not None
        assert self._batch.stdout is not None
        return self._batch.stdin, self._batch.stdout


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
        return place.stat().st_size <= _LFS_MOST and _LFS.match(place.read_bytes()) is not None

    def _from_lfs(self, path: str, place: Path, blob: _Blob) -> bool:
        """Puts the content that a pointer stands for in its place, if it is on this machine."""
        match = _LFS.match(place.read_bytes())
        assert match is not None
        oid = match[1].decode()
        common = blob.home.folder / os.fsdecode(_git(blob.home.folder, "rev-parse", "--git-common-dir").strip())
        for found in (common / "lfs" / "objects" / oid[:2] / oid[2:4] / oid, self.root / path):
            if found.is_file() and file_digest(found) == oid:
                shutil.copyfile(found, place)
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
        for path in _ignored(self.root, there):
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
    if place.stat().st_size > toml_file.MAX_BYTES:
        return []
    try:
        waiting: list[Any] = [toml_file.loads(place.read_text("utf-8"))]
    except (ValueError, RecursionError):  # the loader tells what is wrong
        return []
    found = []
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and 0 < len(value) < 4096 and "\0" not in value:
            full = posixpath.normpath(posixpath.join(posixpath.dirname(path), value))
            if not full.startswith(("/", "../")) and full not in (".", ".."):
                found.append(full)
    return found
