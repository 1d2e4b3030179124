"""Write a JSON manifest for Unity, and an editor script that applies its import settings to the files."""

# The calls: Unity Scripting API, AssetPostprocessor.OnPreprocessAudio, AudioImporter, AudioImporterSampleSettings,
# JsonUtility (public fields of serializable classes, arrays in objects). Formats: "Audio file compatibility".

from __future__ import annotations

import posixpath
import re
from typing import Any, Literal

from pydantic import Field, field_validator

from soundgraph.core.digest import digest
from soundgraph.core.path_names import wrong_with
from soundgraph.engines import Engine, EngineAsset, Handout, Sound
from soundgraph.engines._fields import EngineParams
from soundgraph.engines._layout import (
    Group,
    as_json,
    groups,
    identifier,
    loop,
    loops_whole,
    n_samples,
    no_more_channels_than,
    under,
)
from soundgraph.engines._unity_script import SCRIPT

VERSION = 1

Compression = Literal["vorbis", "pcm", "adpcm"]
_COMPRESSION: dict[Compression, str] = {"vorbis": "Vorbis", "pcm": "PCM", "adpcm": "ADPCM"}


class Unity(EngineParams):
    root: str = Field(
        "Assets",
        max_length=300,
        description='where the build folder lies in the Unity project, such as "Assets/Audio"',
    )
    compression: Compression = Field("vorbis", description='how Unity keeps clips: "vorbis", "pcm" or "adpcm"')
    quality: float = Field(0.7, ge=0, le=1, description="quality of vorbis in Unity, from 0 (smallest) to 1 (best)")
    stream_from: float = Field(
        20.0, ge=0, le=36000, description="seconds; clips at least this long are streamed, others unpacked when loaded"
    )

    @field_validator("root")
    @classmethod
    def _is_in_the_project(cls, value: str) -> str:
        value = value.rstrip("/")
        wrong = wrong_with(value)
        if wrong:
            raise ValueError(wrong)
        if value.split("/")[0] not in ("Assets", "Packages"):
            raise ValueError('must begin with "Assets" or "Packages"')
        return value


def files(handout: Handout) -> dict[str, bytes]:
    params: Unity = handout.params
    path, sounds = handout.path, handout.sounds
    no_more_channels_than("Unity", 8, sounds)
    manifest = {"soundgraph_unity": VERSION, "sounds": [_sound(params, group) for group in groups(sounds)]}
    name = posixpath.basename(path)
    listed, script = names(handout)
    # The class is named after the path: two manifests of one project must not define the same one.
    values = {
        "@CLASS@": f"Soundgraph_{identifier(name).replace('-', '_')}_{digest('unity class', path)[:8]}",
        "@MANIFEST@": as_json(under(params.root, listed)),
        # In a menu's path, "/" begins a submenu, and " _g" or " %g" at its end is a key.
        "@MENU@": as_json(_menu(path)),
    }
    # In one pass: a path that holds "@MENU@" stays as it is.
    source = re.sub("@(CLASS|MANIFEST|MENU)@", lambda match: values[match[0]], SCRIPT)
    return {listed: (as_json(manifest) + "\n").encode("ascii"), script: source.encode("ascii")}


def names(handout: Handout) -> list[str]:
    path = handout.path
    folder, name = posixpath.split(path)
    # Unity compiles what lies in a folder of that name for its editor alone.
    return [f"{path}.json", posixpath.join(folder, "Editor", f"{name}Importer.cs")]


def makes(handout: Handout) -> list[EngineAsset]:
    """The item of the menu; clips are the files themselves."""
    path = handout.path
    return [EngineAsset(_menu(path), path)]


def _menu(path: str) -> str:
    return f"Tools/soundgraph/Import {identifier(posixpath.basename(path))}"


def _sound(params: Unity, group: Group) -> dict[str, Any]:
    return {"name": group.name, "clips": [_clip(params, sound) for sound in group.sounds]}


def _clip(params: Unity, sound: Sound) -> dict[str, Any]:
    """Flat, and without null: JsonUtility reads neither dictionaries nor numbers that may be missing."""
    span = loop(sound)
    return {
        "asset": under(params.root, sound.file),
        "take": sound.take or 0,
        "seconds": sound.facts["duration_s"],
        "samples": n_samples(sound),
        "sampleRate": sound.facts["sample_rate"],
        "channels": sound.facts["channels"],
        # An AudioSource repeats a whole clip or none of it.
        "loops": loops_whole(sound),
        "hasLoopPoints": span is not None,
        "loopStartSample": span.start if span else 0,
        "loopEndSample": span.stop - 1 if span else 0,
        "loadType": "Streaming" if sound.facts["duration_s"] >= params.stream_from else "DecompressOnLoad",
        "compressionFormat": _COMPRESSION[params.compression],
        "quality": params.quality,
    }


ENGINE = Engine(
    params=Unity, formats=("wav", "flac", "ogg", "mp3"), files=files, names=names, makes=makes, plays_whole_files=True
)
