"""Text from elsewhere, made fit to be shown."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from soundgraph.core.text import counted, first_of, json_line, short, shorten, visible, visible_lines


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text())))
def test_an_object_on_a_line_of_json_can_be_printed_and_is_read_back(facts: dict[str, object]) -> None:
    line = json_line(facts)
    assert line.isprintable()
    assert json.loads(line) == facts


def test_letters_stay_as_they_are_and_what_a_terminal_obeys_does_not() -> None:
    assert json_line({"épée": "\x9b31m\u202e😀"}) == '{"épée": "\\u009b31m\\u202e😀"}'


def test_a_character_of_another_line_reaches_no_terminal_and_line_breaks_of_a_text_stay() -> None:
    assert visible("a\nb\x1b[0m") == "a\\nb\\x1b[0m"
    assert visible_lines("a\nb\x1b[0m\n") == "a\nb\\x1b[0m\n"


def test_one_is_told_in_the_singular_and_thousands_have_a_comma() -> None:
    assert [counted(n, "file") for n in (0, 1, 2, 1200)] == ["0 files", "1 file", "2 files", "1,200 files"]


def test_a_long_text_is_cut_at_its_end_or_in_its_middle() -> None:
    assert (shorten("rain falls", 5), shorten("rain", 5)) == ("rain…", "rain")
    assert short("a" * 2000) == f"{'a' * 500}…{'a' * 500}"


def test_of_many_names_the_first_are_told_and_how_many_there_are_beside() -> None:
    assert [first_of(["rain", "wind", "hail"][:n]) for n in (1, 2, 3)] == ["rain", "rain and 1 more", "rain and 2 more"]
    assert first_of(["rain", "wind", "hail"], 2) == "rain, wind and 1 more"
