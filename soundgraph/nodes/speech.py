"""Speak a text with espeak-ng, where it is installed."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from pydantic import Field, field_validator

from soundgraph.audio.artifact import Audio
from soundgraph.audio.containers import decode
from soundgraph.core import programs
from soundgraph.core.errors import NodeError, did_you_mean, quote
from soundgraph.core.params import Params
from soundgraph.nodes import Kind

PROGRAM = "espeak-ng"
_TIMEOUT_SECONDS = 120

_VOICE = r"^[A-Za-z][A-Za-z0-9_-]*(\+[A-Za-z0-9_-]+)?$"
"""Begins with a letter, so that it can be no option, and holds no dot or slash, so that it can be no file."""


class Speech(Params):
    text: str = Field(min_length=1, max_length=5000, description="what is said")
    voice: str = Field(
        "en",
        pattern=_VOICE,
        max_length=40,
        description='a voice of espeak-ng, such as "en", "en-us" or "de", and a variant of it, as in "en+f3"; '
        "`espeak-ng --voices` lists them",
    )
    speed_wpm: int = Field(175, ge=80, le=450, description="words a minute")
    pitch: int = Field(50, ge=0, le=99, description="how high the voice is, on espeak-ng's own scale")

    @field_validator("voice", mode="before")
    @classmethod
    def _can_be_a_voice(cls, voice: object) -> object:
        # The pattern would refuse it as well, and could not say why.
        if isinstance(voice, str) and not re.fullmatch(_VOICE, voice):
            raise ValueError(f'{quote(voice)} is not the name of a voice, such as "en", "en-us" or "en+f3"')
        return voice

    @field_validator("text")
    @classmethod
    def _can_be_said(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("must say something")
        # espeak-ng takes some of them for commands: Ctrl-A begins one that changes the voice.
        if any(ord(character) < 32 and character not in "\n\r\t" for character in text):
            raise ValueError("holds control characters, which cannot be said")
        return text


def render(node: Speech, inputs: list[Audio]) -> Audio:
    program = programs.find(PROGRAM)
    if program is None:
        raise NodeError(
            f'{PROGRAM} is not installed, and speech needs it: install the package "{PROGRAM}" of your system, or use '
            "a file node with a recording"
        )
    _refuse_unknown_variant(program, node.voice)
    with tempfile.TemporaryDirectory() as folder:
        spoken = Path(folder, "speech.wav")
        settings = ["-v", node.voice, "-s", str(node.speed_wpm), "-p", str(node.pitch)]
        # -b 1: UTF-8. -z: no pause after the last word. Without -m tags are not obeyed. The text goes through stdin, so
        # that nothing in it can be an option.
        command = [program, *settings, "-b", "1", "-z", "--stdin", "-w", str(spoken)]
        try:
            done = _run(command, Path(folder), _TIMEOUT_SECONDS, node.text.encode())
        except subprocess.TimeoutExpired:
            raise NodeError(f"{PROGRAM} was not done after {_TIMEOUT_SECONDS} s; split the text") from None
        except OSError as error:
            raise NodeError(f"{PROGRAM} cannot be run: {error.strerror}") from error
        if done.returncode or not spoken.exists():
            raise NodeError(f"{PROGRAM} cannot say this with the voice {quote(node.voice)}{_reason(done.stderr)}")
        return decode.read(spoken)


def _refuse_unknown_variant(program: str, voice: str) -> None:
    """Raises NodeError for a variant that espeak-ng does not have: it would speak as if none were given."""
    variant = voice.partition("+")[2]
    # A number stands for m1 to m9, and from 11 on for f1 and so forth.
    if variant.isdigit():
        number = int(variant)
        variant = f"m{number}" if number < 10 else f"f{number - 10}"
    if not variant:
        return
    try:
        with tempfile.TemporaryDirectory() as folder:
            done = _run([program, "--voices=variant"], Path(folder), 60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NodeError(f"{PROGRAM} does not say which variants of a voice it has") from error
    listed = set(re.findall(r"(?<=!v[/\\])\S.*?(?=\s{2,}|\s*$)", done.stdout.decode(errors="replace"), re.MULTILINE))
    if variant not in listed:
        hint = did_you_mean(variant, listed) or f"; `{PROGRAM} --voices=variant` lists them"
        raise NodeError(f"{PROGRAM} has no variant {quote(variant)} for the voice {quote(voice)}{hint}")


def _run(command: list[str], folder: Path, timeout_s: float, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return programs.run(command, environment=programs.environment(), timeout_s=timeout_s, folder=folder, stdin=stdin)


def _reason(printed: bytes) -> str:
    """Its own words, as far as one line goes."""
    lines = printed.decode(errors="replace").strip().splitlines()
    return f": {lines[0].removeprefix('Error: ').rstrip('.')[:200]}" if lines else ""


KIND = Kind(version=1, params=Speech, render=render)
"""espeak-ng's version is not in the key, as that of no library is: speech once made stays what it is."""
