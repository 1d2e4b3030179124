"""A project of many scenes without a model, built from an empty cache with one job, with two, and as by default."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from soundgraph.audio import encode
from tests.bench.kinds import sounds
from tests.bench.meter import measure

SETTINGS = {"-j 1": ["-j", "1"], "-j 2": ["-j", "2"], "default": []}
RECORDINGS = 12
_PROBE_S = 0.3
_LIMIT_S = 300.0

_SCENE = """[scene]
sample_rate = 48000

[nodes.near]
kind = "file"
path = "../recordings/{near}.wav"

[nodes.far]
kind = "file"
path = "../recordings/{far}.wav"

[nodes.shaped]
kind = "eq"
input = "near"
bands = [
  {{ type = "highpass", freq_hz = {cut} }},
  {{ type = "peaking", freq_hz = 2500, gain_db = 3 }},
  {{ type = "high_shelf", freq_hz = 8000, gain_db = -4 }},
]

[nodes.room]
kind = "reverb"
input = "shaped"
decay = 1.2
seed = {seed}

[nodes.even]
kind = "compressor"
input = "room"
threshold_db = -18

[nodes.master]
kind = "mix"
inputs = [{{ node = "even" }}, {{ node = "far", gain_db = -9 }}]

[exports.{name}]
node = "master"
format = ["wav", "flac"]
"""


def project(folder: Path, scenes: int, seconds: float) -> None:
    """Writes recordings of so many seconds, and as many scenes: two recordings, four kinds and two files each."""
    (folder / "recordings").mkdir(parents=True)
    (folder / "graphs").mkdir()
    (folder / "soundgraph.toml").write_text("")
    whole = sounds.sound("stereo", seconds * RECORDINGS)
    n = whole.n_samples // RECORDINGS
    for number in range(RECORDINGS):
        part = type(whole)(whole.samples[:, number * n : (number + 1) * n], whole.sample_rate)
        (folder / "recordings" / f"{number}.wav").write_bytes(encode.encode(part, "wav"))
    for number in range(scenes):
        pair = {"near": number % RECORDINGS, "far": (number + 5) % RECORDINGS}
        text = _SCENE.format(**pair, cut=60 + number, seed=number, name=f"s{number:03}")
        (folder / "graphs" / f"s{number:03}.toml").write_text(text)


def run(folder: Path, scenes: int, seconds: float, rounds: int) -> dict[str, list[dict[str, Any]]]:
    """What builds from an empty cache cost, by setting; they take turns. A first round is not counted.

    Beside its cost, "free" is how many processors two processes got that did nothing but count, before and after it:
    the most that it could have kept busy.
    """
    shutil.rmtree(folder, ignore_errors=True)
    project(folder, scenes, seconds)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in SETTINGS}
    for turn in range(rounds + 1):
        for name, words in SETTINGS.items():
            if turn == 0 and name != "-j 2":
                continue
            for made in ("cache", "build", ".soundgraph"):
                shutil.rmtree(folder / made, ignore_errors=True)
            argv = [sys.executable, "-m", "soundgraph", "build", *words]
            before = _free()
            cost = measure(argv, folder, os.environ, _LIMIT_S)
            free = (before + _free()) / 2
            delivered = len([*(folder / "build").glob("*.wav"), *(folder / "build").glob("*.flac")])
            if delivered != 2 * scenes:
                raise RuntimeError(f"{delivered} files were delivered, not {2 * scenes}")
            if turn:
                found[name].append({**asdict(cost), "free": free})
    return found


def _free() -> float:
    """How many processors two processes can have."""
    count = f"import time\nend = time.monotonic() + {_PROBE_S}\nwhile time.monotonic() < end: pass\n"
    argv = [sys.executable, "-I", "-S", "-c", f"{count}print(time.process_time())"]
    counting = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    return sum(float(process.communicate()[0]) for process in counting) / _PROBE_S
