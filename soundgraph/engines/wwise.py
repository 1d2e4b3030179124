"""Write a tab-delimited file that Wwise imports: sounds, random containers of takes, loops, events."""

# The format: "Importing Media Files from Tab Delimited Text Files" in the Wwise Help. The columns here are a selection
# of those it lists; typed steps of a path ("<Random Container>gravel") are from "Importing Audio Files and Creating
# Structures" in the Wwise SDK.

from __future__ import annotations

import posixpath

from pydantic import Field, field_validator

from soundgraph.core.errors import NodeError
from soundgraph.core.path_names import wrong_with
from soundgraph.core.text import one_line
from soundgraph.engines import Engine, EngineAsset, Handout
from soundgraph.engines._fields import EngineParams, cell
from soundgraph.engines._layout import Group, figures, groups, loop, notes, seen_from, stem

_NOT_IN_NAMES = set('\\/:*?"<>|%')


class Wwise(EngineParams):
    parent: str = Field(
        "\\Actor-Mixer Hierarchy\\Default Work Unit",
        min_length=2,
        max_length=500,
        description="the object below which all are made; from Wwise 2025.1 on the hierarchy is called Containers",
    )
    events: str = Field(
        "",
        max_length=500,
        description='where to make an event for each sound, such as "\\Events\\Default Work Unit"; none if empty',
    )
    event_prefix: str = Field("Play_", max_length=50, description="what the names of those events begin with")
    originals: str = Field(
        "", max_length=200, description="folder under Originals\\SFX that the files are copied to; that itself if empty"
    )
    volume_db: float = Field(0.0, ge=-96, le=12, description="Voice Volume of the sounds and containers, in dB")

    @field_validator("parent", "events")
    @classmethod
    def _is_a_path(cls, value: str) -> str:
        if value and not value.startswith("\\"):
            raise ValueError('must begin with "\\", as a path that Wwise copies to the clipboard does')
        value = value.rstrip("\\")
        if value and not all(part.strip(" .") for part in value[1:].split("\\")):
            raise ValueError('must not hold empty parts, "." or ".."')
        return value

    @field_validator("originals")
    @classmethod
    def _is_a_folder(cls, value: str) -> str:
        value = value.replace("\\", "/").rstrip("/")
        if value and (wrong := wrong_with(value)):
            raise ValueError(wrong)
        return value.replace("/", "\\")

    @field_validator("event_prefix")
    @classmethod
    def _is_part_of_a_name(cls, value: str) -> str:
        if value != _named(value):
            raise ValueError(f"must not hold any of {' '.join(sorted(_NOT_IN_NAMES))}")
        return value


def files(handout: Handout) -> dict[str, bytes]:
    params: Wwise = handout.params
    path, sounds = handout.path, handout.sounds
    rows: list[dict[str, str]] = []
    for group in groups(sounds):
        rows += _rows(params, path, group)
    columns = [name for name in _COLUMNS if name in _NEEDED or any(row.get(name) for row in rows)]
    lines = [columns, *([row.get(name, "") for name in columns] for row in rows)]
    # Cells are not quoted: the importer takes each tab and line break for the end of a cell, in quotes or not.
    text = "".join("\t".join(cells) + "\r\n" for cells in lines)
    return {f"{path}.tsv": text.encode()}


def names(handout: Handout) -> list[str]:
    path, sounds = handout.path, handout.sounds
    for group in groups(sounds):
        _of_sounds(group)
    return [f"{path}.tsv"]


def makes(handout: Handout) -> list[EngineAsset]:
    """Objects and events by their paths, whatever their types, and the files that Wwise copies by their names alone."""
    params: Wwise = handout.params
    sounds = handout.sounds
    assets = []
    for group in groups(sounds):
        parent = params.parent
        if group.has_takes:
            parent = f"{parent}\\{_named(group.name)}"
            assets.append(EngineAsset(parent, group.id))
        takes = zip(_of_sounds(group), group.sounds, strict=True)
        assets += [EngineAsset(f"{parent}\\{name}", f"{sound.id} {sound.take}") for name, sound in takes]
        if params.events:
            assets.append(EngineAsset(_event(params, group), group.id))
    originals = "\\".join(filter(None, ("Originals", "SFX", params.originals)))
    return assets + [EngineAsset(f"{originals}\\{posixpath.basename(sound.file)}", sound.file) for sound in sounds]


_NEEDED = ("Audio File", "Object Path", "Object Type", "Notes")
_COLUMNS = (
    *_NEEDED,
    "Property[IsLoopingEnabled]",
    "Property[Volume]",
    "Originals Sub Folder",
    "Event",
)


def _rows(params: Wwise, path: str, group: Group) -> list[dict[str, str]]:
    """The container of an export with takes, then its sounds; an export without takes is one sound."""
    top = {"Event": _event(params, group)} if params.events else {}
    if params.volume_db:
        top["Property[Volume]"] = f"{params.volume_db:g}"
    rows = []
    parent = params.parent
    if group.has_takes:
        container = f"{parent}\\<Random Container>{_named(group.name)}"
        takes = f"{len(group.sounds)} takes, the first {figures(group.sounds[0])}"
        rows.append({"Object Path": container, "Object Type": "Random Container", "Notes": takes, **top})
        parent, top = container, {}
    for name, sound in zip(_of_sounds(group), group.sounds, strict=True):
        rows.append(
            {
                "Audio File": _file(seen_from(path, sound.file)),
                "Object Path": f"{parent}\\<Sound SFX>{name}",
                "Object Type": "Sound SFX",
                "Notes": cell(notes(sound).replace('"', "'")),
                "Property[IsLoopingEnabled]": "True" if loop(sound) else "",
                "Originals Sub Folder": params.originals,
                **top,
            }
        )
    return rows


def _event(params: Wwise, group: Group) -> str:
    return f"{params.events}\\{params.event_prefix}{_named(group.name)}"


def _of_sounds(group: Group) -> list[str]:
    """What the sounds of an export are called."""
    names = [_named(stem(sound.file) if group.has_takes else group.name) for sound in group.sounds]
    for name in names:
        if names.count(name) > 1:
            raise NodeError(f'two takes of {group.name} would both be called "{name}" in Wwise')
    return names


def _file(path: str) -> str:
    """A path with Wwise's separators. What a spreadsheet would take for a formula begins with "." for this folder."""
    spelled = path.replace("/", "\\")
    return spelled if cell(spelled) == spelled else f".\\{spelled}"


def _named(name: str) -> str:
    """A name without what Wwise does not allow in one."""
    return "".join("_" if char in _NOT_IN_NAMES else char for char in one_line(name))


# WAV alone: it is the only format for sound effects that the page of the format names.
ENGINE = Engine(params=Wwise, formats=("wav",), files=files, names=names, makes=makes)
