"""Nodes whose samples are gone from the cache for good: what is told of them, and why they cannot be made again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from soundgraph.core.errors import Mistake
from soundgraph.core.events import Listener, NodeDone
from soundgraph.execution.outcome import Outcome
from soundgraph.planning import scene_graph
from soundgraph.planning.planner import Plan


def fail(outcome: Outcome, lost: Collection[str], why: Callable[[str], str], tell: Listener) -> None:
    """The nodes whose samples are lost have failed. lost: digests. why: of a node."""
    for name, record in outcome.records.items():
        if record.digest in lost:
            outcome.failures[name] = why(name)
            outcome.statuses[name] = "failed"
            tell(NodeDone(name, "failed", detail=outcome.failures[name]))


def reason(plan: Plan, mistakes: Sequence[Mistake], name: str) -> str:
    """Why a node whose samples are lost cannot be made again. mistakes: what speaks against running the plan."""

    def about(names: Iterable[str]) -> list[Mistake]:
        nodes = [scene_graph.node_of(plan.graph, name) for name in names]
        places = {(node.origin.file, f"nodes.{node.name}") for node in nodes}
        return [mistake for mistake in mistakes if (mistake.file, mistake.where) in places]

    own = about([name])
    if own and plan.decisions[name].pin is not None:
        return "\n".join(f"{mistake.what}\n{mistake.hint}" for mistake in own)
    if own:
        return f"its samples are gone from the cache, and {'; '.join(mistake.what for mistake in own)}"
    upstream = about(scene_graph.needed(plan.graph, [name])) or mistakes
    first, more = upstream[0], f" (and {len(upstream) - 1:,} more)" if len(upstream) > 1 else ""
    return f"its samples are gone from the cache, and {first.where}: {first.what}{more}\n{first.hint}"
