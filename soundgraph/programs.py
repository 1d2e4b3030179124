"""Where a program that is started is found: never in the project's own folder."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess


def find(name: str) -> str | None:
    """The path of a program, as a shell would find it; None where it is not installed.

    Entries of PATH that are relative, or empty, are passed over, as is the folder that somebody works in: there lies
    what a project holds, and a project may come from a stranger. `shutil.which` looks there, on Windows even unasked.
    """
    # No .bat and .cmd: Windows would read their arguments by the rules of its shell.
    endings = (".exe", ".com") if os.name == "nt" else ("",)
    for path in (Path(folder, f"{name}{ending}") for folder in folders() for ending in endings):
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    return None


def folders() -> list[str]:
    """The entries of PATH in which programs are looked for."""
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return [entry for entry in entries if Path(entry).is_absolute() and not _is_here(Path(entry))]


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
    with it, where what is begun is to be finished and kept.
    Raises OSError, subprocess.TimeoutExpired.
    """
    import subprocess

    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        input=stdin,
        capture_output=True,
        timeout=timeout_s,
        check=False,
        start_new_session=True,
    )


def _is_here(folder: Path) -> bool:
    try:
        return folder.samefile(os.curdir)
    except OSError:  # no such folder, or the current one was removed
        return False
