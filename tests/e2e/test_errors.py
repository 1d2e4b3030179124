"""What is said about scenes that cannot be built: whole messages, and nothing on disk has changed."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from soundgraph.core.errors import Mistake, SceneError
from soundgraph.core.toml_lines import line_of
from soundgraph.project.config import load_project
from soundgraph.scene.loader import Lines, clashes, load_scenes

from .broken_scenes import BROKEN, Broken


def _complaint(root: Path, scenes: list[Path], overrides: tuple[str, ...]) -> str:
    return str(SceneError(_mistakes(root, scenes, overrides)))


def _mistakes(root: Path, scenes: list[Path], overrides: tuple[str, ...] = ()) -> list[Mistake]:
    try:
        loaded = load_scenes(scenes, load_project(root), overrides)
    except SceneError as error:
        return error.mistakes
    return clashes(loaded, Lines(root))


def _contents(root: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in root.rglob("*")}


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_a_broken_scene_is_answered_with_these_words_and_changes_nothing(broken: Broken, tmp_path: Path) -> None:
    scenes = broken.write(tmp_path / "project")
    before = _contents(tmp_path)
    assert _complaint(tmp_path / "project", scenes, broken.overrides) == broken.message
    assert _contents(tmp_path) == before


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_the_keys_of_a_mistake_lead_to_its_line(broken: Broken, tmp_path: Path) -> None:
    for mistake in _mistakes(tmp_path, broken.write(tmp_path), broken.overrides):
        if mistake.keys and mistake.line:
            assert line_of((tmp_path / mistake.file).read_text(), mistake.keys) == mistake.line
        # What a table has is wrong by a place in it; what has no keys is the file, its syntax or the command line.
        assert mistake.keys or not mistake.where or mistake.where.startswith("-D "), mistake


def test_a_mistake_has_the_keys_of_its_field(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(
        """\
[scene]
seed = "one"
[nodes.rain]
kind = "noise"
[nodes.eq]
kind = "eq"
input = "rian"
bands = [{ type = "low_shelf", freq_hz = 100, gain_db = 1 }, { type = "low_shelf", freq_hz = -3, gain_db = 1 }]
[exports.main]
[[checks]]
node = "rain"
"""
    )
    assert sorted(mistake.keys for mistake in _mistakes(tmp_path, [tmp_path / "x.toml"])) == [
        ("checks", 0),
        ("exports", "main", "node"),
        ("nodes", "eq", "bands", 1, "freq_hz"),
        ("nodes", "eq", "input"),
        ("scene", "seed"),
    ]


def test_the_keys_of_a_value_from_the_command_line_are_those_it_would_have(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text('[[elements]]\ntype = "audio"\nprompt = "rain"\n')
    (mistake,) = _mistakes(tmp_path, [tmp_path / "x.toml"], ("nodes.audio_1.temperature=9",))
    assert (mistake.line, mistake.keys) == (0, ("elements", 0, "temperature"))


def test_a_name_of_megabytes_is_not_among_the_keys(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(f'[nodes.{"n" * 2_000_000}]\nkind = "noise"\n')
    assert all(mistake.keys == ("nodes",) for mistake in _mistakes(tmp_path, [tmp_path / "x.toml"]))


def test_every_message_names_its_file_and_line_unless_there_is_none_to_point_at() -> None:
    for broken in BROKEN:
        for line in broken.message.splitlines():
            assert line.startswith("  ") or re.match(r"(-D |\S+\.toml(:\d+)?: )", line), line


def test_names_in_the_table_are_unique() -> None:
    assert [name for name, count in Counter(broken.name for broken in BROKEN).items() if count > 1] == []


def test_control_characters_of_a_name_do_not_reach_the_terminal(tmp_path: Path) -> None:
    text = '[nodes.a]\nkind = "gain"\ngain_db = 1\ninput = "\\u001b[31m\\nrain"\n'
    (tmp_path / "x.toml").write_text(text)
    assert _complaint(tmp_path, [tmp_path / "x.toml"], ()) == (
        'x.toml:4: nodes.a: input "\\x1b[31m\\nrain" is not a node'
    )


def test_thousands_of_mistakes_each_have_their_line(tmp_path: Path) -> None:
    nodes = "".join(f'[nodes.n{i}]\nkind = "gain"\ngain_db = 1\ninput = "missing"\n' for i in range(999))
    (tmp_path / "x.toml").write_text(nodes)
    said = _complaint(tmp_path, [tmp_path / "x.toml"], ()).splitlines()
    assert said[0] == 'x.toml:4: nodes.n0: input "missing" is not a node'
    assert said[-1] == 'x.toml:3996: nodes.n998: input "missing" is not a node'
