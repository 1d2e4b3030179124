"""Builds that are stopped, or made to fail, at a step that was counted: what they write, sync, rename or remove.

Where there is a C compiler, a library that is preloaded sees every such call of the process, those of SQLite too. Else
Python's own audit hook sees most of them: `Faulty.sees` says which.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soundgraph.cache.result_record import Record
from tests.faults.studio import LOG
from tests.helpers import Result, _result, is_take

HERE = Path(__file__).parent

CHANGES = "write sync rename unlink truncate create mkdir"
"""The steps of a build that is to be killed."""

NEEDS_SPACE = "write create mkdir rename"
"""Those that a full disk refuses."""

NEEDS_RIGHTS = "open write rename unlink truncate create mkdir"
"""Those that a disk refuses which is there to be read."""


Step = tuple[str, str, str]
"""What is done, to which path in the folder; of a rename, where from, as it was called."""


@dataclass(frozen=True)
class Fault:
    """What happens at step `at`, counted from 1.

    action: "kill" before it; "tear": half of a write is done, then a kill; "fail": it fails with `error`, once;
    "fail_on": and so do all after it; "term": the process is asked to end; "stop": it halts until it gets SIGCONT.
    which: the steps that count. folder: where, relative to the project.
    """

    action: str
    at: int
    error: int = 0
    which: str = CHANGES
    folder: str = "."


@dataclass
class Ended:
    """A process that came to its end. takes: the prompts that were generated."""

    result: Result
    steps: list[Step]
    takes: list[str]

    @property
    def code(self) -> int:
        return self.result.code

    @property
    def err(self) -> str:
        return self.result.err


class Started:
    def __init__(self, faulty: Faulty, number: int, files: Path, as_json: bool):
        self.number, self._faulty, self._files, self._as_json = number, faulty, files, as_json

    def wait(self) -> Ended:
        code = self._faulty.ask(do="wait", pid=self.number)["code"]
        texts = {
            name: path.read_text(errors="surrogateescape") if (path := self._files / name).exists() else ""
            for name in ("out", "err", "steps", "takes")
        }
        lines = [line.split("\t") for line in texts["steps"].splitlines()]
        steps = [(what, path.lstrip("/"), source) for _, what, path, source in (one for one in lines if len(one) == 4)]
        shutil.rmtree(self._files)
        result = _result(code, texts["out"], texts["err"], self._as_json)
        return Ended(result, steps, texts["takes"].splitlines())

    def is_stopped(self) -> bool:
        """Waits until it has halted, or ended. Of one that has ended no more is known."""
        return bool(self._faulty.ask(do="stopped", pid=self.number)["stopped"])

    def go_on(self) -> None:
        os.kill(self.number, signal.SIGCONT)


class Faulty:
    """Runs verbs in processes that may be stopped at a step. folder: for its own files."""

    def __init__(self, folder: Path):
        self._folder = folder
        library = _compiled(folder)
        self.sees_all = library is not None
        self.sees = "every call" if library else "what Python opens, renames, removes and syncs"
        # One thread in the process that forks: others would not be there afterwards.
        env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        env.pop("LD_PRELOAD", None)
        if library:
            env["LD_PRELOAD"] = str(library)
        self._server = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.faults.server"],
            cwd=HERE.parents[1],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._count = 0

    def ask(self, **what: Any) -> dict[str, Any]:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(what) + "\n")
        self._server.stdin.flush()
        found: dict[str, Any] = json.loads(self._server.stdout.readline())
        return found

    def start(
        self,
        root: Path,
        *arguments: str,
        fault: Fault | None = None,
        env: dict[str, str] | None = None,
        broken: Sequence[tuple[str, str]] = (),
    ) -> Started:
        """broken: functions, by module and name, that fail in that process as on a filesystem without locks."""
        self._count += 1
        files = self._folder / f"run-{self._count}"
        files.mkdir()
        arm = None
        if fault is not None:
            # Links are followed: the library is told of a file by the name that the system knows it by.
            folder = os.path.realpath(root / fault.folder)
            arm = {
                "folder": folder,
                "which": fault.which,
                "action": fault.action,
                "at": fault.at,
                "error": fault.error,
                "log": str(files / "steps"),
            }
        number = self.ask(
            do="start",
            folder=str(root),
            arguments=list(arguments),
            arm=arm,
            out=str(files / "out"),
            err=str(files / "err"),
            env={LOG: str(files / "takes"), **(env or {})},
            broken=[list(one) for one in broken],
        )["pid"]
        return Started(self, number, files, "--json" in arguments)

    def run(self, root: Path, *arguments: str, fault: Fault | None = None, **more: Any) -> Ended:
        return self.start(root, *arguments, fault=fault, **more).wait()

    def build(self, root: Path, *arguments: str, fault: Fault | None = None, **more: Any) -> Ended:
        return self.run(root, "build", "--json", "-j", "2", *arguments, fault=fault, **more)

    def warm_up(self, root: Path) -> None:
        """Has the server import what a build of that project imports."""
        modules = self._folder / "modules"
        ended = self.build(root, env={"SOUNDGRAPH_MODULES": str(modules)})
        assert ended.code == 0, ended.err
        names = [name for name in modules.read_text().splitlines() if not name.startswith(("__", "tests."))]
        self.ask(do="import", names=names)

    def close(self) -> None:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.stdout.close()
        self._server.wait()


def _compiled(folder: Path) -> Path | None:
    """The library that is preloaded; None where it cannot be had."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or not sys.platform.startswith("linux") or os.environ.get("SOUNDGRAPH_FAULTS") == "python":
        return None
    library = folder / "faults.so"
    command = [compiler, "-O1", "-shared", "-fPIC", "-o", str(library), str(HERE / "faults.c"), "-ldl"]
    return library if subprocess.run(command, capture_output=True).returncode == 0 else None


@contextmanager
def workplace() -> Iterator[Path]:
    """A new folder, in memory where that can be had: thousands of builds wait for the disk otherwise."""
    memory = Path("/dev/shm")
    where = memory if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**30 else None
    with tempfile.TemporaryDirectory(dir=where, prefix="soundgraph-faults-") as folder:
        yield Path(folder)


# What a build left


def delivered(root: Path) -> dict[str, bytes]:
    """Every file under the output folder, hidden ones too."""
    return {
        str(path.relative_to(root)): path.read_bytes() for path in sorted((root / "build").rglob("*")) if path.is_file()
    }


def finished(root: Path) -> dict[str, str]:
    """The takes whose record is there under its name: prompt -> digest."""
    found = {}
    for path in (root / "cache" / "records").glob("??/*.json"):
        record = Record.from_json(path.read_bytes())
        if record is not None and is_take(record):
            found[str(record.action["params"]["prompt"])] = record.digest
    return found


def published(root: Path, steps: Sequence[Step]) -> set[str]:
    """The takes that a build which went through these steps had put away, down to the last sync."""
    named: set[str] = set()
    last: set[str] = set()
    for what, path, _ in steps:
        if what == "rename" and path.startswith("cache/records/"):
            named.add(path)
        elif what == "sync":
            last.update(one for one in named if one.rpartition("/")[0] == path)
    records = (Record.from_json((root / path).read_bytes()) for path in last)
    return {str(one.action["params"]["prompt"]) for one in records if one is not None and is_take(one)}


def faults_of_cache(root: Path) -> list[str]:
    """What is wrong with the files of a cache, told without soundgraph's own checks of them."""
    wrong = []
    for path in (root / "cache" / "records").glob("??/*"):
        record = Record.from_json(path.read_bytes())
        if record is None:
            wrong.append(f"{path.name} is no record")
        elif not (root / "cache" / "blobs" / record.digest[:2] / f"{record.digest}.wav").exists():
            wrong.append(f"{path.name} names a sound that is not there")
    for path in (root / "cache" / "blobs").glob("??/*"):
        if hashlib.sha256(path.read_bytes()).hexdigest() != path.stem:
            wrong.append(f"{path.name} is another sound")
    return wrong


def lose_unsynced(root: Path, steps: Sequence[Step], keep_length: bool) -> list[str]:
    """What a power cut may do to the files of a project: what was written and not synced since is gone from them.

    keep_length: zeros stand in its place; else the file is empty. Of the index's database this is not tried: pages of
    it are written over, and what was there before is nowhere. That is for SQLite to get right.
    """
    unsynced: set[str] = set()
    for what, path, source in steps:
        if what in ("write", "truncate", "create"):
            unsynced.add(path)
        elif what == "sync":
            unsynced.discard(path)
        elif what == "rename" and os.path.relpath(root / source, root) in unsynced:
            unsynced.add(path)  # and the other name stays in mind: a rename that failed is tried again
        elif what == "rename":
            unsynced.discard(path)
    lost = []
    for path in sorted(unsynced):
        full = root / path
        if full.is_file() and not path.endswith(("cache.db", "-journal")):
            full.write_bytes(b"\0" * full.stat().st_size if keep_length else b"")
            lost.append(path)
    return lost
