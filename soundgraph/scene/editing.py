"""Edits of a TOML text: one value or table is changed, and all else stays as it was written, comments and style too.

tomlkit does the same in general; it takes five times as long, and what it inserts follows its own style. Here the text
is cut at the spans that the line scanner finds, so that an edit is one line of a diff. Each edit is read back: what
comes out holds what was asked for, and nothing else is another, or there is no edit.
"""

from __future__ import annotations

import copy
import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

import tomli

from soundgraph.core import toml_lines
from soundgraph.core.errors import quote
from soundgraph.core.toml_lines import Header, Keys, Pair, Spans

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_FIRST_TABLES = ("scene",)
"""They are written before the others where the file has none yet."""


class EditError(ValueError):
    """What was asked for has no place in the text; `str` of it says why, in words for the user."""


def set_value(text: str, keys: Keys, value: Any) -> str:
    """`text` with `value` at `keys`, which may be new. A list is entered by the number of its element, from 0 on.

    value: as tomllib gives it. Raises EditError where there is no way in, as through a number.
    """
    table = tomli.loads(text)
    wanted = copy.deepcopy(table)
    _put(wanted, keys, value)
    spans = toml_lines.spans(text)
    pair = spans.pairs.get(keys)
    if pair is not None:
        new = _replaced(text, pair, value)
    elif _get(table, keys) is not _ABSENT:
        raise EditError(f"{spell(keys)} is a table; set its fields")
    else:
        new = _inserted(text, spans, table, keys, value)
    return _checked(new, wanted, keys)


def remove(text: str, keys: Keys) -> str:
    """`text` without what stands at `keys`: a field, an element of a list, or a table with all that is in it.

    Raises EditError where there is nothing.
    """
    wanted = tomli.loads(text)
    if _get(wanted, keys) is _ABSENT:
        raise EditError(f"there is no {spell(keys)}")
    parent = _get(wanted, keys[:-1])
    del parent[keys[-1]]
    spans = toml_lines.spans(text)
    pair = spans.pairs.get(keys)
    new = _without_table(text, spans, keys) if pair is None else _without(text, spans, pair)
    return _checked(new, wanted, keys, empty=True)


def rename(text: str, keys: Keys, name: str) -> str:
    """`text` with the last of `keys` called `name` wherever it is written as the name of that field or table.

    What refers to it by its name is left as it is. Raises EditError where there is nothing, or the new name is taken.
    """
    wanted = tomli.loads(text)
    parent = _get(wanted, keys[:-1])
    if _get(wanted, keys) is _ABSENT or not isinstance(parent, dict):
        raise EditError(f"there is no {spell(keys)}")
    if name in parent:
        raise EditError(f"{spell((*keys[:-1], name))} is there already")
    renamed = {name if key == keys[-1] else key: value for key, value in parent.items()}
    parent.clear()
    parent.update(renamed)
    spans = toml_lines.spans(text)
    starts = [header.start for header in spans.headers] + [
        pair.key_start for pair in spans.pairs.values() if pair.equals >= 0
    ]
    places = []
    for start in starts:
        places += [place for path, place in _names_at(text, spans, start) if path == keys]
    for begin, end in sorted(set(places), reverse=True):
        text = f"{text[:begin]}{_key(name)}{text[end:]}"
    return _checked(text, wanted, keys)


def spell(keys: Sequence[str | int]) -> str:
    """As after -D: `nodes.rain.prompt`, `nodes.all.inputs.0.weight`."""
    return ".".join(str(key) if isinstance(key, int) else _key(key) for key in keys)


def value_text(value: Any) -> str:
    """A value as TOML, on one line. Raises EditError for what TOML has no form for."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if math.isnan(value):
            return "nan"
        return repr(value) if math.isfinite(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(str(key))} = {value_text(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(value_text, value))}]"
    raise EditError(f"{type(value).__name__} has no form in TOML")


# The parts of a text


def _replaced(text: str, pair: Pair, value: Any) -> str:
    old = text[pair.value_start : pair.value_end]
    new = value_text(value)
    if isinstance(value, str):
        if old.startswith('"""') and "\n" in value:
            escaped = value.replace("\\", "\\\\").replace('"""', '""\\"')
            new = f'"""\n{escaped}"""' if not escaped.endswith('"') else new
        elif old.startswith("'") and not old.startswith("'''") and "'" not in value and value.isprintable():
            new = f"'{value}'"
    return text[: pair.value_start] + new + text[pair.value_end :]


def _inserted(text: str, spans: Spans, table: dict[str, Any], keys: Keys, value: Any) -> str:
    """With a field that is not there yet, in the table nearest to it that is."""
    for length in range(len(keys) - 1, -1, -1):
        inside, rest = keys[:length], keys[length:]
        there = _get(table, inside)
        if there is _ABSENT:
            continue
        if isinstance(there, list):
            return _appended(text, spans, inside, rest, there, value)
        if not isinstance(there, dict):
            raise EditError(f"{spell(inside)} is a value, not a table")
        if inside in spans.pairs:
            return _in_inline_table(text, spans, inside, rest, value)
        if length and (new := _in_table(text, spans, inside, rest, value)) is not None:
            return new
    return _in_new_table(text, spans, keys, value)


def _in_table(text: str, spans: Spans, inside: Keys, rest: Keys, value: Any) -> str | None:
    """Behind the last field of a table that has a header, or fields that lead into it; None where it has neither."""
    header = next((header for header in reversed(spans.headers) if header.keys == inside), None)
    pairs = [pair for pair in spans.pairs.values() if pair.inside == "table" and pair.keys[: len(inside)] == inside]
    if header is not None:
        end = _end_of(text, spans, header)
        own = [pair for pair in pairs if header.end <= pair.key_start < end]
        prefix: Keys = ()
    elif pairs:  # rain.kind = "tone" under [nodes]
        above = max(
            (earlier for earlier in spans.headers if earlier.start < pairs[-1].key_start), default=None, key=_start
        )
        prefix = inside[len(above.keys) if above else 0 :]
        own = [pairs[-1]]
    else:
        return None
    if any(isinstance(key, int) for key in (*prefix, *rest)):
        raise EditError(f"{spell((*inside, *rest))} leads through a list that is not there")
    name = ".".join(_key(str(key)) for key in (*prefix, *rest))
    newline = "\r\n" if "\r\n" in text else "\n"
    if not own:
        assert header is not None
        place, indent, gap = _line_end(text, header.end), "", " "
    else:
        last = own[-1]
        place = _line_end(text, last.value_end)
        start = text.rfind("\n", 0, last.key_start) + 1
        indent = text[start : last.key_start] if not text[start : last.key_start].strip() else ""
        gap = _gap(text, own, len(name))
    line = f"{indent}{name}{gap}= {value_text(value)}"
    if place >= len(text) and not text.endswith("\n"):
        return f"{text}{newline}{line}"
    return f"{text[:place]}{line}{newline}{text[place:]}"


def _in_inline_table(text: str, spans: Spans, inside: Keys, rest: Keys, value: Any) -> str:
    if any(isinstance(key, int) for key in rest):
        raise EditError(f"{spell((*inside, *rest))} leads through a list that is not there")
    pair = spans.pairs[inside]
    entry = f"{'.'.join(_key(str(key)) for key in rest)} = {value_text(value)}"
    last = max(
        (
            inner.value_end
            for inner in spans.pairs.values()
            if len(inner.keys) > len(inside) and inner.keys[: len(inside)] == inside
        ),
        default=None,
    )
    if last is None:
        return f"{text[: pair.value_start]}{{ {entry} }}{text[pair.value_end :]}"
    return f"{text[:last]}, {entry}{text[last:]}"


def _appended(text: str, spans: Spans, inside: Keys, rest: Keys, there: list[Any], value: Any) -> str:
    if rest != (len(there),) or inside not in spans.pairs:
        count = f"{len(there)} element" + "s" * (len(there) != 1)
        raise EditError(f"{spell(inside)} has {count}, counted from 0: there is no {spell((*inside, *rest))}")
    pair = spans.pairs[inside]
    last = spans.pairs.get((*inside, len(there) - 1))
    if last is None:
        return f"{text[: pair.value_start]}[{value_text(value)}]{text[pair.value_end :]}"
    start = text.rfind("\n", 0, last.value_start) + 1
    before = text[start : last.value_start]
    apart = text[last.value_end : pair.value_end]
    if "\n" in text[pair.value_start : last.value_start] and not before.strip():  # an element a line
        return f"{text[: last.value_end]},\n{before}{value_text(value)}{apart}{text[pair.value_end :]}"
    return f"{text[: last.value_end]}, {value_text(value)}{text[last.value_end :]}"


def _in_new_table(text: str, spans: Spans, keys: Keys, value: Any) -> str:
    """In a table that is written for it: at the end, or before the first for what comes first in a file."""
    if any(isinstance(key, int) for key in keys):
        raise EditError(f"{spell(keys)} leads through a list that is not there")
    newline = "\r\n" if "\r\n" in text else "\n"
    if len(keys) == 1:
        place = spans.headers[0].start if spans.headers else len(text)
        begin = "" if not text[:place] or text[:place].endswith("\n") else newline
        return f"{text[:place]}{begin}{_key(str(keys[0]))} = {value_text(value)}{newline}{text[place:]}"
    title = ".".join(_key(str(key)) for key in keys[:-1])
    block = f"[{title}]{newline}{_key(str(keys[-1]))} = {value_text(value)}{newline}"
    if keys[0] in _FIRST_TABLES and spans.headers:
        place = _above(text, spans.headers[0].start)
        return f"{text[:place]}{block}{newline}{text[place:]}"
    before = text if not text or text.endswith("\n") else text + newline
    return f"{before}{newline if before.strip() else ''}{block}"


def _without(text: str, spans: Spans, pair: Pair) -> str:
    """Without a field or an element; with its line, where it has one to itself."""
    if pair.inside == "table":
        start = text.rfind("\n", 0, pair.key_start) + 1
        return text[:start] + text[_line_end(text, pair.value_end) :]
    outer = spans.pairs.get(pair.keys[:-1])
    while outer is None:  # a dotted key in an inline table
        outer = spans.pairs.get(pair.keys[: len(pair.keys) - 2])
        break
    start, end = pair.key_start, pair.value_end
    behind = re.compile(r"[ \t\r\n]*,").match(text, end)
    if behind is not None:
        end = behind.end()
        line = text.rfind("\n", 0, start) + 1
        if not text[line:start].strip() and (rest := re.compile(r"[ \t]*(?:#[^\n]*)?\r?\n").match(text, end)):
            return text[:line] + text[rest.end() :]  # it has a line to itself
        return text[:start] + text[end:].lstrip(" ")
    before = re.compile(r",?[ \t\r\n]*$").search(text, 0, start)
    assert before is not None
    return (
        text[: before.start()] + text[end:] if before.group().startswith(",") else text[:start] + text[end:].lstrip(" ")
    )


def _without_table(text: str, spans: Spans, keys: Keys) -> str:
    """Without the headers of a table and of those in it, all that stands under them, and fields that lead there."""
    count = len(keys)
    if any(isinstance(key, int) for key in keys) and keys not in {header.keys for header in spans.headers}:
        raise EditError(f"{spell(keys)} cannot be taken out here")
    cuts = []
    for header in spans.headers:
        if header.keys[:count] == keys:
            cuts.append((_above(text, header.start), _block_end(text, spans, header)))
    for pair in spans.pairs.values():
        if pair.inside == "table" and pair.keys[:count] == keys:
            start = text.rfind("\n", 0, pair.key_start) + 1
            cuts.append((start, _line_end(text, pair.value_end)))
    kept, place = [], 0
    for start, end in sorted(cuts):
        if end > place:
            kept.append(text[place : max(start, place)])
            place = end
    kept.append(text[place:])
    return "".join(kept)


def _end_of(text: str, spans: Spans, header: Header) -> int:
    """Where the next header begins."""
    return min((other.start for other in spans.headers if other.start > header.start), default=len(text))


def _block_end(text: str, spans: Spans, header: Header) -> int:
    """Where the comments above the next header begin."""
    following = [other.start for other in spans.headers if other.start > header.start]
    return _above(text, min(following)) if following else len(text)


def _above(text: str, start: int) -> int:
    """Where the comment lines right above a place begin, or else its own line."""
    place = text.rfind("\n", 0, start) + 1
    while place:
        line = text.rfind("\n", 0, place - 1) + 1
        if not text[line : place - 1].lstrip().startswith("#"):
            break
        place = line
    return place


def _line_end(text: str, place: int) -> int:
    """Behind the line break that comes next."""
    end = text.find("\n", place)
    return len(text) if end < 0 else end + 1


def _start(header: Header) -> int:
    return header.start


def _gap(text: str, pairs: Sequence[Pair], length: int) -> str:
    """What stands between a name and its "=", where those of a table stand in one column."""
    columns = {pair.equals - (text.rfind("\n", 0, pair.key_start) + 1) for pair in pairs}
    (column, *others) = columns
    is_aligned = not others and any(text[pair.equals - 2 : pair.equals] == "  " for pair in pairs)
    indent = pairs[-1].key_start - (text.rfind("\n", 0, pairs[-1].key_start) + 1)
    return " " * max(column - indent - length, 1) if is_aligned else " "


def _names_at(text: str, spans: Spans, start: int) -> list[tuple[Keys, tuple[int, int]]]:
    """(what leads to it, where it stands) of each part of a dotted name; start: of a header or of a field's name."""
    header = next((candidate for candidate in spans.headers if candidate.start == start), None)
    if header is not None:
        full = header.keys
        place = start + (2 if text.startswith("[[", start) else 1)
    else:
        pair = next(field for field in spans.pairs.values() if field.key_start == start and field.equals >= 0)
        full, place = pair.keys, start
    pattern = re.compile(r"""[ \t]*([A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')[ \t]*(\.?)""")
    parts: list[tuple[int, int]] = []
    while True:
        match = pattern.match(text, place)
        assert match is not None
        parts.append(match.span(1))
        place = match.end()
        if not match[2]:
            break
    named = [index for index, key in enumerate(full) if isinstance(key, str)][-len(parts) :]
    return [(full[: index + 1], part) for index, part in zip(named, parts, strict=True)]


# Tables


class _Absent:
    pass


_ABSENT = _Absent()


def _get(table: Any, keys: Keys) -> Any:
    for key in keys:
        if not _has(table, key):
            return _ABSENT
        table = table[key]
    return table


def _has(table: Any, key: str | int) -> bool:
    if isinstance(table, list):
        return isinstance(key, int) and key < len(table)
    return isinstance(table, dict) and key in table


def _put(table: dict[str, Any], keys: Keys, value: Any) -> None:
    """Where there is no way in, nothing is changed; whoever edits the text finds out why."""
    here: Any = table
    for key in keys[:-1]:
        if isinstance(here, dict) and key not in here:
            here[key] = {}
        if not _has(here, key):
            return
        here = here[key]
    last = keys[-1]
    if _has(here, last) or (isinstance(here, dict) and isinstance(last, str)):
        here[last] = value
    elif isinstance(here, list) and last == len(here):
        here.append(value)


def _checked(text: str, wanted: dict[str, Any], keys: Keys, empty: bool = False) -> str:
    """empty: whether tables that hold nothing count as absent, since their last field may have been all they were."""
    try:
        parsed = tomli.loads(text)
    except tomli.TOMLDecodeError:
        parsed = None
    if parsed is not None and _form(parsed, empty) == _form(wanted, empty):
        return text
    raise EditError(f"{quote(spell(keys))} cannot be changed without touching what stands around it")


def _form(value: Any, pruned: bool) -> Any:
    """What two tables are compared by: 1, 1.0 and true are unlike, NaN is itself, order of fields does not count."""
    if isinstance(value, dict):
        forms = {key: _form(item, pruned) for key, item in value.items()}
        return {key: form for key, form in forms.items() if form != {} or not pruned}
    return [_form(item, pruned) for item in value] if isinstance(value, list) else repr(value)


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=False)
