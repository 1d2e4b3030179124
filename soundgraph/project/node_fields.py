"""Which fields a node may have: those of its kind, and of a generate node those that its model takes beyond them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from pydantic import create_model
from pydantic.fields import FieldInfo

from soundgraph import backends
from soundgraph.backends import Model
from soundgraph.core import parameter_table
from soundgraph.core.parameter_table import ParameterRow
from soundgraph.core.params import Params
from soundgraph.nodes import get_kind


def params_for(kind_name: str, model: Model | None) -> type[Params]:
    """What the table of a node is checked by. model: of a generate node; None where it is not known."""
    params = get_kind(kind_name).params
    return params if model is None else _with(params, model.params)


@cache
def _with(params: type[Params], own: type[Params]) -> type[Params]:
    # pydantic takes the fields of the last base first: a node's own before its model's.
    return create_model(params.__name__, __base__=(own, params)) if own.model_fields else params


def takers(field: str) -> Iterator[str]:
    """The backends whose models take a field that not every model takes.

    soundgraph's own come first: installed packages are asked only by who goes on beyond those.
    """
    return (name for name in all_backends() if field in backends.get(name).params.model_fields)


def has_field(kind_name: str, field: str) -> bool:
    """Whether a node of that kind may have the field; one of kind generate, with some model."""
    if field in get_kind(kind_name).params.model_fields:
        return True
    return _is_generated(kind_name) and any(True for _ in takers(field))


def all_fields(kind_name: str) -> dict[str, FieldInfo]:
    """The fields that nodes of that kind may have, by name; of one that several backends take, the first one's."""
    fields = dict(get_kind(kind_name).params.model_fields)
    for name in _backends_of(kind_name):
        for field, info in backends.get(name).params.model_fields.items():
            fields.setdefault(field, info)
    return fields


def own_rows(kind_name: str, among: Iterable[str] | None = None) -> list[tuple[ParameterRow, list[str]]]:
    """(row of a table, the backends whose models take it) for each field that not every model takes.

    A field that two backends describe differently stands there twice. among: backends; all there are if not given.
    """
    rows: dict[ParameterRow, list[str]] = {}
    if among is None or not _is_generated(kind_name):
        among = _backends_of(kind_name)
    for name in among:
        for row in parameter_table.rows(backends.get(name).params):
            rows.setdefault(row, []).append(name)
    return list(rows.items())


def all_backends() -> Iterator[str]:
    """The names of all that can be used; soundgraph's own come first."""
    yield from backends.names()
    yield from backends.BACKENDS.from_packages()


def _is_generated(kind_name: str) -> bool:
    return get_kind(kind_name).render is None


def _backends_of(kind_name: str) -> Iterable[str]:
    return all_backends() if _is_generated(kind_name) else ()
