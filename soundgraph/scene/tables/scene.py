"""What a scene is once it has been read: settings, validated nodes and exports. `loader` makes one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from soundgraph.backends import Model
from soundgraph.core.params import Params
from soundgraph.engines import EngineAsset
from soundgraph.nodes import Kind
from soundgraph.scene.tables.check_settings import Check
from soundgraph.scene.tables.export_settings import ExportSettings

DRAFT_FOLDER = "draft"
"""Under the output folder: what `--draft` delivers, so that a draft never takes a real file's place."""

SampleRate = Annotated[int, Field(ge=8000, le=192000)]
Seed = Annotated[int, Field(ge=0, le=2**63 - 1)]


class SceneSettings(Params):
    """The [scene] table."""

    sample_rate: SampleRate = Field(
        48000, description="Hz of what is mixed and exported; nodes before a mix keep their own rate"
    )
    duration: float = Field(10.0, gt=0, le=3600, description="seconds; the length of generate nodes that state none")
    seed: Seed = Field(0, description="seed of generate nodes that state none")


@dataclass(frozen=True)
class Origin:
    """Where something was written, for messages."""

    file: str
    """As the user would type it, relative to the project's root; "" for a scene that was built in code."""
    keys: tuple[str | int, ...] = ()
    """What leads to it in the file, as in ("nodes", "rain", "prompt")."""


@dataclass(frozen=True)
class Node:
    """A step of a scene, with defaults, overrides and the scene's own settings filled in."""

    name: str
    """Within its scene; "rain.bed" for a node `bed` of an included file `rain.toml`, "step#2" for a second take."""
    kind_name: str
    kind: Kind
    params: Params
    """NodeRefs in it are names within the same scene (prefixed for included nodes); FileRefs are absolute paths."""
    origin: Origin
    model: Model | None = None
    """The model that a generate node asks for, resolved through [models]; None for other kinds."""


@dataclass(frozen=True)
class Export:
    """A file, or one in several formats, that a build delivers."""

    name: str
    settings: ExportSettings
    path: str
    """Under the build folder, without extension, with "/" between its parts; with "{take}" in it until the scene is
    expanded into takes."""
    origin: Origin
    take: int | None = None
    """Which one of its node's takes it delivers, from 1; None where the node has one."""

    @property
    def base(self) -> str:
        """The name it was written by, which all takes share."""
        return self.name.partition("#")[0]

    def files(self) -> list[str]:
        """The files it delivers, relative to the build folder."""
        return [f"{self.path}.{extension}" for extension in self.settings.formats]


@dataclass(frozen=True)
class SceneCheck:
    """An entry of [[checks]]."""

    settings: Check
    names: tuple[str, ...]
    """The nodes, or the exports, that it is about: all takes of the one that it names."""
    place: int
    """Its index among the entries."""
    origin: Origin


@dataclass(frozen=True)
class EngineManifest:
    """A [manifests.<name>] table: files for a game engine that say what to do with delivered sounds."""

    name: str
    engine: str
    params: Params
    """The engine's own fields."""
    exports: tuple[str, ...]
    """The names of those it is about."""
    path: str
    """Under the build folder, without extension, with "/" between its parts."""
    origin: Origin
    files: tuple[str, ...] = ()
    """What it delivers, relative to the build folder."""
    makes: tuple[EngineAsset, ...] = ()
    """What importing the files makes in the engine's project."""


@dataclass(frozen=True)
class CheckedScene:
    """A scene that has been read and checked in itself: every reference names a node; there may still be a cycle."""

    id: str
    """The path under `graphs/` without `.toml`, with "/" between its parts."""
    path: Path | None
    """The scene's file; None for a scene that was built in code."""
    settings: SceneSettings
    nodes: dict[str, Node]
    """Each take for itself; so are the exports."""
    exports: dict[str, Export]
    read: tuple[Path, ...] = ()
    """Every file that was read for it, or looked for and absent: scene, includes, soundgraph.toml, recordings."""
    checks: tuple[SceneCheck, ...] = ()
    manifests: tuple[EngineManifest, ...] = ()
    programs: tuple[str, ...] = ()
    """The names of the programs that its recordings are read through."""


def node_id(scene_id: str, node: str, take: int = 1) -> str:
    """`forest/rain:dark_rain`, and `forest/rain:steps#3` for a later take. The one place that spells a node's id."""
    return f"{scene_id}:{node}" if take == 1 else f"{scene_id}:{node}#{take}"
