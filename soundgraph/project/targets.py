"""What the user asked for, as scenes: a file, a folder, an id or a pattern, each with or without `:item`.

Standard library only, and little of it: the no-op path goes through here.
"""

from __future__ import annotations

import os

from soundgraph.project import build_state, root

TYPE_CHECKING = False  # as in `build_state`
if TYPE_CHECKING:
    from collections.abc import Sequence


class Wanted:
    """A scene that was asked for.

    id: of the scene. path: of its file, relative to the project's root.
    items: names or patterns of nodes and exports; empty for the whole scene.
    named: whether the user named this scene, rather than a folder it is in, or nothing.
    """

    __slots__ = ("id", "items", "named", "path")

    def __init__(self, id: str, path: str, items: tuple[str, ...] = (), named: bool = False):  # noqa: A002
        self.id, self.path, self.items, self.named = id, path, items, named


def project_root(targets: Sequence[str]) -> str:
    """The root of the project that the first target given as a path lies in; without one, the current folder's."""
    for target in targets:
        path = split(target)[0]
        if path.endswith(".toml") or os.path.isdir(path):
            return root.find_root(path)
    return root.find_root(os.getcwd())


def select(folder: str, targets: Sequence[str]) -> list[Wanted]:
    """The scenes of the project in `folder` that `targets` name, each once; all under `graphs/` if there are none.

    A target is the path of a scene or of a folder, the id of a scene, or a pattern of ids (`*`, `?`, `[…]`), and may
    end in `:item` with the name or pattern of a node or export. Raises UsageError for one that names nothing.
    """
    scenes = build_state.scan(folder)
    if not targets:
        if not scenes:
            _refuse(f"there are no scenes under {os.path.join(folder, root.GRAPHS)}", "soundgraph new NAME makes one")
        return [Wanted(id, path) for id, path in scenes]  # noqa: A001
    chosen: dict[str, Wanted] = {}
    for target in targets:
        name, item = split(target)
        for wanted in _scenes_of(folder, scenes, name, target):
            known = chosen.setdefault(wanted.id, Wanted(wanted.id, wanted.path, (item,) if item else ()))
            if known.path != wanted.path:
                _refuse(f'{wanted.path} has the same id as {known.path}: "{wanted.id}"', "rename one of them")
            # A scene asked for as a whole and in part is asked for as a whole.
            if not item:
                known.items = ()
            elif known.items and item not in known.items:
                known.items += (item,)
            known.named = known.named or wanted.named
    return list(chosen.values())


def matching(pattern: str, names: Sequence[str]) -> list[str]:
    """The names that a pattern stands for: itself, or with `*`, `?` or `[…]` in it, all that it fits.

    Where none is spelled so, letters may be in another Unicode form (NFC, NFD): which one is typed, nobody sees.
    """
    matches = _matching(pattern, names)
    if not matches and not pattern.isascii():
        from unicodedata import normalize

        by_form = {normalize("NFC", name): name for name in names}
        matches = [by_form[name] for name in _matching(normalize("NFC", pattern), list(by_form))]
    return matches


def _matching(pattern: str, names: Sequence[str]) -> list[str]:
    if pattern in names:
        return [pattern]
    if not any(character in pattern for character in "*?["):
        return []
    from fnmatch import fnmatchcase

    return [name for name in names if fnmatchcase(name, pattern)]


def split(target: str) -> tuple[str, str]:
    """(the scene or folder, the item) that a target names; "" for no item."""
    name, colon, item = target.rpartition(":")
    if not colon or (len(name) == 1 and item[:1] in "/\\"):  # C:\scenes\rain.toml
        return target, ""
    return name, item


def _scenes_of(folder: str, scenes: list[tuple[str, str]], name: str, target: str) -> list[Wanted]:
    ids = dict(scenes)
    # A scene's id comes before a folder that happens to be called the same; with a "/" at its end the folder is meant.
    if name.endswith(".toml") or (name not in ids and os.path.isdir(name)):
        path = os.path.relpath(_real(name), os.path.realpath(folder)).replace(os.sep, "/")
        if path == ".." or path.startswith("../") or os.path.isabs(path):
            _refuse(f'"{target}" lies outside the project {folder}', "build it from its own project")
        if os.path.isdir(name):
            inside = build_state.scan(folder, path) if path != "." else scenes
            if not inside:
                _refuse(f'there are no scenes in "{target}"', "scenes are files that end in .toml")
            return [Wanted(id, path) for id, path in inside]  # noqa: A001
        if os.path.isfile(name):
            return [Wanted(build_state.scene_id(path), path, named=True)]
        known = [path for _, path in scenes]
        if not any(character in name for character in "*?[") and (same := matching(path, known)):
            return [Wanted(build_state.scene_id(same[0]), same[0], named=True)]
        _refuse(f'there is no scene file "{name}"{_hint(name, known)}')
    matched = [Wanted(id, ids[id], named=id == name) for id in matching(name, list(ids))]  # noqa: A001
    if not matched:
        _refuse(f'no scene is called "{name}"{_hint(name, list(ids))}', "scenes are the .toml files under graphs/")
    return matched


def _real(name: str) -> str:
    """The path with links resolved, but for a scene's file that is a link: in a folder it is found by its own name."""
    if os.path.isdir(name):
        return os.path.realpath(name)
    return os.path.join(os.path.realpath(os.path.dirname(name) or "."), os.path.basename(name))


def _hint(name: str, candidates: Sequence[str]) -> str:
    from soundgraph.core.errors import did_you_mean

    return did_you_mean(name, candidates)


def _refuse(what: str, hint: str = "") -> None:
    from soundgraph.core.errors import UsageError

    raise UsageError(what, hint)
