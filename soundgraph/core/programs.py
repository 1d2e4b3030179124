"""Where a program that is started is found: never in the project's own folder. How it is run, and how it ends."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

_GRACE_S = 0.5
"""How long a program may go on once the build is to stop: most are done by then, and their work is kept."""

_LOOK_S = 0.1
_REAP_S = 1.0


def find(name: str) -> str | None:
    """The path of a program, as a shell would find it; None where it is not installed.

    Entries of PATH that are relative, or empty, are passed over, as is the folder that somebody works in: there lies
    what a project holds, and a project may come from a stranger. `shutil.which` looks there, on Windows even unasked.
    Nothing but `os` is needed for it: the no-op path asks here.
    """
    # No .bat and .cmd: Windows would read their arguments by the rules of its shell.
    endings = (".exe", ".com") if os.name == "nt" else ("",)
    for path in (os.path.join(folder, f"{name}{ending}") for folder in folders() for ending in endings):
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def folders() -> list[str]:
    """The entries of PATH in which programs are looked for."""
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return [entry for entry in entries if os.path.isabs(entry) and not _is_here(entry)]


def environment() -> dict[str, str]:
    """The environment to start a program in, so that it finds others where `find` would."""
    return {**os.environ, "PATH": os.pathsep.join(folders())}


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    timeout_s: float,
    folder: Path | None = None,
    stdin: bytes = b"",
) -> subprocess.CompletedProcess[bytes]:
    """Runs a program that was found to its end. folder: where it runs.

    In a session of its own: Ctrl-C is for the build. A program that it ended as well would have failed, and its node
    with it, where what is soon done is to be finished and kept.
    Raises OSError, subprocess.TimeoutExpired, StoppedError (see `stopping.heeding`).
    """
    import subprocess

    patience, pipe = _Patience(command, timeout_s), subprocess.PIPE
    with started(command, cwd=folder, env=environment, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        while True:
            try:
                out, err = process.communicate(stdin, patience.look_s())
                break
            except subprocess.TimeoutExpired:
                stdin = b""  # what is left of it is known
            if over := patience.over():
                raise over
    return subprocess.CompletedProcess(command, process.returncode, out, err)


@contextmanager
def started(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A program in a session of its own, which is gone at the end of the block, with all that it has started.

    options: of subprocess.Popen. Raises OSError, and StoppedError if nothing is to be begun any more.
    """
    import subprocess

    from soundgraph.core import stopping

    stopping.refuse_to_begin()
    process: subprocess.Popen[bytes] | None = None
    try:
        with _deaf():
            process = subprocess.Popen(command, start_new_session=True, **options)
        yield process
    finally:
        if process is not None:
            end(process)
            for pipe in filter(None, (process.stdin, process.stdout, process.stderr)):
                with suppress(OSError):
                    pipe.close()


@contextmanager
def _deaf() -> Iterator[None]:
    """Signals that raise do so at the end of the block: in the middle of beginning a program, nobody would end it."""
    import signal
    import threading

    heard: list[int] = []
    from soundgraph.core.system import SIGNALS_TO_STOP

    before = {}
    if threading.current_thread() is threading.main_thread():
        known = {number: signal.getsignal(number) for number in SIGNALS_TO_STOP}
        before = {number: handler for number, handler in known.items() if callable(handler)}
    try:
        for number in before:
            signal.signal(number, lambda number, frame: heard.append(number))
        yield
    finally:
        for own, handler in before.items():
            signal.signal(own, handler)
        for number in heard:
            signal.raise_signal(number)


class _Patience:
    """How long a program is waited for: so many seconds, or a little once somebody wishes to stop."""

    def __init__(self, command: Sequence[str], timeout_s: float):
        from soundgraph.core import stopping

        self._command, self._timeout_s = command, timeout_s
        self._stop, self._is_wished = stopping.heeded(), False
        self._until = time.monotonic() + timeout_s

    def look_s(self) -> float:
        """After how long to ask again whether it is over."""
        left = max(0.0, self._until - time.monotonic())
        return left if self._stop is None else min(left, _LOOK_S)

    def over(self) -> Exception | None:
        """What to raise once the program is to be ended."""
        if self._stop is not None and not self._is_wished and self._stop.is_requested():
            self._is_wished, self._until = True, min(self._until, time.monotonic() + _GRACE_S)
        if time.monotonic() < self._until:
            return None
        import subprocess

        from soundgraph.core.stopping import StoppedError

        return StoppedError() if self._is_wished else subprocess.TimeoutExpired(self._command, self._timeout_s)


@contextmanager
def watched(process: subprocess.Popen[bytes], timeout_s: float) -> Iterator[None]:
    """For a program that is read from as it goes on: ends it in time, as `run` does, and in any case with the block.

    Raises what `run` raises, in place of whatever came of reading what was cut short.
    """
    import threading

    patience = _Patience(process.args, timeout_s)  # type: ignore[arg-type]
    done = threading.Event()
    why: list[Exception] = []

    def watch() -> None:
        while not done.wait(patience.look_s()):
            if over := patience.over():
                why.append(over)
                end(process)
                return

    try:
        threading.Thread(target=watch, daemon=True).start()
        yield
    except Exception:
        if not why:
            raise
    finally:
        done.set()
        end(process)
    if why:
        raise why[0]


def end(process: subprocess.Popen[bytes]) -> None:
    """Kills a program, and those that it has started if it has a session of its own, and waits until it is gone."""
    import subprocess

    if process.returncode is None:  # not waited for: what it left behind is still known by its number
        from soundgraph.core import system

        system.kill_group(process.pid)
        process.kill()
    with suppress(subprocess.TimeoutExpired):  # one that the system itself cannot end is not waited for
        process.wait(_REAP_S)


def _is_here(folder: str) -> bool:
    try:
        return os.path.samefile(folder, os.curdir)
    except OSError:  # no such folder, or the current one was removed
        return False
