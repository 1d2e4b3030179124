"""Locks between processes: they keep others out, end with their holder, and where there are none nobody is kept out."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from soundgraph.core import range_locks, system
from soundgraph.core.range_locks import Claims
from tests.helpers import changed

HOLD = """
import sys
from pathlib import Path
from soundgraph.core import range_locks, system
if sys.argv[2] == "plain":
    system.OPEN_FILE_LOCKS = False
held = range_locks.Claims(Path(sys.argv[1]))
print(held.claim(7, shared=sys.argv[3] == "shared"), flush=True)
sys.stdin.read()
"""


@contextmanager
def holder(path: Path, kind: str = "open file", how: str = "alone") -> Iterator[subprocess.Popen[str]]:
    """A process that holds place 7."""
    command = [sys.executable, "-c", HOLD, str(path), kind, how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[], Claims]]:
    made: list[Claims] = []

    def new() -> Claims:
        made.append(Claims(tmp_path / "locks"))
        return made[-1]

    yield new
    for one in made:
        one.close()


def test_a_place_belongs_to_one_object_until_it_lets_go(make: Callable[[], Claims]) -> None:
    one, other = make(), make()
    assert one.claim(0)
    assert not other.claim(0)
    assert other.claim(1)
    assert one.claim(0), "its own place is granted again"
    one.release(0)
    assert other.claim(0)


def test_all_places_are_let_go_when_it_is_closed(make: Callable[[], Claims]) -> None:
    one, other = make(), make()
    assert one.claim(3)
    assert one.claim(2**62 - 1)
    one.close()
    assert other.claim(3)
    assert other.claim(2**62 - 1)
    assert one.claim(4), "and it may be used again"


def test_a_place_may_be_shared_and_then_nobody_has_it_alone(make: Callable[[], Claims]) -> None:
    one, other, third = make(), make(), make()
    assert one.claim(0, shared=True)
    assert other.claim(0, shared=True)
    assert not third.claim(0)
    one.release(0)
    assert not third.claim(0)
    other.release(0)
    assert third.claim(0)
    assert not one.claim(0, shared=True)


def test_who_waits_has_it_once_it_is_let_go(make: Callable[[], Claims]) -> None:
    one, other = make(), make()
    assert one.claim(0)
    order: list[str] = []

    def wait() -> None:
        assert other.claim(0, wait=True)
        order.append("had")

    thread = threading.Thread(target=wait)
    thread.start()
    order.append("let go")
    one.release(0)
    thread.join(60)
    assert order == ["let go", "had"]


@pytest.mark.parametrize("kind", ["open file", "plain"])
def test_a_lock_ends_with_the_process_that_holds_it(tmp_path: Path, kind: str) -> None:
    mine = Claims(tmp_path / "locks")
    with (
        changed(system, "OPEN_FILE_LOCKS", kind == "open file" and system.OPEN_FILE_LOCKS),
        holder(tmp_path / "locks", kind) as process,
    ):
        assert not mine.claim(7)
        assert mine.claim(8)
        process.kill()
        process.wait()
        assert mine.claim(7)
        mine.close()


@pytest.mark.parametrize("kind", ["open file", "plain"])
def test_processes_share_a_place(tmp_path: Path, kind: str) -> None:
    mine = Claims(tmp_path / "locks")
    with (
        changed(system, "OPEN_FILE_LOCKS", kind == "open file" and system.OPEN_FILE_LOCKS),
        holder(tmp_path / "locks", kind, "shared") as process,
    ):
        assert mine.claim(7, shared=True)
        mine.release(7)
        assert not mine.claim(7)
        process.kill()
        process.wait()
        assert mine.claim(7, wait=True)
        mine.close()


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL, errno.EIO])
def test_without_working_locks_everything_is_granted(make: Callable[[], Claims], code: int) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(code, os.strerror(code))

    one, other = make(), make()
    with changed(range_locks, "lock_range", refuse):
        assert one.claim(0)
        assert other.claim(0)
        assert one.claim(0, wait=True)
        one.release(0)
    assert not one.work


def test_a_lock_that_is_interrupted_is_asked_for_again(make: Callable[[], Claims]) -> None:
    real, calls = range_locks.lock_range, []  # type: ignore[attr-defined]

    def interrupted(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) == 1:
            raise InterruptedError(errno.EINTR, "interrupted")
        real(*arguments)

    one = make()
    with changed(range_locks, "lock_range", interrupted):
        assert one.claim(0)
    assert one.work


@pytest.mark.parametrize("how", ["a folder", "no folder", "not a folder"])
def test_where_there_can_be_no_file_of_locks_everything_is_granted(tmp_path: Path, how: str) -> None:
    path = tmp_path / "locks"
    if how == "a folder":
        path.mkdir()
    elif how == "no folder":
        path = tmp_path / "no" / "locks"
    else:
        (tmp_path / "file").write_text("")
        path = tmp_path / "file" / "locks"
    found = Claims(path)
    assert found.claim(0)
    assert not found.work
    found.release(0)
    found.close()


def test_a_full_disk_is_no_reason_to_go_without(tmp_path: Path) -> None:
    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with changed(os, "open", full), pytest.raises(OSError, match="No space left"):
        Claims(tmp_path / "locks").claim(0)


@pytest.mark.parametrize("content", [b"", b"x" * 10_000])
def test_what_is_in_the_file_does_not_matter(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "locks").write_bytes(content)
    one, other = Claims(tmp_path / "locks"), Claims(tmp_path / "locks")
    assert one.claim(5)
    assert not other.claim(5)
    one.close()
    other.close()
    assert (tmp_path / "locks").read_bytes() == content
