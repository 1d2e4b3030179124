"""In which state each node of a build is, and from which one it can come to which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class NodeState(Enum):
    """What a build knows of a node, and does with it."""

    WAITING = "waiting"
    """The result of an input is not known yet, or its samples were lost: the node cannot be looked up, nor run."""
    UNDECIDED = "undecided"
    """The results of all inputs are known, and so is its action key. It is looked up next."""
    SHARED = "shared"
    """Another node of this build has the same action and is not done: what comes of that one is this one's result."""
    TO_RENDER = "to render"
    """It is nowhere to be found. It waits for a processor."""
    TO_GENERATE = "to generate"
    """It is nowhere to be found. It waits for its model, and for the batch that it will be part of."""
    ELSEWHERE = "elsewhere"
    """Another build makes it, in the same cache."""
    RUNNING = "running"
    """It is being rendered or generated, and no other build runs its action meanwhile."""
    KNOWN = "known"
    """There is a record of its result. Its samples are read when somebody needs them."""
    FAILED = "failed"
    """It failed, or a check of its sound did, or it could not be kept. What needs it does not run."""


TRANSITIONS: Mapping[NodeState, frozenset[NodeState]] = {
    NodeState.WAITING: frozenset({NodeState.UNDECIDED}),
    NodeState.UNDECIDED: frozenset(
        {NodeState.KNOWN, NodeState.SHARED, NodeState.TO_RENDER, NodeState.TO_GENERATE, NodeState.FAILED}
    ),
    NodeState.SHARED: frozenset({NodeState.KNOWN}),
    NodeState.TO_RENDER: frozenset({NodeState.RUNNING, NodeState.ELSEWHERE, NodeState.KNOWN}),
    NodeState.TO_GENERATE: frozenset({NodeState.RUNNING, NodeState.ELSEWHERE, NodeState.KNOWN}),
    NodeState.ELSEWHERE: frozenset({NodeState.TO_RENDER, NodeState.TO_GENERATE, NodeState.KNOWN}),
    NodeState.RUNNING: frozenset(
        {NodeState.KNOWN, NodeState.FAILED, NodeState.TO_RENDER, NodeState.TO_GENERATE, NodeState.WAITING}
    ),
    NodeState.KNOWN: frozenset({NodeState.FAILED}),
    NodeState.FAILED: frozenset(),
}
"""Where a node can go from each state. A build that ends early leaves its nodes where they are: they are skipped."""


class NodeStates:
    """The states of all nodes of a build, changed one node at a time."""

    def __init__(self, states: Mapping[str, NodeState]):
        """states: at the beginning, by node."""
        self._states = dict(states)
        self._names: dict[NodeState, set[str]] = {state: set() for state in NodeState}
        for name, state in self._states.items():
            self._names[state].add(name)

    def of(self, name: str) -> NodeState:
        return self._states[name]

    def those(self, state: NodeState) -> frozenset[str] | set[str]:
        """The nodes in a state, in no order. It changes as nodes move."""
        return self._names[state]

    def move(self, name: str, state: NodeState) -> None:
        """Raises RuntimeError where a node cannot go there from where it is: that is a bug of the build."""
        before = self._states[name]
        if state not in TRANSITIONS[before]:
            raise RuntimeError(f"the node {name} cannot go from {before.name} to {state.name}")
        self._names[before].remove(name)
        self._names[state].add(name)
        self._states[name] = state
