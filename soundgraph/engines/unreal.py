"""Write a Python script for the Unreal Editor: imports the files, sets loops, makes sound cues of takes."""

# The calls: Unreal Engine Python API 5.x, classes AssetImportTask, AssetToolsHelpers, EditorAssetLibrary, SoundWave,
# SoundCue, SoundCueFactoryNew, SoundNodeRandom, SoundNodeWavePlayer. Formats and channels: "Importing Audio Files".

from __future__ import annotations

import posixpath
from typing import Any

from pydantic import Field, field_validator

from soundgraph.core.errors import NodeError
from soundgraph.engines import Engine, EngineAsset, Handout, Sound
from soundgraph.engines._fields import EngineParams
from soundgraph.engines._layout import Group, as_json, groups, identifier, loop, loops_whole, seen_from, stem
from soundgraph.engines._unreal_script import SCRIPT

_CHANNELS = (1, 2, 4, 6, 8)


class Unreal(EngineParams):
    destination: str = Field(
        "/Game/Audio",
        max_length=200,
        description="content folder for the assets; folders of the build are kept below it",
    )
    cue_prefix: str = Field("SC_", max_length=20, description="what the names of sound cues begin with")
    wave_prefix: str = Field("", max_length=20, description="what the names of sound waves begin with")

    @field_validator("destination")
    @classmethod
    def _is_content(cls, value: str) -> str:
        parts = value.rstrip("/").split("/")
        if parts[0] or len(parts) < 2 or any(part != identifier(part) or not part for part in parts[1:]):
            raise ValueError('must be a path such as "/Game/Audio", of letters, digits, _ and -')
        return "/".join(parts)

    @field_validator("cue_prefix", "wave_prefix")
    @classmethod
    def _is_part_of_a_name(cls, value: str) -> str:
        if value != identifier(value):
            raise ValueError("takes letters, digits, _ and -")
        return value


def files(handout: Handout) -> dict[str, bytes]:
    params: Unreal = handout.params
    path, sounds = handout.path, handout.sounds
    for sound in sounds:
        channels = int(sound.facts["channels"])
        if channels not in _CHANNELS:
            raise NodeError(f"{sound.name} has {channels} channels, and Unreal imports 1, 2, 4, 6 or 8")
    names(handout)
    entries = [_entry(params, path, group) for group in groups(sounds)]
    script = SCRIPT.replace("@MANIFEST@", as_json({"sounds": entries}))
    return {f"{path}.py": script.encode("ascii")}


def names(handout: Handout) -> list[str]:
    path = handout.path
    assets = [asset.name for asset in makes(handout)]
    seen: set[str] = set()
    for asset in assets:
        # Assets are files, and on two of three systems of the editor case is no difference between files.
        if asset.casefold() in seen:
            raise NodeError(f'two assets would be called "{asset}" in Unreal; give an export another name or path')
        seen.add(asset.casefold())
    return [f"{path}.py"]


def makes(handout: Handout) -> list[EngineAsset]:
    """The assets."""
    params: Unreal = handout.params
    sounds = handout.sounds
    assets = []
    for group in groups(sounds):
        assets += [
            EngineAsset(f"{_folder(params, sound)}/{_asset(params, sound)}", sound.file) for sound in group.sounds
        ]
        if group.has_takes:
            assets.append(EngineAsset(f"{_folder(params, group.sounds[0])}/{_cue(params, group)}", group.id))
    return assets


def _folder(params: Unreal, sound: Sound) -> str:
    folders = [identifier(part) for part in posixpath.dirname(sound.file).split("/") if part]
    return "/".join([params.destination, *folders])


def _asset(params: Unreal, sound: Sound) -> str:
    return f"{params.wave_prefix}{identifier(stem(sound.file))}"


def _cue(params: Unreal, group: Group) -> str:
    return f"{params.cue_prefix}{identifier(group.name)}"


def _entry(params: Unreal, path: str, group: Group) -> dict[str, Any]:
    waves = [_wave(params, path, sound) for sound in group.sounds]
    cue = {"folder": waves[0]["folder"], "asset": _cue(params, group)}
    return {"name": group.name, "waves": waves, "cue": cue if group.has_takes else None}


def _wave(params: Unreal, path: str, sound: Sound) -> dict[str, Any]:
    span, rate = loop(sound), int(sound.facts["sample_rate"])
    # SoundWave.looping repeats a wave from end to end: with a loop that is a part of it, the rest would repeat, too.
    part = span if span and not loops_whole(sound) else None
    return {
        "file": seen_from(path, sound.file),
        "folder": _folder(params, sound),
        "asset": _asset(params, sound),
        "looping": loops_whole(sound),
        "part": {"start_s": part.start / rate, "duration_s": (part.stop - part.start) / rate} if part else None,
    }


# WAV first: Unreal makes a 16-bit WAV of all others.
ENGINE = Engine(
    params=Unreal, formats=("wav", "flac", "ogg"), files=files, names=names, makes=makes, plays_whole_files=True
)
