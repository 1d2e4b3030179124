"""Pins: which takes of `soundgraph.lock` count as the results of which nodes, whatever else a cache holds."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from soundgraph.planning.action import Difference
from soundgraph.project.lockfile import Take


@dataclass(frozen=True)
class Pins:
    """The takes that are pinned."""

    takes: Mapping[str, Take] = field(default_factory=dict)
    """By the id of the node that each was pinned for."""

    def __bool__(self) -> bool:
        return bool(self.takes)

    def of(self, name: str, key: str) -> Take | None:
        """The take that is the result of an action, for a node.

        Its own pin comes first. A node that says the same as a pinned one, in this scene or in another, or the same
        node under a new name, has that one's take: else it would sound otherwise. Where unlike takes of one action are
        pinned, for several nodes, the first of them by name.
        """
        own = self.takes.get(name)
        return own if own is not None and own.key == key else self._by_key.get(key)

    def left(self, name: str, key: str) -> Take | None:
        """The pin that a node leaves by having another key."""
        own = self.takes.get(name)
        return own if own is not None and own.key != key else None

    @cached_property
    def _by_key(self) -> dict[str, Take]:
        return {take.key: take for _, take in sorted(self.takes.items(), reverse=True)}

    def absence(self, take: Take) -> tuple[str, str]:
        """(what is wrong, what to do next) where a pinned take is not in the cache."""
        what = f"its pinned take {take.digest[:12]} is not in the cache"
        # The name of the first take alone stands for all of them.
        target = f"{take.node}#1" if take.node in self._with_more else take.node
        remove = f"soundgraph pin --remove {shlex.quote(target)}"
        return what, f"bring it with soundgraph cache import FILE, or give it up: {remove}"

    @cached_property
    def _with_more(self) -> set[str]:
        """The nodes of which takes after the first are pinned."""
        return {name.rpartition("#")[0] for name in self.takes if "#" in name.rpartition(":")[2]}


NONE = Pins()


def leaving(changes: Iterable[Difference]) -> str:
    """That a node leaves its pin. changes: from the pinned take to what is asked for now; none if they are unknown."""
    told = "; ".join(map(str, changes))
    return f"leaves its pin: {told}" if told else "leaves its pin"
