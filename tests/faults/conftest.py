"""Fixtures of the tests that stop builds: one process that forks them, in one place, for all tests of a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import harness, scenes
from tests.faults.harness import Faulty


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    if not hasattr(os, "fork"):
        pytest.skip("builds are forked here")
    with harness.workplace() as folder:
        yield folder


@pytest.fixture(scope="session")
def faulty(place: Path) -> Iterator[Faulty]:
    found = Faulty(place)
    found.warm_up(scenes.project(place / "warm").root)
    yield found
    found.close()


@pytest.fixture
def sees_all(faulty: Faulty) -> None:
    """For a test about calls of SQLite, or about which file was written."""
    if not faulty.sees_all:
        pytest.skip(f"without a C compiler, what is seen here is {faulty.sees}")


@pytest.fixture(autouse=True)
def _says_what_it_sees(request: pytest.FixtureRequest) -> Iterator[None]:
    """A failure tells how the steps were counted."""
    yield
    if "faulty" in request.fixturenames:
        request.node.add_report_section("teardown", "steps", request.getfixturevalue("faulty").sees)
