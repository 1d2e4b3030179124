"""Godot's .import files: a text of sections, each with `key=value`, which Godot writes anew whenever it imports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_KEY = re.compile(r"([^\s=\[\];\"]+)[ \t]*=[ \t]*")
_SECTION = re.compile(r"\[([^\]\n]+)\][ \t]*")
_UID = ("remap", "uid")


class _Field(NamedTuple):
    section: str
    key: str
    start: int  # of the value in the text
    end: int


def merged(there: str, ours: str) -> str | None:
    """`there` with all that `ours` sets, and nothing else touched; None for a text that is no .import file.

    Whatever Godot, or a person in its import dock, has added stays where it is, so that a file which says all that ours
    says is not written again. A uid stays as well: scenes of the game may know the file by it.
    """
    if not there.strip():
        return ours
    known = _fields(there)
    if known is None or not {"remap", "params"} & {field.section for field in known.values()}:
        return None
    wanted = _fields(ours) or {}
    changes: list[tuple[int, int, str]] = []
    missing: dict[str, list[str]] = {}
    for name, field in wanted.items():
        value, old = ours[field.start : field.end], known.get(name)
        if old is None:
            missing.setdefault(field.section, []).append(f"{field.key}={value}\n")
        elif there[old.start : old.end] != value and not (name == _UID and '"uid://' in there[old.start : old.end]):
            changes.append((old.start, old.end, value))
    ends = {field.section: field.end for field in known.values()}
    for section, lines in missing.items():
        if section in ends:
            changes.append((ends[section], ends[section], "\n" + "".join(lines).rstrip("\n")))
        else:
            there = f"{there.rstrip()}\n\n[{section}]\n\n{''.join(lines)}"
    for start, end, value in sorted(changes, reverse=True):
        there = there[:start] + value + there[end:]
    return there


def _fields(text: str) -> dict[tuple[str, str], _Field] | None:
    """Every field by its section and key; None for a text that has something else in it."""
    found: dict[tuple[str, str], _Field] = {}
    section, place = "", 0
    for start, end in _lines(text):
        if start < place:  # inside of a value that goes on
            continue
        line = text[start:end]
        if not line.strip() or line.startswith(";"):
            continue
        if header := _SECTION.fullmatch(line):
            section = header[1]
        elif key := _KEY.match(line):
            stop = _end_of_value(text, start + key.end())
            if stop is None:
                return None
            found[section, key[1]] = _Field(section, key[1], start + key.end(), stop)
            place = stop
        else:
            return None
    return found


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in text.split("\n"):
        yield start, start + len(line.removesuffix("\r"))
        start += len(line) + 1


def _end_of_value(text: str, start: int) -> int | None:
    """Where a value ends: at the end of its line, or of the one in which the last bracket or string is closed."""
    depth, quoted, place = 0, False, start
    while place < len(text):
        char = text[place]
        if quoted:
            if char == "\\":
                place += 1
            elif char == '"':
                quoted = False
        elif char == '"':
            quoted = True
        elif char in "{[(":
            depth += 1
        elif char in "}])":
            depth -= 1
        elif char == "\n" and depth <= 0:
            break
        place += 1
    if quoted or depth > 0:
        return None
    return start + len(text[start:place].rstrip())
