"""Exports: files that are brought up to date, and left alone where they are."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import numpy as np
import pytest
import soundfile

from tests.helpers import CHAIN, Space, changed, export, generate


def sidecar(space: Space, path: str = "build/theme.wav") -> dict[str, object]:
    found: dict[str, object] = json.loads(space.read(f"{path}.json"))
    return found


def test_each_format_is_a_file_that_libsndfile_reads(space: Space) -> None:
    space.scene(CHAIN.replace('node = "dark"', 'node = "dark"\nformat = ["wav", "ogg", "flac"]'))
    found = space.build()
    assert sorted(found.exports) == ["build/theme.flac", "build/theme.ogg", "build/theme.wav"]
    for path in found.exports:
        info = soundfile.info(space.root / path)
        assert (info.samplerate, info.channels, info.frames) == (48000, 1, 1920)


def test_a_path_may_lead_into_folders(space: Space) -> None:
    space.scene(CHAIN.replace('node = "dark"', 'node = "dark"\npath = "music/day/theme"'))
    assert space.build().exports == {"build/music/day/theme.wav": "written"}


def test_the_rate_is_the_scenes_and_the_output_folder_the_projects(space: Space) -> None:
    space.write("soundgraph.toml", '[build]\noutput = "game/audio"\n')
    space.scene("[scene]\nsample_rate = 22050\n" + CHAIN)
    space.build()
    assert soundfile.info(space.root / "game/audio/theme.wav").samplerate == 22050


def test_the_same_sound_with_the_same_settings_is_measured_and_encoded_once(space: Space) -> None:
    """A file that comes back to what it was needs no mastering to be known as current."""
    from soundgraph import mastering

    space.scene(CHAIN)
    space.build()
    space.settle()
    space.replace("[nodes.rain]", "# x\n[nodes.rain]")

    def master(*arguments: object) -> None:
        raise AssertionError("it was mastered again")

    with changed(mastering, "master", master):
        assert space.build().exports == {"build/theme.wav": "current"}


@pytest.mark.parametrize("note", ["", "{", "null", "[]", '"x"', "{}", '{"sha256": 1}', '{"sha256": "x", "facts": {}}'])
def test_what_the_store_knows_of_a_file_may_be_nonsense(space: Space, note: str) -> None:
    space.scene(CHAIN)
    space.build()
    before = space.delivered()
    with closing(sqlite3.connect(space.cache / "index" / "cache.db")) as index, index:
        statement = "UPDATE Cache SET value = ? WHERE key LIKE 'note:export %'"
        assert index.execute(statement, (note,)).rowcount == 1
    space.replace("[nodes.rain]", "# x\n[nodes.rain]")
    assert space.build().exports == {"build/theme.wav": "current"}
    assert space.delivered() == before


def test_settings_that_change_only_one_format_leave_the_others_bytes(space: Space) -> None:
    space.scene(CHAIN.replace('node = "dark"', 'node = "dark"\nformat = ["wav", "ogg"]\nquality = 0.5'))
    space.build()
    before = space.read("build/theme.wav")
    space.replace("quality = 0.5", "quality = 0.9")
    assert space.build().exports["build/theme.ogg"] == "written"
    assert space.read("build/theme.wav") == before


def test_loudness_is_brought_to_the_target_and_reported(space: Space) -> None:
    space.scene(generate("rain", duration=1.0) + export("theme", "rain", loudness_lufs=-30))
    found = space.build()
    assert found.of("export")[0]["loudness_lufs"] == pytest.approx(-30, abs=0.06)
    assert sidecar(space)["loudness_lufs"] == pytest.approx(-30, abs=0.06)


def test_two_exports_of_one_node_are_two_files(space: Space) -> None:
    space.scene(CHAIN + export("loud", "dark", loudness_lufs=-10, headroom="none") + export("copy", "dark"))
    space.build()
    assert space.read("build/copy.wav") == space.read("build/theme.wav") != space.read("build/loud.wav")


def test_a_sound_that_cannot_be_delivered_as_asked_fails_with_a_reason(space: Space) -> None:
    loud = generate("rain") + "[nodes.x]\nkind = 'gain'\ninput = 'rain'\ngain_db = 60\n"
    space.scene(loud + export("theme", "x", headroom="error"))
    found = space.build()
    assert (found.code, found.ran) == (1, ["a:rain", "a:x"])
    assert found.exports == {"build/theme.wav": "failed"}
    assert "headroom" in found.of("export")[0]["detail"]


def test_a_node_may_be_exported_as_it_is(space: Space) -> None:
    """In 32 bits, at its own rate, without a target, the file holds the very samples of the artifact."""
    space.scene("[scene]\nsample_rate = 16000\n" + generate("rain") + export("theme", "rain", bit_depth=32))
    space.build()
    digest = str(sidecar(space)["digest"])
    ours, _ = soundfile.read(space.root / "build/theme.wav", dtype="float32")
    kept, _ = soundfile.read(space.cache / "blobs" / digest[:2] / f"{digest}.wav", dtype="float32")
    assert np.array_equal(ours, kept)


def test_two_exports_for_one_file_are_a_mistake_in_one_scene_and_across_scenes(space: Space) -> None:
    space.scene(CHAIN)
    space.scene(CHAIN, "b")
    before = space.tree()
    found = space.build()
    assert found.code == 2
    assert 'exports.theme: "theme.wav" is also delivered by graphs/a.toml' in found.err
    assert space.tree() == before


def test_even_if_only_one_of_the_scenes_is_asked_for(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    space.scene(CHAIN, "b")
    assert space.build("b").code == 2
    (space.root / "graphs/a.toml").unlink()
    assert space.build("b").code == 0
