"""Which projects build into a cache: a small file in it for each, so that a collection for one of them knows of all,
and one of what its last builds reached, for when it is not there.

A project is known by its folder and its identity. The folder alone would not do: in containers, one project after
another is mounted at the same path.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple

from soundgraph.cache.disk.cache_folder import Places
from soundgraph.cache.disk.files import freshen
from soundgraph.core.errors import UsageError
from soundgraph.core.files import STATE_FOLDER, open_regular, write_atomically

_FOLDER = "projects"
_REACH = ".reach"
_FORM = "soundgraph-reach 1"
_HALF = 8

# Of a random identity: a clean clone has another one each time, and what all of them once reached would stay for ever.
_RANDOM = "~"
_REMEMBERED_S = 30 * 24 * 3600

_OWN_FILE = "project"
_MOST_BYTES = 1024
"""Of that file: it came with the tree, perhaps, and an identity has 32."""
_MADE = re.compile(r"[0-9a-f]{32}")


class Known(NamedTuple):
    """A project on the list."""

    root: Path
    """Its folder, without links."""
    id: str
    """Its identity; "" where that is not known, as on the lists of versions that knew projects by their folders
    alone."""
    place: Path
    """The file that says so."""

    @property
    def is_forgotten(self) -> bool:
        """Whether one that is not where it was is of no account any more."""
        if not self.id.startswith(_RANDOM):
            return False
        try:
            return time.time() - self.place.stat().st_mtime > _REMEMBERED_S
        except FileNotFoundError:
            return True

    def reach(self) -> AbstractSet[str] | None:
        """The keys of what its last builds reached; None where nobody can tell."""
        reach = _read_reach(self.place)
        return None if reach is None else {key for keys in reach.scenes.values() for key in keys}


class _Reach(NamedTuple):
    """What the scenes of a project reach."""

    content: bytes
    """Of the file on the list."""
    scenes: dict[str, list[str]]
    """Action keys, by "draft" or "real" and the scene's file."""


def identity(root: Path, given: str | None) -> str:
    """By what a project is known beside its folder; "" if it has no identity yet. given: in soundgraph.toml."""
    if given:
        return given
    try:
        with open_regular(str(root / STATE_FOLDER / _OWN_FILE)) as file:
            text = file.read(_MOST_BYTES).decode("ascii", "replace").strip()
    except OSError:
        return ""
    return f"{_RANDOM}{text}" if _MADE.fullmatch(text) else ""


def made_identity(root: Path, given: str | None) -> str:
    """The same; one that has none gets a random one. Still "" where that cannot be written down."""
    known_identity = identity(root, given)
    if known_identity:
        return known_identity
    with contextlib.suppress(OSError):
        path = root / STATE_FOLDER / _OWN_FILE
        path.parent.mkdir(exist_ok=True)
        text = f"{secrets.token_hex(16)}\n".encode()
        try:
            with path.open("xb") as file:  # of two builds at once, one is first
                file.write(text)
        except FileExistsError:
            if not identity(root, None):  # the other one is writing it at this moment, or was killed then
                write_atomically(str(path), text, root=str(root))
    return identity(root, None)


def remember(places: Places, root: Path, project_id: str) -> None:
    """Puts a project on the list, and mends what is damaged there of others in the same folder.

    Raises OSError where that cannot be written.
    """
    content = _content(root, project_id)
    place = _place(places.folder, content)
    for other in damaged(places.folder):
        if other.name[:_HALF] == place.name[:_HALF] and other != place:
            reach = _read_reach(other)
            if reach is not None and _name(reach.content) == other.name:
                places.write(other, reach.content)
            else:
                places.set_aside(other)
    if _is_whole(place):
        freshen(place)
    else:
        places.make(place.parent)
        places.write(place, content)
    if project_id:  # it stands for whatever lay there under an earlier version, and that is this one
        with contextlib.suppress(OSError):
            _place(places.folder, _content(root, "")).unlink(missing_ok=True)


def keep_reach(
    places: Places,
    root: Path,
    project_id: str,
    draft: bool,
    reached: Mapping[str, Collection[str]],
    whole: Collection[str],
    is_gone: Callable[[str], bool],
) -> None:
    """Writes down what a build has reached. Raises OSError.

    reached: action keys by the scene's file. whole: the scenes of which nothing else is reached any more. is_gone:
    whether the file of a scene is there no more.
    """
    content = _content(root, project_id)
    place = _place(places.folder, content)
    kept = _read_reach(place)
    before = kept.scenes if kept is not None else {}
    mode = "draft" if draft else "real"
    now = {name: keys for name, keys in before.items() if not is_gone(name.partition(" ")[2])}
    for source, keys in reached.items():
        name = f"{mode} {source}"
        now[name] = sorted({*keys, *(() if source in whole else now.get(name, ()))})
    if now != before or kept is None:
        places.make(place.parent)
        facts = {"project": content.decode("utf-8", "surrogateescape"), "scenes": now}
        body = json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
        places.write(_reach_file(place), _head(body) + body)


def forget(places: Places, project: Known) -> None:
    """Takes a project off the list. It is on it again once it builds there."""
    for path in (project.place, _reach_file(project.place)):
        if path.is_dir() and not path.is_symlink():  # something else, which is nobody's list
            places.set_aside(path)
        else:
            path.unlink(missing_ok=True)


def known(cache: Path, own: Iterable[tuple[Path, str]] = ()) -> list[Known]:
    """All projects on the list, sorted; some may be gone, or build elsewhere by now.

    own: roots and identities of which the files need not be whole. Raises UsageError where another file of the list is
    damaged: what the project that it named needs would be collected.
    """
    folder = cache / _FOLDER
    if os.path.lexists(folder) and not folder.is_dir():
        what = f"{folder} is no folder: nobody can tell which projects have this cache"
        raise UsageError(what, "remove it, and build each of them once")
    spared = {_place(cache, _content(root, project_id)) for root, project_id in own}
    for place in damaged(cache):
        if place not in spared:
            what = f"{place} is damaged: nobody can tell which project it names"
            hint = "the next build there that has anything to do mends it; if that project is no more, remove it"
            raise UsageError(what, hint)
    projects = []
    for place in _places(cache):
        with contextlib.suppress(OSError):
            if _is_whole(place):  # before it is read: a pipe in its place would be waited for
                path, _, project_id = place.read_bytes().partition(b"\0")
                projects.append(Known(Path(os.fsdecode(path)), project_id.decode("utf-8", "replace"), place))
    return sorted(projects)


def damaged(cache: Path) -> list[Path]:
    """The files of the list that do not say which project they stand for."""
    return [place for place in _places(cache) if not _is_whole(place)]


def _is_whole(place: Path) -> bool:
    try:
        return place.is_file() and _name(place.read_bytes()) == place.name
    except OSError:
        return False


def _places(cache: Path) -> list[Path]:
    return sorted((cache / _FOLDER).glob("[0-9a-f]" * 16))


def _content(root: Path, project_id: str) -> bytes:
    # By the path without links, or a project that is reached by two ways would be there twice.
    path = os.fsencode(os.path.realpath(root))
    return path + b"\0" + project_id.encode() if project_id else path


def _place(cache: Path, content: bytes) -> Path:
    return cache / _FOLDER / _name(content)


def _name(content: bytes) -> str:
    """Half of it is told by the folder alone: a build there can tell which damaged files are of its folder."""
    whole = hashlib.sha256(content).hexdigest()
    path, has_id, _ = content.partition(b"\0")
    return f"{hashlib.sha256(path).hexdigest()[:_HALF]}{whole[:_HALF]}" if has_id else whole[: 2 * _HALF]


def _reach_file(place: Path) -> Path:
    return place.with_name(place.name + _REACH)


def _read_reach(place: Path) -> _Reach | None:
    path = _reach_file(place)
    try:
        data = path.read_bytes() if path.is_file() else b""
    except OSError:
        return None
    head, _, body = data.partition(b"\n")
    if head + b"\n" != _head(body):
        return None
    facts = json.loads(body)
    return _Reach(facts["project"].encode("utf-8", "surrogateescape"), facts["scenes"])


def _head(body: bytes) -> bytes:
    return f"{_FORM} {hashlib.sha256(body).hexdigest()}\n".encode()
