"""Exports: files that are brought up to date, and left alone where they are."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import soundfile

from soundgraph.audio import encode
from soundgraph.audio.formats import Format, get_format
from soundgraph.cache.disk.store import DiskStore
from soundgraph.delivery import export_files, mastering
from soundgraph.project.delivered import Ledger
from tests.helpers import CHAIN, Space, changed, export, generate
from tests.repositories import commit_all, git, repository


def sidecar(space: Space, path: str = "build/theme.wav") -> dict[str, object]:
    found: dict[str, object] = json.loads(space.read(f"{path}.json"))
    return found


def but(name: str, **fields: Any) -> Callable[[str], Format]:
    """`get_format` for a day on which one format is another."""
    return lambda asked: replace(get_format(asked), **fields) if asked == name else get_format(asked)


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
    from soundgraph.delivery import mastering

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
        ((row,),) = index.execute("SELECT key FROM Cache WHERE key LIKE 'note:export %'").fetchall()
    name = row.removeprefix("note:")
    store = DiskStore(space.cache)
    store.notes.put({name: note})  # under a seal that fits: what is damaged is dropped before anyone reads it
    assert store.notes.get([name]) == {name: note}
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


@pytest.mark.parametrize(
    ("target", "name", "value", "reaches"),
    [
        (export_files, "MASTERING_VERSION", 99, ["build/theme.ogg", "build/theme.wav"]),
        (export_files, "EXPORT_SCHEMA", 99, ["build/theme.ogg", "build/theme.wav"]),
        (encode, "get_format", but("wav", version=99), ["build/theme.wav"]),
        (encode, "get_format", but("ogg", libraries=lambda: "libvorbis of tomorrow"), ["build/theme.ogg"]),
    ],
)
def test_a_new_version_of_mastering_of_a_format_or_of_its_library_delivers_anew(
    space: Space, target: object, name: str, value: object, reaches: list[str]
) -> None:
    """No node runs for it; and what comes out the same is left alone."""
    space.scene(CHAIN.replace('node = "dark"', 'node = "dark"\nformat = ["wav", "ogg"]'))
    space.build()
    before = {path: entry.key for path, entry in Ledger(space.root).entries.items()}
    mastered: list[str] = []
    deliver = mastering.Mastered.deliver

    def spy(self: mastering.Mastered, file_format: str, guard: bool = False) -> object:
        mastered.append(f"build/theme.{file_format}")
        return deliver(self, file_format, guard)

    space.replace("[nodes.rain]", "# again\n[nodes.rain]")
    with changed(target, name, value), changed(mastering.Mastered, "deliver", spy):
        found = space.build()
    assert (found.ran, set(found.exports.values())) == ([], {"current"})
    assert sorted(mastered) == reaches
    after = {path: entry.key for path, entry in Ledger(space.root).entries.items()}
    assert sorted(path for path, key in after.items() if key != before[path]) == reaches


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


# The commit at which a sound last changed


def commits(space: Space) -> list[object]:
    """What the sidecars of the delivered files say."""
    return [json.loads(data).get("commit") for path, data in space.delivered().items() if path.endswith(".json")]


def test_a_file_names_the_commit_at_which_it_was_delivered(space: Space) -> None:
    space.scene(CHAIN.replace('node = "dark"', 'node = "dark"\nformat = ["wav", "ogg"]'))
    sha = repository(space.root)
    space.build()
    assert commits(space) == [{"sha": sha, "dirty": False}] * 2
    assert Ledger(space.root).entries["build/theme.ogg"].commit == sha


def test_one_made_of_uncommitted_edits_says_so(space: Space) -> None:
    space.scene(CHAIN)
    sha = repository(space.root)
    space.replace("soft rain", "hard rain")
    space.build()
    assert commits(space) == [{"sha": sha, "dirty": True}]


def test_an_override_counts_as_an_uncommitted_edit(space: Space) -> None:
    space.scene(CHAIN)
    sha = repository(space.root)
    space.build("-D", "nodes.rain.seed=3")
    assert commits(space) == [{"sha": sha, "dirty": True}]


def test_what_a_build_leaves_behind_makes_no_later_one_dirty(space: Space) -> None:
    space.scene(CHAIN)
    space.scene(CHAIN.replace("exports.theme", "exports.other").replace("soft", "hard"), "b")
    sha = repository(space.root)
    space.build("a")
    space.build("b")
    assert commits(space) == [{"sha": sha, "dirty": False}] * 2


def test_outside_a_repository_no_commit_is_named(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    assert "commit" not in sidecar(space)


EDITS = ["comment", "rename", "deleted", "altered", "no state", "no sidecar", "all but the state", "sidecar altered"]


@pytest.mark.parametrize("edit", EDITS)
def test_the_commit_stays_while_the_sound_does(space: Space, edit: str) -> None:
    space.scene(CHAIN)
    sha = repository(space.root)
    space.build()
    if edit == "comment":
        space.replace("[nodes.rain]", "# x\n[nodes.rain]")
    elif edit == "rename":
        space.replace('"cut"', '"part"')
        space.replace("nodes.cut", "nodes.part")
    elif edit == "deleted":
        (space.root / "build/theme.wav").unlink()
    elif edit == "altered":
        space.write("build/theme.wav", b"mine")
    elif edit == "no state":
        shutil.rmtree(space.root / ".soundgraph")
    elif edit == "no sidecar":
        (space.root / "build/theme.wav.json").unlink()
    elif edit == "all but the state":
        shutil.rmtree(space.root / "build")
        shutil.rmtree(space.root / "cache")
    elif edit == "sidecar altered":
        space.write("build/theme.wav.json", space.read("build/theme.wav.json").replace(sha.encode(), b"0" * 40))
    assert commit_all(space.root) != sha
    space.build()
    assert commits(space) == [{"sha": sha, "dirty": False}]


def test_settings_that_leave_the_bytes_of_a_file_leave_its_commit(space: Space) -> None:
    space.scene(CHAIN.replace('node = "dark"', 'node = "dark"\nformat = ["wav", "ogg"]\nquality = 0.5'))
    first = repository(space.root)
    space.build()
    space.replace("quality = 0.5", "quality = 0.9")
    second = commit_all(space.root)
    space.build()
    assert sidecar(space)["commit"] == {"sha": first, "dirty": False}
    assert sidecar(space, "build/theme.ogg")["commit"] == {"sha": second, "dirty": False}


def test_a_sound_that_changes_and_changes_back_changed_twice(space: Space) -> None:
    space.scene(CHAIN)
    repository(space.root)
    space.build()
    before = space.read("build/theme.wav")
    found = []
    for old, new in (("soft", "hard"), ("hard", "soft")):
        space.replace(old, new)
        sha = commit_all(space.root)
        space.build()
        found.append((commits(space), [{"sha": sha, "dirty": False}]))
    assert space.read("build/theme.wav") == before
    assert [said for said, _ in found] == [meant for _, meant in found]


def test_files_from_before_there_was_a_repository_stay_without_a_commit_until_they_change(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    repository(space.root)
    space.replace("[nodes.rain]", "# x\n[nodes.rain]")
    space.build()
    assert commits(space) == [None]
    space.replace("soft", "hard")
    sha = commit_all(space.root)
    space.build()
    assert commits(space) == [{"sha": sha, "dirty": False}]


def test_a_checkout_that_holds_its_delivered_files_keeps_what_they_say(space: Space) -> None:
    space.scene(CHAIN)
    (space.root / ".gitignore").write_text("/cache/\n/.soundgraph/\n")
    sha = repository(space.root)
    space.build()
    commit_all(space.root)
    before = space.delivered()
    clone = space.root.parent / "clone"
    git(space.root.parent, "clone", "-q", str(space.root), str(clone))
    other = Space(clone)
    other.build()
    assert other.delivered() == before
    assert commits(other) == [{"sha": sha, "dirty": False}]


def test_a_file_whose_build_was_killed_before_its_sidecar_was_written_gets_the_commit_of_the_next(space: Space) -> None:
    space.scene(CHAIN)
    first = repository(space.root)
    space.build()
    old_sidecar, old_ledger = space.read("build/theme.wav.json"), space.read(".soundgraph/delivered")
    space.replace("soft", "hard")
    second = commit_all(space.root)
    space.build()
    space.write("build/theme.wav.json", old_sidecar)
    space.write(".soundgraph/delivered", old_ledger)
    space.build()
    assert first != second
    assert commits(space) == [{"sha": second, "dirty": False}]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"sha256": 3}', "[" * 100_000])
def test_a_sidecar_that_is_none_is_written_anew(space: Space, text: str) -> None:
    space.scene(CHAIN)
    space.build()
    before = space.delivered()
    space.write("build/theme.wav.json", text)
    assert space.build().code == 0
    assert space.delivered() == before
    shutil.rmtree(space.root / ".soundgraph")
    space.write("build/theme.wav.json", text)
    assert space.build().code == 2, "now nobody knows whose the sound is"
    assert space.build("--overwrite").code == 0
    assert space.delivered() == before
