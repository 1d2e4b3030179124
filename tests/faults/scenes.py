"""The project that is built again and again: two scenes, takes of two models, each kind of file that is delivered."""

from __future__ import annotations

from pathlib import Path

from tests.helpers import Space, export, generate, node, table

_FIRST = "\n".join(
    [
        generate("rain", "soft rain", "studio/near"),
        generate("wind", "wind in trees", "studio/far"),
        node("cut", "trim", input="rain", duration=0.04),
        node("dark", "eq", input="wind", bands=[{"type": "peaking", "freq_hz": 1000, "gain_db": -3.0}]),
        node("both", "mix", inputs=[{"node": "cut"}, {"node": "dark", "gain_db": -3.0}]),
        export("theme", "both", format=["wav", "flac"]),
        export("dry", "cut"),
        table("manifests.game", engine="json", exports=["theme"]),
        "[[checks]]\nnode = 'cut'\nsilent = false\n",
        "[[checks]]\nexport = 'theme'\nmin_duration = 0.01\n",
    ]
)
_SECOND = "\n".join(
    [
        generate("rain", "soft rain", "studio/near"),  # the same take as in the first scene
        generate("door", "a door", "studio/near"),
        node("all", "mix", inputs=[{"node": "rain"}, {"node": "door", "at": 0.02}]),
        export("steps", "all"),
    ]
)


def lock(more: str = "") -> str:
    """A soundgraph.lock. more: lines."""
    return f"# Written by soundgraph; keep it under version control.\nmodel studio/near - {'0' * 64}\n{more}"


def project(root: Path) -> Space:
    """The project as it is first built."""
    space = Space(root)
    space.scene(_FIRST)
    space.scene(_SECOND, "b")
    space.write("soundgraph.lock", lock())
    return space


def edit(space: Space) -> None:
    """One prompt is another, and one export is called otherwise: a file has to go."""
    space.replace("wind in trees", "wind at sea")
    space.replace("[exports.dry]", "[exports.dried]")
