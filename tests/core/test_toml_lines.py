"""Lines of keys, against documents whose lines are known because the test wrote them."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soundgraph.core.toml_lines import Keys, line_of, lines

SCENE = '''\
# [nodes.fake] = { "not" = "a table" }
include = ["a.toml", # a comment with ]
  "b.toml"]
scene.seed = 7
[nodes.rain]
prompt = """
[nodes.inside]
a = "quotes"" \\""" and more"""
kind = 'x # y'   # [z]

[ nodes . "dark rain" ]
bands = [
  { type = "low", freq_hz = 300 },

  # {
  { type = "high", "freq_hz" = 3000, deep = [1, [2,
     3]] },
]
a.b.'c.d' = 1979-05-27T07:32:00Z
[[elements]]
prompt = "one"
[[elements]]
prompt = QQQ
]]QQQ
[elements.more]
x = -inf
[[elements.parts]]
[[elements.parts]]
y = 1_000
[nodes]
late = true
'''.replace("QQQ", "'" * 3)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("include",), 2),
        (("include", 0), 2),
        (("include", 1), 3),
        (("scene", "seed"), 4),
        (("scene",), 4),
        (("nodes", "rain"), 5),
        (("nodes", "rain", "prompt"), 6),
        (("nodes", "rain", "kind"), 9),
        (("nodes", "rain", "missing"), 5),
        (("nodes", "dark rain"), 11),
        (("nodes", "dark rain", "bands"), 12),
        (("nodes", "dark rain", "bands", 0, "freq_hz"), 13),
        (("nodes", "dark rain", "bands", 1, "freq_hz"), 16),
        (("nodes", "dark rain", "bands", 1, "deep", 1, 1), 17),
        (("nodes", "dark rain", "bands", 2), 12),
        (("nodes", "dark rain", "a", "b", "c.d"), 19),
        (("elements",), 20),
        (("elements", 0, "prompt"), 21),
        (("elements", 1), 22),
        (("elements", 1, "prompt"), 23),
        (("elements", 1, "more", "x"), 26),
        (("elements", 1, "parts", 0), 27),
        (("elements", 1, "parts", 1, "y"), 29),
        (("nodes",), 30),
        (("nodes", "late"), 31),
        (("nodes", "inside"), 30),
        (("nothing", "of", "this"), 1),
        ((), 1),
    ],
)
def test_a_key_is_found_on_the_line_where_it_is_written(keys: Keys, line: int) -> None:
    tomllib.loads(SCENE)
    assert line_of(SCENE, keys) == line
    assert line_of(SCENE.replace("\n", "\r\n"), keys) == line


def test_an_empty_document_and_one_of_comments_have_no_lines() -> None:
    assert lines("") == lines("# a = 1\n\n") == {}


@pytest.mark.parametrize("end", ['"""', '""""', '"""""', "\\\\" + '"""'])
def test_quotes_before_the_end_of_a_long_string_belong_to_it(end: str) -> None:
    text = f'a = """x{end}\nb = 1\n'
    assert set(tomllib.loads(text)) == {"a", "b"}
    assert lines(text) == {("a",): 1, ("b",): 2}
    if "\\" not in end:
        literal = text.replace('"', "'")
        assert lines(literal) == {("a",): 1, ("b",): 2}


def test_a_string_of_a_megabyte_does_not_slow_the_scan() -> None:
    text = 'a = """' + 'x"\\n' * 300_000 + '"""\nb = 1\n'
    assert line_of(text, ("b",)) == 2


NAMES = st.one_of(
    st.sampled_from(["a", "b", "a b", "a.b", "#", "[x]", '"', "'", "é", "", "=", "\\"]), st.text(max_size=4)
)
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=8),
    st.datetimes(),
    st.dates(),
    st.times(),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=4)


def _paths(value: Any, at: Keys = ()) -> set[Keys]:
    found = {at} if at else set()
    if isinstance(value, dict):
        for key, item in value.items():
            found |= _paths(item, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found |= _paths(item, (*at, index))
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENTS, st.booleans())
def test_every_key_of_a_document_has_a_line_and_nothing_else_has(document: dict[str, Any], multiline: bool) -> None:
    text = tomli_w.dumps(document, multiline_strings=multiline)
    places = lines(text)
    assert set(places) == _paths(tomllib.loads(text))
    assert all(1 <= line <= text.count("\n") + 1 for line in places.values())


class _Writer:
    """Renders a document in spellings drawn at random, and notes the line of each key as it goes."""

    def __init__(self, draw: st.DrawFn):
        self.draw = draw
        self.text = ""
        self.places: dict[Keys, int] = {}

    def line(self) -> int:
        return self.text.count("\n") + 1

    def choose(self, *options: str) -> str:
        return self.draw(st.sampled_from(options))

    def note(self, keys: Keys) -> None:
        self.places[keys] = self.line()

    def key(self, name: str) -> None:
        bare = name.isascii() and name.replace("-", "").isalnum()
        spellings = [json.dumps(name)]
        spellings += [name] if bare else []
        spellings += [f"'{name}'"] if "'" not in name and name.isprintable() else []
        self.text += self.choose(*spellings) + self.choose("", " ")

    def gap(self) -> None:
        self.text += self.choose("", " ", "\n", ' # ] } , "\n', "\n\n\t")

    def value(self, value: Any, keys: Keys) -> None:
        if isinstance(value, list):
            self.text += "["
            self.gap()
            for index, item in enumerate(value):
                self.note((*keys, index))
                self.value(item, (*keys, index))
                self.gap()
                if index + 1 < len(value) or self.draw(st.booleans()):
                    self.text += ","
                    self.gap()
            self.text += "]"
        elif isinstance(value, dict):
            self.text += "{ "
            for number, (name, item) in enumerate(value.items()):
                self.text += ", " * bool(number)
                self.note((*keys, name))
                self.key(name)
                self.text += "= "
                self.value(item, (*keys, name))
            self.text += " }"
        elif isinstance(value, str):
            self.text += self.choose(json.dumps(value), '"""\n' + json.dumps(value)[1:-1] + '\n"""')
        else:
            self.text += json.dumps(value)

    def table(self, header: Keys, names: list[str], double: bool, content: dict[str, Any], at: Keys) -> None:
        self.text += self.choose("", "\n", "# [a]\n  ")
        self.note(at)
        if double:
            self.places.setdefault(header, self.line())
        for end in range(1, len(header)):
            self.places.setdefault(header[:end], self.line())
        self.text += "[[" if double else "["
        for number, name in enumerate(names):
            self.text += self.choose(".", " . ") if number else ""
            self.key(name)
        self.text += ("]]" if double else "]") + self.choose("\n", " # {\n", "\n\n")
        for name, item in content.items():
            self.note((*at, name))
            self.key(name)
            self.text += "= "
            self.value(item, (*at, name))
            self.text += self.choose("\n", " # [[\n", "\n\n")


SAFE = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f"), max_size=5)
PLAIN = st.recursive(
    st.booleans() | st.integers(0, 99) | SAFE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SAFE, inner, max_size=2),
    max_leaves=6,
)
CONTENTS = st.dictionaries(SAFE, PLAIN, max_size=3)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_lines_are_those_that_the_writer_of_the_document_noted(data: st.DataObject) -> None:
    writer = _Writer(data.draw)
    for name, content in data.draw(st.dictionaries(SAFE, CONTENTS, max_size=3)).items():
        writer.table(("nodes", name), ["nodes", name], False, content, ("nodes", name))
    for index, content in enumerate(data.draw(st.lists(CONTENTS, max_size=3))):
        writer.table(("elements",), ["elements"], True, content, ("elements", index))
    tomllib.loads(writer.text)
    assert lines(writer.text) == writer.places
