"""What is found by its name: in a folder of soundgraph's own, or else in an installed package.

A package offers what it has by entry points. They are looked for only when a name is none of ours: a scene that uses no
plug-in does not pay for those that are installed, and no package can put itself in the place of what soundgraph has.
Installed code is code that this user installed; a scene can name it, and cannot bring it along.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Generic, TypeVar

from soundgraph.core import docstrings
from soundgraph.core.errors import PluginError, first_line, lacking, quote
from soundgraph.core.files import stat_text

T = TypeVar("T")

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,99}")
_OUR_PACKAGE = "soundgraph"


@dataclass(frozen=True)
class Offer:
    """What an installed package offers under a name. Nothing of it was imported to know this."""

    name: str
    package: str
    """The distribution's name, normalised as indexes do (PEP 503), so that it is spelled in one way in a key."""
    module: str
    """Where the object is."""
    attribute: str
    """What it is called there."""
    trouble: str = ""
    """Why it is not taken; "" if it is."""
    metadata: Path | None = None
    """The file that names it, where there is one."""


class Registry(Generic[T]):
    """One sort of thing that has a name: node kinds, backends, engines, formats.

    noun: what one is called in messages. home: the package whose files and folders are ours, each with `attribute` in
    it. group: of the entry points. wrong: what is wrong with an object that a package offers, after "kind "x" of
    package y"; "" for nothing.
    """

    def __init__(self, noun: str, home: str, attribute: str, group: str, wrong: Callable[[Any], str]):
        self.noun, self.group = noun, group
        self._home, self._attribute, self._wrong = home, attribute, wrong
        self._objects: dict[str, T] = {}
        self._offers: dict[tuple[str, ...], dict[str, Offer]] = {}

    @cached_property
    def own(self) -> tuple[str, ...]:
        """The names of those that are ours, sorted."""
        (folder,) = importlib.import_module(self._home).__path__
        files = {path.stem for path in Path(folder).glob("*.py")}
        folders = {path.parent.name for path in Path(folder).glob("*/__init__.py")}
        return tuple(sorted(name for name in files | folders if not name.startswith("_")))

    def offers(self) -> dict[str, Offer]:
        """What installed packages offer, by name, sorted; also what is not taken."""
        path = tuple(sys.path)
        if path not in self._offers:
            self._offers[path] = self._look()
        return self._offers[path]

    def names(self) -> tuple[str, ...]:
        """Ours and those of installed packages, sorted."""
        return tuple(sorted({*self.own, *self.offers()}))

    def from_packages(self) -> tuple[str, ...]:
        """Those of installed packages that can be used, sorted. Imports them all."""
        return tuple(name for name in self.offers() if self.refusal(name) is None)

    def has(self, name: str) -> bool:
        """Whether there is one of that name, usable or not."""
        return name in self.own or name in self.offers()

    def get(self, name: str) -> T:
        """The one called `name`. Raises KeyError if there is none, PluginError for one that cannot be used."""
        loaded = self._objects.get(name)
        if loaded is None:
            loaded = self._objects[name] = self._import(name)
        return loaded

    def refusal(self, name: str) -> PluginError | None:
        """Why the one called `name`, which there is, cannot be used; None if it can."""
        try:
            self.get(name)
        except PluginError as error:
            return error
        return None

    def package(self, name: str) -> str:
        """The installed package that it comes out of; "" for one of ours, and for one that is not there."""
        if name in self.own:
            return ""
        offer = self.offers().get(name)
        return offer.package if offer is not None else ""

    def sources(self, name: str) -> tuple[Path, ...]:
        """The files of the installed package that it comes out of; none for one of ours.

        Raises PluginError if one has changed since it was imported: what runs is not what lies there.
        """
        if name in self.own:
            return ()
        self.get(name)
        offer = self.offers()[name]
        before = _stats[offer.package, offer.module]
        if any(stat_text(str(path)) != stat for path, stat in before.items()):
            change = f"package {quote(offer.package)} has changed since it was loaded"
            raise PluginError(change, "start soundgraph again")
        return tuple(before)

    def summary(self, name: str) -> str:
        """The first line of its file: what it does. Raises as `get` does."""
        if name in self.own:
            return docstrings.summary(f"{self._home}.{name}")
        self.get(name)
        return docstrings.summary(self.offers()[name].module)

    def _import(self, name: str) -> T:
        if name in self.own:
            ours: T = getattr(importlib.import_module(f"{self._home}.{name}"), self._attribute)
            return ours
        offer = self.offers()[name]
        whose = f"{self.noun} {quote(name)} of package {quote(offer.package)}"
        if offer.trouble:
            raise PluginError(f"{whose} {offer.trouble}", "uninstall the package, or have its name changed")
        try:
            _stats.setdefault((offer.package, offer.module), _stats_of(offer))
            offered: Any = importlib.import_module(offer.module)
            for part in offer.attribute.split("."):
                offered = getattr(offered, part)
            wrong = self._wrong(offered)
        except (Exception, SystemExit) as error:  # whatever somebody else's code raises
            if (shortage := lacking(error)) is not None:
                raise shortage from error
            raise PluginError(
                f"{whose} cannot be loaded: {first_line(error)}", "mend the package, or uninstall it"
            ) from error
        if wrong:
            raise PluginError(f"{whose} {wrong}", "mend the package, or uninstall it")
        loaded: T = offered
        return loaded

    def _look(self) -> dict[str, Offer]:
        by_name: dict[str, list[Offer]] = {}
        for point in entry_points(group=self.group):
            offer = _offer(point)
            if offer is not None:
                by_name.setdefault(offer.name, []).append(offer)
        taken = {offer.package: name for name in reversed(self.own) for offer in by_name.pop(name, ())}
        return {name: self._judged(offers, taken) for name, offers in sorted(by_name.items())}

    def _judged(self, offers: list[Offer], taken: dict[str, str]) -> Offer:
        """One name, and all who offer it. taken: a name of ours, by the package that offers it too."""
        first, *rivals = sorted(offers, key=lambda offer: (offer.package, offer.module))
        trouble = ""
        if rivals:
            trouble = f"is not the only one: package {quote(rivals[0].package)} offers one of that name"
        elif not _NAME.fullmatch(first.name):
            trouble = 'has a name that is not of small letters, digits, "_" and "-"'
        elif ours := taken.get(first.package):
            trouble = f"cannot be used: the package offers {quote(ours)} as well, a {self.noun} of soundgraph's own"
        return replace(first, trouble=trouble)

    def refused(self) -> Iterator[tuple[str, PluginError]]:
        """(name, what is wrong) of those of installed packages that cannot be used. Imports them all."""
        for name in self.offers():
            if (refusal := self.refusal(name)) is not None:
                yield name, refusal


_stats: dict[tuple[str, str], dict[Path, str]] = {}
"""The files of each package from which something was imported, and how they were just before."""


def package_of(file: str) -> str:
    """The plug-in that a file of code belongs to, of those that were loaded; "" for none."""
    return next((package for (package, _), stats in _stats.items() if Path(file) in stats), "")


def _offer(point: EntryPoint) -> Offer | None:
    """None for one that is not written as an entry point, or whose package has no name."""
    match = EntryPoint.pattern.match(point.value)
    name = point.dist.metadata["Name"] if point.dist is not None else None
    if match is None or not match["attr"] or not name:
        return None
    package = re.sub(r"[-_.]+", "-", name).lower()
    if package == _OUR_PACKAGE:
        return None
    folder = getattr(point.dist, "_path", None)  # there is no public way to where a distribution says what it is
    metadata = folder / "entry_points.txt" if isinstance(folder, Path) else None
    return Offer(point.name, package, match["module"], match["attr"], metadata=metadata)


def _stats_of(offer: Offer) -> dict[Path, str]:
    """The files with code of the package that a module lies in, whole, and what says that it is offered; their stats.

    Of a namespace that several distributions share, the first part with code in it.
    """
    files = [offer.metadata] if offer.metadata is not None else []
    parts = offer.module.split(".")
    for end in range(1, len(parts) + 1):
        spec = importlib.util.find_spec(".".join(parts[:end]))  # imports the parents, which are namespaces
        if spec is None or not spec.has_location or spec.origin is None:
            continue
        if spec.submodule_search_locations is None:
            files.append(Path(spec.origin))
        else:
            endings = (*SOURCE_SUFFIXES, *EXTENSION_SUFFIXES)
            for folder in spec.submodule_search_locations:
                files += sorted(path for path in Path(folder).rglob("*") if path.name.endswith(endings))
        break
    return {path.absolute(): stat_text(str(path)) for path in files}
