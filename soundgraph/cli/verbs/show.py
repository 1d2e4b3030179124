"""Show a sound: its figures, or with -o a picture or a page with a player.

TARGET is a node, an export, or an audio file. The picture has the waveform, the spectrogram, the loudness over time,
and the loops and cues of a WAV file.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from soundgraph.cli import find_sound, shared_arguments

if TYPE_CHECKING:
    from soundgraph.views.sound.text import Row


def add_arguments(parser: argparse.ArgumentParser) -> None:
    shared_arguments.add_scene_arguments(parser)
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="write a picture (.png), or a page with a player (.html)"
    )
    shared_arguments.add_json_argument(parser)


def run(options: argparse.Namespace) -> int:
    from soundgraph.audio.dsp import figures
    from soundgraph.core.errors import UsageError
    from soundgraph.views.sound import text

    suffix = options.output.suffix.lower() if options.output else ""
    if options.output and suffix not in (".png", ".html", ".htm"):
        raise UsageError(f'cannot show in {options.output}: its suffix is not ".png" or ".html"')
    sound = find_sound.load_single(options)
    measured = asdict(figures.measure(sound.audio))
    rows = text.rows(measured, sound.marks)
    if options.json:
        facts = {
            "event": "show",
            "sound": sound.name,
            "draft": sound.draft,
            "files": [str(path) for path in sound.files],
            **measured,
            "loops": [asdict(loop) for loop in sound.marks.loops],
            "cues": [asdict(cue) for cue in sound.marks.cues],
        }
        print(json.dumps(facts, ensure_ascii=False))
    if options.output:
        write(options.output, _drawn(sound, rows, suffix))
    elif not options.json:
        _print(sound, rows)
    return 0


def write(path: Path, data: bytes) -> None:
    """Raises UsageError for a place that cannot be written to."""
    from soundgraph.core.errors import UsageError
    from soundgraph.core.files import write_atomically

    try:
        if path.is_dir():
            raise UsageError(f"cannot write {path}: it is a folder")
        write_atomically(str(path), data)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def _drawn(sound: find_sound.LoadedSound, rows: list[Row], suffix: str) -> bytes:
    from soundgraph.views.sound import media, page, pictures

    if suffix == ".png":
        words = [words if name in ("length", "format") else f"{name} {words}" for name, words in rows]
        about = [", ".join(words[:4]), ", ".join(words[4:9])]
        return pictures.png(sound.audio, sound.marks, sound.title, [line for line in about if line])
    picture = pictures.png(sound.audio, sound.marks)
    return page.of_sound(sound.title, rows, picture, media.clip(sound.audio, sound.files))


def _print(sound: find_sound.LoadedSound, rows: list[Row]) -> None:
    from soundgraph.core.text import one_line
    from soundgraph.views.sound import text

    print(one_line(sound.title))
    if sys.stdout.isatty() and (sys.stdout.encoding or "").lower().replace("-", "") == "utf8":
        for line in text.waveform(sound.audio):
            print(f"  {line}")
    wide = max(len(name) for name, _ in rows)
    for name, words in rows:
        print(f"  {name:<{wide}}  {one_line(words)}")
