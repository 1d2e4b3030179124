"""Write a commented scene to start from: graphs/NAME.toml. It builds as it stands, with --draft."""

from __future__ import annotations

import argparse
from pathlib import Path

_SCENE = """\
# {name}: what it is for, in a line.
# Build it:  soundgraph build --draft {name}      (stand-ins, in seconds)
#            soundgraph build {name}              (with the real models)

[scene]
sample_rate = 48000      # Hz of the mix and of the files
duration    = 8.0        # seconds, of generate nodes that state none
seed        = 1          # another seed is another take of everything

# A sound from words. "music" and "audio" (sound effects) are models; see: soundgraph kinds generate
[nodes.bed]
kind   = "generate"
model  = "audio"
prompt = "Gentle wind in tall grass"

[nodes.birds]
kind   = "generate"
model  = "audio"
prompt = "Birds singing in the distance"

# Sounds are processed by nodes that name their input.
[nodes.soft_birds]
kind  = "eq"
input = "birds"
bands = [{{ type = "high_shelf", freq_hz = 5000, gain_db = -4.0 }}]

[nodes.intro]
kind     = "trim"
input    = "bed"
duration = 6.0           # seconds
fade_out = 1.0

# Layers are put together in a mix: each with a weight or a gain, a time to start at, a place from left to right.
[nodes.master]
kind   = "mix"
inputs = [
  {{ node = "intro", weight = 0.8 }},
  {{ node = "soft_birds", gain_db = -6.0, at = 1.0, pan = 0.3 }},
]

# What a build delivers: build/{name}.wav, or build/draft/{name}.wav with --draft.
[exports.main]
path           = "{name}"
node           = "master"
format         = "wav"   # or ["wav", "ogg"]
loudness_lufs  = -23
true_peak_dbtp = -1
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help='"forest/rain" makes graphs/forest/rain.toml')


def run(options: argparse.Namespace) -> int:
    from soundgraph.core import path_names
    from soundgraph.core.errors import UsageError, quote
    from soundgraph.project import targets
    from soundgraph.project.root import GRAPHS
    from soundgraph.scene.tables.scene import DRAFT_FOLDER

    parts = options.name.removesuffix(".toml").removeprefix(f"{GRAPHS}/").split("/")
    if not all(path_names.is_name(part) for part in parts):
        raise UsageError(
            f"{quote(options.name)} cannot be the name of a scene",
            'a name takes letters, digits, _ and -; "/" stands between folders',
        )
    if parts[0] == DRAFT_FOLDER:
        raise UsageError(f'"{DRAFT_FOLDER}" is kept for what --draft delivers', "choose another name")
    root = Path(targets.project_root([]))
    path = root.joinpath(GRAPHS, *parts).with_suffix(".toml")
    name = "/".join(parts)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(_SCENE.format(name=name))
    except FileExistsError as error:
        raise UsageError(f"{GRAPHS}/{name}.toml is there already", "choose another name") from error
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
    print(f"{GRAPHS}/{name}.toml")
    print(f"next: soundgraph build --draft {'-- ' if name.startswith('-') else ''}{name}")
    return 0
