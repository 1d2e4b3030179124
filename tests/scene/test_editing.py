"""Edits of a scene's text: one line of a diff, comments and style kept, and the table that was asked for."""

from __future__ import annotations

import copy
import difflib
import tomllib
from pathlib import Path
from typing import Any

import pytest

from soundgraph.core import toml_lines
from soundgraph.scene import editing
from soundgraph.scene.editing import EditError, remove, rename, set_value, value_text

GRAPHS = sorted((Path(__file__).parents[2] / "graphs").rglob("*.toml"))

SCENE = """\
# A hall.
[scene]
seed   = 7      # luck
length = 3.0

# The rain
[nodes.rain]
kind   = "generate"
prompt = 'Heavy rain'   # loud
bands  = [
  { freq_hz = 300, gain_db = -3.0 },  # low
  { freq_hz = 900 },
]

[nodes.all]
kind = "mix"
inputs = [{ node = "rain" }, { node = "wind", weight = 0.5 }]

[nodes]
wind.kind = "noise"

[[checks]]
node = "rain"

[[checks]]
node = "all"
"""


def changed_lines(old: str, new: str) -> list[str]:
    """The lines of a diff, without its head."""
    diff = difflib.unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), n=0)
    return [line for line in list(diff)[2:] if not line.startswith("@@")]


def scalars(value: Any, keys: toml_lines.Keys = ()) -> list[toml_lines.Keys]:
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in scalars(item, (*keys, key))]
    if isinstance(value, list):
        return [found for index, item in enumerate(value) for found in scalars(item, (*keys, index))]
    return [keys]


def with_value(table: dict[str, Any], keys: toml_lines.Keys, value: Any) -> dict[str, Any]:
    table = copy.deepcopy(table)
    here: Any = table
    for key in keys[:-1]:
        here = here[key]
    here[keys[-1]] = value
    return table


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)
def test_each_value_of_each_example_is_changed_in_one_line(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    table = tomllib.loads(text)
    for keys in scalars(table):
        new = set_value(text, keys, "x")
        assert tomllib.loads(new) == with_value(table, keys, "x")
        old_value = text[slice(*toml_lines.spans(text).pairs[keys][-2:])]
        assert len(changed_lines(text, new)) <= 2 + 2 * old_value.count("\n")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("keys", "value", "line"),
    [
        (("scene", "seed"), 9, "seed   = 9      # luck"),
        (("nodes", "rain", "prompt"), "Soft rain", "prompt = 'Soft rain'   # loud"),
        (("nodes", "rain", "prompt"), "It's rain", 'prompt = "It\'s rain"   # loud'),
        (("nodes", "rain", "bands", 0, "gain_db"), -6.0, "  { freq_hz = 300, gain_db = -6.0 },  # low"),
        (("nodes", "wind", "kind"), "tone", 'wind.kind = "tone"'),
        (("checks", 1, "node"), "rain", 'node = "rain"'),
        # What is new.
        (("scene", "channels"), 1, "channels = 1"),
        (("nodes", "rain", "seed"), 3, "seed   = 3"),
        (("nodes", "rain", "bands", 1, "gain_db"), 2, "  { freq_hz = 900, gain_db = 2 },"),
        (("nodes", "all", "inputs", 0, "weight"), 0.3, None),
        (("nodes", "all", "inputs", 2), {"node": "sea"}, None),
        (("nodes", "wind", "seed"), 3, "wind.seed = 3"),
        (("checks", 0, "max_lufs"), -9, "max_lufs = -9"),
    ],
)
def test_a_value_is_set_in_the_style_around_it(
    newline: str, keys: toml_lines.Keys, value: Any, line: str | None
) -> None:
    text = SCENE.replace("\n", newline)
    new = set_value(text, keys, value)
    diff = changed_lines(text, new)
    assert len([text for text in diff if text[0] == "+"]) == 1
    assert len([text for text in diff if text[0] == "-"]) <= 1
    if line is not None:
        assert diff[-1] == f"+{line}{newline}"
    found: Any = tomllib.loads(new)
    for key in keys:
        found = found[key]
    assert found == value
    assert ("\n" in new.replace("\r\n", "")) == (newline == "\n")


def test_a_table_that_is_not_there_is_written_at_the_end_or_as_the_first() -> None:
    text = '[nodes.a]\nkind = "tone"'
    assert set_value(text, ("exports", "a", "node"), "a") == text + '\n\n[exports.a]\nnode = "a"\n'
    assert set_value(text, ("scene", "seed"), 1) == "[scene]\nseed = 1\n\n" + text
    assert set_value("", ("scene", "seed"), 1) == "[scene]\nseed = 1\n"


def test_a_list_with_an_element_a_line_gets_another_line() -> None:
    new = set_value(SCENE, ("nodes", "rain", "bands", 2), {"freq_hz": 50})
    assert tomllib.loads(new)["nodes"]["rain"]["bands"][2] == {"freq_hz": 50}
    assert "  { freq_hz = 50 }," in new.splitlines()


@pytest.mark.parametrize(
    ("keys", "gone"),
    [
        (("scene", "seed"), ["-seed   = 7      # luck\n"]),
        (("nodes", "rain", "bands", 0), ["-  { freq_hz = 300, gain_db = -3.0 },  # low\n"]),
        (
            ("nodes", "rain", "bands", 0, "gain_db"),
            ["-  { freq_hz = 300, gain_db = -3.0 },  # low\n", "+  { freq_hz = 300 },  # low\n"],
        ),
        (
            ("nodes", "all", "inputs", 0),
            [
                '-inputs = [{ node = "rain" }, { node = "wind", weight = 0.5 }]\n',
                '+inputs = [{ node = "wind", weight = 0.5 }]\n',
            ],
        ),
        (("nodes", "wind", "kind"), ['-wind.kind = "noise"\n']),
        (("checks", 1), ["-[[checks]]\n", '-node = "all"\n']),
        (
            ("nodes", "all"),
            [
                "-[nodes.all]\n",
                '-kind = "mix"\n',
                '-inputs = [{ node = "rain" }, { node = "wind", weight = 0.5 }]\n',
                "-\n",
            ],
        ),
    ],
)
def test_what_is_removed_takes_its_line_along_and_no_other(keys: toml_lines.Keys, gone: list[str]) -> None:
    new = remove(SCENE, keys)
    assert sorted(changed_lines(SCENE, new)) == sorted(gone)


def test_a_table_goes_with_the_comment_above_it() -> None:
    assert "The rain" not in remove(SCENE, ("nodes", "rain"))
    assert "# A hall." in remove(SCENE, ("nodes", "rain"))


def test_a_name_is_changed_wherever_the_table_is_opened() -> None:
    text = '[nodes.a]\nkind = "eq"\n[nodes.a.x]\ny = 1\n[nodes]\nb = { a = 1 }\n'
    new = rename(text, ("nodes", "a"), "dark rain")
    assert new == text.replace("nodes.a", 'nodes."dark rain"')
    assert rename(SCENE, ("nodes", "wind"), "breeze") == SCENE.replace("wind.kind", "breeze.kind")
    assert rename(SCENE, ("scene", "seed"), "luck") == SCENE.replace("seed ", "luck ")
    with pytest.raises(EditError, match="is there already"):
        rename(SCENE, ("scene", "seed"), "length")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (("nodes", "rain"), "is a table; set its fields"),
        (("scene", "seed", "x"), "is a value, not a table"),
        (("nodes", "rain", "bands", 9), "has 2 elements"),
        (("nodes", "rain", "new", 0), "leads through a list that is not there"),
    ],
)
def test_what_has_no_place_is_refused_in_words(keys: toml_lines.Keys, message: str) -> None:
    with pytest.raises(EditError, match=message):
        set_value(SCENE, keys, 1)


@pytest.mark.parametrize(
    "value",
    [
        True,
        0,
        -(2**62),
        0.1,
        1e-7,
        1e300,
        float("inf"),
        'a "b" \\ \n\t\x7f\x00 é 🎧',
        [],
        [1, [2, "x"]],
        {},
        {"a b": {"c": 1}},
    ],
)
def test_a_value_is_spelled_so_that_it_is_read_back(value: Any) -> None:
    assert tomllib.loads(f"v = {value_text(value)}")["v"] == value


def test_strings_over_several_lines_stay_so() -> None:
    text = 'p = """\none\ntwo"""  # words\nq = 1\n'
    assert set_value(text, ("p",), "a\nb") == 'p = """\na\nb"""  # words\nq = 1\n'
    assert set_value(text, ("p",), "a") == 'p = "a"  # words\nq = 1\n'


def test_spans_and_lines_agree() -> None:
    for keys, pair in toml_lines.spans(SCENE).pairs.items():
        assert toml_lines.line_of(SCENE, keys) <= SCENE.count("\n", 0, pair.key_start) + 1
    assert editing.spell(("nodes", "dark rain", "bands", 0)) == 'nodes."dark rain".bands.0'
