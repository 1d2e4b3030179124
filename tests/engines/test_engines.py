"""What holds of every engine: found by name, the same bytes each time, honest about formats."""

import dataclasses
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from soundgraph import engines
from soundgraph.core import parameter_table
from soundgraph.core.errors import NodeError
from soundgraph.engines import Handout, Sound
from soundgraph.engines._fields import EngineParams
from tests.engines.sounds import HOSTILE, deliver, sound, takes

DOCS = Path(__file__).parent.parent.parent / "docs" / "engines"
NAMES = ("fmod", "godot", "json", "unity", "unreal", "wwise")


def loops() -> list[Sound]:
    return [sound("music/theme.wav", loop={"start": 0, "end": 47999}), *takes()]


def test_the_folder_is_the_table():
    assert engines.names() == NAMES, "an engine of soundgraph's own is named in NAMES"
    with pytest.raises(KeyError):
        engines.get("_layout")


@pytest.mark.parametrize("name", NAMES)
def test_each_engine_has_a_page_that_begins_with_its_summary(name):
    page = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {name}\n\n{engines.summary(name)}\n")
    assert f"[{name}]({name}.md)" in (DOCS / "index.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_the_table_of_fields_and_says_what_was_not_tried(name):
    page = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    assert f"<!-- engine fields -->\n{field_table(name)}\n<!-- /engine fields -->" in page
    assert "## What was not tried" in page


def field_table(name: str) -> str:
    lines = ["| Field | Type | Default | Meaning |", "| --- | --- | --- | --- |"]
    for row in parameter_table.rows(engines.get(name).params):
        kind = re.sub(r"at least (\S+), at most (\S+)", r"\1 to \2", row.type)
        cells = (f"`{row.name}`", kind, f"`{row.default.removeprefix('default ')}`", row.description)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_described(name):
    for field, info in engines.get(name).params.model_fields.items():
        assert info.description, field


@pytest.mark.parametrize("name", NAMES)
def test_a_manifest_is_the_same_in_another_process(name):
    code = (
        "import hashlib\n"
        "from tests.engines.test_engines import deliver, loops\n"
        f"for path, data in sorted(deliver({name!r}, 'out/manifest', loops()).items()):\n"
        "    print(path, hashlib.sha256(data).hexdigest())\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    runs = [
        subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
        for env in (environment, {**environment, "PYTHONHASHSEED": "8", "TZ": "UTC"})
    ]
    assert runs[0] == runs[1]
    assert runs[0].count("\n") == len(deliver(name, "out/manifest", loops()))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("path", ["manifest", "a/b/manifest"])
def test_files_lie_under_the_build_folder_and_name_no_absolute_path(name, path):
    for file, data in deliver(name, path, loops()).items():
        assert not file.startswith(("/", ".")), file
        assert ".." not in file
        assert b"/tmp/" not in data
        assert str(Path.cwd()).encode() not in data
        assert data.endswith(b"\n")


@pytest.mark.parametrize("name", NAMES)
def test_takes_out_of_order_make_the_same_manifest(name):
    assert deliver(name, "manifest", takes()[::-1]) == deliver(name, "manifest", takes())


@pytest.mark.parametrize("name", NAMES)
def test_silence_which_has_no_loudness_can_be_listed(name):
    assert deliver(name, "manifest", [sound(loudness_lufs=None, true_peak_dbtp=None)])


@pytest.mark.parametrize("name", NAMES)
def test_hostile_text_raises_no_error(name):
    assert deliver(name, "manifest", [sound(name=HOSTILE, title=HOSTILE, comment=HOSTILE)])


def test_the_best_format_is_imported_whatever_the_order_of_delivery():
    both = [sound("a.ogg", name="a"), sound("a.wav", name="a"), sound("b.ogg", name="b")]
    assert [each.file for each in engines.choose("godot", both)] == ["a.wav", "b.ogg"]
    assert engines.choose("json", both) == both


def test_takes_may_be_delivered_in_different_formats():
    mixed = [sound("a_1.ogg", name="a", take=1), sound("a_2.wav", name="a", take=2), sound("a_2.ogg", name="a", take=2)]
    assert [each.file for each in engines.choose("godot", mixed)] == ["a_1.ogg", "a_2.wav"]


def test_a_format_that_the_engine_cannot_import_is_named():
    with pytest.raises(NodeError) as caught:
        engines.choose("wwise", [sound("theme.ogg"), sound("theme.flac")])
    assert str(caught.value) == (
        'wwise imports "wav", and theme is delivered as "ogg" or "flac"; add "wav" to its format'
    )


@pytest.mark.parametrize(("name", "most"), [("godot", 2), ("unity", 8)])
def test_more_channels_than_an_engine_imports_are_refused(name, most):
    assert deliver(name, "manifest", [sound(channels=most)])
    with pytest.raises(NodeError) as caught:
        deliver(name, "manifest", [sound(channels=most + 1)])
    assert str(caught.value) == f"gravel has {most + 1} channels, and {name.title()} imports at most {most}"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("path", ["manifest", "a/b/manifest"])
@pytest.mark.parametrize("flags", [False, True])
def test_files_are_known_by_the_names_of_sounds_alone(name, path, flags):
    """So that whatever else is at such a path is found before anything runs."""
    engine = engines.get(name)
    booleans = [field for field, info in engine.params.model_fields.items() if info.annotation is bool]
    params = engine.params(**dict.fromkeys(booleans, flags))
    sounds = engines.choose(name, [*loops(), *takes(1, name="gravel two"), sound("ui/click.wav")])
    bare = [dataclasses.replace(one, facts={}) for one in sounds]
    known, whole = Handout(params, path, bare), Handout(params, path, sounds)
    assert sorted(engine.names(known)) == sorted(engine.files(whole))
    assert engine.makes(known) == engine.makes(whole)


@pytest.mark.parametrize(
    ("name", "fields", "clash"),
    [
        ("wwise", {}, "\\Actor-Mixer Hierarchy\\Default Work Unit\\gravel"),
        (
            "wwise",
            {"events": "\\Events\\Default Work Unit", "event_prefix": "On_"},
            "\\Events\\Default Work Unit\\On_gravel",
        ),
        ("fmod", {"folder": "SFX"}, "event:/SFX/gravel"),
        ("unreal", {}, "/Game/Audio/footsteps/SC_gravel"),
    ],
)
def test_what_two_scenes_make_of_one_name_is_told(name, fields, clash):
    """The second import takes what the first has made."""
    engine = engines.get(name)
    params = engine.params(**fields)
    one, other = (
        {made.name: made.of for made in engine.makes(Handout(params, "x", takes(2, id=scene)))}
        for scene in ("a:gravel", "b:gravel")
    )
    assert one[clash] != other[clash]


# Texts that a stranger chose

TEXTS = [
    (name, field)
    for name in NAMES
    for field, info in engines.get(name).params.model_fields.items()
    if info.annotation is str
]
GOOD = {"root": {"godot": "res://a", "unity": "Assets/a"}, "destination": {"unreal": "/Game/a"}}


def good(name: str, field: str) -> str:
    if name == "wwise" and field in ("parent", "events"):
        return r"\a"
    return GOOD.get(field, {}).get(name, "a")


@pytest.mark.parametrize(("name", "field"), TEXTS)
@pytest.mark.parametrize(
    "bad",
    [
        "\n",
        "\r",
        "\t",
        "\0",
        "\x1b[31m",
        "\x7f",
        "\x85",
        "\u2028",
        "\u2029",
        "\u202e",
        "\u200b",
        "\ufeff",
        "\u00ad",
        '"',
    ],
)
def test_no_text_of_an_engine_gets_out_of_its_line_or_hides(name, field, bad):
    params = engines.get(name).params
    params(**{field: good(name, field)})
    for value in (f"{good(name, field)}{bad}x", f"{good(name, field)}{bad}"):
        with pytest.raises(ValidationError):
            params(**{field: value})


@pytest.mark.parametrize(("name", "field"), TEXTS)
@pytest.mark.parametrize("bad", ["=1+1", "+1", "-1", "@x", " =1"])
def test_no_text_of_an_engine_is_a_formula(name, field, bad):
    with pytest.raises(ValidationError):
        engines.get(name).params(**{field: bad})


def test_every_engine_checks_its_texts_in_one_place():
    for name in NAMES:
        assert issubclass(engines.get(name).params, EngineParams)


@pytest.mark.parametrize(
    ("name", "field"),
    [("godot", "root"), ("unity", "root"), ("fmod", "folder"), ("fmod", "bank"), ("wwise", "originals")],
)
@pytest.mark.parametrize("tail", ["../x", "/../../x", "/./x", "//x", "/.git", "/a|b", "/con"])
def test_no_folder_climbs_out_or_is_hidden(name, field, tail):
    with pytest.raises(ValidationError):
        engines.get(name).params(**{field: f"{good(name, field)}{tail if tail[0] == '/' else '/' + tail}"})
