"""The files in which a project keeps what it knows of its last builds, damaged in every way: never a wrong result or a
traceback, nothing of anybody else's removed, and no code of theirs is run."""

from __future__ import annotations

import os
import pickle
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from soundgraph.core.errors import SceneError
from soundgraph.project import lockfile
from tests.faults import harness, scenes
from tests.faults.harness import Faulty
from tests.faults.trials import THOROUGH
from tests.helpers import Space

FILES = ["stamps", "delivered", "clock"]


@pytest.fixture(scope="module")
def built(place: Path, faulty: Faulty) -> Iterator[Space]:
    """A project with all its state, and a file of somebody's own beside what is delivered."""
    space = scenes.project(place / "state")
    assert faulty.build(space.root).code == 0
    space.age()
    assert faulty.build(space.root).code == 0
    space.write("build/mine.wav", harness.delivered(space.root)["build/theme.wav"])
    space.write("build/other.wav", b"mine")
    yield space
    shutil.rmtree(space.root)


def state_file(space: Space, name: str) -> Path:
    return next((space.root / ".soundgraph").glob(f"{name}*"))


def damaged(whole: bytes, count: int) -> Iterator[bytes]:
    """The file cut off, and with a bit of a byte flipped: everywhere if told to be thorough, else `count` of each."""
    draw = random.Random(len(whole))
    ends = range(len(whole)) if THOROUGH else sorted({0, 1, *draw.choices(range(len(whole)), k=count)})
    yield from (whole[:end] for end in ends)
    for place in range(len(whole)) if THOROUGH else draw.choices(range(len(whole)), k=count):
        yield whole[:place] + bytes([whole[place] ^ 1 << draw.randrange(8)]) + whole[place + 1 :]


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_state_changes_no_result(faulty: Faulty, built: Space, name: str) -> None:
    path = state_file(built, name)
    whole, delivered = path.read_bytes(), harness.delivered(built.root)
    for data in damaged(whole, 12):
        path.chmod(0o600)
        path.write_bytes(data)
        path.chmod(0o400)
        ended = faulty.build(built.root)
        assert (ended.code, ended.err, ended.takes) == (0, "", []), data
        assert set(ended.result.exports.values()) == {"current"}
        assert harness.delivered(built.root) == delivered


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("what", ["a folder", "a link to nothing", "a link to itself", "gone"])
def test_something_else_in_place_of_a_state_changes_no_result(
    faulty: Faulty, built: Space, name: str, what: str
) -> None:
    path, delivered = state_file(built, name), harness.delivered(built.root)
    whole = path.read_bytes()
    path.unlink()
    if what == "a folder":
        path.mkdir()
    elif what != "gone":
        path.symlink_to("nowhere" if what == "a link to nothing" else path.name)
        refused = faulty.build(built.root)  # unless there is nothing to do
        path_is_told = f"{path.name} is a link" in refused.result.out
        written = path.exists()
        path.unlink()
        assert (refused.code, path_is_told) == ((0, False) if name == "clock" else (2, True))
        assert not written
    ended = faulty.build(built.root)
    assert (ended.code, ended.err) == (0, "")
    assert harness.delivered(built.root) == delivered
    if path.is_dir():
        path.rmdir()
    path.unlink(missing_ok=True)
    path.write_bytes(whole)


def test_a_file_in_place_of_the_folder_of_the_state_changes_no_result(faulty: Faulty, place: Path) -> None:
    space = scenes.project(place / "state-is-a-file")
    space.write(".soundgraph", b"mine")
    ended = faulty.build(space.root)
    assert (ended.code, ended.err) == (0, "")
    assert space.read(".soundgraph") == b"mine"
    shutil.rmtree(space.root)


def test_whatever_is_wrong_with_the_ledger_nothing_is_removed_that_is_not_known_to_be_ours(
    faulty: Faulty, place: Path
) -> None:
    """An export was renamed: its old files go, by the ledger or, if that is damaged, by their sidecars."""
    clean = scenes.project(place / "ledger")
    assert faulty.build(clean.root).code == 0
    clean.write("build/dsy.wav", clean.read("build/dry.wav"))  # one bit from the name of a file that is to go
    scenes.edit(clean)
    whole = clean.read(".soundgraph/delivered")
    before = harness.delivered(clean.root)
    at = whole.index(b"build/dry.wav\t") + len("build/dr")
    one_bit = whole[: at - 1] + bytes([whole[at - 1] ^ 1]) + whole[at:]
    assert b"build/dsy.wav\t" in one_bit
    for data in [one_bit, *damaged(whole, 10)]:
        root = place / "ledger-damaged"
        shutil.copytree(clean.root, root)
        (root / ".soundgraph/delivered").write_bytes(data)
        assert faulty.build(root).code == 0
        after = harness.delivered(root)
        assert before.keys() - after.keys() == {"build/dry.wav", "build/dry.wav.json"}, "one of somebody's own"
        shutil.rmtree(root)
    assert faulty.build(clean.root).code == 0
    assert set(before) - set(harness.delivered(clean.root)) == {"build/dry.wav", "build/dry.wav.json"}
    shutil.rmtree(clean.root)


# soundgraph.lock


def test_a_damaged_lock_is_told_or_means_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "soundgraph.lock"
    wrong: set[str] = set()
    whole = scenes.lock(f"take a:rain {'1' * 64} {'2' * 64}\n").encode()
    for data in [*(whole[:end] for end in range(len(whole))), *_flipped(whole)]:
        path.write_bytes(data)
        try:
            found = lockfile.read(path)
        except SceneError as error:
            wrong.update(mistake.file for mistake in error.mistakes)
            continue
        # What it means is what stands there: a name that was changed is another name, and a comment is a comment.
        for words in (line.split() for line in data.decode().split("\n")):
            if words and words[0] == "model":
                assert words[1] in found.models
    assert wrong == {"soundgraph.lock"}


def _flipped(whole: bytes) -> Iterator[bytes]:
    for place in range(len(whole)):
        for bit in range(8) if THOROUGH else (0, 5):
            yield whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :]


def test_a_build_with_a_damaged_lock_says_so_or_is_right(faulty: Faulty, built: Space) -> None:
    path, delivered = built.root / "soundgraph.lock", harness.delivered(built.root)
    whole = path.read_bytes()
    codes = set()
    for data in damaged(whole, 15):
        path.write_bytes(data)
        ended = faulty.build(built.root)
        codes.add(ended.code)
        assert ended.code in (0, 2), ended.err
        assert "Traceback" not in ended.err
        assert len(ended.err.splitlines()) <= 3
        assert ended.takes == []
        assert harness.delivered(built.root) == delivered
    assert 2 in codes
    path.write_bytes(whole)
    assert faulty.build(built.root).code == 0


# Pickles


class Planted:
    """Makes a folder when it is read."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> object:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_in_place_of_any_state_is_not_run(faulty: Faulty, built: Space, protocol: int) -> None:
    ran, delivered = built.root.parent / "it-ran", harness.delivered(built.root)
    bomb = pickle.dumps(Planted(ran), protocol)
    for path in [*(state_file(built, name) for name in FILES), built.root / "soundgraph.lock"]:
        whole = path.read_bytes()
        for data in (bomb, whole + bomb, re.sub(rb"\n.*", b"\n", whole, count=1) + bomb):
            path.write_bytes(data)
            ended = faulty.build(built.root)
            assert "Traceback" not in ended.err
            assert not ran.exists(), f"{path.name} was unpickled"
            assert harness.delivered(built.root) == delivered
        path.write_bytes(whole)
    assert pickle.loads(bomb) is None
    assert ran.exists(), "the pickle does nothing, so that this test shows nothing"
    ran.rmdir()
