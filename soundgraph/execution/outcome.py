"""How a plan is to be run, where, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from soundgraph.backends import Device, Sources
from soundgraph.cache.result_record import Record
from soundgraph.cache.store import Store
from soundgraph.core.events import Summary
from soundgraph.core.stopping import Stop
from soundgraph.core.tracing import Off, Trace
from soundgraph.delivery.engine_manifests import Handed
from soundgraph.delivery.export_files import Delivery
from soundgraph.delivery.run_checks import Locate
from soundgraph.planning.planner import Plan
from soundgraph.project.delivered import DeliveredFile
from soundgraph.project.git_commit import Ask
from soundgraph.scene.tables.scene import SceneCheck

if TYPE_CHECKING:
    from soundgraph.execution.loaded_models import LoadedModels


@dataclass(frozen=True)
class RunOptions:
    """How a plan is to be run."""

    jobs: int = 1
    """How many nodes are processed at once, beside the one that generates."""
    keep_going: bool = False
    """Whether a failure leaves what does not need the failed node to be run."""
    force: bool = False
    """Whether what the cache has is made again."""
    device: Device = "auto"
    """Where models are loaded."""
    memory_budget: int | None = None
    """How many bytes models may take; one model at a time if None."""
    overwrite: bool = False
    """Whether files that soundgraph did not deliver are written over."""


@dataclass(frozen=True)
class Site:
    """Where a build takes place."""

    root: Path
    """Of the project."""
    sources: Sources
    """Where weights are."""
    store: Store
    known: Mapping[str, DeliveredFile]
    """Files that were delivered before, by path."""
    note: Callable[[str], str]
    """The name under which the last key of a node is kept, for `explain`."""
    ask: Ask
    """For the commit that the tree stands at."""
    checks: Mapping[str, Sequence[SceneCheck]] = field(default_factory=dict)
    """By node, what is demanded of its sound before anything that it is part of is delivered."""
    locate: Locate = lambda origin: 0
    """Finds the line on which a check stands."""
    models: LoadedModels | None = None
    """Those that stay loaded after the build, for the next; None to unload them at its end."""
    trace: Trace = Off()  # noqa: RUF009 - it keeps nothing
    """Is told what takes how long."""
    stop: Stop = field(default_factory=Stop)
    """Of this build alone; requested, too, once the build gives up by itself."""


@dataclass
class Outcome:
    """What came of a build."""

    plan: Plan
    statuses: dict[str, str] = field(default_factory=dict)
    """Of each node that the targets need: "ran", "hit", "cutoff", "failed" or "skipped". One that fails a check has
    failed, though its sound is kept."""
    records: dict[str, Record] = field(default_factory=dict)
    """Of each node whose result is known."""
    failures: dict[str, str] = field(default_factory=dict)
    """Why, by node id or "scene:export"."""
    deliveries: dict[str, list[Delivery]] = field(default_factory=dict)
    """By "scene:export"."""
    handed: dict[str, list[Handed]] = field(default_factory=dict)
    """The files of manifests, by "scene:manifests.name"."""
    drafts: set[str] = field(default_factory=set)
    """The deliveries with a draft upstream."""
    loads: int = 0
    """How often a model was loaded."""
    interrupted: bool = False
    seconds: float = 0.0

    def summary(self) -> Summary:
        count = Counter(self.statuses.values())
        return Summary(
            ran=count["ran"],
            hits=count["hit"],
            cutoffs=count["cutoff"],
            failed=len(self.failures),
            skipped=count["skipped"],
            loads=self.loads,
            exports=sum(map(len, self.deliveries.values())) + sum(map(len, self.handed.values())),
            seconds=self.seconds,
        )
