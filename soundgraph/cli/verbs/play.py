"""Play a sound: a node, an export, or an audio file, by the first program that can.

Several, as the takes of a node, are played one after another. Ctrl-C stops it. Exit code 1 where nothing can be played.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from soundgraph import cli
from soundgraph.cli import find_sound, shared_arguments

if TYPE_CHECKING:
    from soundgraph.audio.artifact import Audio

# Those of a desktop's sound server first: they play beside other programs. ffplay ends with 0 where there is no device,
# and only says so; hence what its words have to be searched for.
PLAYERS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("pw-play",), ""),
    (("paplay",), ""),
    (("aplay", "-q"), ""),
    (("afplay",), ""),
    (("play", "-q"), ""),
    (("ffplay", "-nodisp", "-autoexit", "-loglevel", "error"), "audio open failed"),
)


_LATE_S = 30
"""How long a player may take beside the length of the sound: to find a device, or to see that there is none."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    shared_arguments.add_scene_arguments(parser)


def run(options: argparse.Namespace) -> int:
    from soundgraph.core.errors import EXIT_INTERRUPTED, EXIT_OK
    from soundgraph.core.text import one_line
    from soundgraph.views.sound import text

    targets = find_sound.find(options)
    try:
        for target in targets:
            sound = target.load()
            print(f"{one_line(sound.title)}  {text.length(sound.audio.duration)}", flush=True)
            play(sound.audio)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return EXIT_OK


def play(audio: Audio) -> None:
    """Plays a sound to its end. Raises NodeError, with what was tried, where that cannot be done."""
    from soundgraph.core.errors import NodeError

    if not audio.n_samples:
        raise NodeError("there is nothing to play: the sound has no samples")
    with tempfile.TemporaryDirectory(prefix="soundgraph-") as folder:
        path = Path(folder) / "sound.wav"
        path.write_bytes(_wav(audio))
        if sys.platform == "win32":
            import winsound

            try:
                winsound.PlaySound(str(path), winsound.SND_FILENAME | winsound.SND_NODEFAULT)
            except RuntimeError as error:
                raise NodeError(f"cannot play here: {error}") from error
            return
        _by_program(path, audio.duration)


def _wav(audio: Audio) -> bytes:
    """16-bit PCM, which every player takes; what is over full scale is brought down, so that it does not clip."""
    import numpy as np

    from soundgraph.audio import encode
    from soundgraph.audio.artifact import make

    peak = float(np.max(np.abs(audio.samples)))
    if peak > 1.0:
        cli.say(f"its peak is {20 * np.log10(peak):.1f} dB over full scale: it is played as much softer")
        audio = make(audio.samples / np.float32(peak), audio.sample_rate)
    return encode.encode(audio, "wav", 16)


def _by_program(path: Path, seconds: float) -> None:
    from soundgraph.core import programs
    from soundgraph.core.errors import NodeError
    from soundgraph.core.text import one_line, shorten

    said = []
    for (name, *arguments), failure in PLAYERS:
        program = programs.find(name)
        if program is None:
            continue
        # A program that fails may have no device where another has one: pw-play without its server, say.
        code, words = _run([program, *arguments, str(path)], seconds + _LATE_S)
        if code == 0 and not (failure and failure in words):
            return
        last = [line for line in words.splitlines() if line.strip() and path.name not in line][-1:]
        said.append(f"{name}: {shorten(one_line(last[0]), 100) if last else f'ended with {code}'}")
    if not said:
        names = ", ".join(command[0] for command, _ in PLAYERS)
        raise NodeError(f"cannot play here: none of {names} is installed")
    raise NodeError("\n  ".join(["cannot play here: no audio device, or none that a player may use", *said[:2]]))


def _run(command: list[str], timeout_s: float) -> tuple[int, str]:
    """Its exit code, and what it said. On Ctrl-C it is gone before this ends, and the file can be removed.

    subprocess.run would kill it, too, but not wait until it is dead; nor what it has started.
    """
    from soundgraph.core import programs

    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    folder = Path(command[-1]).parent
    with programs.started(command, cwd=folder, env=programs.environment(), **pipes) as process:
        try:
            _, said = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            programs.end(process)
            return process.returncode, f"was not done {_LATE_S} s after the end of the sound"
    return process.returncode, said.decode(errors="replace")
