"""Measures one case: soundgraph and its peers in turns, in a process that has nothing else in it."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from soundgraph.audio.artifact import Audio
from soundgraph.nodes import get_kind
from tests.bench.kinds import commands, sounds
from tests.bench.kinds.cases import PEDALBOARD, Case, Peer, cases
from tests.bench.meter import measure

OURS = "soundgraph"
_LIMIT_S = 120.0
# A case that has taken so long, and this many turns, gets no more.
_BUDGET_S, _FEWEST = 5.0, 3
# A result whose length is further off than this is not the same work.
_ABOUT = 0.15


def run(case: Case, seconds: float, repetitions: int, folder: Path, known: set[str]) -> dict[str, Any]:
    """CPU seconds of everyone, by turn; what each does first is not counted.

    folder: with the files of `sounds.write`. known: the tools that are installed.

    Returns {"turns": {label: [CPU seconds, one a turn]}, "memory": bytes that Python and numpy hold at the peak of
    rendering}. Labels are `OURS`, and for each peer its number; of programs that read and write files, what that alone
    costs is taken off.
    """
    kind = get_kind(case.kind)
    node = kind.params.model_validate(case.table())
    inputs = [sounds.read(folder, name) for name in case.sounds]
    assert kind.render is not None
    render = kind.render
    import python_stretch  # noqa: F401 - what kinds import when they are first used is no cost of a sound
    import soxr  # noqa: F401

    # Not the resident set: a process begins with the peak of the one that started it.
    tracemalloc.start()
    result = render(node, inputs)
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    (folder / "result.wav").write_bytes(result.to_wav())

    jobs: dict[str, Callable[[], float]] = {OURS: lambda: _cpu_s(lambda: render(node, inputs))}
    for number, peer in enumerate(case.peers):
        if peer.tool in known:
            jobs[str(number)] = _job(case, peer, inputs, result, folder)
    turns: dict[str, list[float]] = {label: [] for label in jobs}
    started = time.monotonic()
    for turn in range(repetitions):
        if turn >= _FEWEST and time.monotonic() - started > _BUDGET_S:
            break
        for label, job in jobs.items():
            turns[label].append(job())
    return {"turns": turns, "memory": memory}


def _job(case: Case, peer: Peer, inputs: list[Audio], result: Audio, folder: Path) -> Callable[[], float]:
    """What measures a peer once, and says CPU seconds."""
    if peer.tool == PEDALBOARD:
        return _in_process(peer, inputs[0], result, folder)
    command = commands.command(case, peer)
    idle = commands.idle(case, peer)

    def once() -> float:
        cost_s = _child_s(command, folder)
        return (cost_s - sum(weight * _child_s(each, folder) for weight, each in idle)) / peer.times

    once()
    _check_length(commands.length(folder / commands.MADE), result, peer)
    return once


def _in_process(peer: Peer, audio: Audio, result: Audio, folder: Path) -> Callable[[], float]:
    import pedalboard

    names = {**vars(pedalboard), "samples": audio.samples, "rate": audio.sample_rate}
    code = compile(peer.does.replace("'room.wav'", repr(str(folder / "room.wav"))), peer.tool, "eval")
    _check_length(np.shape(eval(code, names))[-1], result, peer)
    return lambda: _cpu_s(lambda: eval(code, names))


def _check_length(n: int, result: Audio, peer: Peer) -> None:
    if abs(n - result.n_samples) > _ABOUT * result.n_samples:
        raise RuntimeError(f"{peer.tool} {peer.does}: made {n} samples, not about {result.n_samples}")


def _child_s(command: list[str], folder: Path) -> float:
    return measure(command, folder, os.environ, _LIMIT_S).cpu_s


def _cpu_s(work: Callable[[], object]) -> float:
    """User and system time of this process, threads included."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(argv: list[str]) -> None:
    """`worker NAME SECONDS REPETITIONS FOLDER TOOL,…`: prints what `run` returns, as JSON."""
    name, seconds, repetitions, folder, known = argv
    [case] = [case for case in cases(float(seconds)) if case.name == name]
    print(json.dumps(run(case, float(seconds), int(repetitions), Path(folder), set(known.split(",")))))


if __name__ == "__main__":
    main(sys.argv[1:])
