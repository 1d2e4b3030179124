"""Single scenes of an unusual shape: thousands of nodes, a chain thousands of nodes deep, sounds of a megabyte each."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.meter import Cost, FailedError, StoppedError, measure
from tests.bench.peers import Soundgraph
from tests.bench.projects import put

WIDE_NODES, CHAIN_NODES = 5_000, 2_000
MEMORY_NODES = (200, 2_000)
_INPUTS = 256
"""The most that a mix may have."""

_MEGABYTE_S = 2**20 / 4 / 48_000
"""The length of a mono sound at 48 kHz whose samples take one MiB."""


def wide(nodes: int) -> str:
    """Lanes of generate, trim and EQ, as many as come to about `nodes` nodes, mixed into one export."""
    lanes = nodes // 3
    parts = ["[scene]\nsample_rate = 16000\n"]
    for lane in range(lanes):
        parts.append(
            f'[nodes.gen{lane}]\nkind = "generate"\nmodel = "draft/audio"\nprompt = "rain {lane}"\nduration = 0.25\n'
            f'seed = {lane}\n\n[nodes.trim{lane}]\nkind = "trim"\ninput = "gen{lane}"\nduration = 0.2\n\n'
            f'[nodes.eq{lane}]\nkind = "eq"\ninput = "trim{lane}"\n'
            'bands = [{ type = "high_shelf", freq_hz = 2000, gain_db = -6.0 }]\n'
        )
    parts += _mixes([f"eq{lane}" for lane in range(lanes)])
    return "\n".join([*parts, '[exports.wide]\nnode = "all"\n'])


def chain(nodes: int) -> str:
    """A tone and gains after one another, no two sounds alike."""
    parts = ['[nodes.n0]\nkind = "tone"\nfreq_hz = 440\nduration = 0.05\n']
    for place in range(1, nodes):
        gain_db = (-1) ** place * (0.5 + place / 10_000)
        parts.append(f'[nodes.n{place}]\nkind = "gain"\ninput = "n{place - 1}"\ngain_db = {gain_db:.4f}\n')
    return "\n".join([*parts, f'[exports.chain]\nnode = "n{nodes - 1}"\n'])


def pairs(nodes: int) -> str:
    """Tones of one MiB, each with a gain after it, that nothing brings together."""
    return "\n".join(
        f'{_tone(place)}\n[nodes.g{place}]\nkind = "gain"\ninput = "t{place}"\ngain_db = -3.0\n'
        for place in range(nodes // 2)
    )


def mixed(nodes: int) -> str:
    """Tones of one MiB that all come together in the end, by way of mixes of as many as a mix may have."""
    tones = [_tone(place) for place in range(nodes)]
    return "\n".join([*tones, *_mixes([f"t{place}" for place in range(nodes)])])


def _tone(place: int) -> str:
    return f'[nodes.t{place}]\nkind = "tone"\nfreq_hz = {100 + place}\nduration = {_MEGABYTE_S:.6f}\n'


def _mixes(names: list[str]) -> Iterator[str]:
    """A mix called "all" of those nodes, by way of others if they are too many for one."""
    first = [names[start : start + _INPUTS] for start in range(0, len(names), _INPUTS)]
    for place, some in enumerate(first):
        yield _mix(f"part{place}", some)
    yield _mix("all", [f"part{place}" for place in range(len(first))])


def _mix(name: str, inputs: list[str]) -> str:
    listed = ", ".join(f'{{ node = "{one}" }}' for one in inputs)
    return f'[nodes.{name}]\nkind = "mix"\ninputs = [{listed}]\n'


Result = dict[str, float | str]
"""cpu_s, peak_mib and wall_s; or the trouble."""


def verbs(tool: Soundgraph, scratch: Path, share: float = 1.0) -> dict[str, dict[str, Result]]:
    """What each verb costs on the large scenes. share: of their full size."""
    found = {}
    for name, text in (("wide", wide(int(WIDE_NODES * share))), ("chain", chain(int(CHAIN_NODES * share)))):
        root = _project(scratch, name, text)
        found[name] = {
            "plan": _once(tool, scratch, root, "plan"),
            "build": _once(tool, scratch, root, "build"),
            "plan, all in the cache": _once(tool, scratch, root, "plan", "--all"),
            "explain": _once(tool, scratch, root, "explain", f"{name}:{name}"),
            "graph": _once(tool, scratch, root, "graph", "--format", "svg"),
            "no-op build": _once(tool, scratch, root, "build"),
        }
        shutil.rmtree(root)
    return found


def memory(tool: Soundgraph, scratch: Path, share: float = 1.0) -> dict[str, dict[str, Result]]:
    """First builds of sounds of one MiB each, fewer and more of them."""
    found: dict[str, dict[str, Result]] = {}
    for name, scene in (("pairs", pairs), ("mixed", mixed)):
        for nodes in (int(share * count) for count in MEMORY_NODES):
            root = _project(scratch, name, scene(nodes))
            found.setdefault(name, {})[str(nodes)] = _once(tool, scratch, root, "build", name)
            shutil.rmtree(root)
    return found


def _project(scratch: Path, name: str, text: str) -> Path:
    print(f"shapes: {name}", file=sys.stderr, flush=True)
    root = scratch / f"shape-{name}"
    shutil.rmtree(root, ignore_errors=True)
    put(root, {"soundgraph.toml": "# A project of the benchmark.\n", f"graphs/{name}.toml": text})
    return root


def _once(tool: Soundgraph, scratch: Path, root: Path, *arguments: str) -> Result:
    try:
        cost: Cost = measure([str(tool.program), *arguments], root, tool.environment(scratch), 1200)
    except (StoppedError, FailedError) as trouble:
        return {"trouble": str(trouble)}
    return {"cpu_s": round(cost.cpu_s, 3), "peak_mib": round(cost.peak_mib, 1), "wall_s": round(cost.wall_s, 2)}
