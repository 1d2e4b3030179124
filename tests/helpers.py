"""A project in a temporary folder, and what came of building it: `Space` writes scenes, edits them and runs verbs."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from soundgraph import backends, cli
from soundgraph.audio.artifact import Audio, make
from soundgraph.cache.result_record import Record
from soundgraph.cli import run_build
from soundgraph.core.files import read_clock

_HEAVY = 99


@dataclass
class Result:
    """What a verb did. events: its JSON lines, where it was asked for them."""

    code: int
    out: str
    err: str
    events: list[dict[str, Any]] = field(default_factory=list)

    def of(self, event: str) -> list[dict[str, Any]]:
        return [found for found in self.events if found["event"] == event]

    @property
    def statuses(self) -> dict[str, str]:
        """What each node came to in the end."""
        return {found["node"]: found["status"] for found in self.of("node")}

    def nodes(self, status: str) -> list[str]:
        return sorted(name for name, found in self.statuses.items() if found == status)

    @property
    def ran(self) -> list[str]:
        """The nodes that were rendered or generated, sorted; some may have failed after it."""
        return self.nodes("ran")

    @property
    def hits(self) -> list[str]:
        return self.nodes("hit")

    @property
    def cutoffs(self) -> list[str]:
        return self.nodes("cutoff")

    @property
    def failed(self) -> list[str]:
        return self.nodes("failed")

    @property
    def skipped(self) -> list[str]:
        return self.nodes("skipped")

    @property
    def exports(self) -> dict[str, str]:
        """written, restored, current or failed, by the file's path under the root."""
        return {found["path"]: found["status"] for found in self.of("export")}

    @property
    def remarks(self) -> list[str]:
        return [f"{found['place']}: {found['text']}" for found in self.of("remark")]

    @property
    def loads(self) -> int:
        return int(self.summary["loads"])

    @property
    def summary(self) -> dict[str, Any]:
        return self.of("summary")[-1]


class Space:
    """A project. Its root holds an empty `soundgraph.toml`, so that nothing above it is looked at."""

    def __init__(self, root: Path):
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        if not (root / "soundgraph.toml").exists():
            self.write("soundgraph.toml", "")

    # Files

    def write(self, path: str, content: str | bytes) -> Path:
        full = self.root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(content.encode() if isinstance(content, str) else content)
        return full

    def scene(self, text: str, name: str = "a") -> Path:
        return self.write(f"graphs/{name}.toml", text)

    def replace(self, old: str, new: str, name: str = "a") -> None:
        path = self.root / f"graphs/{name}.toml"
        text = path.read_text()
        assert old in text, f"{old!r} is not in {path}"
        path.write_text(text.replace(old, new))

    def recording(self, path: str, audio: Audio | None = None) -> Path:
        return self.write(path, (audio or noise()).to_wav())

    def read(self, path: str) -> bytes:
        return (self.root / path).read_bytes()

    def exists(self, path: str) -> bool:
        return (self.root / path).exists()

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    def tree(self, *folders: str) -> dict[str, bytes]:
        """Every file under the folders (all of the project if none are named), by path."""
        starts = [self.root / folder for folder in folders] or [self.root]
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for start in starts
            for path in sorted(start.rglob("*"))
            if path.is_file()
        }

    def delivered(self) -> dict[str, bytes]:
        return self.tree("build") if self.exists("build") else {}

    # Verbs

    def run(self, *arguments: str) -> Result:
        """A verb, in this process."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.chdir(self.root), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.main(list(arguments))
        return _result(code, out.getvalue(), err.getvalue(), "--json" in arguments)

    def build(self, *arguments: str) -> Result:
        return self.run("build", "--json", "-j", "1", *arguments)

    def settle(self, *arguments: str) -> None:
        """Builds until the stamps hold: of a file as young as the build itself no stamp is kept."""
        self.age()
        self.build(*arguments)
        assert self.is_noop(*arguments), "a build with nothing to do kept no state"

    def age(self) -> None:
        """Waits until the filesystem's clock has left the tick in which anything of the project was changed."""
        newest = max(path.stat().st_ctime_ns for path in self.root.rglob("*") if path.is_file())
        while read_clock(str(self.root)) <= newest:
            time.sleep(0.001)

    def is_noop(self, *arguments: str) -> bool:
        """Whether a build ends on its stamps alone. Builds nothing."""
        with changed(run_build, "run", lambda *_, **__: _HEAVY):
            return self.build(*arguments).code != _HEAVY

    def fresh(
        self, *arguments: str, code: str = "", env: Mapping[str, str] | None = None, ignoring: Sequence[int] = ()
    ) -> Result:
        """A verb in a process of its own. code: Python that runs there first. ignoring: signals, as nohup has them."""
        process = self.start(*arguments, code=code, env=env, ignoring=ignoring)
        out, err = process.communicate(timeout=60)
        return _result(process.returncode, out, err, "--json" in arguments)

    def start(
        self, *arguments: str, code: str = "", env: Mapping[str, str] | None = None, ignoring: Sequence[int] = ()
    ) -> subprocess.Popen[str]:
        script = f"{code}\nimport sys\nfrom soundgraph.cli import main\nsys.exit(main(sys.argv[1:]))"
        return subprocess.Popen(
            [sys.executable, "-c", script, *arguments],
            cwd=self.root,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=partial(_ignore, ignoring) if ignoring else None,  # noqa: PLW1509 - it starts no thread here
        )


def _ignore(numbers: Sequence[int]) -> None:
    for number in numbers:
        signal.signal(number, signal.SIG_IGN)


def _result(code: int, out: str, err: str, as_json: bool) -> Result:
    """Verbs that tell what they do print an event a line; others print one value, which is no event."""
    events = []
    for line in out.splitlines() if as_json else ():
        with contextlib.suppress(ValueError):
            events.append(json.loads(line))
    return Result(code, out, err, [found for found in events if isinstance(found, dict) and "event" in found])


# Scenes


def generate(
    name: str, prompt: str = "rain", model: str = "draft/audio", duration: float = 0.05, **fields: object
) -> str:
    """A generate node, as TOML."""
    return node(name, "generate", model=model, prompt=prompt, duration=duration, **fields)


def node(name: str, kind: str, **fields: object) -> str:
    return table(f"nodes.{name}", kind=kind, **fields)


def export(name: str, node: str, **fields: object) -> str:
    return table(f"exports.{name}", node=node, **fields)


def table(header: str, **fields: object) -> str:
    return "\n".join([f"[{header}]", *(f"{key} = {toml(value)}" for key, value in fields.items()), ""])


def toml(value: object) -> str:
    """A value as TOML, inline."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


CHAIN = "\n".join(
    [
        generate("rain", "soft rain"),
        node("cut", "trim", input="rain", duration=0.04),
        node("dark", "eq", input="cut", bands=[{"type": "peaking", "freq_hz": 1000, "gain_db": -3.0}]),
        export("theme", "dark"),
    ]
)
"""rain -> cut -> dark -> build/theme.wav"""


# Signals


def for_ffmpeg(folder: Path, *, version: str = "1.0", hangs: str = "") -> Path:
    """A program that stands for ffmpeg, put into a folder that comes to be: it gives the same sound of any recording.

    hangs: in which of its tasks it never comes to an end, and starts a program of its own that does not either:
        "-version", "-frames:a" (looking at a recording) or "-c:a" (reading one). It writes both numbers to `started`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sound.wav").write_bytes(noise().to_wav())
    hang = f'sleep 600 & echo $$ $! > "{folder}/n"; mv "{folder}/n" "{folder}/started"; wait'
    text = f'case " $* " in *" {hangs} "*) {hang};; esac\n' if hangs else ""
    text += f'case "$*" in *-version) echo ffmpeg version {version};; *) cat "{folder}/sound.wav";; esac\n'
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(0o755)
    return path


def g722() -> bytes:
    """A recording that libsndfile does not read: G.722 in WAV."""
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 0x65, 1, 16000, 8000, 1, 4)
    body = head + b"data" + struct.pack("<I", 800) + bytes(800)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def is_take(record: Record) -> bool:
    """Whether a model made it, and no stand-in for one."""
    return record.backend is not None and not backends.is_draft(record.backend)


def noise(seconds: float = 0.05, sample_rate: int = 8000, channels: int = 1, seed: int = 0) -> Audio:
    n = round(seconds * sample_rate)
    return make(np.random.default_rng(seed).uniform(-0.5, 0.5, (channels, n)), sample_rate)


@contextlib.contextmanager
def changed(target: object, name: str, value: object) -> Iterator[None]:
    """`target.name` is `value` for a while."""
    before = getattr(target, name)
    setattr(target, name, value)
    try:
        yield
    finally:
        setattr(target, name, before)
