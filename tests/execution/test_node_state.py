"""The states of a node: which follow which, and how docs draw them."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from soundgraph.execution.node_state import TRANSITIONS, NodeState, NodeStates

ARCHITECTURE = Path(__file__).parents[2] / "docs" / "architecture.md"


@pytest.mark.parametrize(("before", "after"), list(itertools.product(NodeState, NodeState)))
def test_a_node_goes_only_where_it_can(before: NodeState, after: NodeState) -> None:
    states = NodeStates({"rain": before, "wind": before})
    if after in TRANSITIONS[before]:
        states.move("rain", after)
        assert (states.of("rain"), states.of("wind")) == (after, before)
        assert (states.those(after), states.those(before)) == ({"rain"}, {"wind"})
    else:
        with pytest.raises(RuntimeError, match=f"rain cannot go from {before.name} to {after.name}"):
            states.move("rain", after)
        assert states.those(before) == {"rain", "wind"}


def test_every_state_is_reached_and_a_failed_node_stays_so() -> None:
    first = {NodeState.WAITING, NodeState.KNOWN, NodeState.SHARED}
    assert first.union(*TRANSITIONS.values()) == set(NodeState)
    assert [state for state in NodeState if not TRANSITIONS[state]] == [NodeState.FAILED]


def test_the_picture_in_the_docs_is_that_of_the_code() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8").partition("## The states of a node")[2]
    drawn = set(re.findall(r"^\s*(\w+) --> (\w+)", text, re.MULTILINE))
    assert drawn == {(before.name, after.name) for before, all_after in TRANSITIONS.items() for after in all_after}
