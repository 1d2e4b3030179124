"""Fuzzing led by coverage, with atheris: `python -m tests.hostile.coverage_guided TARGET [-max_total_time=60 ...]`.

atheris is no dependency of the tests: `pip install atheris` first. What it finds is kept as a test in `test_found.py`.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["soundgraph"]):
    from soundgraph.audio import artifact
    from soundgraph.audio.containers import decode
    from soundgraph.backends.audiocraft import peek
    from soundgraph.cache import result_record
    from soundgraph.core.errors import NodeError, SceneError, UsageError
    from soundgraph.project import build_state, config, delivered, lockfile
    from soundgraph.scene import loader

FOLDER = Path(tempfile.mkdtemp(prefix="soundgraph-fuzz-"))


def scene(data: bytes) -> None:
    path = FOLDER / "graphs" / "a.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    try:
        loader.load_scene(path, config.Project(FOLDER), draft=True)
    except SceneError as error:
        if not all(mistake.what.isprintable() for mistake in error.mistakes):
            raise AssertionError(error.mistakes) from error


def settings(data: bytes) -> None:
    (FOLDER / "soundgraph.toml").write_bytes(data)
    try:
        config.load_project(FOLDER)
    except (SceneError, UsageError):
        pass
    finally:
        (FOLDER / "soundgraph.toml").unlink()


def lock_file(data: bytes) -> None:
    path = FOLDER / "soundgraph.lock"
    path.write_bytes(data)
    try:
        lockfile.read(path)
    except SceneError:
        pass
    finally:
        path.unlink()


def record(data: bytes) -> None:
    result_record.Record.from_json(data)


def wav(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        artifact.from_wav(data)


def recording(data: bytes) -> None:
    path = FOLDER / "a.wav"
    path.write_bytes(data)
    with contextlib.suppress(NodeError):
        decode.read(path)


def checkpoint(data: bytes) -> None:
    path = FOLDER / "state_dict.bin"
    path.write_bytes(data)
    with contextlib.suppress(ValueError):
        peek.peek(path)


def state(data: bytes) -> None:
    folder = FOLDER / ".soundgraph"
    folder.mkdir(exist_ok=True)
    for name in ("delivered", "stamps-0"):
        (folder / name).write_bytes(data)
    delivered.Ledger(FOLDER)
    build_state.load(str(FOLDER), "stamps-0")


TARGETS: dict[str, Callable[[bytes], None]] = {
    "scene": scene,
    "settings": settings,
    "lock": lock_file,
    "record": record,
    "wav": wav,
    "recording": recording,
    "checkpoint": checkpoint,
    "state": state,
}

if __name__ == "__main__":
    atheris.Setup([sys.argv[0], *sys.argv[2:]], TARGETS[sys.argv[1]])
    atheris.Fuzz()
