"""What a node kind is, and how one is found by name in `nodes/`.

A kind is a file `nodes/<name>.py` with a docstring whose first line says what it does, and a `KIND`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from soundgraph.core import docstrings
from soundgraph.core.params import Params

if TYPE_CHECKING:
    from soundgraph.audio.artifact import Audio


class Form(NamedTuple):
    """What is known of an input beside its samples: the rate in Hz and the number of channels."""

    sample_rate: int
    channels: int


Render = Callable[[Any, "list[Audio]"], "Audio"]


@dataclass(frozen=True)
class Kind:
    """A sort of node.

    version: raised whenever the same parameters and inputs would give other samples, or a default changes.
    params: the pydantic model of the node's table, without `kind`.
    render: from validated parameters and the inputs, in the order of `references`, to the result. It may raise
        NodeError. None for `generate`, which a backend renders.
    from_scene: fields that take their value from [scene] where neither the node nor a [defaults.*] table gives one.
    inspect: looks, while the scene is checked, at what FileRef fields name; raises NodeError if a file cannot be used.
    decoder: names the version of the code that reads what a FileRef names; part of the key. It may raise OSError. None
        where no file is read.
    programs: the names of the programs that are run to read what a FileRef names: when one changes, or its name stands
        for another one, the scene is looked at again.
    revised: tells, from the parameters and the forms of the inputs, whether the version after `version` made the
        result: for a change that reaches some inputs only, so that the results of all others keep their keys.
    """

    version: int
    params: type[Params]
    render: Render | None
    from_scene: tuple[str, ...] = ()
    inspect: Callable[[Any], None] | None = None
    decoder: Callable[[Any], str] | None = None
    programs: Callable[[Any], list[str]] | None = None
    revised: Callable[[Any, Collection[Form]], bool] | None = None

    def version_for(self, params: Params, inputs: Collection[Form]) -> int:
        """The version that makes a result of these parameters and inputs."""
        return self.version + (self.revised is not None and self.revised(params, inputs))


@cache
def kind_names() -> tuple[str, ...]:
    """All kinds, sorted: the files of `nodes/`."""
    folder = Path(__file__).parent
    return tuple(sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")))


@cache
def get_kind(name: str) -> Kind:
    """The kind called `name`. Raises KeyError if there is none."""
    if name not in kind_names():
        raise KeyError(name)
    kind: Kind = importlib.import_module(f"soundgraph.nodes.{name}").KIND
    return kind


def kind_summary(name: str) -> str:
    """The first line of the kind's file: what it does."""
    return docstrings.summary(f"soundgraph.nodes.{name}")
