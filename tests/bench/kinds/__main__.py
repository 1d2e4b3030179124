"""The benchmark's command line: make the sounds, measure each kind and a project of many scenes, and write the page."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench.kinds import rebuild, report, sounds
from tests.bench.kinds.cases import FFMPEG, PEDALBOARD, SOX, cases

_REPOSITORY = Path(__file__).resolve().parents[3]
_MEMORY_DISK = Path("/dev/shm")


def main(argv: Sequence[str]) -> int:
    """Exit code 0 when no target was missed, 1 when one was, 2 for a wrong call."""
    arguments = _parser().parse_args(argv)
    raw, page = Path(arguments.raw), Path(arguments.out)
    run = json.loads(raw.read_text()) if arguments.page else _measure(arguments)
    try:
        text = report.page(page.read_text(), run)
    except (OSError, ValueError) as error:
        print(f"{page}: {error}", file=sys.stderr)
        return 2
    raw.parent.mkdir(parents=True, exist_ok=True)
    raw.write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n")
    page.write_text(text)
    judged = report.verdicts(run)
    for told, met in judged:
        print(f"{'met' if met else 'missed'}: {told}")
    return 0 if all(met for _, met in judged) else 1


def _measure(arguments: argparse.Namespace) -> dict[str, Any]:
    known = [tool for tool in (SOX, FFMPEG) if shutil.which(tool)]
    known += [PEDALBOARD] * (importlib.util.find_spec(PEDALBOARD) is not None)
    found = {}
    # Programs read and write files: in memory, so that no disk is measured.
    where = _MEMORY_DISK if _MEMORY_DISK.is_dir() else None
    with tempfile.TemporaryDirectory(dir=where) as scratch:
        folder = Path(scratch)
        sounds.write(folder, arguments.seconds)
        size = (folder / "stereo.npy").stat().st_size
        for case in cases(arguments.seconds):
            if arguments.only and case.kind not in arguments.only:
                continue
            print(case.name, file=sys.stderr, flush=True)
            words = [case.name, str(arguments.seconds), str(arguments.repetitions), str(folder), ",".join(known)]
            argv = [sys.executable, "-m", "tests.bench.kinds.worker", *words]
            done = subprocess.run(argv, cwd=_REPOSITORY, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(f"{case.name}: {done.stderr.strip()}")
            peers = [{"tool": peer.tool, "does": peer.does, "measured": peer.tool in known} for peer in case.peers]
            found[case.name] = {**json.loads(done.stdout), "peers": peers, "note": case.note, "bytes": size}
    builds: dict[str, Any] = {}
    if arguments.rounds:
        print("builds", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as scratch:
            builds = rebuild.run(Path(scratch) / "project", arguments.scenes, arguments.scene_seconds, arguments.rounds)
    return {
        "facts": _facts(arguments, known),
        "seconds": arguments.seconds,
        "scenes": arguments.scenes,
        "cases": found,
        "builds": builds,
    }


def _facts(arguments: argparse.Namespace, known: Sequence[str]) -> dict[str, str]:
    return {
        "Sound": f"{arguments.seconds:g} s of stereo at 48 kHz",
        "Turns": f"up to {arguments.repetitions}, of everyone by turns; medians",
        "Next to": ", ".join(_version(tool) for tool in known),
        "Machine": f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}",
    }


def _version(tool: str) -> str:
    if tool == PEDALBOARD:
        from importlib.metadata import version

        return f"{tool} {version(tool)}"
    said = subprocess.run(
        [tool, "--version" if tool == SOX else "-version"], capture_output=True, text=True, check=False
    )
    words = said.stdout.split()
    return f"{tool} {words[2] if tool == FFMPEG and len(words) > 2 else words[-1].lstrip('v') if words else ''}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.kinds", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the sounds")
    parser.add_argument("--repetitions", type=int, default=7, help="turns at most; a slow case gets fewer")
    parser.add_argument("--only", nargs="*", help="kinds, rather than all")
    parser.add_argument("--scenes", type=int, default=100, help="of the project that is built")
    parser.add_argument("--scene-seconds", type=float, default=4.0, help="length of its recordings")
    parser.add_argument("--rounds", type=int, default=2, help="builds with each setting; 0 for none")
    parser.add_argument("--page", action="store_true", help="only write the page anew, from what was kept")
    parser.add_argument("--out", default=str(_REPOSITORY / "docs" / "benchmarks.md"))
    parser.add_argument("--raw", default=str(Path(__file__).parent / "results" / "latest.json"))
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
