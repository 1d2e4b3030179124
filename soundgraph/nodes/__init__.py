"""What a node kind is, and how one is found by name: in `nodes/`, or else in an installed package.

A kind is a file `nodes/<name>.py` with a docstring whose first line says what it does, and a `KIND`. A package offers
one by an entry point of the group `soundgraph.kinds`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from soundgraph.core.params import Params
from soundgraph.core.registry import Registry

if TYPE_CHECKING:
    from soundgraph.audio.artifact import Audio


class Form(NamedTuple):
    """What is known of an input beside its samples: the rate in Hz and the number of channels."""

    sample_rate: int
    channels: int


Render = Callable[[Any, "list[Audio]"], "Audio"]


@dataclass(frozen=True)
class Kind:
    """A sort of node."""

    version: int
    """Raised whenever the same parameters and inputs would give other samples, or a default changes."""
    params: type[Params]
    """The pydantic model of the node's table, without `kind`."""
    render: Render | None
    """From validated parameters and the inputs, in the order of `references`, to the result. It may raise NodeError.
    None for `generate`, which a backend renders."""
    from_scene: tuple[str, ...] = ()
    """Fields that take their value from [scene] where neither the node nor a [defaults.*] table gives one."""
    inspect: Callable[[Any], None] | None = None
    """Looks, while the scene is checked, at what FileRef fields name; raises NodeError if a file cannot be used."""
    decoder: Callable[[Any], str] | None = None
    """Names the version of the code that reads what a FileRef names; part of the key. It may raise OSError. None where
    no file is read."""
    programs: Callable[[Any], list[str]] | None = None
    """The names of the programs that are run to read what a FileRef names. When one changes, or its name stands for
    another one, the scene is looked at again."""
    revised: Callable[[Any, Collection[Form]], bool] | None = None
    """Tells, from the parameters and the forms of the inputs, whether the version after `version` made the result: for
    a change that reaches some inputs only, so that the results of all others keep their keys."""

    def version_for(self, params: Params, inputs: Collection[Form]) -> int:
        """The version that makes a result of these parameters and inputs."""
        return self.version + (self.revised is not None and self.revised(params, inputs))


def _wrong_kind(offered: Any) -> str:
    if not isinstance(offered, Kind):
        return "is no soundgraph.nodes.Kind"
    if not issubclass(offered.params, Params):
        return "takes fields that are no soundgraph.core.params.Params"
    if offered.render is None:
        return "has no render: only generate is rendered by a backend"
    offered.params.model_rebuild()
    return ""


KINDS: Registry[Kind] = Registry("kind", __name__, "KIND", "soundgraph.kinds", _wrong_kind)


def kind_names() -> tuple[str, ...]:
    """The kinds that are soundgraph's own, sorted: the files of `nodes/`."""
    return KINDS.own


def get_kind(name: str) -> Kind:
    """The kind called `name`, of soundgraph or of an installed package.

    Raises KeyError if there is none, PluginError for one of a package that cannot be used.
    """
    return KINDS.get(name)


def kind_summary(name: str) -> str:
    """The first line of the kind's file: what it does. Raises as `get_kind` does."""
    return KINDS.summary(name)
