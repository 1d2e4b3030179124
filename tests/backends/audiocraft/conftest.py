"""Tiny checkpoints, made once for each test process. A test that changes one copies its folder first."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

MISSING = [name for name in ("torch", "audiocraft") if importlib.util.find_spec(name) is None]
if not MISSING:
    import torch

    from . import tiny
    from .melody_libraries import melody_libraries as replace_melody_libraries

# Two threads cost a tiny model far more than they gain it. A test of threads sets its own.
os.environ.setdefault("SOUNDGRAPH_THREADS", "1")


class Unavailable(pytest.Module):
    """A file of tests that cannot even be imported without what AudioCraft needs."""

    def collect(self) -> list[pytest.Item | pytest.Collector]:
        pytest.skip(f"needs {' and '.join(MISSING)}: make setup-audiocraft", allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    return Unavailable.from_parent(parent, path=module_path) if MISSING else None


@pytest.fixture(autouse=True, scope="session")
def one_thread_from_the_start() -> None:
    """For what is made once for all tests."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def checkpoints(one_thread_from_the_start: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("checkpoints")


@pytest.fixture(scope="session")
def musicgen(checkpoints: Path) -> Path:
    """32 kHz, 30 s, its text through a LUT."""
    return tiny.make_musicgen(checkpoints / "musicgen")


@pytest.fixture(scope="session")
def audiogen(checkpoints: Path) -> Path:
    """16 kHz, 10 s, its text through a LUT."""
    return tiny.make_audiogen(checkpoints / "audiogen")


@pytest.fixture(scope="session")
def musicgen_t5(checkpoints: Path) -> Path:
    """The same with a text encoder, which is in its folder under "t5-small"."""
    return tiny.make_musicgen(checkpoints / "musicgen_t5", description=tiny.t5())


@pytest.fixture(scope="session")
def audiogen_t5(checkpoints: Path) -> Path:
    return tiny.make_audiogen(checkpoints / "audiogen_t5", description=tiny.t5())


@pytest.fixture(scope="session")
def stereo(checkpoints: Path) -> Path:
    """32 kHz, two channels, eight codebooks."""
    return tiny.make_stereo(checkpoints / "stereo")


@pytest.fixture(scope="session")
def magnet(checkpoints: Path) -> Path:
    """32 kHz, 10 s."""
    return tiny.make_magnet(checkpoints / "magnet")


@pytest.fixture(scope="session")
def melody(checkpoints: Path) -> Path:
    """32 kHz, 30 s, its text through a LUT, with demucs' weights in its folder. Use it with `melody_libraries`."""
    return tiny.make_melody(checkpoints / "melody")


@pytest.fixture
def melody_libraries() -> Iterator[None]:
    """torchaudio, librosa and demucs, as far as audiocraft uses them."""
    with replace_melody_libraries():
        yield
