"""What one command costs: CPU time and peak memory of the process and all its children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """cpu_s: user and system time, children included. peak_mib: the largest resident set of any one process."""

    cpu_s: float
    peak_mib: float
    wall_s: float


_LAUNCHER = Path(__file__).with_name("launcher.py")


class StoppedError(Exception):
    """The command ran past its limit and was stopped."""

    def __init__(self, limit_s: float):
        super().__init__(f"> {limit_s:.0f} s, stopped")


class FailedError(Exception):
    """The command exited with something else than 0, or left something wrong. Its text ends with what it said last."""


def measure(argv: Sequence[str], cwd: Path, env: Mapping[str, str], limit_s: float, output: Path | None = None) -> Cost:
    """Run a command to its end and say what it cost.

    limit_s: wall time, in seconds, after which it is killed with all its children.
    output: where to put its stdout; thrown away if None.
    Raises StoppedError or FailedError.
    """
    # The interpreter below the virtual environment, without site: the smaller the process the better.
    python = getattr(sys, "_base_executable", sys.executable)
    with tempfile.TemporaryDirectory() as scratch:
        result = Path(scratch) / "result"
        said = Path(scratch) / "stderr"
        with said.open("wb") as stderr, (output or Path(os.devnull)).open("wb") as stdout:
            process = subprocess.Popen(
                [python, "-I", "-S", str(_LAUNCHER), str(result), *argv],
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
            try:
                process.wait(limit_s)
            except subprocess.TimeoutExpired:
                raise StoppedError(limit_s) from None
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
        last = said.read_text(errors="replace").strip().splitlines()[-1:] or ["no message"]
        if not result.exists():
            raise FailedError(f"{argv[0]} could not be started: {last[0]}")
        code, cpu_s, peak_kib, wall_s = result.read_text().split()
        if code != "0":
            raise FailedError(f"{' '.join(argv[:3])} exited with {code}: {last[0]}")
        return Cost(float(cpu_s), int(peak_kib) / 1024, float(wall_s))
