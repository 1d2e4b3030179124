"""Write what Godot 4 imports: an AudioStreamRandomizer for takes, and import settings with loops beside each file."""

# The forms: what Godot 4.2 to 4.5 itself writes, from its sources: EditorFileSystem::_reimport_file (.import files),
# ResourceImporterWAV, ResourceImporterOggVorbis and ResourceImporterMP3 (their parameters), ResourceUID::id_to_text,
# ResourceFormatSaverText (.tres), AudioStreamRandomizer (its properties).

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Literal

from pydantic import Field, field_validator

from soundgraph.core.digest import digest
from soundgraph.core.errors import NodeError
from soundgraph.core.path_names import wrong_with
from soundgraph.engines import Engine, Handout, Sound
from soundgraph.engines._fields import EngineParams
from soundgraph.engines._import_file import merged
from soundgraph.engines._layout import Group, groups, loop, n_samples, no_more_channels_than, under

Playback = Literal["random_no_repeats", "random", "sequential"]
Compression = Literal["pcm", "ima_adpcm", "qoa"]
_PLAYBACK: dict[Playback, int] = {"random_no_repeats": 0, "random": 1, "sequential": 2}
_COMPRESSION: dict[Compression, int] = {"pcm": 0, "ima_adpcm": 1, "qoa": 2}


class Godot(EngineParams):
    root: str = Field(
        "res://", max_length=300, description='where the build folder lies in the Godot project, such as "res://audio"'
    )
    playback: Playback = Field(
        "random_no_repeats",
        description='how a randomizer picks: "random_no_repeats" (none twice in a row), "random" or "sequential"',
    )
    random_pitch_semitones: float = Field(
        0.0, ge=0, le=24, description="how far, up or down, a randomizer may change the pitch"
    )
    random_volume_db: float = Field(
        0.0, ge=0, le=40, description="how far, up or down, a randomizer may change the volume"
    )
    import_settings: bool = Field(True, description="write a .import file beside each audio file")
    compression: Compression = Field(
        "pcm", description='how Godot keeps WAV files: "pcm" (unchanged), "ima_adpcm" or "qoa" (from 4.3 on)'
    )

    @field_validator("root")
    @classmethod
    def _is_in_the_project(cls, value: str) -> str:
        if not value.startswith("res://"):
            raise ValueError('must begin with "res://"')
        parts = value.removeprefix("res://").rstrip("/").split("/")
        if (parts != [""] and not all(parts)) or {".", ".."} & set(parts):
            raise ValueError('must not hold empty parts, "." or ".."')
        if parts != [""] and (wrong := wrong_with("/".join(parts))):
            raise ValueError(wrong)
        return "res://" + "/".join(parts)


def files(handout: Handout) -> dict[str, bytes]:
    params: Godot = handout.params
    path, sounds = handout.path, handout.sounds
    no_more_channels_than("Godot", 2, sounds)
    written: dict[str, bytes] = {}
    if params.import_settings:
        for sound in sounds:
            written[f"{sound.file}.import"] = import_file(params, sound).encode()
    for group in groups(sounds):
        if group.has_takes:
            written[f"{path}/{group.name}.tres"] = _randomizer(params, group).encode()
    return written


def names(handout: Handout) -> list[str]:
    params: Godot = handout.params
    path, sounds = handout.path, handout.sounds
    settings = [f"{sound.file}.import" for sound in sounds] if params.import_settings else []
    return settings + [f"{path}/{group.name}.tres" for group in groups(sounds) if group.has_takes]


def merge(path: str, theirs: bytes, ours: bytes) -> bytes | None:
    if not path.endswith(".import"):
        return None
    settings = merged(*(text.decode("utf-8", "surrogateescape") for text in (theirs, ours)))
    return None if settings is None else settings.encode("utf-8", "surrogateescape")


# Godot writes a .import file anew when it imports, and would give a random uid to one without. All it adds is here,
# as it would write it: then its file is ours to the byte, and neither program takes the other's for a change.
TYPES = {
    "wav": ("wav", "AudioStreamWAV", "sample"),
    "ogg": ("oggvorbisstr", "AudioStreamOggVorbis", "oggvorbisstr"),
    "mp3": ("mp3", "AudioStreamMP3", "mp3str"),
}


def import_file(params: Godot, sound: Sound) -> str:
    importer, kind, extension = TYPES[sound.format]
    source = under(params.root, sound.file)
    name = source.rpartition("/")[2]
    md5 = hashlib.md5(source.encode(), usedforsecurity=False).hexdigest()
    imported = f"res://.godot/imported/{name}-{md5}.{extension}"
    settings = _wav_settings(params, sound) if sound.format == "wav" else _stream_settings(sound)
    lines = [
        "[remap]",
        "",
        f'importer="{importer}"',
        f'type="{kind}"',
        f'uid="{_uid(sound)}"',
        f"path={_quoted(imported)}",
        "",
        "[deps]",
        "",
        f"source_file={_quoted(source)}",
        f"dest_files=[{_quoted(imported)}]",
        "",
        "[params]",
        "",
        *(f"{key}={value}" for key, value in settings.items()),
    ]
    return "\n".join(lines) + "\n"


def _wav_settings(params: Godot, sound: Sound) -> dict[str, str]:
    """Loop modes are 0 to detect (which takes the last sample of a smpl chunk for the end, and plays a sample less), 1
    for none, 2 for forward.

    The mixer plays up to the frame at the end, and goes on behind the one at the beginning: the length of a round is
    the difference of the two, and the frame at the end stands in for the one at the beginning. So the end is the frame
    after the loop, and where the file ends with the loop, the export has put a copy of the first one there. With IMA
    ADPCM the mixer goes back to the beginning itself; the end is then the last frame of the loop.
    """
    span = loop(sound)
    stop = span.stop - (params.compression == "ima_adpcm") if span else -1
    return {
        "force/8_bit": "false",
        "force/mono": "false",
        "force/max_rate": "false",
        "force/max_rate_hz": "44100",
        "edit/trim": "false",
        "edit/normalize": "false",
        "edit/loop_mode": "2" if span else "1",
        "edit/loop_begin": str(span.start) if span else "0",
        "edit/loop_end": str(stop),
        "compress/mode": str(_COMPRESSION[params.compression]),
    }


def _stream_settings(sound: Sound) -> dict[str, str]:
    """Of Ogg Vorbis and MP3, which go on at loop_offset, in seconds, when they reach their end.

    The engine multiplies it by the rate and cuts off what is behind the point, so that it has to lie behind the sample,
    and in all its digits: six of them are whole milliseconds after a hundred seconds.
    """
    span = loop(sound)
    if span and span.stop != n_samples(sound):
        raise NodeError(
            f"the loop of {sound.name} ends at sample {span.stop} of {n_samples(sound)}, and Godot plays "
            f"{sound.format} to its end before it repeats; deliver it as wav, or trim what follows the loop"
        )
    offset = _in_full((span.start + 0.25) / int(sound.facts["sample_rate"])) if span and span.start else "0"
    return {
        "loop": "true" if span else "false",
        "loop_offset": offset,
        "bpm": "0",
        "beat_count": "0",
        "bar_beats": "4",
    }


def _randomizer(params: Godot, group: Group) -> str:
    resources, streams = [], []
    for index, sound in enumerate(group.sounds):
        key = f"{index + 1}_{digest('godot id', [sound.id, sound.take])[:5]}"
        kind = TYPES[sound.format][1]
        uid = f' uid="{_uid(sound)}"' if params.import_settings else ""
        source = _quoted(under(params.root, sound.file))
        resources.append(f'[ext_resource type="{kind}"{uid} path={source} id="{key}"]')
        streams += [f'stream_{index}/stream = ExtResource("{key}")', f"stream_{index}/weight = 1.0"]
    uid = as_uid(digest("godot randomizer", group.id))
    lines = [
        f'[gd_resource type="AudioStreamRandomizer" load_steps={len(resources) + 1} format=3 uid="{uid}"]',
        "",
        *resources,
        "",
        "[resource]",
        f"playback_mode = {_PLAYBACK[params.playback]}",
        # A factor: the pitch is drawn from 1 / factor to factor.
        f"random_pitch = {_number(2 ** (params.random_pitch_semitones / 12))}",
        f"random_volume_offset_db = {_number(params.random_volume_db)}",
        f"streams_count = {len(resources)}",
        *streams,
    ]
    return "\n".join(lines) + "\n"


# 34 of the letters and digits: Godot leaves out z and 9, by an old mistake that its format now keeps.
_UID_DIGITS = "abcdefghijklmnopqrstuvwxy012345678"


def _uid(sound: Sound) -> str:
    return as_uid(digest("godot sound", [sound.id, sound.take, sound.format]))


def as_uid(hexadecimal: str) -> str:
    """63 bits of a digest as Godot writes a resource's id."""
    number = int(hexadecimal[:16], 16) & 0x7FFFFFFFFFFFFFFF
    text = ""
    while number:
        number, digit = divmod(number, len(_UID_DIGITS))
        text = _UID_DIGITS[digit] + text
    return f"uid://{text}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _in_full(value: float) -> str:
    """A float in the fewest digits that stand for it and no other, without an exponent."""
    return format(Decimal(repr(value)), "f")


def _number(value: float) -> str:
    """A float as Godot writes one: six digits, and a point where there would be none."""
    text = f"{value:.6g}"
    return text if "." in text or "e" in text else f"{text}.0"


ENGINE = Engine(params=Godot, formats=("wav", "ogg", "mp3"), files=files, names=names, merge=merge, plays_loop_end=True)
