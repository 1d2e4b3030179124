"""Stamps as a file: written whole or not at all, and trusted only if every byte of it is as it was written."""

from __future__ import annotations

import inspect
import os
import sys
from pathlib import Path

import pytest

from soundgraph.core import files
from soundgraph.core.files import (
    ABSENT,
    STATE_FOLDER,
    digest_if_readable,
    is_older,
    read_clock,
    stat_text,
    write_atomically,
)
from soundgraph.project import build_state
from soundgraph.project.build_state import SceneStamp, Stamps
from tests.helpers import CHAIN, Space, changed, export, generate


def sample(root: Path, path: str = "graphs/a.toml") -> Stamps:
    file = root / "read.me"
    file.write_text("read")
    files = [(path, stat_text(str(root / path))), ("read.me", stat_text(str(file)))]
    outputs = [("theme", "read.me", stat_text(str(file)), digest_if_readable(str(file)), "")]
    return Stamps(str(root), files, {"a": SceneStamp("a", path, [0, 1], True, "rain cut", outputs)})


def state(stamps: Stamps) -> object:
    return (
        stamps.files,
        [
            (
                s.id,
                s.path,
                list(s.files),
                s.complete,
                s.nodes,
                s.outputs,
            )
            for s in stamps.scenes.values()
        ],
    )


def test_what_was_saved_is_loaded_again(tmp_path: Path) -> None:
    stamps = sample(tmp_path)
    build_state.save(stamps, "x")
    found = build_state.load(str(tmp_path), "x")
    assert found is not None
    assert state(found) == state(stamps)
    assert found.holds(found.scenes["a"])
    assert build_state.load(str(tmp_path), "y") is None


def test_a_file_that_was_cut_off_anywhere_is_not_trusted(tmp_path: Path) -> None:
    build_state.save(sample(tmp_path), "x")
    path = tmp_path / STATE_FOLDER / "x"
    whole = path.read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        assert build_state.load(str(tmp_path), "x") is None, end
    path.write_bytes(whole + b"\n")
    assert build_state.load(str(tmp_path), "x") is None


def test_a_file_with_any_byte_changed_is_not_trusted(tmp_path: Path) -> None:
    build_state.save(sample(tmp_path), "x")
    path = tmp_path / STATE_FOLDER / "x"
    whole = path.read_bytes()
    for place in range(len(whole)):
        for bits in (0x01, 0x20, 0x80):
            damaged = bytearray(whole)
            damaged[place] ^= bits
            path.write_bytes(damaged)
            assert build_state.load(str(tmp_path), "x") is None, place


@pytest.mark.parametrize("path", ["graphs/tab\there.toml", "graphs/line\nbreak.toml"])
def test_a_name_that_does_not_fit_the_form_keeps_no_state(tmp_path: Path, path: str) -> None:
    (tmp_path / "graphs").mkdir()
    (tmp_path / path).write_text("x")
    build_state.save(sample(tmp_path, path), "x")
    assert build_state.load(str(tmp_path), "x") is None


@pytest.mark.parametrize("path", ["graphs/ä ö.toml", "graphs/\udcff.toml", "graphs/\u2028.toml", "graphs/\r.toml"])
def test_any_other_name_does(tmp_path: Path, path: str) -> None:
    (tmp_path / "graphs").mkdir()
    (tmp_path / path).write_text("x")
    stamps = sample(tmp_path, path)
    build_state.save(stamps, "x")
    found = build_state.load(str(tmp_path), "x")
    assert found is not None
    assert state(found) == state(stamps)


def test_a_hostile_file_with_a_right_digest_raises_nothing(tmp_path: Path) -> None:
    import hashlib

    build_state.save(sample(tmp_path), "x")
    path = tmp_path / STATE_FOLDER / "x"
    version = path.read_text().partition("\n")[0].rpartition(" ")[0]

    def write(row: str) -> None:
        body = f"{build_state.fingerprint()}\nx\n{row}".encode()
        path.write_bytes(f"{version} {hashlib.sha256(body).hexdigest()}\n".encode() + body)

    for row in (
        "F",
        "F\ta",
        "S\ta",
        "S\ta\tb\t9\tcomplete\t",
        "S\ta\tb\tx\tcomplete\t",
        "S\ta\tb\t-1\t\t",
        "F\ta\t1 1 1 1\nS\ta\tb\t-1\t\t",
        "F\ta\t1 1 1 1\nS\ta\tb\t0 1\t\t",
        "S\ta\tb\t\t\t\tx",
    ):
        write(row)
        assert build_state.load(str(tmp_path), "x") is None, row
    write("S\ta\tb\t\t\t")
    assert build_state.load(str(tmp_path), "x") is not None, "the digest is right: it is the rows that are refused"


def test_under_another_installation_no_stamp_holds(tmp_path: Path) -> None:
    build_state.save(sample(tmp_path), "x")
    with changed(build_state, "fingerprint", lambda: "another"):
        assert build_state.load(str(tmp_path), "x") is None


def test_an_upgrade_of_a_library_or_an_edit_of_the_package_makes_another_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    libraries, package = tmp_path / "site-packages", tmp_path / "soundgraph"
    for folder in (libraries, package, package / "project"):
        folder.mkdir()
    (package / "project/build_state.py").write_text("one")
    fingerprint = inspect.unwrap(build_state.fingerprint)  # this process keeps the first that it found
    monkeypatch.setattr(build_state, "__file__", str(package / "project/build_state.py"))
    monkeypatch.setattr(sys, "path", [str(libraries)])
    seen = {fingerprint()}
    assert fingerprint() in seen
    (libraries / "numpy-3.0.dist-info").mkdir()  # what pip leaves of an upgrade
    assert fingerprint() not in seen
    seen.add(fingerprint())
    (package / "project/build_state.py").write_text("another")
    assert fingerprint() not in seen
    seen.add(fingerprint())
    monkeypatch.setattr(sys, "version", "4.0.0")
    assert fingerprint() not in seen


def test_the_states_that_were_not_built_for_longest_are_forgotten_and_no_others(tmp_path: Path) -> None:
    for age in range(25):
        build_state.save(sample(tmp_path), build_state.config_name([str(age)]))
    folder = tmp_path / STATE_FOLDER
    states = sorted(folder.glob("stamps-*"))
    assert len(states) == 25
    for age, path in enumerate(states):
        os.utime(path, ns=(10**18 - age * 10**9,) * 2)
    build_state.prune(str(tmp_path))
    assert sorted(folder.glob("stamps-*")) == states[:20]


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with changed(os, "replace", fail), pytest.raises(OSError, match="No space"):
        write_atomically(str(path), b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("sync", "steps"), [(True, ["fsync", "replace"]), (False, ["replace"])])
def test_what_is_to_last_through_a_power_cut_is_synced_before_it_has_its_name(
    tmp_path: Path, sync: bool, steps: list[str]
) -> None:
    seen: list[str] = []
    fsync, replace = os.fsync, os.replace

    def synced(descriptor: int) -> None:
        assert os.fstat(descriptor).st_size == 3, "all of it was handed to the system before"
        seen.append("fsync")
        fsync(descriptor)

    def replaced(source: str, target: str) -> None:
        seen.append("replace")
        replace(source, target)

    with changed(os, "fsync", synced), changed(os, "replace", replaced):
        write_atomically(str(tmp_path / "file"), b"new", sync=sync)
    assert seen == steps


def test_a_file_is_written_in_the_folder_of_the_state_and_beside_its_place_where_that_cannot_be(tmp_path: Path) -> None:
    real, seen = os.replace, []
    path = tmp_path / "build" / "file"
    path.parent.mkdir()

    def replace(source: str, target: str) -> None:
        seen.append(Path(source).parent)
        if source.startswith(str(tmp_path / STATE_FOLDER)) and len(seen) > 1:
            raise OSError(18, "Invalid cross-device link")
        real(source, target)

    with changed(os, "replace", replace):
        write_atomically(str(path), b"one", root=str(tmp_path))
        assert path.read_bytes() == b"one"
        write_atomically(str(path), b"two", root=str(tmp_path))
    assert path.read_bytes() == b"two"
    assert seen == [tmp_path / STATE_FOLDER, tmp_path / STATE_FOLDER, path.parent]
    assert [found for found in tmp_path.rglob("*") if found.is_file()] == [path]


def test_what_a_killed_process_left_half_written_is_removed_once_it_is_old(tmp_path: Path) -> None:
    build_state.save(sample(tmp_path), "stamps-x")
    old, new = (tmp_path / STATE_FOLDER / f".writing-{number}-0" for number in (1, 2))
    now = read_clock(str(tmp_path))
    for path, minutes in ((old, 61), (new, 50)):
        path.write_bytes(b"half")
        os.utime(path, ns=(now - minutes * 60 * 10**9,) * 2)
    build_state.prune(str(tmp_path))
    assert not old.exists()
    assert new.exists()


def test_a_file_of_the_present_tick_is_not_older_than_it() -> None:
    assert is_older("4 99 99 1", 100)
    assert not is_older("4 100 99 1", 100)
    assert not is_older("4 99 100 1", 100), "an mtime that was set back"
    assert not is_older("4 200 99 1", 100), "an mtime of tomorrow"
    assert is_older(ABSENT, 100)


def test_a_racy_file_is_compared_by_content_until_its_tick_is_over(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"good")
    found = stat_text(str(path))
    ctime = path.stat().st_ctime_ns

    def holds(moment: int) -> tuple[bool, bool]:
        scene = SceneStamp("a", "", (), True, "", [("e", "file", found, digest_if_readable(str(path)), "racy")])
        stamps = Stamps(str(tmp_path), [], {})
        with changed(build_state, "read_clock", lambda root: moment):
            return stamps.holds(scene), scene.outputs[0][4] == "racy"

    assert holds(ctime) == (True, True)
    assert holds(ctime + 1) == (True, False)
    other = SceneStamp("a", "", (), True, "", [("e", "file", found, "another digest", "racy")])
    assert not Stamps(str(tmp_path), [], {}).holds(other)


@pytest.mark.parametrize("known", ["", "0 0 0 0", "9 9 9 9", ABSENT])
def test_a_ledger_that_is_another_one_than_was_looked_at_is_looked_at_again(tmp_path: Path, known: str) -> None:
    (tmp_path / STATE_FOLDER).mkdir()
    body = b"build/a.wav\to\tgraphs/b.toml\t\tkey\tdigest\n"
    path = tmp_path / STATE_FOLDER / "delivered"
    path.write_bytes(build_state.ledger_head(body) + body)
    stamps = Stamps(str(tmp_path), [], {}, (known, "graphs/gone.toml"))
    assert stamps.sources() == {"graphs/b.toml"}
    assert Stamps(str(tmp_path), [], {}, (stat_text(str(path)), "graphs/as-told.toml")).sources() == {
        "graphs/as-told.toml"
    }


def test_a_mistake_leaves_nothing_behind(space: Space) -> None:
    space.scene(CHAIN.replace("trim", "trimm"))
    before = space.tree()
    assert space.build().code == 2
    assert space.tree() == before


def test_where_no_state_can_be_kept_builds_go_on_without(space: Space) -> None:
    space.scene(CHAIN)
    space.write(".soundgraph", "in the way")
    assert space.build().code == 0
    assert space.build().ran == []


def test_each_configuration_has_a_state_of_its_own(space: Space) -> None:
    space.scene(generate("rain") + export("rain", "rain"))
    space.settle()
    space.settle("--draft")
    assert len(list((space.root / STATE_FOLDER).glob("stamps-*"))) == 2


def test_a_state_that_is_too_big_is_not_read(space: Space) -> None:
    """It may come from somebody else's tree, and take all memory."""
    space.scene(CHAIN)
    space.settle()
    with changed(files, "_MAX_BYTES", 10):
        result = space.build()
    assert (result.code, result.err) == (0, "")
    assert result.hits, "the scene was looked at"
