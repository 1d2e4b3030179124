"""Text from elsewhere, made fit to be shown."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from soundgraph.core.text import json_line


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text())))
def test_an_object_on_a_line_of_json_can_be_printed_and_is_read_back(facts: dict[str, object]) -> None:
    line = json_line(facts)
    assert line.isprintable()
    assert json.loads(line) == facts


def test_letters_stay_as_they_are_and_what_a_terminal_obeys_does_not() -> None:
    assert json_line({"épée": "\x9b31m\u202e😀"}) == '{"épée": "\\u009b31m\\u202e😀"}'
