"""wwise: read as the importer does, each tab and line break a border."""

import ntpath
import re

import pytest
from pydantic import ValidationError

from soundgraph.core.errors import NodeError
from soundgraph.engines.wwise import Wwise
from tests.engines.sounds import HOSTILE, sound, takes, text

# Of the headers that the help page lists.
FIXED = {"Audio File", "Object Path", "Object Type", "Notes", "Originals Sub Folder", "Event"}
TYPES = {"Sound SFX", "Random Container"}


def rows(sounds, path="wwise", **params):
    """Rows as dicts; raises AssertionError for what the importer would trip over."""
    content = text("wwise", path, sounds, f"{path}.tsv", **params)
    assert not content.startswith("\ufeff")
    assert content.endswith("\r\n")
    lines = [line.split("\t") for line in content.split("\r\n")[:-1]]
    header = lines[0]
    assert len(set(header)) == len(header)
    assert {"Audio File", "Object Path"} <= set(header)
    for column in header:
        assert column in FIXED or re.fullmatch(r"Property\[\w+\]", column), column
    for cells in lines[1:]:
        assert len(cells) == len(header)
        assert not any('"' in cell or "\n" in cell or "\r" in cell for cell in cells)
    found = [dict(zip(header, cells, strict=True)) for cells in lines[1:]]
    for row in found:
        assert row["Object Type"] in TYPES
        assert row["Object Path"].startswith("\\")
        assert bool(row["Audio File"]) == (row["Object Type"] == "Sound SFX")
        leaf = row["Object Path"].rpartition("\\")[2]
        assert leaf.startswith(f"<{row['Object Type']}>")
        assert not set(leaf.partition(">")[2]) & set(':*?"<>|/')
    return found


def test_an_export_is_a_sound():
    (row,) = rows([sound("ui/click.wav")])
    assert row == {
        "Audio File": "ui\\click.wav",
        "Object Path": "\\Actor-Mixer Hierarchy\\Default Work Unit\\<Sound SFX>click",
        "Object Type": "Sound SFX",
        "Notes": "1.00 s, -23.0 LUFS, -1.0 dBTP",
    }


def test_takes_are_sounds_in_a_random_container_that_comes_before_them():
    container, *sounds = rows(takes(), parent="\\Containers\\Steps")
    assert container["Object Path"] == "\\Containers\\Steps\\<Random Container>gravel"
    assert [row["Object Path"] for row in sounds] == [
        f"{container['Object Path']}\\<Sound SFX>gravel_{number:02}" for number in (1, 2, 3)
    ]
    assert [row["Audio File"] for row in sounds] == [f"footsteps\\gravel_{number:02}.wav" for number in (1, 2, 3)]


def test_one_take_is_in_a_container_already():
    assert [row["Object Type"] for row in rows(takes(1))] == ["Random Container", "Sound SFX"]


@pytest.mark.parametrize("path", ["wwise", "footsteps/wwise", "other/deep/wwise"])
def test_files_are_found_from_the_folder_of_the_manifest(path):
    row = rows(takes(1), path=path)[1]
    found = ntpath.normpath(ntpath.join(ntpath.dirname(path.replace("/", "\\")), row["Audio File"]))
    assert found == "footsteps\\gravel_01.wav"


def test_what_loops_is_told_to_loop_and_nothing_else_is():
    both = rows([sound("a.wav", loop={"start": 0, "end": 47999}), sound("b.wav")])
    assert [row["Property[IsLoopingEnabled]"] for row in both] == ["True", ""]


def test_volume_and_event_are_given_once_to_what_a_game_plays():
    options = {"events": "\\Events\\Default Work Unit", "volume_db": -6.0, "originals": "Steps"}
    container, *sounds = rows(takes(2), **options)
    assert container["Event"] == "\\Events\\Default Work Unit\\Play_gravel"
    assert container["Property[Volume]"] == "-6"
    assert [row["Event"] + row["Property[Volume]"] for row in sounds] == ["", ""]
    assert [row["Originals Sub Folder"] for row in sounds] == ["Steps", "Steps"]
    (single,) = rows([sound()], **options)
    assert single["Event"] == "\\Events\\Default Work Unit\\Play_gravel"


def test_hostile_text_stays_in_its_cell():
    (row,) = rows([sound(name=HOSTILE, title=HOSTILE, comment="a\tb\r\nc\x0bd\u2028e")])
    assert "a b c d e; 1.00 s" in row["Notes"]
    assert row["Object Path"].count("\\") == 3


def test_a_draft_is_told_to_be_one():
    (row,) = rows([sound(draft=True, title="Gravel")])
    assert row["Notes"] == "draft; Gravel; 1.00 s, -23.0 LUFS, -1.0 dBTP"


def test_takes_that_would_share_a_name_are_refused():
    twins = [sound("a/x.wav", name="n", take=1), sound("b/x.wav", name="n", take=2)]
    with pytest.raises(NodeError) as caught:
        rows(twins)
    assert str(caught.value) == 'two takes of n would both be called "x" in Wwise'


@pytest.mark.parametrize("fields", [{"parent": "Default Work Unit"}, {"events": "\\a\tb"}, {"volume_db": 13.0}])
def test_mistakes_are_refused(fields):
    with pytest.raises(ValidationError):
        Wwise(**fields)


@pytest.mark.parametrize("begins", ["=", "+", "-", "@"])
def test_no_cell_is_a_formula(begins):
    for row in rows([sound(f"{begins}cmd.wav", comment=f"{begins}1+1")], events="\\Events"):
        for column, value in row.items():
            assert column == "Property[Volume]" or not value.lstrip().startswith(("=", "+", "-", "@"))
    (row,) = rows([sound(f"{begins}cmd.wav", comment=f"{begins}1+1")])
    assert row["Audio File"] == f".\\{begins}cmd.wav"
    assert row["Notes"].startswith(f"'{begins}1+1")


def test_originals_is_a_folder_under_originals():
    for value, kept in (("Steps", "Steps"), ("a/b", "a\\b"), ("a\\b\\", "a\\b"), ("", "")):
        assert Wwise(originals=value).originals == kept
    for value in ("..", "../..", "a\\..\\..\\b", "\\a", "/a", "C:\\a", "C:a", "a\\\\b", "."):
        with pytest.raises(ValidationError):
            Wwise(originals=value)
    for value in ("\\..\\x", "\\a\\\\b", "\\a\\."):
        for field in ("parent", "events"):
            with pytest.raises(ValidationError):
                Wwise(**{field: value})
    with pytest.raises(ValidationError):
        Wwise(event_prefix="a\\b")
