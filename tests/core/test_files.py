"""Files that are replaced as a whole, told apart by their bytes, and linked or copied."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from soundgraph.core.digest import is_digest
from soundgraph.core.files import Replacement, digest_bytes, digest_file, digest_if_readable, link_or_copy


def test_what_is_written_takes_the_place_of_a_file_at_the_end_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with Replacement(str(path), str(tmp_path), sync=True) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_an_error_while_it_is_written_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(TypeError), Replacement(str(path), str(tmp_path)) as file:
        file.writelines([b"new", "which is no bytes"])  # type: ignore[list-item]
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_two_that_are_written_at_once_do_not_share_a_file(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    with Replacement(str(one), str(tmp_path)) as first, Replacement(str(two), str(tmp_path)) as second:
        first.write(b"1")
        second.write(b"2")
    assert (one.read_bytes(), two.read_bytes()) == (b"1", b"2")


def test_a_file_and_its_bytes_have_one_digest_and_what_is_no_file_has_none(tmp_path: Path) -> None:
    path, pipe = tmp_path / "file", tmp_path / "pipe"
    path.write_bytes(b"rain")
    os.mkfifo(pipe)
    assert digest_file(path) == digest_bytes(b"rain") == hashlib.sha256(b"rain").hexdigest()
    assert is_digest(digest_if_readable(path))
    assert [digest_if_readable(other) for other in (pipe, tmp_path, tmp_path / "none")] == ["", "", ""]
    with pytest.raises(OSError):
        digest_file(pipe)


@pytest.mark.parametrize("text", ["a" * 63, "a" * 65, "A" * 64, "g" * 64, "", None, 64])
def test_only_64_small_hexadecimal_digits_are_a_digest(text: object) -> None:
    assert not is_digest(text)
    assert is_digest("0a" * 32)


@pytest.mark.parametrize("links", [True, False])
def test_a_file_or_folder_is_linked_or_where_that_is_refused_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").write_bytes(b"rain")

    def refuse(*_: object, **__: object) -> None:
        raise OSError

    if not links:
        monkeypatch.setattr(Path, "symlink_to", refuse)
    link_or_copy(folder / "file", tmp_path / "file")
    link_or_copy(folder, tmp_path / "other")
    link_or_copy(tmp_path / "none", tmp_path / "nothing")
    assert (tmp_path / "file").read_bytes() == (tmp_path / "other/file").read_bytes() == b"rain"
    assert [(tmp_path / name).is_symlink() for name in ("file", "other")] == [links, links]
    assert not os.path.lexists(tmp_path / "nothing")
