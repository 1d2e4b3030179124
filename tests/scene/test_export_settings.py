"""What an export may say: presets, and mistakes that are told in words."""

import pytest
from pydantic import ValidationError

from soundgraph.core import validation_words
from soundgraph.scene.tables.export_settings import ExportLoop, ExportSettings
from soundgraph.scene.tables.presets import PRESETS
from tests.helpers import Space, export, generate


def settings(**fields):
    return ExportSettings.model_validate({"node": "n", **fields})


def mistakes(**fields):
    table = {"node": "n", **fields}
    with pytest.raises(ValidationError) as caught:
        ExportSettings.model_validate(table)
    return [what for _, what in validation_words.explain(caught.value, ExportSettings, table)]


# Presets


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_gives_what_the_export_does_not_say(preset):
    found = settings(preset=preset)
    for name, value in PRESETS[preset].items():
        assert getattr(found, name) == value
    assert settings(preset=preset, loudness_lufs=-30.0).loudness_lufs == -30.0
    assert settings(preset=preset, true_peak_dbtp=-9).true_peak_dbtp == -9


def test_a_preset_that_does_not_exist_is_a_mistake():
    assert mistakes(preset="cinema") == [
        'preset must be "console", "mobile", "dialogue", "ui", "music" or "raw", not "cinema"'
    ]
    assert mistakes(preset=["console"]) == [
        'preset must be "console", "mobile", "dialogue", "ui", "music" or "raw", not a list'
    ]


def test_a_preset_and_its_levels_written_out_are_the_same_export(space: Space):
    scene = generate("rain", duration=1.0) + export("out", "rain", preset="mobile")
    space.scene(scene)
    space.build()
    before = space.delivered()
    space.replace('preset = "mobile"', "loudness_lufs = -18\ntrue_peak_dbtp = -1")
    assert space.build().exports == {"build/out.wav": "current"}
    assert space.delivered() == before


def test_a_change_of_preset_is_told_by_what_it_changes(space: Space):
    space.scene(generate("rain", duration=1.0) + export("out", "rain", preset="mobile"))
    space.build()
    space.replace('"mobile"', '"console"')
    assert "loudness_lufs: -18.0 -> -23.0" in space.run("plan", "-v").out + space.run("plan").out


# Loops, cues, tags


def test_a_loop_is_all_of_the_sound_or_a_part_of_it():
    assert settings().loop is False
    assert settings(loop=True).loop is True
    assert settings(loop={"start": 1.5}).loop == ExportLoop(start=1.5)
    assert settings(loop={"start": 1, "end": 2.5}).loop == ExportLoop(start=1.0, end=2.5)


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"loop": {"start": 3.0, "end": 2.0}}, "loop.end must be over 3, where the loop starts, not 2"),
        ({"loop": {"start": -1}}, "loop.start must be at least 0, not -1"),
        ({"loop": {"stop": 1}}, 'loop: unknown field "stop"'),
        ({"loop": {"start": "x"}}, "loop.start must be a number, not a string"),
        ({"loop": 3}, "loop must be true or false, not a number"),
        ({"on_broken_loop": "error"}, "on_broken_loop is for an export with a loop"),
        ({"on_broken_loop": "stop", "loop": True}, 'on_broken_loop must be "warn" or "error", not "stop"'),
        ({"cues": [{"label": "x"}]}, "cues[0].at is missing"),
        ({"cues": [{"at": 1.0}, {"at": -0.5}]}, "cues[1].at must be at least 0, not -0.5"),
        ({"cues": [{"at": 1.0, "label": "a\nb"}]}, "cues[0].label must be one line of text"),
        ({"cues": [{"at": 1.0, "label": "a\0"}]}, "cues[0].label must be one line of text"),
        ({"tags": {"title": "a\tb"}}, "tags.title must be one line of text"),
        ({"tags": {"title": ""}}, "tags.title must not be empty"),
        ({"tags": {"titel": "x"}}, 'tags: unknown field "titel"; did you mean "title"?'),
        ({"tags": "x"}, "tags must be a table, not a string"),
        ({"format": "opus", "bit_depth": 16}, "bit_depth is for wav and flac; opus has quality"),
        ({"format": ["ogg", "mp3"], "bit_depth": 16}, "bit_depth is for wav and flac; ogg and mp3 have quality"),
        ({"format": ["wav", "flac"], "quality": 0.5}, "quality is for mp3, ogg and opus"),
        ({"format": "flac", "bit_depth": 32}, "flac holds 16 or 24 bits, not 32"),
        ({"format": []}, "format needs at least one format"),
        ({"format": ["ogg", "ogg"]}, "format names a format twice"),
    ],
)
def test_a_mistake_is_told_in_one_line(fields, what):
    assert [line.removeprefix("exports.out: ") for line in mistakes(**fields)] == [what]


def test_each_format_that_a_setting_is_for_is_enough():
    for lossy in ("ogg", "opus", "mp3"):
        assert settings(format=["wav", lossy], bit_depth=16, quality=0.5).formats == ("wav", lossy)
