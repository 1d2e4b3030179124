"""The git commit that a working tree stands at, asked for once in a build, and only if a sound was delivered."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

TIMEOUT_S = 20
"""After that the build goes on without a commit: a repository on a slow network drive must not hold it up."""

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)

# In a hook, or where somebody works on another repository, these say which one git means, whatever the folder. The rest
# of git's variables (its configuration, and so safe.directory) stay as they are.
_ELSEWHERE = {
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
}


@dataclass(frozen=True)
class Commit:
    """sha: of the commit. dirty: whether files of the project differed from what the commit holds."""

    sha: str
    dirty: bool

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
        found = at(root, own)
        return Commit(found.sha, True) if found is not None and overridden else found

    def ask() -> Commit | None:
        with lock:  # `cache` alone would let two threads ask at once
            return asked()

    return ask


def at(root: Path, own: Iterable[Path] = ()) -> Commit | None:
    """The commit of the project at `root`. own: folders in which changes do not count.

    None where there is no repository or no commit, where git is not installed, refuses or takes too long, and for a
    project that its repository ignores. Runs git once, or not at all outside a repository.
    """
    root = root.resolve()
    # Faster than git, which would be started for nothing in the many projects that have no repository.
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)
    if top is None:
        return None
    inside = [folder.relative_to(root).as_posix() for folder in map(Path.resolve, own) if _is_under(folder, root)]
    printed = _git(
        # No lock and no rewriting of the index: whoever works in the tree meanwhile is not disturbed.
        *("--no-optional-locks", "-c", "core.fsmonitor=false", "-C", str(root)),
        *("status", "--porcelain=v2", "-z", "--branch", "--no-ahead-behind"),
        *("--untracked-files=normal", "--ignored=matching"),
        *("--", ".", *(f":(exclude,literal){folder}" for folder in inside)),
    )
    if printed is None:
        return None
    lines = printed.split("\0")
    sha = next((line[13:] for line in lines if line.startswith("# branch.oid ")), "")
    if not _SHA.fullmatch(sha):  # "(initial)", before the first commit
        return None
    if any(line.startswith("! ") and _is_under(root, top / line[2:]) for line in lines):
        return None
    return Commit(sha, any(line and not line.startswith(("# ", "! ")) for line in lines))


def _is_under(path: Path, folder: Path) -> bool:
    return path.is_relative_to(folder)


def environment() -> dict[str, str]:
    """The environment to run git in, so that it means the repository of the folder it is told to work in."""
    return {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}


def _git(*arguments: str) -> str | None:
    """What git prints; None if it cannot be run, or fails."""
    import subprocess

    try:
        done = subprocess.run(
            ["git", *arguments],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
            start_new_session=True,  # Ctrl-C is for the build: git's answer belongs to a file that is being written
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else None
