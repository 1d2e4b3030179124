"""CPU time and memory of first builds, no-op builds and builds after one prompt changed, all tools side by side."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.bench.meter import Cost, FailedError, StoppedError, measure
from tests.bench.peers import Soundgraph, Tool
from tests.bench.projects import NODES_PER_SCENE, SceneSpec, scenes, steps

FIRST, ADOPT, NOOP, CHANGED = "first build", "adopting", "no-op build", "one prompt changed"

IMPORTS = "import numpy, networkx, pydantic, diskcache"
_CHANGED_LAYER = 3
_CHANGED_NODES = 4


@dataclass
class Series:
    """Repeated measurements of one thing; `trouble` says why there are none, or no more."""

    costs: list[Cost] = field(default_factory=list)
    trouble: str = ""

    def spent_s(self) -> float:
        return sum(cost.wall_s for cost in self.costs)

    def least_cpu_s(self) -> float | None:
        return min((cost.cpu_s for cost in self.costs), default=None)

    def median_cpu_s(self) -> float | None:
        return median([cost.cpu_s for cost in self.costs]) if self.costs else None

    def peak_mib(self) -> float | None:
        return max((cost.peak_mib for cost in self.costs), default=None)


@dataclass(frozen=True)
class Limits:
    """repetitions: of everything but first builds. command_s: wall time of one command. budget_s: wall time after which
    a tool gets no further repetitions of one thing."""

    repetitions: int
    command_s: float
    budget_s: float


class Site:
    """One tool's project of one size, built, edited and built again."""

    def __init__(self, tool: Tool, count: int, scratch: Path, limits: Limits):
        self.tool = tool
        self.specs = list(scenes(count))
        self.scratch = scratch
        self.root = scratch / f"size-{count}" / tool.name
        self.limits = limits
        self.series = {phase: Series() for phase in (FIRST, ADOPT, NOOP, CHANGED)}

    def once(self, phase: str, argv: Sequence[str] | None = None) -> bool:
        """Measure one command; whether it ended well. Trouble is recorded, not raised."""
        series = self.series.setdefault(phase, Series())
        try:
            environment = self.tool.environment(self.scratch)
            series.costs.append(measure(argv or self.tool.argv(), self.root, environment, self.limits.command_s))
        except (StoppedError, FailedError) as trouble:
            series.trouble = str(trouble)
            return False
        return True

    def goes_on(self, phase: str) -> bool:
        series = self.series[phase]
        return not series.trouble and series.spent_s() < self.limits.budget_s

    def first_build(self) -> None:
        """Build from nothing, look at what came out, and build once more, so that what tools settle is settled."""
        shutil.rmtree(self.root, ignore_errors=True)
        self.tool.write(tuple(self.specs), self.root)
        if not self.once(FIRST):
            return
        expected = NODES_PER_SCENE * len(self.specs)
        made = self.tool.nodes_made(self.root)
        if made != expected:
            self._fail(FIRST, f"made {made} results, not {expected}")
        elif not (self._is_right(self.specs[0]) and self._is_right(self.specs[-1])):
            self._fail(FIRST, "made a wrong result")
        else:
            self._settle()

    def adopt(self) -> None:
        """Instead of a first build: put the right results in place, and have the tool take them for its own."""
        shutil.rmtree(self.root, ignore_errors=True)
        self.tool.write(tuple(self.specs), self.root)
        for spec in self.specs:
            for step in steps(spec):
                texts = [(self.root / name).read_text() for name in step.inputs]
                made = texts[0].splitlines(keepends=True)[0] if step.kind == "generate" else "".join(texts)
                (self.root / step.output).write_text(made)
        if self.once(ADOPT, self.tool.resolved(self.tool.adopt)):
            self._settle()

    def _settle(self) -> None:
        self.once("settling")

    def is_built(self) -> bool:
        """Whether there is anything to go on with after the first build."""
        series = self.series
        return "settling" in series and not any(series[phase].trouble for phase in (ADOPT, "settling"))

    def no_op(self) -> None:
        self.once(NOOP)

    def change_one(self, turn: int) -> None:
        """Change one prompt of one scene, build, and look at that scene's result."""
        spec = self._edit(turn)
        if self.once(CHANGED) and not self._is_right(spec):
            self._fail(CHANGED, "delivered a wrong result")

    def count_changed(self) -> None:
        """Not timed, soundgraph only: a changed prompt runs its own four nodes and no others."""
        self._edit(self.limits.repetitions)
        ran = self.tool.build(self.root, self.scratch, self.limits.command_s)
        if ran is None or len(ran) != _CHANGED_NODES:
            self._fail(CHANGED, f"ran {ran}")

    def _edit(self, turn: int) -> SceneSpec:
        index = 7 * turn % len(self.specs)
        self.specs[index] = self.specs[index].with_other_word(_CHANGED_LAYER)
        self.tool.write(tuple(self.specs), self.root)
        return self.specs[index]

    def _is_right(self, spec: SceneSpec) -> bool:
        delivered = self.tool.delivered(spec, self.root)
        return delivered.exists() and delivered.read_bytes() == self.tool.right_result(spec, self.scratch)

    def _fail(self, phase: str, trouble: str) -> None:
        self.series[phase] = Series(trouble=trouble)


def compare(
    tools: Sequence[Tool], sizes: Sequence[int], scratch: Path, limits: Limits, say: bool = True
) -> dict[int, dict[str, dict[str, Series]]]:
    """All tools at all sizes: {scenes: {tool: {phase: series}}}. Repetitions of all tools take turns, so that what
    else the machine does falls on all of them."""
    results: dict[int, dict[str, dict[str, Series]]] = {}
    per_scene_s: dict[tuple[str, str], float] = {}
    for count in sorted(sizes):
        sites = [Site(tool, count, scratch, limits) for tool in tools]
        for site in sites:
            for phase, begin in ((FIRST, site.first_build), (ADOPT, site.adopt)):
                if phase == ADOPT and not (site.tool.adopt and site.series[FIRST].trouble):
                    continue
                series, key = site.series[phase], (site.tool.name, phase)
                # What takes too long is at least proportional to the number of scenes.
                expected_s = per_scene_s.get(key, 0.0) * count
                if expected_s > 1.25 * limits.command_s:
                    series.trouble = f"not run, about {expected_s:.0f} s expected"
                    continue
                _say(say, f"{count} scenes: {phase} with {site.tool.label}")
                begin()
                if series.costs or series.trouble:
                    per_scene_s[key] = (series.spent_s() or limits.command_s) / count
        built = [site for site in sites if site.is_built()]
        for turn in range(limits.repetitions):
            _say(say, f"{count} scenes: no-op, round {turn + 1}")
            for site in _still(built, NOOP):
                site.no_op()
        for turn in range(limits.repetitions):
            _say(say, f"{count} scenes: one prompt changed, round {turn + 1}")
            for site in _still(built, CHANGED):
                site.change_one(turn)
        for site in built:
            if isinstance(site.tool, Soundgraph):
                site.count_changed()
                _plan_from_cold(site)
        results[count] = {site.tool.name: site.series for site in sites}
        shutil.rmtree(scratch / f"size-{count}", ignore_errors=True)
    return results


PLAN_BUILT, PLAN_NEW = "plan, all in the cache, no stamps", "plan, nothing in the cache"


def _plan_from_cold(site: Site) -> None:
    """`soundgraph plan` without anything it could have remembered about the tree, with a full and an empty cache."""
    plan = [*site.tool.argv()[:1], "plan"]
    for phase, forget in ((PLAN_BUILT, [".soundgraph"]), (PLAN_NEW, [".soundgraph", "cache", "build"])):
        for _ in range(min(3, site.limits.repetitions)):
            for folder in forget:
                shutil.rmtree(site.root / folder, ignore_errors=True)
            if not site.once(phase, plan):
                break


def baselines(scratch: Path, repetitions: int) -> dict[str, Series]:
    """What starting Python, importing the base libraries and `soundgraph --help` cost, in turns."""
    program = str(Path(sys.executable).with_name("soundgraph"))
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        f"python -c '{IMPORTS}'": [sys.executable, "-c", IMPORTS],
        "soundgraph --help": [program, "--help"],
    }
    found = {name: Series() for name in commands}
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(scratch), "LANG": "C.UTF-8"}
    for turn in range(repetitions + 1):
        for name, argv in commands.items():
            try:
                cost = measure(argv, scratch, environment, limit_s=60)
            except (StoppedError, FailedError) as trouble:
                found[name].trouble = str(trouble)
                continue
            # The first turn may compile byte code.
            if turn:
                found[name].costs.append(cost)
    return found


def _still(sites: Sequence[Site], phase: str) -> Iterator[Site]:
    return (site for site in sites if site.goes_on(phase))


def _say(say: bool, text: str) -> None:
    if say:
        print(text, file=sys.stderr, flush=True)
