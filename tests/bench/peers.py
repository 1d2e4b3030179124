"""One adapter a tool: how it is installed, written for, run, and asked what it ran."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import buildfiles
from tests.bench.projects import NODES_PER_SCENE, SceneSpec, put, soundgraph_files

Specs = tuple[SceneSpec, ...]

_REPOSITORY = Path(__file__).resolve().parents[2]


class UnavailableError(Exception):
    """The tool cannot be used here; the text says why."""


@dataclass
class Tool:
    """A build system under test. All of them deliver one file a scene.

    name: as on the command line of the benchmark. label: as in the tables.
    command: what a build is; the first word is looked for in `home`/bin when the tool comes from PyPI.
    package: what pip installs into an environment of the tool's own; None when the system has to have it.
    remembers: whether the questions give it a cache outside the working tree.
    setting: how it is configured for the questions, in words.
    adopt: makes the tool take results that lie there already for its own, where it has such a command: the way to a
        no-op build where a first build would take too long.
    committed: files of its own that a clone gets, beside what the writer wrote.
    """

    name: str
    label: str
    command: tuple[str, ...]
    package: str | None
    remembers: bool
    setting: str
    careful_command: tuple[str, ...] | None = None
    adopt: tuple[str, ...] = ()
    committed: tuple[str, ...] = ()
    home: Path = field(default_factory=Path)

    def install(self, scratch: Path) -> None:
        """Make the tool ready, its environment under `scratch`. Raises UnavailableError."""
        if self.package is None:
            if shutil.which(self.command[0]) is None:
                raise UnavailableError(f"{self.command[0]} is not on PATH")
            return
        self.home = scratch / "tools" / self.name
        ready = self.home / "ready"
        if ready.exists():
            return
        shutil.rmtree(self.home, ignore_errors=True)
        for argv in (
            [sys.executable, "-m", "venv", str(self.home)],
            [str(self.home / "bin" / "pip"), "install", "--quiet", self.package],
        ):
            done = subprocess.run(argv, capture_output=True, text=True)
            if done.returncode != 0:
                lines = done.stderr.strip().splitlines() or ["no message"]
                raise UnavailableError(f"pip cannot install {self.package}: {lines[-1]}")
        ready.touch()

    def version(self) -> str:
        if self.package is not None:
            code = f"from importlib.metadata import version; print(version({self.package!r}))"
            return subprocess.run(
                [self.home / "bin" / "python", "-c", code], capture_output=True, text=True, check=True
            ).stdout.strip()
        said = subprocess.run([self.command[0], "--version"], capture_output=True, text=True, check=True).stdout
        return said.splitlines()[0].removeprefix("GNU Make ")

    def write(self, specs: Specs, root: Path, careful: bool = False, cache_dir: Path | None = None) -> None:
        """Write the project, or bring what is there up to `specs`: only what differs is touched."""
        put(root, buildfiles.WRITERS[self.name](specs, careful, cache_dir if self.remembers else None))

    def argv(self, careful: bool = False) -> list[str]:
        """The command of a build, to be run at the project's root."""
        return self.resolved((self.careful_command or self.command) if careful else self.command)

    def resolved(self, command: tuple[str, ...]) -> list[str]:
        """A command with its first word found in the tool's own environment."""
        first, *rest = command
        return [first if self.package is None else str(self.home / "bin" / first), *rest]

    def environment(self, scratch: Path, cache_dir: Path | None = None) -> dict[str, str]:
        """The environment of a build: settings and state of the user's own stay out of it.

        cache_dir: given for careful builds, of tools with and without a cache of their own.
        """
        home = scratch / "home"
        home.mkdir(parents=True, exist_ok=True)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(home / "dvc"),
        }
        if cache_dir:
            environment["PYTHONDONTWRITEBYTECODE"] = "1"
            cache_dir.mkdir(parents=True, exist_ok=True)
            environment["SNAKEMAKE_OUTPUT_CACHE"] = str(cache_dir)
        return environment

    def delivered(self, scene: SceneSpec, root: Path) -> Path:
        return root / "out" / f"{scene.name}_mix.txt"

    def right_result(self, scene: SceneSpec, scratch: Path) -> bytes:
        """What the delivered file of a scene has to hold."""
        return scene.text_result().encode()

    def build(self, root: Path, scratch: Path, limit_s: float, cache_dir: Path | None = None) -> list[str] | None:
        """A careful build, not timed: the nodes it ran; None if it failed or took longer than `limit_s`."""
        log = root / "ran.log"
        log.unlink(missing_ok=True)
        try:
            done = subprocess.run(
                self.argv(careful=True),
                cwd=root,
                env=self.environment(scratch, cache_dir),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=limit_s,
            )
        except subprocess.TimeoutExpired:
            return None
        return None if done.returncode else log.read_text().split() if log.exists() else []

    def nodes_made(self, root: Path) -> int:
        """How many results lie in the working tree."""
        return sum(1 for path in (root / "out").iterdir() if path.suffix == ".txt")


class Soundgraph(Tool):
    """soundgraph itself, from the environment that runs the benchmark."""

    def install(self, scratch: Path) -> None:
        if not self.program.exists():
            raise UnavailableError(f"{self.program.name} is not installed beside {sys.executable}")

    @property
    def program(self) -> Path:
        return Path(sys.executable).with_name("soundgraph")

    def version(self) -> str:
        said = subprocess.run(
            ["git", "-C", _REPOSITORY, "describe", "--always", "--dirty"], capture_output=True, text=True
        ).stdout.strip()
        from importlib.metadata import version

        return version("soundgraph") + (f" ({said})" if said else "")

    def write(self, specs: Specs, root: Path, careful: bool = False, cache_dir: Path | None = None) -> None:
        put(root, soundgraph_files(specs, cache_dir))

    def argv(self, careful: bool = False) -> list[str]:
        return [str(self.program), "build", *(["--json"] if careful else [])]

    def delivered(self, scene: SceneSpec, root: Path) -> Path:
        return root / "build" / f"{scene.name}.wav"

    def right_result(self, scene: SceneSpec, scratch: Path) -> bytes:
        """The file as a build of this one scene, in an empty folder and with an empty cache, delivers it.

        Empty if that build fails.
        """
        root = scratch / "clean"
        shutil.rmtree(root, ignore_errors=True)
        self.write((scene,), root)
        subprocess.run(self.argv(), cwd=root, env=self.environment(scratch), capture_output=True)
        delivered = self.delivered(scene, root)
        return delivered.read_bytes() if delivered.exists() else b""

    def build(self, root: Path, scratch: Path, limit_s: float, cache_dir: Path | None = None) -> list[str] | None:
        try:
            done = subprocess.run(
                self.argv(careful=True),
                cwd=root,
                env=self.environment(scratch),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=limit_s,
            )
        except subprocess.TimeoutExpired:
            return None
        if done.returncode:
            return None
        events: Sequence[Mapping[str, object]] = [json.loads(line) for line in done.stdout.splitlines()]
        return [str(event["node"]) for event in events if event["event"] == "node" and event["status"] == "ran"]

    def nodes_made(self, root: Path) -> int:
        """Every scene delivers one file; nodes have no files of their own in the tree."""
        return NODES_PER_SCENE * sum(1 for path in (root / "build").iterdir() if path.suffix == ".wav")


def tools() -> list[Tool]:
    """All tools, in the order of the tables."""
    return [
        Soundgraph(
            name="soundgraph",
            label="soundgraph",
            command=("soundgraph", "build"),
            package=None,
            remembers=True,
            setting="default; a shared folder as `[cache] dir`",
        ),
        Tool(
            name="ninja",
            label="ninja",
            command=("ninja",),
            package=None,
            remembers=False,
            setting="`restat = 1`, commands that leave an unchanged output alone",
        ),
        Tool(
            name="make",
            label="make",
            command=("make", "-s", "-j2"),
            package=None,
            remembers=False,
            setting="no built-in rules, commands that leave an unchanged output alone",
        ),
        Tool(
            name="doit",
            label="doit",
            command=("doit",),
            package="doit",
            remembers=False,
            setting="default checker (MD5), the order of inputs as `config_changed`, no byte code kept of "
            "`dodo.py` (after an equal-size edit in the same second Python takes the old one)",
        ),
        Tool(
            name="scons",
            label="SCons",
            command=("scons", "-s", "-Q"),
            package="scons",
            remembers=True,
            setting="default decider (content), `CacheDir`",
        ),
        Tool(
            name="snakemake",
            label="Snakemake",
            command=("snakemake", "--cores", "2", "--quiet", "all"),
            careful_command=("snakemake", "--cores", "2", "--quiet", "all", "--cache"),
            adopt=("snakemake", "--cores", "2", "--touch", "--quiet", "all"),
            package="snakemake",
            remembers=True,
            setting="default rerun triggers, `--cache` for every rule",
        ),
        Tool(
            name="dvc",
            label="DVC",
            command=("dvc", "repro", "--quiet"),
            package="dvc",
            remembers=True,
            setting="default run cache, `cache dir` shared, `dvc.lock` committed",
            adopt=("dvc", "commit", "--force", "--quiet"),
            committed=("dvc.lock",),
        ),
    ]
