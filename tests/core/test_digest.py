"""Digests: one spelling for each value, and none that two values share."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundgraph.core.digest import canonical, digest

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def same(a: object, b: object) -> bool:
    """Equal, and of the same types all the way down."""
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return type(a) is type(b) and a == b


@given(VALUES, VALUES)
def test_values_share_bytes_only_if_they_are_the_same(a: object, b: object) -> None:
    assert (canonical(a) == canonical(b)) == same(a, b)


@given(st.lists(VALUES, max_size=3))
def test_no_value_begins_like_another_one(values: list[object]) -> None:
    """What follows a value in a list can then not be taken for a part of it."""
    for a, b in combinations([canonical(value) for value in values], 2):
        assert a == b or not (a.startswith(b) or b.startswith(a))


def test_look_alikes_differ() -> None:
    alike = [1, 1.0, True, "1", b"1", [1], {"1": 1}, None, "", [], {}, [[]], ["ab", "c"], ["a", "bc"], ["abc"], [None]]
    assert len({canonical(value) for value in alike}) == len(alike)


def test_minus_zero_is_zero_and_the_order_of_a_dict_is_none() -> None:
    assert canonical(-0.0) == canonical(0.0)
    assert canonical({"b": 1, "a": 2}) == canonical({"a": 2, "b": 1})
    assert canonical((1, 2)) == canonical([1, 2])
    assert canonical([1, 2]) != canonical([2, 1])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, [math.nan]])
def test_what_is_no_number_has_no_form(value: object) -> None:
    with pytest.raises(ValueError):
        canonical(value)


@pytest.mark.parametrize("value", [object(), {1: 2}, {1, 2}, 1j])
def test_other_types_have_none(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)


def test_a_tag_tells_uses_apart() -> None:
    assert digest("a", "b") != digest("b", "b")
    assert digest("a", ["b"]) != digest("a", "b")


def test_digests_are_as_they_were() -> None:
    """Each key in every cache rests on these."""
    assert canonical(["a", 1, 1.5, None, True, {"k": [b"x"]}]) == (
        b"l6:s1:ai1:1f\x3f\xf8\x00\x00\x00\x00\x00\x00nTd1:s1:kl1:b1:x"
    )
    assert digest("action", {"kind": "gain"}) == GOLDEN


GOLDEN = "f5799bfb492d6721dbac5f3563024f2a508a6c8d4fddf3dfd564b6084f6775db"


def test_they_are_the_same_in_every_process() -> None:
    script = "from soundgraph.core.digest import digest; print(digest('action', {'kind': 'gain'}))"
    for seed in ("0", "1"):
        found = subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        assert found.stdout.strip() == GOLDEN
