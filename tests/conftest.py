"""Fixtures that all tests share, and the profiles of the random ones."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from soundgraph import backends
from soundgraph.project import build_state
from tests.helpers import Space, changed
from tests.probes import Probe
from tests.slow import is_slow, listed

# No test looks at the weights of whoever runs it, or asks the network for others.
os.environ["HF_HUB_OFFLINE"] = "1"
_ELSEWHERE = Path(tempfile.gettempdir()) / f"soundgraph-tests-{os.getpid()}"
atexit.register(shutil.rmtree, _ELSEWHERE, ignore_errors=True)
os.environ["HF_HOME"] = str(_ELSEWHERE / "weights")
os.environ["SOUNDGRAPH_CACHE_HOME"] = str(_ELSEWHERE / "cache")
for name in ("HF_HUB_CACHE", "HF_ENDPOINT", "AUDIOCRAFT_CACHE_DIR", "SOUNDGRAPH_WEIGHTS_DIR"):
    os.environ.pop(name, None)

# A shell that runs this in the background has its children ignore Ctrl-C, nohup SIGHUP, and some servers SIGTERM: what
# tests say of signals, in this process and in those that it starts, holds whatever the shell does.
signal.signal(signal.SIGINT, signal.default_int_handler)
for name in ("SIGTERM", "SIGHUP"):
    if hasattr(signal, name):
        signal.signal(getattr(signal, name), signal.SIG_DFL)

# Every example builds in a folder: what is slow there is the disk, and says nothing about the test.
_SHARED = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
}
settings.register_profile("default", derandomize=bool(os.environ.get("CI")), **_SHARED)
# SOUNDGRAPH_TESTS=thorough: some minutes of random graphs, for a change of the planner, the builder or the stamps.
settings.register_profile("thorough", derandomize=False, max_examples=2000, **_SHARED)
settings.load_profile(os.environ.get("SOUNDGRAPH_TESTS", "default"))


# No stamp holds under another installation. An edit of the package while its tests run is none that they are about.
build_state.fingerprint = functools.cache(build_state.fingerprint)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what `make test-fast` leaves out."""
    names = listed()
    for item in items:
        if is_slow(item.nodeid, names):
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def space(tmp_path: Path) -> Space:
    """An empty project."""
    return Space(tmp_path / "project")


@pytest.fixture
def probe() -> Iterator[Probe]:
    found = Probe()
    real = backends.get
    with changed(backends, "get", lambda name: found if name == "draft" else real(name)):
        yield found
