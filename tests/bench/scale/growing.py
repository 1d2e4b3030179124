"""The same project at several sizes: builds, plans and what looks after the cache, beside ninja and make."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench.peers import Soundgraph, Tool
from tests.bench.projects import NODES_PER_SCENE
from tests.bench.speed import CHANGED, FIRST, NOOP, PLAN_BUILT, PLAN_NEW, Limits, Series, Site

LOOK = "build, all in the cache, no stamps"
STATS, VERIFY = "cache stats", "cache verify"
GC_DRY, GC = "cache gc --dry-run", "cache gc of half of it"

Figures = dict[str, dict[str, Series]]
"""By tool, then by phase."""


def measure(tools: Sequence[Tool], count: int, scratch: Path, limits: Limits) -> Figures:
    """All of it for `count` scenes. Repetitions of all tools take turns; soundgraph's own verbs follow."""
    sites = [Site(tool, count, scratch, limits) for tool in tools]
    for site in sites:
        _say(f"{count} scenes: {FIRST} with {site.tool.label}")
        site.first_build()
    built = [site for site in sites if site.is_built()]
    for phase in (NOOP, CHANGED):
        for turn in range(limits.repetitions):
            _say(f"{count} scenes: {phase}, round {turn + 1}")
            for site in built:
                if site.goes_on(phase):
                    site.no_op() if phase == NOOP else site.change_one(turn)
    for site in built:
        if isinstance(site.tool, Soundgraph):
            site.count_changed()
            _plans(site)
            _cache(site)
    shutil.rmtree(scratch / f"size-{count}", ignore_errors=True)
    return {site.tool.name: site.series for site in sites}


def _plans(site: Site) -> None:
    """Plans, and a build, without anything that could have been remembered about the tree."""
    program = site.tool.argv()[0]
    _say(f"{len(site.specs)} scenes: plans")
    _repeat(site, LOOK, [program, "build"], forget=[".soundgraph"])
    _repeat(site, PLAN_BUILT, [program, "plan"], forget=[".soundgraph"])
    cache, aside = site.root / "cache", site.root / "cache-aside"
    cache.rename(aside)
    _repeat(site, PLAN_NEW, [program, "plan"], forget=[".soundgraph"])
    aside.rename(cache)


def _cache(site: Site) -> None:
    """What looks after the cache. The last collection removes what half of the scenes needed, which are gone by then;
    it must leave what the others need."""
    program = site.tool.argv()[0]
    _say(f"{len(site.specs)} scenes: the cache")
    _repeat(site, STATS, [program, "cache", "stats"])
    _repeat(site, VERIFY, [program, "cache", "verify"])
    gc = [program, "cache", "gc", "--max-size", "1 kB"]
    _repeat(site, GC_DRY, [*gc, "--dry-run"])
    for spec in site.specs[1::2]:
        (site.root / "graphs" / f"{spec.name}.toml").unlink()
    if not site.once(GC, gc):
        return
    left, needed = _blobs(site.root), NODES_PER_SCENE * len(site.specs[::2])
    if left > needed:
        site.series[GC] = Series(trouble=f"left {left:,} sounds where {needed:,} are needed")
    elif (ran := site.tool.build(site.root, site.scratch, site.limits.command_s)) != []:
        site.series[GC] = Series(trouble=f"took what scenes need: then ran {ran}")


def _repeat(site: Site, phase: str, argv: Sequence[str], forget: Sequence[str] = ()) -> None:
    for _ in range(min(3, site.limits.repetitions)):
        for folder in forget:
            shutil.rmtree(site.root / folder, ignore_errors=True)
        if not site.once(phase, argv) or not site.goes_on(phase):
            return


def _blobs(root: Path) -> int:
    return sum(1 for _ in (root / "cache" / "blobs").glob("??/*.wav"))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
