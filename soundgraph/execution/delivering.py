"""Which exports can be delivered: their sound is known, and nothing that it is made from has a check that is open."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from soundgraph.cache.result_record import Record
from soundgraph.delivery.export_files import Job
from soundgraph.planning import scene_graph
from soundgraph.planning.scene_graph import Graph


class Delivering:
    """The exports of one round, and the checks in front of them.

    In each round anew: what passed in one by a figure that was kept may come out otherwise when it is made again.
    """

    def __init__(self, graph: Graph, jobs: Sequence[Job], checked: Collection[str], records: Mapping[str, Record]):
        """checked: the nodes that have checks. records: of the results that are known, by node; filled by who runs
        the plan."""
        self._records = records
        self._unchecked = set(checked)
        self._jobs_of: dict[str, list[Job]] = {}
        self._open_checks: dict[str, set[str]] = {}  # by export: the nodes whose checks have to pass before it
        self._held_by: dict[str, list[Job]] = {}  # the other way round
        for job in jobs:
            self._jobs_of.setdefault(job.node, []).append(job)
            if self._unchecked:
                self._open_checks[job.owner] = scene_graph.needed(graph, [job.node]) & self._unchecked
            for name in self._open_checks.get(job.owner, ()):
                self._held_by.setdefault(name, []).append(job)

    def has_open_check(self, name: str) -> bool:
        return name in self._unchecked

    def uses(self, name: str) -> int:
        """How often the node's sound will be wanted for its files and checks."""
        return len(self._jobs_of.get(name, ())) + self.has_open_check(name)

    def after_result(self, name: str) -> list[Job]:
        """What can be delivered of a node, now that its result is known."""
        return [job for job in self._jobs_of.get(name, ()) if not self._open_checks.get(job.owner)]

    def after_check(self, name: str) -> list[Job]:
        """What can be delivered, now that the checks of a node have passed."""
        self._unchecked.discard(name)
        jobs = []
        for job in self._held_by.get(name, ()):
            open_checks = self._open_checks[job.owner]
            open_checks.discard(name)
            if not open_checks and job.node in self._records:
                jobs.append(job)
        return jobs
