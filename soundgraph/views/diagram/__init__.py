"""A plan as something to look at: a tree for a terminal, Mermaid, Graphviz DOT, and SVG.

Pure functions from a plan, what `schedule.loads` made of it, and the files that exports deliver, by node id, to text
that ends in a newline. The same plan gives the same text. Each form is imported when it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from soundgraph.planning.planner import Plan
from soundgraph.planning.schedule import Step

Exports = Mapping[str, Sequence[str]]
"""From a node's id to the files that deliver its sound; nodes that are no part of the plan are passed over."""


def text(plan: Plan, steps: Sequence[Step], exports: Exports, *, colour: bool = False) -> str:
    """A tree for each scene: files at the root, what they are made from below, each node once.

    colour: with ANSI escapes, for a terminal.
    """
    from soundgraph.views.diagram import tree, view

    return tree.draw(view.view(plan, steps, exports), colour)


def mermaid(plan: Plan, steps: Sequence[Step], exports: Exports) -> str:
    """A Mermaid flowchart, as Markdown viewers draw it."""
    from soundgraph.views.diagram import flowchart, view

    return flowchart.draw(view.view(plan, steps, exports))


def dot(plan: Plan, steps: Sequence[Step], exports: Exports) -> str:
    """Graphviz DOT; its nodes are called by the ids of ours."""
    from soundgraph.views.diagram import graphviz, view

    return graphviz.draw(view.view(plan, steps, exports))


def svg(plan: Plan, steps: Sequence[Step], exports: Exports) -> str:
    """A picture that needs nothing but itself, laid out here, on a background of its own."""
    from soundgraph.views.diagram import picture, view

    return picture.draw(view.view(plan, steps, exports))
