"""Write a script for FMOD Studio: imports the files, makes events, multi instruments of takes, and loop regions."""

# The calls: FMOD Studio User Manual 2.02, "Scripting API Reference" (project, model.Event, model.Track, model.Sound,
# model.Asset, workspace, menu, system). `sounds`, `owner` and `container` are relationships of the project model.

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import Any

from pydantic import Field, field_validator

from soundgraph.core.errors import NodeError
from soundgraph.core.path_names import wrong_with
from soundgraph.core.text import one_line
from soundgraph.engines import Engine, EngineAsset, Handout, Sound
from soundgraph.engines._fields import EngineParams
from soundgraph.engines._fmod_script import SCRIPT
from soundgraph.engines._layout import Group, as_json, groups, loop


class Fmod(EngineParams):
    build_folder: str = Field(
        "../build",
        min_length=1,
        max_length=300,
        description="where the build folder lies, seen from the folder of the .fspro file; inside its Assets folder, "
        "as in Assets/build, FMOD sees new takes by itself",
    )
    folder: str = Field("", max_length=200, description="event folder to make the events in, such as SFX/Footsteps")
    bank: str = Field("", max_length=100, description="bank to assign new events to, made if missing; none if empty")

    @field_validator("build_folder")
    @classmethod
    def _is_relative(cls, value: str) -> str:
        value = value.rstrip("/")
        return _right(value, upwards=True)

    @field_validator("folder", "bank")
    @classmethod
    def _is_a_path(cls, value: str) -> str:
        return _right(value.strip("/"), upwards=False) if value else value


def _right(value: str, upwards: bool) -> str:
    wrong = wrong_with(value, upwards)
    if wrong:
        raise ValueError(wrong)
    return value


def files(handout: Handout) -> dict[str, bytes]:
    params: Fmod = handout.params
    path, sounds = handout.path, handout.sounds
    inside = _is_inside(params)
    if not inside:
        _one_folder(sounds)
    data = {
        "title": one_line(posixpath.basename(path)),
        "buildFolder": params.build_folder,
        "inAssets": params.build_folder.removeprefix("Assets").strip("/") if inside else None,
        "folder": params.folder,
        "bank": params.bank,
        "events": [_event(group) for group in groups(sounds)],
    }
    return {f"{path}.js": SCRIPT.replace("@MANIFEST@", as_json(data)).encode("ascii")}


def names(handout: Handout) -> list[str]:
    params: Fmod = handout.params
    path, sounds = handout.path, handout.sounds
    if not _is_inside(params):
        _one_folder(sounds)
    return [f"{path}.js"]


def makes(handout: Handout) -> list[EngineAsset]:
    """Events, and outside the Assets folder the files that are imported by their names alone."""
    params: Fmod = handout.params
    sounds = handout.sounds
    folder = f"{params.folder}/" if params.folder else ""
    assets = [EngineAsset(f"event:/{folder}{group.name}", group.id) for group in groups(sounds)]
    if not _is_inside(params):
        assets += [EngineAsset(posixpath.basename(sound.file), sound.file) for sound in sounds]
    return assets


def _is_inside(params: Fmod) -> bool:
    """Whether the build folder lies in the Assets folder of the FMOD project."""
    return f"{params.build_folder}/".startswith("Assets/")


def _one_folder(sounds: Sequence[Sound]) -> None:
    """Raises NodeError for two files of one name: FMOD imports all of them into one folder."""
    seen: dict[str, str] = {}
    for sound in sounds:
        name = posixpath.basename(sound.file)
        if seen.setdefault(name.casefold(), sound.file) != sound.file:
            raise NodeError(
                f'"{seen[name.casefold()]}" and "{sound.file}" share a name, and FMOD imports files into one folder; '
                "give one export another path, or build into the project's Assets folder"
            )


def _event(group: Group) -> dict[str, Any]:
    regions = {_region(sound) for sound in group.sounds}
    return {
        "name": group.name,
        "multi": group.has_takes,
        "files": [sound.file for sound in group.sounds],
        "length": max(float(sound.facts["duration_s"]) for sound in group.sounds),
        # A region lies on the event's timeline: one that not all takes share would cut some of them.
        "loop": next(iter(regions)) if len(regions) == 1 else None,
        "loopsDiffer": len(regions) > 1,
    }


def _region(sound: Sound) -> tuple[float, float] | None:
    """Position and length, in seconds, of what repeats."""
    span, rate = loop(sound), int(sound.facts["sample_rate"])
    return (span.start / rate, (span.stop - span.start) / rate) if span else None


ENGINE = Engine(params=Fmod, formats=("wav", "flac", "ogg", "mp3"), files=files, names=names, makes=makes)
