"""Content digests of weights, taken once: gigabytes are not read again while a file's stat is what it was.

What was found is kept in a text file of the user's cache folder, which may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
import zipfile
from pathlib import Path

from soundgraph.core.digest import is_digest
from soundgraph.core.files import ABSENT, digest_if_readable, is_older, stat_text, write_atomically

CACHE_HOME = "SOUNDGRAPH_CACHE_HOME"
"""An environment variable: the folder for what soundgraph remembers across projects."""

NO_HOME = Path(os.devnull) / "home"
"""Stands for a folder in which nothing is, and nothing can be put."""

_VERSION = "soundgraph-digests 1"
_KEPT = 2000
_MARGIN_NS = 2_000_000_000
"""More than the coarsest clock of a filesystem in use: changes further apart than this have unlike times."""

_GIT = re.compile(r"[0-9a-f]{40}")
_remembered: dict[Path, dict[str, tuple[str, str]]] = {}
"""By the path of the file that keeps them: by path, stat and digest."""


def of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal.

    Raises OSError for one that cannot be read, and ValueError for an archive that its own checksums call damaged: torch
    does not look at them, and would make noise of such weights without a word.
    """
    return _of(path, whole=False)


def stated(path: Path, storage: Path) -> str:
    """The SHA-256 that a repository's folder in a cache of the Hugging Face hub states of a large file; "" for none.

    path: below `storage`/snapshots. There each file is a link to one in `storage`/blobs, which is called by its digest.
    Nothing is read: whoever uses the file looks whether it holds what it is called by (`damage`).
    """
    name = _blob(path, storage)
    return name if is_digest(name) else ""


def damage(path: Path, storage: Path | None) -> str:
    """What is wrong with a file's content, to be said after its name; "" for nothing. Raises OSError.

    storage: the folder of its repository, if it is in a cache of the hub: then its content has to be what the name of
    its blob says, SHA-256 of a large file and git's of a small one. Gigabytes are read once, see `of`.
    """
    blob = _blob(path, storage) if storage is not None else ""
    try:
        digest = _of(path, whole=is_digest(blob))
    except ValueError as error:
        return str(error)
    if _GIT.fullmatch(blob):
        digest = git_digest(path)
    elif not is_digest(blob):
        return ""
    return "" if digest == blob else f"cannot be used: {path} is damaged: it is not what the hub's cache calls it"


def git_digest(path: Path) -> str:
    """What git calls a file of that content; the hub names small files by it."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _of(path: Path, whole: bool) -> str:
    """whole: whether something else tells that the file is whole, so that an archive's own checksums need not."""
    name = str(path.absolute())
    stat = stat_text(name)
    known = _known().get(name)
    if known is not None and known[0] == stat:
        return known[1]
    moment = now_ns() - _MARGIN_NS
    digest = digest_if_readable(name)
    if not digest:
        path.open("rb").close()  # says why
        raise OSError(f"{path} cannot be read")
    if not whole and (damaged := _damaged(path)):
        raise ValueError(f"cannot be used: {path} is damaged: {damaged} does not match its checksum; copy it anew")
    if stat_text(name) == stat and is_settled(stat, moment):
        _remember(name, stat, digest)
    return digest


def _damaged(path: Path) -> str:
    """The first member of an archive that is not what it was when it was written, by name; "" for what is whole."""
    if not zipfile.is_zipfile(path):
        return ""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() or ""
    except (OSError, MemoryError):  # of the disk or of this machine, and nothing against the file
        raise
    except Exception:  # BadZipFile, UnicodeDecodeError, RuntimeError: whatever an altered list of members leads to
        return "its list of members"


def is_settled(stat: str, moment: int) -> bool:
    """Whether a change after `moment` would show in the file's stat: not if it is as young as that itself."""
    return stat != ABSENT and is_older(stat, moment)


def now_ns() -> int:
    return time.time_ns()


def recent_ns() -> int:
    """What is younger than this may change once more without its stat telling."""
    return now_ns() - _MARGIN_NS


def _blob(path: Path, storage: Path) -> str:
    """What the blob is called that a file of a snapshot is; "" where it is no file of this repository's own blobs."""
    try:
        target = path.resolve(strict=True)
        return target.name if target.parent == (storage / "blobs").resolve(strict=True) else ""
    except (OSError, RuntimeError):  # a link that leads nowhere, or in a circle
        return ""


def user_cache() -> Path:
    """The folder that programs keep caches of this user in; `NO_HOME` where the user has no home."""
    if given := os.environ.get("XDG_CACHE_HOME"):
        return expanded(given)
    home = expanded("~")
    return NO_HOME if home.name == "~" else home / ".cache"


def expanded(path: str) -> Path:
    """An absolute path, with variables and "~" as a shell reads them; "~" stays for a user without a home."""
    return Path(os.path.expanduser(os.path.expandvars(path))).absolute()  # noqa: PTH111 - Path's raises an error there


def _file() -> Path:
    given = os.environ.get(CACHE_HOME)
    return (Path(given) if given else user_cache() / "soundgraph") / "weights"


def _known() -> dict[str, tuple[str, str]]:
    file = _file()
    if file not in _remembered:
        _remembered[file] = _read(file)
    return _remembered[file]


def _read(file: Path) -> dict[str, tuple[str, str]]:
    """What is kept; nothing, if the file is not exactly what this version writes."""
    try:
        head, *lines = file.read_text("utf-8", "surrogateescape").split("\n")
    except OSError:
        return {}
    if head != _VERSION:
        return {}
    rows = [line.split("\t") for line in lines if line]
    good = [row for row in rows if len(row) == 3 and is_digest(row[0]) and row[1].count(" ") == 3]
    return {path: (stat, digest) for digest, stat, path in good} if len(good) == len(rows) else {}


def _remember(path: str, stat: str, digest: str) -> None:
    if "\t" in path or "\n" in path:
        return
    file = _file()
    # Another process may have added something since.
    known = {**_read(file), **_known()}
    known.pop(path, None)
    known[path] = (stat, digest)
    known = dict(list(known.items())[-_KEPT:])
    _remembered[file] = known
    rows = [_VERSION, *(f"{digest}\t{stat}\t{path}" for path, (stat, digest) in known.items()), ""]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(str(file), "\n".join(rows).encode("utf-8", "surrogateescape"))
    except OSError:
        return  # a home that cannot be written to: the next process reads the weights again
