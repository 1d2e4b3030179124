"""What a process imports: next to nothing where there is nothing to do."""

from __future__ import annotations

import json

import pytest

from tests.helpers import CHAIN, Space, export, generate

HEAVY = {
    *(
        "numpy",
        "networkx",
        "pydantic",
        "rich",
        "torch",
        "tomli",
        "sqlite3",
        "soundfile",
        "soxr",
        "scipy",
    ),
    *("asyncio", "dataclasses", "inspect", "pathlib", "typing", "logging", "multiprocessing", "threading"),
}

# Told after the verb is over, from within its process.
TELL = """
import atexit, json, sys
before = set(sys.modules)
atexit.register(lambda: print(json.dumps(sorted(set(sys.modules) - before)), file=sys.stderr))
"""


def imported(space: Space, *arguments: str) -> set[str]:
    """The modules, of any library, that a verb imports beyond what Python itself starts with."""
    found = space.fresh(*arguments, code=TELL)
    assert found.code == 0, found.err
    return set(json.loads(found.err.splitlines()[-1]))


@pytest.mark.parametrize(
    "arguments", [("build",), ("build", "a"), ("build", "a:theme"), ("build", "--json"), ("build", "graphs")]
)
def test_a_build_with_nothing_to_do_imports_next_to_nothing(space: Space, arguments: tuple[str, ...]) -> None:
    space.scene(CHAIN)
    space.settle()
    modules = imported(space, *arguments)
    assert not HEAVY & modules
    ours = {name for name in modules if name.startswith("soundgraph")}
    assert not ours & {
        "soundgraph.session.session",
        "soundgraph.scene.loader",
        "soundgraph.cache.store",
        "soundgraph.audio.artifact",
        "soundgraph.planning.scene_graph",
    }


@pytest.mark.parametrize("arguments", [("--help",), ("build", "--help"), ("version",), ("plan", "--help")])
def test_help_and_version_do_not_import_what_they_speak_of(space: Space, arguments: tuple[str, ...]) -> None:
    light = {"pathlib", "typing", "inspect", "dataclasses", "threading", "logging"}
    assert not (HEAVY - light) & imported(space, *arguments)


def test_help_imports_no_verb(space: Space) -> None:
    ours = {name for name in imported(space, "--help") if name.startswith("soundgraph")}
    assert ours <= {"soundgraph", "soundgraph.cli"}


def test_a_plan_imports_no_library_of_sound(space: Space) -> None:
    space.scene(CHAIN)
    modules = imported(space, "plan")
    assert not {"soundfile", "soxr", "scipy", "torch", "rich"} & modules


def test_no_verb_ever_imports_torch_or_scipy(space: Space) -> None:
    space.scene(CHAIN + generate("tune", "piano", "draft/music") + export("tune", "tune", format=["ogg", "flac"]))
    for arguments in (
        ("build",),
        ("graph",),
        ("explain", "a"),
        ("check",),
        ("kinds", "eq"),
        ("schema",),
        ("cache", "verify"),
    ):
        assert not {"torch", "torchaudio", "audiocraft", "transformers", "scipy"} & imported(space, *arguments)
