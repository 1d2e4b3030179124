"""-D: values from the command line in place of what a scene says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tomli

from soundgraph.core import path_names
from soundgraph.core.errors import Mistake, SceneError, did_you_mean, quote
from soundgraph.core.toml_document import MistakeSink
from soundgraph.core.toml_lines import Keys
from soundgraph.nodes import KINDS
from soundgraph.project import node_fields
from soundgraph.scene.reading.raw_tables import WrittenScene, WrittenTable
from soundgraph.scene.tables.export_settings import ExportSettings
from soundgraph.scene.tables.scene import SceneSettings

_KEY_AND_VALUE = re.compile(r"""\s*((?:"(?:[^"\\]|\\.)*"|'[^']*'|[^="'])+?)\s*=(.*)""", re.DOTALL)
_EXAMPLES = {
    "scene": "scene.seed=9",
    "nodes": "nodes.rain.prompt=soft rain",
    "exports": "exports.theme.format=ogg",
    "defaults": "defaults.generate.temperature=0.8",
}


@dataclass(frozen=True)
class Override:
    """A KEY=VALUE that was given with -D."""

    text: str
    """As the user typed it."""
    key: str
    """The part of the text before the "="."""
    keys: tuple[str, ...]
    """Such as ("nodes", "rain", "prompt")."""
    value: Any = field(hash=False)


class Overrides:
    """The overrides of one build, and which of them some scene has had a place for."""

    def __init__(self, texts: Sequence[str] = ()):
        """Raises SceneError with a mistake for each text that is not KEY=VALUE with a key that could match."""
        self.given = parse_all(texts)
        self.matched: set[Override] = set()
        """Only the scenes that were read with these overrides count."""
        self.incomplete = False
        """Whether a file could not be read, so that nobody knows what an override would have matched in it."""
        # What the scenes had that could be overridden, to say what was meant by one that matched nothing: of each node
        # the kinds that it is of; "" for none.
        self._nodes: dict[str, set[str]] = {}
        self._exports: set[str] = set()

    def unmatched(self) -> list[Mistake]:
        """A mistake for each override that no scene read so far had a place for; none when a file could not be read."""
        if self.incomplete:
            return []
        return [self._matched_nothing(override) for override in self.given if override not in self.matched]

    def in_table(self, table: Any, group: str, sink: MistakeSink, given: GivenValues) -> Any:
        """[scene] or [defaults] with what -D says. The names were checked when the override was read."""
        for override in self.given:
            if override.keys[0] == group:
                table = _put(table, override, override.keys[1:], override.keys, sink, given)
                self.matched.add(override)
        return table

    def in_nodes_and_exports(self, written: WrittenScene, own: MistakeSink, given: GivenValues) -> None:
        """Puts what -D says in place of what nodes and exports say. own: the sink of the scene's own file."""
        if not self.given:
            return
        for name, (_, node) in written.nodes.items():
            self._nodes.setdefault(name, set()).add(_kind_of(node))
        self._exports.update(written.exports)
        for override in self.given:
            group, *keys = override.keys
            if group == "nodes" and (place := split(keys, written.nodes)):
                name, inner = place
                part, node = written.nodes[name]
                if _may_have(_kind_of(node), inner[0]):
                    self._change(node, override, inner, part.sink, given)
            elif group == "exports" and keys[0] in written.exports and keys[1] in ExportSettings.model_fields:
                self._change(written.exports[keys[0]], override, tuple(keys[1:]), own, given)

    def _change(
        self, written: WrittenTable, override: Override, inner: tuple[str, ...], sink: MistakeSink, given: GivenValues
    ) -> None:
        self.matched.add(override)
        keys = (*written.keys, *(int(key) if key.isdecimal() else key for key in inner))
        written.table = _put(written.table, override, inner, keys, sink, given)

    def _matched_nothing(self, override: Override) -> Mistake:
        """Why no scene had what the override names."""
        group, *keys = override.keys
        if group == "nodes":
            place = split(keys, self._nodes)
            if place is None:
                name = ".".join(keys[:-1])
                what = f"no scene has a node {quote(name)}{did_you_mean(name, self._nodes)}"
            else:
                fields = {field for kind in self._nodes[place[0]] for field in _fields(kind)}
                what = _no_field(f"nodes.{place[0]}", place[1], fields)
        elif keys[0] not in self._exports:
            what = f"no scene has an export {quote(keys[0])}{did_you_mean(keys[0], self._exports)}"
        else:
            what = _no_field(f"exports.{keys[0]}", keys[1:], ExportSettings.model_fields)
        return Mistake("", 0, f"-D {override.key}", what)


GivenValues = dict[tuple[str, Keys], str]
"""Of (file, keys): which -D gave the value there. A mistake in it has no line."""


def _put(
    table: Any, override: Override, inner: Sequence[str], keys: Keys, sink: MistakeSink, given: GivenValues
) -> Any:
    """`table` with the override at `inner`. keys: the same place, from the top of the file."""
    try:
        changed = put(table, inner, override.value)
    except KeyError:
        sink.wrong_elsewhere(f"-D {override.key}", "leads nowhere: there is nothing of that name")
        return table
    given[sink.sheet.file, keys] = f"given by -D {override.text}"
    return changed


def _kind_of(written: WrittenTable) -> str:
    """The kind that a node is of; "" where there is none of that name that can be used."""
    kind = written.table.get("kind") if isinstance(written.table, Mapping) else None
    return kind if isinstance(kind, str) and KINDS.has(kind) and KINDS.refusal(kind) is None else ""


def _may_have(kind: str, field: str) -> bool:
    """Whether a node of that kind may be overridden in a field."""
    return field == "kind" or bool(kind and node_fields.has_field(kind, field))


def _fields(kind: str) -> set[str]:
    """The fields that a node of that kind may be overridden in."""
    return {"kind", *(node_fields.all_fields(kind) if kind else ())}


def parse_all(texts: Sequence[str]) -> list[Override]:
    """Raises SceneError with a mistake for each that is not KEY=VALUE with a key that could match something."""
    mistakes: list[Mistake] = []
    overrides: list[Override] = []
    for text in texts:
        override = _parse(text)
        if isinstance(override, Override):
            overrides.append(override)
        else:
            mistakes.append(Mistake("", 0, f"-D {text.partition('=')[0].strip()}", *override))
    if mistakes:
        raise SceneError(mistakes)
    return overrides


def put(table: Any, keys: Sequence[str], value: Any) -> Any:
    """A copy of `table` with `value` at `keys`; a list is entered by index. Raises KeyError if there is no way in."""
    if not keys:
        return value
    first, rest = keys[0], keys[1:]
    if isinstance(table, Mapping):
        return {**table, first: put(table.get(first, {}) if rest else None, rest, value)}
    if isinstance(table, list) and first.isdecimal() and int(first) < len(table):
        index = int(first)
        return [*table[:index], put(table[index], rest, value), *table[index + 1 :]]
    raise KeyError(first)


def split(keys: Sequence[str], names: Mapping[str, Any]) -> tuple[str, tuple[str, ...]] | None:
    """(the node, the keys inside it) of ("rain", "bed", "prompt"), where an included node's name has dots in it."""
    for end in range(len(keys) - 1, 0, -1):
        name = ".".join(keys[:end])
        if name in names:
            return name, tuple(keys[end:])
    return None


def _no_field(where: str, keys: Sequence[str], fields: Iterable[str]) -> str:
    names = sorted(fields)
    if keys[0] in names:
        return f"{where} has no {'.'.join(keys)}"
    return f"{where} has no field {quote(keys[0])}{did_you_mean(keys[0], names)}"


def assignment(text: str) -> Override | tuple[str, str]:
    """KEY=VALUE in its parts, whatever the key may name; or (what is wrong with it, what to do)."""
    match = _KEY_AND_VALUE.fullmatch(text)
    if not match:
        return "has no value", 'write KEY=VALUE, as in "scene.seed=9"'
    keys = parse_key(match[1])
    if keys is None:
        return "is not a key", 'write KEY=VALUE, as in "nodes.rain.prompt=soft rain"'
    return Override(text, match[1], keys, _value(match[2]))


def _parse(text: str) -> Override | tuple[str, str]:
    """The override, or (what is wrong with it, what to do)."""
    override = assignment(text)
    if not isinstance(override, Override):
        return override
    keys = override.keys
    if keys[0] == "elements":
        return "an element is overridden as its node", 'as in "nodes.music_1.prompt=soft rain"'
    if keys[0] not in _EXAMPLES:
        return f"{quote(keys[0])} cannot be overridden{did_you_mean(keys[0], _EXAMPLES)}", ""
    if len(keys) < (2 if keys[0] == "scene" else 3):
        return "names no field", f"as in {quote(_EXAMPLES[keys[0]])}"
    if keys[0] == "scene" and keys[1] not in SceneSettings.model_fields:
        return _no_field("[scene]", keys[1:], SceneSettings.model_fields), ""
    if keys[0] == "defaults":
        if not KINDS.has(keys[1]):
            return f"unknown kind {quote(keys[1])}{did_you_mean(keys[1], KINDS.names())}", ""
        if (refusal := KINDS.refusal(keys[1])) is not None:
            return refusal.what, refusal.hint
        if not node_fields.has_field(keys[1], keys[2]):
            return _no_field(f"[defaults.{keys[1]}]", keys[2:], node_fields.all_fields(keys[1])), ""
    return override


def parse_key(key: str) -> tuple[str, ...] | None:
    """What a dotted key leads through, each part bare or in quotes; None for what is no key."""
    parts = [part.strip() for part in key.split(".")]
    if all(path_names.is_name(part) for part in parts):  # letters of any alphabet need no quotes here
        return tuple(parts)
    try:
        table: Any = tomli.loads(f"{key} = 0")
    except tomli.TOMLDecodeError:
        return None
    keys = []
    while isinstance(table, dict):
        if len(table) != 1:  # a line break smuggled in a second key
            return None
        ((name, table),) = table.items()
        keys.append(name)
    return tuple(keys)


def _value(text: str) -> Any:
    """The value as TOML; as a string when it is none, so that a prompt needs no quotes inside the shell's."""
    try:
        table = tomli.loads(f"value = {text}")
    except (tomli.TOMLDecodeError, RecursionError, ValueError):
        return text
    return table["value"] if len(table) == 1 else text
