"""The house stays in order: few rows in each room, and one meaning for each name of a class."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests import rooms


@pytest.mark.parametrize("room", rooms.rooms())
def test_a_room_has_few_rows_and_no_cycle(room: str) -> None:
    assert len(rooms.rows(rooms.room_graph(room))) <= rooms.MOST_ROWS


@pytest.mark.parametrize("room", rooms.rooms())
def test_a_room_says_what_it_is_for(room: str) -> None:
    text = (rooms.PACKAGE / room / "__init__.py").read_text(encoding="utf-8")
    assert text.startswith('"""')


@pytest.mark.parametrize("folder", rooms.FOLDERS)
def test_modules_of_ours_go_by_their_own_names(folder: str) -> None:
    assert rooms.aliases(rooms.ROOT / folder) == []


def test_no_two_classes_have_one_name() -> None:
    assert rooms.classes_twice() == {}


def test_the_picture_of_the_rooms_is_the_contract_between_them() -> None:
    settings = tomllib.loads((rooms.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (layers,) = [c["layers"] for c in settings["tool"]["importlinter"]["contracts"] if c["type"] == "layers"]
    page = (rooms.ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawn = [line.split() for line in re.findall(r"^│(.*)│", page, re.MULTILINE)]
    assert drawn == [layer.split(" | ") for layer in layers]
    assert len(layers) <= 10
    assert sorted(name for row in drawn for name in row) == rooms.rooms()
