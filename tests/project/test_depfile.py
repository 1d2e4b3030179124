"""`build --depfile`: make and ninja read what it says as it was meant, and what they would not is refused."""

from __future__ import annotations

import os
import shutil
import string
import subprocess
from pathlib import Path

import pytest

from soundgraph.core.errors import UsageError
from soundgraph.project import build_state, depfile
from soundgraph.project.depfile import Rule
from tests.helpers import CHAIN, Space, changed, export, generate, node

BOTH = pytest.mark.skipif(
    not (shutil.which("make") and shutil.which("ninja")), reason="make or ninja is not on this machine"
)


def rules_of(text: str) -> dict[str, set[str]]:
    """Outputs to inputs, of lines without escapes."""
    found = {}
    for line in text.replace("\\\n", "").splitlines():
        outputs, _, inputs = line.partition(":")
        found[outputs] = set(inputs.split())
    return {outputs: inputs for outputs, inputs in found.items() if inputs}


def written(space: Space, *arguments: str) -> dict[str, set[str]]:
    found = space.build("--depfile", "audio.d", *arguments)
    assert found.code == 0, found.err
    return rules_of(space.read("audio.d").decode())


def with_recordings(space: Space) -> None:
    space.write("soundgraph.toml", "[build]\nworkers = 1\n")
    space.write("shared/base.toml", generate("bed", "wind"))
    space.recording("sounds/door.wav")
    space.scene(
        'include = ["../shared/base.toml"]\n'
        + node("door", "file", path="../sounds/door.wav")
        + node("all", "mix", inputs=[{"node": "door"}, {"node": "base.bed"}])
        + export("theme", "all", format=["wav", "ogg"])
        + export("bed", "base.bed")
    )
    space.scene(CHAIN.replace("exports.theme", "exports.other"), "b")


EXPECTED = {
    "build/theme.wav build/theme.ogg build/bed.wav": {
        "graphs/a.toml",
        "shared/base.toml",
        "sounds/door.wav",
        "soundgraph.toml",
    },
    "build/other.wav": {"graphs/b.toml", "soundgraph.toml"},
}


def test_each_scenes_files_depend_on_all_that_was_read_for_them_and_is_there(space: Space) -> None:
    with_recordings(space)
    assert written(space) == EXPECTED


def test_a_build_with_nothing_to_do_says_the_same_and_leaves_a_file_that_says_it(space: Space) -> None:
    with_recordings(space)
    space.settle()
    assert written(space) == EXPECTED
    before = (space.root / "audio.d").stat()
    assert space.is_noop()
    assert written(space) == EXPECTED
    assert (space.root / "audio.d").stat() == before
    space.write("audio.d", "else: \\\n")
    assert written(space) == EXPECTED


def test_of_a_build_that_reads_some_scenes_and_knows_the_others_all_are_in_it(space: Space) -> None:
    with_recordings(space)
    space.settle()
    space.replace("soft rain", "heavy rain", "b")
    assert written(space) == EXPECTED
    assert written(space, "b") == {"build/other.wav": EXPECTED["build/other.wav"]}


def test_it_names_the_exports_asked_for_only(space: Space) -> None:
    with_recordings(space)
    assert list(written(space, "a:bed")) == ["build/bed.wav"]
    assert list(written(space, "--draft", "b")) == ["build/draft/other.wav"]


def test_the_lock_is_in_it_once_there_is_one(space: Space) -> None:
    space.scene(CHAIN)
    assert "soundgraph.lock" not in written(space)["build/theme.wav"]
    space.write("soundgraph.lock", "")
    assert "soundgraph.lock" in written(space)["build/theme.wav"]


def test_paths_are_those_from_the_folder_that_the_command_runs_in(space: Space) -> None:
    space.scene(CHAIN)
    (space.root / "out").mkdir()
    found = space.run("-C", "out", "build", "--depfile", "x.d", "../graphs/a.toml")
    assert found.code == 0
    assert rules_of(space.read("out/x.d").decode()) == {
        "../build/theme.wav": {"../graphs/a.toml", "../soundgraph.toml"}
    }


def test_what_lies_outside_the_project_is_named_by_its_whole_path(tmp_path: Path) -> None:
    outside = tmp_path / "weights.bin"
    outside.write_bytes(b"")
    root = tmp_path / "project"
    root.mkdir()
    (root / "a.toml").write_bytes(b"")
    for name in (str(outside), "../weights.bin"):
        text = depfile.text([Rule("a", ["build/a.wav"], [name, "a.toml"])], str(root), str(root))
        assert rules_of(text) == {"build/a.wav": {outside.as_posix(), "a.toml"}}


def test_a_build_that_fails_leaves_the_depfile_of_the_last_that_did_not(space: Space) -> None:
    space.scene(CHAIN)
    written(space)
    before = space.read("audio.d")
    space.replace("duration = 0.04", "duration = 0.4")
    assert space.build("--depfile", "audio.d").code == 1
    assert space.read("audio.d") == before


def test_a_depfile_that_cannot_be_written_is_told_before_anything_runs(space: Space) -> None:
    space.scene(CHAIN)
    found = space.run("build", "--depfile", "nowhere/audio.d")
    assert (found.code, found.out) == (2, "")
    assert found.err == "cannot write the depfile nowhere/audio.d: there is no folder nowhere\n"
    assert not space.exists("build")


@pytest.mark.parametrize("path", ["graphs/a.toml", "sounds/door.wav", "trace.json"])
def test_what_is_no_depfile_is_not_replaced_by_one(space: Space, path: str) -> None:
    space.scene(CHAIN)
    space.recording("sounds/door.wav")
    assert space.run("build", "--trace", "trace.json").code == 0
    before = space.read(path)
    for target in ("", "--force"):  # with nothing to do, and with something
        found = space.run("build", "--depfile", path, *target.split())
        assert (found.code, found.out) == (2, "")
        assert found.err == f"cannot write the depfile {path}: it is there, and is no depfile\n"
    assert space.read(path) == before


def test_an_empty_file_may_become_a_depfile(space: Space) -> None:
    space.scene(CHAIN)
    space.write("audio.d", "")
    assert written(space) == {"build/theme.wav": {"graphs/a.toml", "soundgraph.toml"}}


def test_a_name_that_make_or_ninja_would_misread_is_told_before_anything_runs(space: Space) -> None:
    space.scene(CHAIN, "it's")
    found = space.run("build", "--depfile", "audio.d")
    assert (found.code, found.out) == (2, "")
    assert found.err == (
        '"graphs/it\'s.toml" cannot be written in a depfile\n  make or ninja takes "\'" there for no part of a name\n'
    )
    assert not space.exists("build")
    assert space.build().code == 0


def test_without_it_no_build_looks_at_what_is_only_for_it(space: Space) -> None:
    space.scene(CHAIN)

    def never(*_: object) -> str:
        raise AssertionError("a depfile was made")

    with changed(depfile, "text", never):
        space.settle()


# With the programs themselves


def names() -> list[str]:
    """Names with each character in the middle, at the start and at the end."""
    found = []
    for one in [*string.punctuation.replace("/", ""), " ", "é", "\u00a0", "\n", "\t", "\udc80"]:
        found += [f"x{one}y", f"{one}y", f"x{one}"]
    return [*found, "x(1)", "x[1]", "x\\ y", "x $(y)", "a  b"]


def is_spelled(name: str, folder: Path) -> bool:
    try:
        depfile.text([Rule("a", [f"{name}o", name, f"{name}i"], [])], str(folder), str(folder))
    except UsageError:
        return False
    return True


@BOTH
def test_every_name_that_is_not_refused_is_read_as_it_was_meant_by_both(tmp_path: Path) -> None:
    known = []
    for place, name in enumerate(names()):
        folder = tmp_path / str(place)
        if is_spelled(name, folder):
            folder.mkdir()
            for end in ("i", "", "o"):
                (folder / f"{name}{end}").write_bytes(b"")
            known.append((name, folder))
    assert len(known) > 40  # far more than plain words
    for name, folder in known:
        text = depfile.text([Rule("a", [f"{name}o"], [f"{name}i", name])], str(folder), str(folder))
        assert_make_reads(folder, text, name)
        assert_ninja_reads(folder, text, name)


def assert_make_reads(folder: Path, text: str, name: str) -> None:
    def is_current() -> bool:
        done = subprocess.run(["make", "-r", "-q", "--", f"{name}o"], cwd=folder, capture_output=True, check=False)
        return done.returncode == 0

    (folder / "Makefile").write_bytes(os.fsencode(f"%o:\n\ttrue\n{text}"))
    for made_from in (f"{name}i", name):
        for file, when in ((f"{name}i", 1), (name, 1), (f"{name}o", 5)):
            os.utime(folder / file, (when, when))
        assert is_current(), name
        os.utime(folder / made_from, (9, 9))
        assert not is_current(), f"{name!r}: make does not know that it is made from {made_from!r}"


def assert_ninja_reads(folder: Path, text: str, name: str) -> None:
    (folder / "given").write_bytes(os.fsencode(text))
    output = f"{name}o".replace("$", "$$").replace(" ", "$ ").replace(":", "$:")
    rule = f"rule r\n  command = cp given d\n  depfile = d\n  deps = gcc\nbuild {output}: r\n"
    (folder / "build.ninja").write_bytes(os.fsencode(rule))
    (folder / f"{name}o").unlink()
    subprocess.run(["ninja"], cwd=folder, capture_output=True, check=True)
    told = subprocess.run(["ninja", "-t", "deps"], cwd=folder, capture_output=True, check=True).stdout
    assert [os.fsdecode(line[4:]) for line in told.splitlines()[1:] if line] == sorted([f"{name}i", name]), name


@BOTH
def test_make_and_ninja_go_on_when_something_that_was_read_is_gone(space: Space) -> None:
    """The command is run again, and says what is missing; they do not stop at having no rule for it."""
    with_recordings(space)
    assert space.build("--depfile", "audio.d").code == 0
    space.write("Makefile", "build/theme.wav:\n\t@echo again\n-include audio.d\n")
    ninja = "rule r\n  command = echo again && touch $out\n  depfile = audio.d\nbuild build/theme.wav build/theme.ogg "
    space.write("build.ninja", ninja + "build/bed.wav build/other.wav: r\n")
    (space.root / "sounds/door.wav").unlink()
    for program in ("make", "ninja"):
        done = subprocess.run([program], cwd=space.root, capture_output=True, text=True, check=False)
        assert (done.returncode, "again" in done.stdout) == (0, True), done.stdout + done.stderr


def test_a_stamp_tells_audio_files_from_sidecars_and_manifests(space: Space) -> None:
    manifest = '[manifests.game]\nengine = "json"\nexports = ["theme"]\n'
    space.scene(CHAIN + manifest)
    space.settle()
    (state,) = (path.name for path in (space.root / ".soundgraph").glob("stamps-*"))
    stamps = build_state.load(str(space.root), state)
    assert stamps is not None
    assert depfile.audio_of(stamps.scenes["a"]) == ["build/theme.wav"]
    assert len(stamps.scenes["a"].outputs) == 3
