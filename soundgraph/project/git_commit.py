"""The git commit that a working tree stands at, asked for once in a build, and only if a sound was delivered."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from soundgraph.core import git_lfs
from soundgraph.core.errors import UsageError
from soundgraph.core.path_names import real
from soundgraph.project import git_repository
from soundgraph.project.git_repository import Git, Repository

TIMEOUT_S = 20
"""After that the build goes on without a commit: a repository on a slow network drive must not hold it up."""

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)

_MOST_NESTED = 20
"""Submodules in submodules."""


@dataclass(frozen=True)
class Commit:
    """The commit that a working tree stands at."""

    sha: str
    dirty: bool
    """Whether files of the project differed from what the commit holds."""

    def __str__(self) -> str:
        return f"{self.sha}-dirty" if self.dirty else self.sha

    def facts(self) -> dict[str, Any]:
        """As it stands in a sidecar."""
        return {"sha": self.sha, "dirty": self.dirty}

    @classmethod
    def parse(cls, text: str) -> Commit | None:
        """What `str` made of one; None for anything else."""
        sha, dash, dirty = text.partition("-")
        return cls(sha, bool(dash)) if _SHA.fullmatch(sha) and dirty == "dirty" * bool(dash) else None

    @classmethod
    def of(cls, facts: object) -> Commit | None:
        """What `facts` made of one; None for anything else."""
        if not isinstance(facts, dict):
            return None
        sha, dirty = facts.get("sha"), facts.get("dirty")
        whole = isinstance(sha, str) and _SHA.fullmatch(sha) and isinstance(dirty, bool)
        return cls(str(sha), bool(dirty)) if whole else None


Ask = Callable[[], Commit | None]
"""The commit that the tree stands at; None where that is not known. May be called in any thread."""


def asker(root: Path, own: Iterable[Path], *, overridden: bool = False) -> Ask:
    """A function that asks git when it is first called, and remembers the answer.

    own: folders of soundgraph's: what changes there changes no sound. overridden: whether this build was told something
    that is in no file, which makes it as dirty as an edit would.
    """
    lock = threading.Lock()

    @cache
    def asked() -> Commit | None:
        commit = at(root, own)
        return Commit(commit.sha, True) if commit is not None and overridden else commit

    def ask() -> Commit | None:
        with lock:  # `cache` alone would let two threads ask at once
            return asked()

    return ask


def at(root: Path, own: Iterable[Path] = ()) -> Commit | None:
    """The commit of the project at `root`. own: folders in which changes do not count.

    None where there is no repository or no commit, where git is not installed, refuses or takes too long, and for a
    project that its repository ignores. Runs no git outside a repository, and nothing that a repository names.
    """
    root = real(root)
    repository = git_repository.around(root)
    if repository is None:
        return None
    inside = [folder.relative_to(root).as_posix() for folder in map(Path.resolve, own) if folder.is_relative_to(root)]
    places = [".", *(f":(exclude,literal){folder}" for folder in inside)]
    try:
        with repository.opened(TIMEOUT_S) as git:
            status = _status(git, root, places, ["--untracked-files=normal", "--ignored=matching"])
            if not _SHA.fullmatch(status.sha):  # "(initial)", before the first commit
                return None
            if any(root.is_relative_to(repository.top / path) for path in status.ignored):
                return None
            return Commit(status.sha, status.dirty or _has_dirty_modules(git, root, places))
    except (UsageError, OSError):
        return None


def is_dirty(repository: Repository, *, untracked: bool = True, nested: int = 0) -> bool:
    """Whether files of a working tree, or of submodules in it, differ from the commit that it stands at.

    untracked: whether those that are new count. Raises UsageError where git refuses.
    """
    if nested > _MOST_NESTED:
        return True
    with repository.opened(TIMEOUT_S) as git:
        status = _status(git, repository.top, ["."], [] if untracked else ["--untracked-files=no"])
        return status.dirty or _has_dirty_modules(git, repository.top, ["."], nested)


# What git says


class _Status(NamedTuple):
    """What `git status` says of a working tree."""

    sha: str
    """Of the commit; "(initial)" before the first."""
    dirty: bool
    ignored: list[str]
    """Paths from the top that git ignores."""


def _status(git: Git, folder: Path, places: Sequence[str], options: Sequence[str]) -> _Status:
    """What `git status` tells of a working tree, without looking into its submodules.

    It would start a git in each, which would obey the settings that it finds there.
    """
    printed = git.run(
        *("status", "--porcelain=v2", "-z", "--branch", "--no-ahead-behind", "--no-renames"),
        *("--ignore-submodules=dirty", *options, "--", *places),
        folder=folder,
    )
    lines = [line for line in printed.decode("utf-8", "surrogateescape").split("\0") if line]
    sha = next((line[13:] for line in lines if line.startswith("# branch.oid ")), "")
    ignored = [line[2:] for line in lines if line.startswith("! ")]
    changes = [line for line in lines if not line.startswith(("# ", "! "))]
    edited = {path: sha for line in changes for path, sha in _edited(line)}
    dirty = len(edited) < sum(not _is_ignored_module(git, line) for line in changes)
    return _Status(sha, dirty or set(edited) != as_pointers(git, edited), ignored)


def _edited(line: str) -> Iterator[tuple[str, str]]:
    """The path of a file, and its object in the index, where a line of `git status` says that only its content differs.

    Of a file that a filter stands in front of, it says so too where the filter would find it unchanged.
    """
    # 1 XY submodule mode-of-HEAD mode-in-index mode-of-file object-of-HEAD object-in-index path
    parts = line.split(" ", 8)
    if len(parts) == 9 and parts[:3] == ["1", ".M", "N..."] and parts[4] == parts[5]:
        yield parts[8], parts[7]


def _is_ignored_module(git: Git, line: str) -> bool:
    parts = line.split(" ", 8)
    return len(parts) == 9 and parts[2].startswith("S") and _ignores(git, parts[8]) == "all"


def as_pointers(git: Git, objects: Mapping[str, str]) -> set[str]:
    """Those of some paths, from the top, whose objects are pointers of Git LFS to the files that lie there."""
    contents = {}
    sizes = git.run("cat-file", "--batch-check", stdin=_asked(objects.values())) if objects else b""
    small = [line.split(" ")[0] for line in sizes.decode().splitlines() if _is_small(line)]
    printed = git.run("cat-file", "--batch", stdin=_asked(small)) if small else b""
    while printed:
        head, _, rest = printed.partition(b"\n")
        size = int(head.split(b" ")[2])
        contents[head.split(b" ")[0].decode()], printed = rest[:size], rest[size + 1 :]
    top = git.repository.top
    return {path for path, sha in objects.items() if sha in contents and git_lfs.stands_for(contents[sha], top / path)}


def _asked(shas: Iterable[str]) -> bytes:
    return "".join(f"{sha}\n" for sha in shas).encode()


def _is_small(line: str) -> bool:
    """Whether a line of `git cat-file --batch-check` tells of a file that may be a pointer."""
    parts = line.split(" ")
    return len(parts) == 3 and parts[1] == "blob" and int(parts[2]) <= git_lfs.MOST_BYTES


# Submodules


def _has_dirty_modules(git: Git, folder: Path, places: Sequence[str], nested: int = 0) -> bool:
    """Whether a submodule holds changes of its own. One that stands at another commit is a change of this tree."""
    return any(
        module_is_dirty(git, path, nested)
        for path in _modules(git.run("ls-files", "--full-name", "-s", "-z", "--", *places, folder=folder))
    )


def module_is_dirty(git: Git, path: str, nested: int = 0) -> bool:
    """Whether the submodule at a path from the top holds changes that count."""
    ignored = _ignores(git, path)
    place = git.repository.top / path
    if ignored in ("all", "dirty") or place.is_symlink():
        return False
    module = git_repository.at(place)
    return module is not None and is_dirty(module, untracked=ignored != "untracked", nested=nested + 1)


def _modules(printed: bytes) -> list[str]:
    """The paths of submodules, of what `git ls-files -s` says."""
    lines = printed.decode("utf-8", "surrogateescape").split("\0")
    return [line.partition("\t")[2] for line in lines if line.startswith("160000 ")]


def _ignores(git: Git, path: str) -> str:
    """What of a submodule does not count: "none", "untracked", "dirty" or "all"."""
    own, general = git.settings, git.settings.get("diff.ignoresubmodules", "none")
    stated = _stated(git)
    for name in (key[:-5] for key, value in stated.items() if key.endswith(".path") and value == path):
        return own.get(f"{name}.ignore") or stated.get(f"{name}.ignore") or general
    return general


def _stated(git: Git) -> dict[str, str]:
    """What `.gitmodules` says, by name."""
    file = git.repository.top / ".gitmodules"
    if file.is_symlink() or not file.is_file():
        return {}
    printed = git.run("config", "--file", str(file), "--no-includes", "--list", "-z", fine=(0, 1, 128))
    entries = (entry.partition("\n") for entry in printed.decode("utf-8", "surrogateescape").split("\0"))
    return {name: value for name, _, value in entries}
