"""The page of limits says what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from soundgraph import archive, audio, decode, demands, kinds, lock, paths, reading, scene, toml_file
from soundgraph.backends.audiocraft import peek
from soundgraph.errors import Hints, SceneError
from tests.helpers import Space, changed, export, node

PAGE = (Path(__file__).parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")


def bound(kind: str, field: str, name: str) -> Any:
    """What a field of a kind is limited to: name: "le", "ge" or "max_length"."""
    return _bound(kinds.get(kind).params.model_fields[field], name)


def _bound(field: Any, name: str) -> Any:
    return next(getattr(one, name) for one in field.metadata if hasattr(one, name))


RATE = scene.SceneSettings.model_fields["sample_rate"]

LIMITS = {
    "parts of a dotted name in it": f"{toml_file._MOST_PARTS:,}",
    "a scene file, or `soundgraph.toml`": f"{toml_file.MAX_BYTES:,} bytes",
    "`soundgraph.lock`": f"{lock._MAX_BYTES:,} bytes",
    "nodes of a scene, with all it includes and all takes": f"{reading.MAX_NODES:,}",
    "exports of a scene, with all takes": f"{reading.MAX_NODES:,}",
    "files that a scene includes, all told": f"{reading.MAX_INCLUDES:,}",
    "depth of includes": f"{reading.MAX_DEPTH:,}",
    "takes of a node (`variations`)": f"{bound('generate', 'variations', 'le'):,}",
    "inputs of a mix or a sequence": f"{bound('mix', 'inputs', 'max_length'):,}",
    "a path in a scene": f"{paths.MAX_PATH:,} characters",
    "`[[checks]]` of a scene": f"{demands.MAX_CHECKS:,}",
    "`[manifests.*]` of a scene": f"{demands.MAX_MANIFESTS:,}",
    "a prompt": f"{bound('generate', 'prompt', 'max_length'):,} characters",
    "the name of a node or an export": "100 characters",
    "a sound": f"{audio.MAX_BYTES:,} bytes of samples",
    "the length of a sound": f"{audio.MAX_SECONDS:,} s",
    "a generated take, or a recording": f"{decode.MAX_SECONDS:,} s",
    "channels of a recording": f"{decode.MAX_CHANNELS:,}",
    "the rate of a recording": f"{decode.MIN_RATE_HZ:,} to {decode.MAX_RATE_HZ:,} Hz",
    "the rate of a scene": f"{_bound(RATE, 'ge'):,} to {_bound(RATE, 'le'):,} Hz",
    "the table of a checkpoint": f"{peek._MAX_PICKLE_BYTES:,} bytes",
    "members of an archive": f"{archive.MAX_MEMBERS:,}",
    "a record in an archive": f"{archive.MAX_RECORD_BYTES:,} bytes",
}


def test_every_limit_of_the_page_is_one_of_the_code() -> None:
    table = PAGE.partition("| Of | At most |\n| --- | --- |\n")[2].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| (.*?) \| (.*?) \|$", table, re.MULTILINE))
    assert rows == LIMITS


def test_limits_that_stand_in_one_row_are_one() -> None:
    assert bound("mix", "inputs", "max_length") == bound("sequence", "inputs", "max_length")
    assert bound("generate", "duration", "le") == decode.MAX_SECONDS
    assert paths.is_name("a" * 100)
    assert not paths.is_name("a" * 101)


@pytest.mark.parametrize("kind", [name for name in kinds.names() if name != "generate"])
def test_every_length_has_a_limit(kind: str) -> None:
    for name, field in kinds.get(kind).params.model_fields.items():
        if name in ("duration", "before", "after", "start", "gap"):
            assert _bound(field, "le") <= audio.MAX_SECONDS


@pytest.mark.parametrize(
    "text",
    [
        "a." * 200_000 + "a = 1",
        "[" + "a . " * 200_000 + "a]",
        '"a".' * 200_000 + "a = 1",
        "x = { " + "'a'." * 200_000 + "a = 1 }",
    ],
)
def test_a_name_of_many_parts_takes_no_memory(tmp_path: Path, text: str) -> None:
    """A parser takes memory by the square of their number."""
    path = tmp_path / "a.toml"
    path.write_text(text)
    with pytest.raises(SceneError, match="a name has over 100 parts"):
        toml_file.read(path, "a.toml")


@pytest.mark.parametrize(
    "text", [f"x = [{', '.join(['0.5'] * 9000)}]", f"x = '{'. ' * 9000}'", "a." * 99 + "a = 1", f"{'a' * 100_000} = 1"]
)
def test_many_dots_are_no_such_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(text)
    assert toml_file.read(path, "a.toml").table


def test_a_number_of_thousands_of_digits_is_not_shown(space: Space) -> None:
    """Python refuses to write it down."""
    space.scene(f"[scene]\nseed = 0x{'f' * 5000}\n" + node("a", "noise", duration=1) + export("x", "a"))
    result = space.run("check")
    assert (result.code, result.err) == (2, "graphs/a.toml:2: scene: seed is far too large a number\n")


def test_a_path_of_many_folders_is_refused(space: Space) -> None:
    """Each of them would be compared with all that is delivered."""
    space.scene(node("a", "noise", duration=1) + export("x", "a", path="n/" * 50_000 + "x"))
    result = space.run("check")
    assert result.code == 2
    assert 'path has over 1,000 characters ("n/n/' in result.err
    assert len(result.err.splitlines()) == 1


def test_a_long_list_of_includes_is_refused_as_a_whole(space: Space) -> None:
    space.scene(f"include = {['none.toml'] * (reading.MAX_INCLUDES + 1)}\n" + node("a", "gain", input="none.b"))
    result = space.run("check")
    assert result.err == "graphs/a.toml:1: include: names 201 files; a scene may include 200, all told\n"


def test_an_include_that_is_a_number_of_thousands_of_digits_is_none(space: Space) -> None:
    space.scene(f"include = [0x{'f' * 5000}]\n" + node("a", "noise", duration=1) + export("x", "a"))
    result = space.run("check")
    assert result.err == "graphs/a.toml:1: include: must be a list of paths; a number is none\n"


def test_too_many_checks_and_manifests_are_refused(space: Space) -> None:
    checks = "[[checks]]\nexport = 'x'\n" * 3
    manifests = "".join(f"[manifests.m{n}]\nengine = 'json'\n" for n in range(3))
    space.scene(node("a", "noise", duration=1) + export("x", "a") + checks + manifests)
    with changed(demands, "MAX_CHECKS", 2), changed(demands, "MAX_MANIFESTS", 2):
        result = space.run("check")
    assert result.err == (
        "graphs/a.toml:6: checks: are 3; a scene may have 2\ngraphs/a.toml:12: manifests: are 3; a scene may have 2\n"
    )


def test_names_that_are_close_are_looked_for_at_the_first_mistakes_only(space: Space) -> None:
    most = Hints._MOST
    mistakes = [f"[nodes.b{n}]\nkind = 'gain'\ninput = 'aaaaaaa{n}'\ngain_db = 1\n" for n in range(most + 9)]
    space.scene(node("aaaaaaaa", "noise", duration=1) + "".join(mistakes))
    result = space.run("check")
    assert result.err.count("is not a node") == most + 9
    assert result.err.count("did you mean") == most
