"""soundgraph: a declarative build system for game audio.

What is named here is the public API; it is imported when it is first used, so that `import soundgraph` costs nothing.
"""

# Nothing is imported here, not even __future__: `python -m soundgraph` would take it from the folder that one works in,
# until __main__.py has seen to that.

TYPE_CHECKING = False  # what typing.TYPE_CHECKING is, without importing it: the no-op path goes through here

__version__ = "0.1.0"

if TYPE_CHECKING:
    from typing import Any

    from soundgraph.api.building import Result, build, plan, preview
    from soundgraph.api.pipeline import Pipeline
    from soundgraph.api.scene import Ref, Scene, load_scene
    from soundgraph.audio.artifact import Audio
    from soundgraph.core.errors import BuildError, SceneError, SoundgraphError
    from soundgraph.core.stopping import Stop, StoppedError

__all__ = [
    "Audio",
    "BuildError",
    "Pipeline",
    "Ref",
    "Result",
    "Scene",
    "SceneError",
    "SoundgraphError",
    "Stop",
    "StoppedError",
    "__version__",
    "build",
    "load_scene",
    "plan",
    "preview",
]

_HOMES = {
    "Audio": "audio.artifact",
    "BuildError": "core.errors",
    "Pipeline": "api.pipeline",
    "Ref": "api.scene",
    "Result": "api.building",
    "Scene": "api.scene",
    "SceneError": "core.errors",
    "SoundgraphError": "core.errors",
    "Stop": "core.stopping",
    "StoppedError": "core.stopping",
    "build": "api.building",
    "load_scene": "api.scene",
    "plan": "api.building",
    "preview": "api.building",
}


def __getattr__(name: str) -> "Any":
    if name not in _HOMES:
        raise AttributeError(f"module 'soundgraph' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"soundgraph.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
