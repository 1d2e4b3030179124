"""A git repository, read without obeying it.

A repository says which programs git starts: filters, monitors, hooks, pagers, what fetches the objects that it lacks,
and the same in each submodule. It may come from a stranger: as an archive, as a folder that others write to, or as a
folder of a clone that is itself a repository. So git is never run in one. It is run in an empty repository of our own,
which borrows objects, references and the index, and whose settings are those of the real one that cannot start
anything. To switch off by `-c` what can is the road not taken: a list of what to forbid is never whole, and differs
from one version of git to the next.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from soundgraph.core import programs, stopping, system
from soundgraph.core.errors import UsageError, quote
from soundgraph.core.files import link_or_copy
from soundgraph.core.text import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess

TIMEOUT_S = 120
"""How long a question may take: a pipe in a repository would be waited for without an end."""

# What says how files of the working tree compare with what git holds, and what names of commits mean. Whatever names a
# program, an address or another file of settings is not here.
_SETTINGS = re.compile(
    r"core\.(?:filemode|symlinks|ignorecase|precomposeunicode|protecthfs|protectntfs|trustctime|checkstat|autocrlf|eol"
    r"|checkroundtripencoding|excludesfile|attributesfile|sparsecheckout|sparsecheckoutcone|warnambiguousrefs)"
    r"|extensions\.(?:objectformat|refstorage)"
    r"|status\.showuntrackedfiles|diff\.ignoresubmodules|submodule\..+\.ignore"
    r"|push\.default|remote\.pushdefault|branch\..+\.(?:remote|merge|pushremote)|remote\..+\.(?:fetch|push)",
    re.DOTALL,
)
_IN_HOME = {"core.excludesfile": "ignore", "core.attributesfile": "attributes"}
"""Files of the user's own, by the setting that names them; they are read in the folder `git` of their settings, too."""

# Borrowed from the folder that all worktrees share, and from that of the one at hand.
_SHARED = ("packed-refs", "shallow", "info", "refs", "logs", "reftable")
_OWN = ("ORIG_HEAD", "FETCH_HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD")

# In a hook, or where somebody works on another repository, these say which one git means, whatever the folder. The rest
# of git's variables (settings, and so safe.directory) are the user's, and stay when the user's own settings are read.
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
_MOST_BYTES = 4096
"""Of a file that holds a path or a reference."""


@dataclass(frozen=True)
class Repository:
    """Where a repository has its files."""

    top: Path
    """Its working tree."""
    own: Path
    """Its folder of git; of a worktree, that of the worktree."""
    common: Path
    """The folder that worktrees share."""

    def settings(self, timeout_s: float) -> dict[str, str]:
        """Its settings and the user's, as far as they cannot start anything, by lower-case name.

        Reading settings starts nothing. Raises UsageError if git cannot be run, or refuses.
        """
        environment = _users_environment()
        environment["GIT_DIR"] = str(self.own)
        printed = _run(["config", "--list", "-z"], environment, self.top, timeout_s)
        settings: dict[str, str] = {}
        for entry in printed.decode("utf-8", "surrogateescape").split("\0"):
            name, line_break, value = entry.partition("\n")
            if _SETTINGS.fullmatch(name):
                settings[name] = value if line_break else "true"
        for name, file in _IN_HOME.items():
            folder = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
            with contextlib.suppress(RuntimeError):  # nobody's home
                settings[name] = str(Path(settings.get(name) or f"{folder}/git/{file}").expanduser())
        return settings

    @contextlib.contextmanager
    def opened(self, timeout_s: float | None = None) -> Iterator[Git]:
        """For questions to git, as long as the block takes. timeout_s: for each of them, if not the usual time.

        Raises UsageError if git cannot be run, or refuses.
        """
        timeout_s = TIMEOUT_S if timeout_s is None else timeout_s
        self._refuse_if_of_others(timeout_s)
        settings = self.settings(timeout_s)
        with tempfile.TemporaryDirectory(prefix="soundgraph-") as folder:
            _borrow(self, settings, Path(folder))
            yield Git(self, settings, Path(folder), timeout_s)

    def _refuse_if_of_others(self, timeout_s: float) -> None:
        """Raises UsageError where git takes the repository for somebody else's, and the user did not call it safe.

        It could start nothing here all the same: but what it says is then not the user's, either.
        """
        if all(map(_is_mine, (self.top, self.top / ".git", self.own))):
            return
        environment = {**_users_environment(), "GIT_CEILING_DIRECTORIES": str(self.top.parent)}
        _run(["rev-parse", "--git-dir"], environment, self.top, timeout_s)


class Git:
    """Asks git about a repository. folder: the repository of our own in which it runs."""

    def __init__(self, repository: Repository, settings: Mapping[str, str], folder: Path, timeout_s: float):
        self.repository, self.settings, self.timeout_s = repository, settings, timeout_s
        self._environment = {
            **{name: value for name, value in programs.environment().items() if not name.startswith("GIT_")},
            # All settings come from `folder`: for versions of git before 2.32, as well.
            **dict.fromkeys(("HOME", "XDG_CONFIG_HOME"), str(folder)),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_DIR": str(folder),
            "GIT_WORK_TREE": str(repository.top),
            "GIT_OBJECT_DIRECTORY": str(repository.common / "objects"),
            "GIT_INDEX_FILE": str(repository.own / "index"),
            # Nothing is fetched: the settings know no address. These two would hold if they did.
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_ALLOW_PROTOCOL": "",
            "GIT_TERMINAL_PROMPT": "0",
            # No lock and no rewriting of the index: whoever works in the tree meanwhile is not disturbed.
            "GIT_OPTIONAL_LOCKS": "0",
        }

    def run(
        self, *arguments: str, folder: Path | None = None, fine: Collection[int] = (0,), stdin: bytes = b""
    ) -> bytes:
        """What git prints. folder: where it runs, in the working tree. fine: exit statuses that are no failure.

        Raises UsageError with git's words if it fails.
        """
        place = folder or self.repository.top
        return _run(arguments, self._environment, place, self.timeout_s, fine, stdin)

    def commit(self, name: str) -> str:
        """The commit that a revision stands for. Raises UsageError if it is none, or git cannot be run."""
        self.run("version")  # that git cannot be run is no fault of the name
        try:
            # In two steps: of ":/fix^{commit}", all would be what to look for. "^main" is none: it says what to leave
            # out.
            commit = name
            for suffix in ("", "^{commit}"):
                words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}{suffix}")
                commit = self.run(*words).decode().strip()
            if commit.startswith("^"):
                raise ValueError(commit)
            return commit
        except (UsageError, ValueError) as error:
            hint = "a branch, a tag or a commit, as in HEAD~1; git log lists commits"
            raise UsageError(f"{quote(name)} is no revision of this repository", hint) from error

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A git that goes on, with pipes to and from it. Raises UsageError if it cannot be run."""
        import subprocess

        stopping.refuse_to_begin()
        try:
            return subprocess.Popen(
                [_program(), "--no-pager", *arguments],
                cwd=self.repository.top,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise UsageError(f"git cannot be run: {error}") from error


# Finding one


def around(folder: Path) -> Repository | None:
    """The repository that a folder lies in: the nearest, as git finds it, but for one that is bare.

    Without git, which would be started for nothing in the many projects that have no repository.
    """
    folder = Path(os.path.realpath(folder))
    named = os.environ.get("GIT_CEILING_DIRECTORIES", "").split(os.pathsep)
    ceilings = {os.path.realpath(path) for path in named if path}
    crosses = os.environ.get("GIT_DISCOVERY_ACROSS_FILESYSTEM", "").lower() in ("1", "true", "yes", "on")
    device = _device(folder)
    for above in (folder, *folder.parents):
        if above != folder and (str(above) in ceilings or (_device(above) != device and not crosses)):
            return None
        if repository := at(above):
            return repository
        if (above / ".git").is_file():  # it leads nowhere, and git goes no further, either
            return None
    return None


def of(root: Path) -> Repository:
    """The repository that a project lies in. Raises UsageError if there is none."""
    repository = around(root)
    if repository is None:
        what = "this is not a git repository, nor is any of the folders above it"
        raise UsageError(what, "a revision is one of the git repository that the project lies in")
    return repository


def at(top: Path) -> Repository | None:
    """The repository whose working tree is that folder; None if it is none."""
    own = top / ".git"
    if own.is_file():
        said = _small(own)
        if said is None or not said.startswith("gitdir: "):
            return None
        own = top / said.removeprefix("gitdir: ").rstrip("\r\n")
    own = Path(os.path.realpath(own))
    said = _small(own / "commondir")
    common = own if said is None else Path(os.path.realpath(own / said.rstrip("\r\n")))
    if _head(own) is None or not (common / "objects").is_dir() or not (common / "refs").is_dir():
        return None
    return Repository(top, own, common)


def _device(folder: Path) -> int:
    try:
        return folder.stat().st_dev
    except OSError:
        return -1


def _small(path: Path) -> str | None:
    """The text of a small file; None if there is none. A pipe is not opened: it would be waited for."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return None
        with path.open("rb") as file:
            return os.fsdecode(file.read(_MOST_BYTES))
    except (OSError, ValueError):
        return None


def _head(own: Path) -> str | None:
    """What HEAD holds. It may be a link to the branch, as git once made it."""
    with contextlib.suppress(OSError, ValueError):
        target = str((own / "HEAD").readlink())
        return f"ref: {target}\n" if target.startswith("refs/") else None
    return _small(own / "HEAD")


def _is_mine(path: Path) -> bool:
    """Whether git would say so: for root, whoever called sudo counts, too. False where files have no owner."""
    user = system.user_id()
    if user is None:
        return False
    me = {user}
    if 0 in me and os.environ.get("SUDO_UID", "").isdecimal():
        me.add(int(os.environ["SUDO_UID"]))
    try:
        return path.lstat().st_uid in me
    except OSError:
        return False


# The repository of our own


def _borrow(repository: Repository, settings: Mapping[str, str], folder: Path) -> None:
    """Makes `folder` a repository with the settings that start nothing, and what else there is of the real one."""
    (folder / "HEAD").write_text(_head(repository.own) or "", encoding="utf-8", errors="surrogateescape")
    (folder / "config").write_text(_config(settings), encoding="utf-8", errors="surrogateescape")
    (folder / "objects").mkdir()
    own = [*_OWN, *(path.name for path in repository.own.glob("sharedindex.*"))]
    for name in own:
        link_or_copy(repository.own / name, folder / name)
    for name in _SHARED:
        link_or_copy(repository.common / name, folder / name)
    if repository.own != repository.common:  # a worktree has some for itself
        for name in ("logs", "refs", "info"):
            _merge(repository.own / name, folder / name)


def _merge(source: Path, place: Path) -> None:
    """Puts what lies in a folder over what lies in another that was borrowed."""
    if not source.is_dir():
        return
    borrowed = Path(os.path.realpath(place))
    if place.is_symlink():
        place.unlink()
        place.mkdir()
        for path in borrowed.iterdir():
            link_or_copy(path, place / path.name)
    place.mkdir(exist_ok=True)
    for path in source.iterdir():
        if (place / path.name).is_symlink():
            (place / path.name).unlink()
        if not (place / path.name).exists():
            link_or_copy(path, place / path.name)


def _config(settings: Mapping[str, str]) -> str:
    """A file of settings, as git reads it."""
    extends = any(name.startswith("extensions.") for name in settings)
    lines = ["[core]", f"\trepositoryformatversion = {int(extends)}", "\tbare = false", "\tfsmonitor = false"]
    lines += [f"\thooksPath = {_quoted(os.devnull)}"]
    for name, value in settings.items():
        section, _, rest = name.partition(".")
        middle, _, key = rest.rpartition(".")
        if "\n" in middle:
            continue
        lines.append(f"[{section} {_quoted(middle)}]" if middle else f"[{section}]")
        lines.append(f"\t{key} = {_quoted(value)}")
    return "\n".join([*lines, ""])


def _quoted(value: str) -> str:
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n")):
        value = value.replace(plain, escaped)
    return f'"{value}"'


# Running git


def _users_environment() -> dict[str, str]:
    return {name: value for name, value in programs.environment().items() if name not in _ELSEWHERE}


def _program() -> str:
    git = programs.find("git")
    if git is None:
        raise UsageError("git cannot be run: it is not installed")
    return git


def _run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    timeout_s: float,
    fine: Collection[int] = (0,),
    stdin: bytes = b"",
) -> bytes:
    import subprocess

    try:
        command = [_program(), "--no-pager", *arguments]
        done = programs.run(command, environment=environment, timeout_s=timeout_s, folder=folder, stdin=stdin)
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"git {arguments[0]}: no answer after {timeout_s:g} s") from error
    except (OSError, ValueError) as error:  # ValueError: a null character
        raise UsageError(f"git cannot be run: {error}") from error
    if done.returncode not in fine:
        lines = done.stderr.decode("utf-8", "replace").strip().split("\n")
        said = next((line for line in lines if not line.startswith("warning: ")), "").removeprefix("fatal: ")
        raise UsageError(f"git {arguments[0]}: {visible(said) or f'failed with {done.returncode}'}")
    return done.stdout
