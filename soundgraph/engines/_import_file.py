"""Godot's .import files: a text of sections, each with `key=value`, which Godot writes anew whenever it imports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_BOM = "\ufeff"
_KEY = re.compile(r"[ \t]*([^\s=\[\];\"]+)[ \t]*=[ \t]*")
_SECTION = re.compile(r"[ \t]*\[([^\]\n]+)\][ \t]*(?:;.*)?")
_SECTIONS = {"remap", "deps", "params"}
_UID = ("remap", "uid")


class _Field(NamedTuple):
    section: str
    key: str
    start: int  # of the value in the text
    end: int


def merged(theirs: str, ours: str) -> str | None:
    """`theirs` with all that `ours` sets, and nothing else touched; None for a text that is no .import file: with words
    in it and none of the sections, or a value that is never closed, behind which Godot would read nothing.

    Whatever Godot, or a person in its import dock, has added stays where it is, so that a file which says all that ours
    says is not written again. A uid stays as well: scenes of the game may know the file by it. What is not understood
    stays, too, to the byte; of a key that stands there twice, Godot takes the last.
    """
    if not theirs.removeprefix(_BOM).strip():
        return ours
    read, own = _fields(theirs), _fields(ours)
    if read is None or own is None:
        return None
    (known, ends), (wanted, _) = read, own
    lines = map(str.strip, theirs.removeprefix(_BOM).split("\n"))
    if not _SECTIONS & ends.keys() and any(line and not line.startswith(";") for line in lines):
        return None
    line_end = "\r\n" if "\r\n" in theirs else "\n"
    changes: list[tuple[int, int, str]] = []
    missing: dict[str, list[str]] = {}
    for name, field in wanted.items():
        value, old = ours[field.start : field.end], known.get(name)
        if old is None:
            missing.setdefault(field.section, []).append(f"{field.key}={value}")
        elif theirs[old.start : old.end] != value and not (name == _UID and '"uid://' in theirs[old.start : old.end]):
            changes.append((old.start, old.end, value))
    for section, new in missing.items():
        if section in ends:
            changes.append((ends[section], ends[section], "".join(f"{line_end}{line}" for line in new)))
        else:
            theirs += "" if theirs.endswith("\n") else line_end
            theirs += "".join(f"{line}{line_end}" for line in ("", f"[{section}]", "", *new))
    for start, end, value in sorted(changes, reverse=True):
        theirs = theirs[:start] + value + theirs[end:]
    return theirs


def _fields(text: str) -> tuple[dict[tuple[str, str], _Field], dict[str, int]] | None:
    """(every field by its section and key, where the last line ends that a section has of them, or its header); None
    where a value is never closed."""
    fields: dict[tuple[str, str], _Field] = {}
    ends: dict[str, int] = {}
    section, place = "", 0
    for start, end in _lines(text):
        if start < place:  # inside of a value that goes on
            continue
        line = text[start:end]
        if header := _SECTION.fullmatch(line):
            section = header[1]
            ends[section] = end
        elif section and (key := _KEY.match(line)):
            stop = _end_of_value(text, start + key.end())
            if stop is None:
                return None
            fields[section, key[1]] = _Field(section, key[1], start + key.end(), stop)
            line_end = text.find("\n", stop)
            ends[section] = len(text) if line_end < 0 else line_end - (text[line_end - 1] == "\r")
            place = stop
    return fields, ends


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = len(text) - len(text.removeprefix(_BOM))
    for line in text.removeprefix(_BOM).split("\n"):
        yield start, start + len(line.removesuffix("\r"))
        start += len(line) + 1


def _end_of_value(text: str, start: int) -> int | None:
    """Where a value ends: with its line, or with the one in which the last bracket or string is closed; a remark behind
    it is no part of it. None where it is never closed."""
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
        elif char in "\n;" and depth <= 0:
            break
        place += 1
    if quoted or depth > 0:
        return None
    return start + len(text[start:place].rstrip())
