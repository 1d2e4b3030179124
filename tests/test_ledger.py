"""The ledger of delivered files: what it says may be removed, and what it never touches."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from soundgraph import stamp
from soundgraph.ledger import Entry, Ledger
from tests.helpers import CHAIN, Space


def entry(path: str, content: bytes, owner: str = "a:theme") -> Entry:
    return Entry(path, owner, "graphs/a.toml", False, "key", hashlib.sha256(content).hexdigest())


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


def test_the_ledger_of_an_earlier_version_which_knew_of_no_commits_is_read(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    plain, known = entry("build/a.wav", b"1"), entry("build/b.wav", b"2")._replace(commit="0" * 40)
    ledger.add([plain, known])
    ledger.save()
    lines = (tmp_path / ".soundgraph" / "delivered").read_text().splitlines()
    assert [line.count("\t") for line in lines] == [0, 5, 6]
    assert Ledger(tmp_path).entries == {plain.path: plain, known.path: known}
    (tmp_path / ".soundgraph" / "delivered").write_text("\n".join(lines[1:]) + "\n")  # and had no digest
    assert Ledger(tmp_path).entries == {plain.path: plain, known.path: known}


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
    (tmp_path / "same").write_bytes(b"1")
    (tmp_path / "altered").write_bytes(b"mine")
    ledger = Ledger(tmp_path)
    stale = [entry("same", b"1"), entry("altered", b"1"), entry("missing", b"1")]
    ledger.add(stale)
    assert ledger.remove_files(stale) == ["same"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["altered"]
    assert ledger.entries == {}


@pytest.mark.parametrize("how", ["above", "absolute", "link"])
def test_nothing_outside_the_project_is_removed_whatever_the_ledger_says(tmp_path: Path, how: str) -> None:
    outside = tmp_path / "diary"
    outside.write_bytes(b"dear diary")
    root = tmp_path / "project"
    root.mkdir()
    (root / "link").symlink_to(tmp_path, target_is_directory=True)
    path = {"above": "../diary", "absolute": str(outside), "link": "link/diary"}[how]
    planted = entry(path, b"dear diary")
    assert Ledger(root).remove_files([planted]) == []
    assert outside.exists()


def test_scenes_are_known_by_lines_with_and_without_a_commit(tmp_path: Path) -> None:
    """What a build with nothing to do learns of scenes that are gone, without this module."""
    ledger = Ledger(tmp_path)
    known = entry("build/b.wav", b"2")._replace(source="graphs/b.toml", commit="0" * 40)
    ledger.add([entry("build/a.wav", b"1"), known])
    ledger.save()
    assert stamp.Stamps(str(tmp_path), [], {}).sources() == {"graphs/a.toml", "graphs/b.toml"}


def test_a_damaged_ledger_fails_no_build(space: Space) -> None:
    space.scene(CHAIN)
    space.build()
    path = space.root / ".soundgraph" / "delivered"
    whole = path.read_bytes()
    for data in (b"", b"\xff\xfe\n", whole[: len(whole) // 2], b"a\tb\n"):
        path.write_bytes(data)
        assert space.build("--force").code == 0
        assert path.read_bytes() == whole
