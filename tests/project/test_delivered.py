"""The ledger of delivered files: what it says may be removed, and what it never touches."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from soundgraph.project import build_state
from soundgraph.project.delivered import CLAIMED, DeliveredFile, Ledger
from tests.helpers import CHAIN, Space


def entry(path: str, content: bytes, owner: str = "a:theme") -> DeliveredFile:
    return DeliveredFile(path, owner, "graphs/a.toml", False, "key", hashlib.sha256(content).hexdigest())


def test_what_was_saved_is_read_again(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    entries = [
        entry("build/ä b.wav", b"1"),
        entry("build/line\u2028break\x85.wav", b"2"),
        entry("build/\udcff.wav", b"3"),
    ]
    ledger.add(entries)
    ledger.save()
    assert Ledger(tmp_path).entries == {one.path: one for one in entries}


def test_lines_with_and_without_a_commit_are_read(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    plain, known = entry("build/a.wav", b"1"), entry("build/b.wav", b"2")._replace(commit="0" * 40)
    ledger.add([plain, known])
    ledger.save()
    lines = (tmp_path / ".soundgraph" / "delivered").read_text().splitlines()
    assert [line.count("\t") for line in lines] == [0, 5, 6]
    assert Ledger(tmp_path).entries == {plain.path: plain, known.path: known}


def test_a_ledger_without_a_digest_is_not_believed(tmp_path: Path) -> None:
    """Earlier versions wrote such; anybody can write one by hand."""
    ledger = Ledger(tmp_path)
    ledger.add([entry("build/a.wav", b"1")])
    ledger.save()
    path = tmp_path / ".soundgraph" / "delivered"
    path.write_bytes(path.read_bytes().partition(b"\n")[2])
    found = Ledger(tmp_path)
    assert (found.lost, found.entries) == (True, {})
    assert build_state.Stamps(str(tmp_path), [], {}).sources() == set()


def test_of_a_damaged_ledger_nothing_is_believed(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.add([entry("build/a.wav", b"1"), entry("build/b.wav", b"2")])
    ledger.save()
    path = tmp_path / ".soundgraph" / "delivered"
    whole = path.read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        assert Ledger(tmp_path).entries == {}, end
    for place in range(len(whole)):
        for bit in (1, 32):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
            assert Ledger(tmp_path).entries == {}, place


def test_two_builds_at_once_do_not_lose_each_others_entries(tmp_path: Path) -> None:
    one, other = Ledger(tmp_path), Ledger(tmp_path)
    one.add([entry("build/a.wav", b"1")])
    other.add([entry("build/b.wav", b"2", "b:theme")])
    one.save()
    other.save()
    assert sorted(Ledger(tmp_path).entries) == ["build/a.wav", "build/b.wav"]


def test_only_files_that_are_as_they_were_delivered_are_removed(tmp_path: Path) -> None:
    output = tmp_path / "build"
    output.mkdir()
    (output / "same").write_bytes(b"1")
    (output / "altered").write_bytes(b"mine")
    ledger = Ledger(tmp_path)
    stale = [entry("build/same", b"1"), entry("build/altered", b"1"), entry("build/missing", b"1")]
    ledger.add(stale)
    assert ledger.remove_files(stale, output) == ["build/same"]
    assert sorted(path.name for path in output.iterdir()) == ["altered"]
    assert ledger.entries == {}


@pytest.mark.parametrize("how", ["above", "absolute", "beside", "climbing", "link", "the output is a link"])
def test_nothing_outside_the_output_folder_is_removed_whatever_the_ledger_says(tmp_path: Path, how: str) -> None:
    outside = tmp_path / "diary"
    root, output = tmp_path / "project", tmp_path / "project" / "build"
    root.mkdir()
    if how == "the output is a link":
        output.symlink_to(tmp_path, target_is_directory=True)
    else:
        output.mkdir()
        (output / "link").symlink_to(root if how == "beside" else tmp_path, target_is_directory=True)
    mine = [outside, root / "diary"]
    for path in mine:
        path.write_bytes(b"dear diary")
    planted = {
        "above": ["../diary"],
        "absolute": [str(outside), str(root / "diary")],
        "beside": ["diary", "build/link/diary", "./diary"],
        "climbing": ["build/../diary", "build/../../diary"],
        "link": ["build/link/diary"],
        "the output is a link": ["build/diary"],
    }[how]
    assert Ledger(root).remove_files([entry(path, b"dear diary") for path in planted], output) == []
    assert all(path.exists() for path in mine)


def test_what_another_build_has_written_down_is_learned(tmp_path: Path) -> None:
    one, other = Ledger(tmp_path), Ledger(tmp_path)
    other.add([entry("build/b.wav", b"1")])
    other.save()
    one.refresh()
    assert list(one.entries) == ["build/b.wav"]


def test_a_claim_is_written_down_at_once_and_dropped_if_nothing_came_of_it(tmp_path: Path) -> None:
    one = Ledger(tmp_path)
    known = entry("build/known.wav", b"0")
    one.add([known])
    claims = [known._replace(path=path, key=CLAIMED, digest="") for path in ("build/known.wav", "build/new.wav")]
    one.claim(claims)
    assert Ledger(tmp_path).entries == {known.path: known, "build/new.wav": claims[1]}
    one.drop_claims()
    one.save()
    assert Ledger(tmp_path).entries == {known.path: known}


def test_scenes_are_known_by_lines_with_and_without_a_commit(tmp_path: Path) -> None:
    """What a build with nothing to do learns of scenes that are gone, without this module."""
    ledger = Ledger(tmp_path)
    known = entry("build/b.wav", b"2")._replace(source="graphs/b.toml", commit="0" * 40)
    ledger.add([entry("build/a.wav", b"1"), known])
    ledger.save()
    assert build_state.Stamps(str(tmp_path), [], {}).sources() == {"graphs/a.toml", "graphs/b.toml"}


def test_a_damaged_ledger_fails_no_build(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    path = space.root / ".soundgraph" / "delivered"
    whole = path.read_bytes()
    for data in (b"", b"\xff\xfe\n", whole[: len(whole) // 2], b"a\tb\n"):
        path.write_bytes(data)
        assert space.build("--force").code == 0
        assert path.read_bytes() == whole
