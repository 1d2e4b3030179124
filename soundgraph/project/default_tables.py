"""The [defaults.<kind>] tables of a project or a scene: values for all nodes of a kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from soundgraph import backends
from soundgraph.core import toml_lines, validation_words
from soundgraph.core.errors import did_you_mean, quote
from soundgraph.core.params import file_fields, reference_fields
from soundgraph.core.toml_document import MistakeSink
from soundgraph.nodes import KINDS, get_kind
from soundgraph.project import node_fields


def check_defaults(written: Any, sink: MistakeSink) -> dict[str, dict[str, Any]]:
    """The [defaults.<kind>] tables of a scene or of the project. sink: of the file, for what is wrong with them."""
    if not isinstance(written, Mapping):
        sink.table(("defaults",), "defaults").wrong((), f"must be a table, not {validation_words.kind_of(written)}")
        return {}
    checked = {}
    for name, table in written.items():
        own = sink.table(("defaults", name), f"defaults.{name}")
        if not KINDS.has(str(name)):
            own.wrong((), f"unknown kind {quote(name)}{did_you_mean(str(name), KINDS.names())}")
        elif (refusal := KINDS.refusal(str(name))) is not None:
            own.wrong((), refusal.what, refusal.hint)
        elif not isinstance(table, Mapping):
            own.wrong((), f"must be a table, not {validation_words.kind_of(table)}")
        else:
            checked[name] = dict(table)
            for keys, what in _wrong_defaults(name, table):
                own.wrong(keys, what)
    return checked


def _wrong_defaults(kind: str, table: Mapping[str, Any]) -> list[tuple[toml_lines.Keys, str]]:
    params = get_kind(kind).params
    own = {*reference_fields(params), *file_fields(params)} & table.keys()
    wrong: list[tuple[toml_lines.Keys, str]] = [
        ((name,), f"{name} has no default: it is what makes one node differ from another") for name in sorted(own)
    ]
    others = {name: value for name, value in table.items() if name not in own}
    if get_kind(kind).render is None:
        # What a model takes that others need not: it is for those nodes only whose models do.
        for name in [name for name in others if name not in params.model_fields]:
            if node_fields.has_field(kind, name):
                wrong += _wrong_for_all(node_fields.takers(name), name, others.pop(name))
            else:
                what = validation_words.unknown_field(name, sorted(node_fields.all_fields(kind)))
                wrong.append(((name,), what))
                del others[name]
    try:
        params.model_validate(others)
    except ValidationError as error:
        # A field that is missing may stand in each node, and how fields go together is asked of each node too.
        wrong += [
            (keys, what)
            for keys, what in validation_words.explain(error, params, others)
            if keys and not (len(keys) == 1 and keys[0] not in others)
        ]
    return wrong


def _wrong_for_all(takers: Iterable[str], name: str, value: Any) -> list[tuple[toml_lines.Keys, str]]:
    """What is wrong with the value of a field, if no backend that takes the field takes that."""
    first: list[tuple[toml_lines.Keys, str]] = []
    for taker in takers:
        params = backends.get(taker).params
        try:
            params.model_validate({name: value})
        except ValidationError as error:
            explained = validation_words.explain(error, params, {name: value})
            wrong = [(keys, what) for keys, what in explained if keys and keys[0] == name]
            if wrong:
                first = first or wrong
                continue
        return []
    return first
