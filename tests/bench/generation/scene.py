"""Twelve sounds from prompts to files: audiocraft's tutorial against `soundgraph build`, whole processes."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench.generation import checkpoints
from tests.bench.generation.sizes import PROMPTS, SIZES
from tests.bench.meter import FailedError, StoppedError, measure

_REPOSITORY = Path(__file__).resolve().parents[3]
PRECISIONS = {"cpu": ("float32", "int8"), "cuda": ("float16",)}
_LIMIT_S = 3600.0


def run(root: Path, name: str, device: str, seconds: float, scratch: Path) -> dict[str, Any]:
    """What each way costs, by "stock" or the precision: CPU and wall seconds, peak memory, or what went wrong."""
    return {
        "seconds": seconds,
        "sounds": len(PROMPTS),
        "costs": {
            "stock": _stock(root, name, seconds, scratch / "scene-stock"),
            **{
                precision: _soundgraph(root, name, device, seconds, precision, scratch / f"scene-{precision}")
                for precision in PRECISIONS[device]
            },
        },
    }


def project(root: Path, name: str, seconds: float, precision: str) -> dict[str, str]:
    """The files of a project with one scene of twelve generate nodes, each exported: text by path."""
    size = SIZES[name]
    rate = f"[scene]\nsample_rate = {size.sample_rate}\nduration = {seconds}\n"
    nodes = "".join(
        f"[nodes.sound{index}]\nkind = 'generate'\nmodel = 'bench'\nprecision = '{precision}'\n"
        f"prompt = {json.dumps(prompt)}\n[exports.sound{index}]\nnode = 'sound{index}'\nformat = 'wav'\n"
        for index, prompt in enumerate(PROMPTS)
    )
    folder = json.dumps(str(checkpoints.folder_of(root, name)))
    return {"soundgraph.toml": f"[models]\nbench = {folder}\n", "graphs/twelve.toml": f"{rate}{nodes}"}


def _stock(root: Path, name: str, seconds: float, folder: Path) -> dict[str, Any]:
    _empty(folder)
    argv = [sys.executable, "-W", "ignore", "-m", "tests.bench.generation.tutorial"]
    arguments = [SIZES[name].family, str(checkpoints.folder_of(root, name)), str(seconds), str(folder)]
    return _cost([*argv, *arguments], root, _REPOSITORY, folder, name, seconds)


def _soundgraph(root: Path, name: str, device: str, seconds: float, precision: str, folder: Path) -> dict[str, Any]:
    _empty(folder)
    for path, text in project(root, name, seconds, precision).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    argv = [str(Path(sys.executable).with_name("soundgraph")), "build", "--device", device]
    return _cost(argv, root, folder, folder / "build", name, seconds)


def _cost(argv: list[str], root: Path, cwd: Path, made: Path, name: str, seconds: float) -> dict[str, Any]:
    """Run a command; it is only worth counting if it made twelve files of the right length in `made`."""
    import soundfile

    environment = {**os.environ, **checkpoints.environment(root)}
    print(f"twelve sounds: {' '.join(argv[:5])}", file=sys.stderr, flush=True)
    try:
        cost = measure(argv, cwd, environment, _LIMIT_S)
    except (FailedError, StoppedError) as error:
        return {"trouble": str(error)}
    lengths = {soundfile.info(path).frames for path in made.glob("sound*.wav")}
    count = len(list(made.glob("sound*.wav")))
    if count != len(PROMPTS) or lengths != {round(seconds * SIZES[name].sample_rate)}:
        return {"trouble": f"made {count} files of {sorted(lengths)} samples"}
    return asdict(cost)


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
