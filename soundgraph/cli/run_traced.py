"""`build --trace FILE`: a build whose trace is written however it ends."""

from __future__ import annotations

from collections.abc import Callable

from soundgraph.cli import shared_arguments
from soundgraph.core import tracing
from soundgraph.core.errors import UsageError
from soundgraph.core.tracing import Recorder


def run(path: str, build: Callable[[Recorder], int]) -> int:
    """Raises UsageError, before anything runs, for a file that cannot be written, or is something else than a trace."""
    shared_arguments.refuse_to_replace(path, "trace", tracing.may_begin)
    recorder = Recorder()
    # An empty trace now: a file that cannot be written is told before hours of work, and what an earlier build left
    # there does not pass for the trace of one that is killed.
    _write(recorder, path)
    try:
        with recorder.span("build", "all"):
            return build(recorder)
    finally:
        _write(recorder, path)


def _write(recorder: Recorder, path: str) -> None:
    try:
        recorder.write(path)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"cannot write the trace {path}: {reason}") from error
