"""Tables of fields: every field of every kind, with type, default, range and description."""

from __future__ import annotations

import pytest

from soundgraph.core import parameter_table
from soundgraph.nodes import get_kind, kind_names


@pytest.mark.parametrize("name", kind_names())
def test_every_field_is_there_with_a_description(name: str) -> None:
    rows = {row.name: row for row in parameter_table.rows(get_kind(name).params)}
    assert set(get_kind(name).params.model_fields) <= set(rows)
    assert all(row.description for row in rows.values())


def test_ranges_defaults_and_tables_in_lists_are_spelled_out() -> None:
    rows = {row.name: row for row in parameter_table.rows(get_kind("eq").params)}
    assert rows["input"].default == "required"
    assert rows["bands"].type.startswith("list of tables")
    assert rows["bands[].freq_hz"].type == "number, at least 1, at most 96000"
