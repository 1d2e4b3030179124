"""godot: read by a strict reader of Godot's text format, and against what Godot itself writes."""

import json
import re
import struct
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import soundfile
from pydantic import ValidationError

from soundgraph.core.errors import NodeError
from soundgraph.engines import godot
from tests.engines.sounds import deliver, sound, takes, text

_STRING = r'"(?:[^"\\\n]|\\["\\])*"'
_VALUE = rf"(?:true|false|-?\d+(?:\.\d+)?|{_STRING}|\[{_STRING}\]|ExtResource\({_STRING}\))"


def value(written: str) -> Any:
    if written in ("true", "false"):
        return written == "true"
    if written.startswith('"'):
        return re.sub(r"\\(.)", r"\1", written[1:-1])
    if written.startswith("["):
        return [value(written[1:-1])]
    if written.startswith("ExtResource("):
        return ("ExtResource", value(written[len("ExtResource(") : -1]))
    return float(written) if "." in written else int(written)


def read(content: str) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """(tag, its attributes, the assignments below it) of each section; raises AssertionError for anything else."""
    sections: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
    assert content.endswith("\n")
    for line in content.split("\n"):
        if not line:
            continue
        tag = re.fullmatch(rf"\[(\w+)((?: \w+={_VALUE})*)\]", line)
        if tag:
            attributes = re.findall(rf" (\w+)=({_VALUE})", tag[2])
            sections.append((tag[1], {key: value(each) for key, each in attributes}, {}))
            continue
        assignment = re.fullmatch(rf"([\w/]+) ?= ?({_VALUE})", line)
        assert assignment, line
        fields = sections[-1][2]
        assert assignment[1] not in fields
        fields[assignment[1]] = value(assignment[2])
    return sections


def settings(one, **params):
    """The sections of the .import file of a sound, by tag."""
    content = text("godot", "godot", [one], f"{one.file}.import", **params)
    found = read(content)
    assert [tag for tag, _, _ in found] == ["remap", "deps", "params"]
    assert not any(attributes for _, attributes, _ in found)
    return {tag: fields for tag, _, fields in found}


def randomizer(sounds, **params):
    """(head, resources, properties) of a .tres file, once everything in it refers to what is there."""
    content = text("godot", "footsteps/godot", sounds, "footsteps/godot/gravel.tres", **params)
    (head, *resources, (last, no_attributes, properties)) = read(content)
    assert head[0] == "gd_resource"
    assert head[1]["format"] == 3
    assert head[1]["load_steps"] == len(resources) + 1
    assert all(tag == "ext_resource" and set(each) >= {"type", "path", "id"} for tag, each, _ in resources)
    assert (last, no_attributes) == ("resource", {})
    ids = [each["id"] for _, each, _ in resources]
    assert len(set(ids)) == len(ids)
    streams = [properties[f"stream_{index}/stream"] for index in range(properties["streams_count"])]
    assert streams == [("ExtResource", each) for each in ids]
    assert f"stream_{len(ids)}/stream" not in properties
    return head[1], [each for _, each, _ in resources], properties


def test_takes_are_the_streams_of_a_randomizer():
    head, resources, properties = randomizer(takes(), root="res://audio")
    assert head["type"] == "AudioStreamRandomizer"
    assert [each["path"] for each in resources] == [
        f"res://audio/footsteps/gravel_{number:02}.wav" for number in (1, 2, 3)
    ]
    assert {each["type"] for each in resources} == {"AudioStreamWAV"}
    assert [properties[f"stream_{index}/weight"] for index in range(3)] == [1.0, 1.0, 1.0]
    assert (properties["playback_mode"], properties["random_pitch"]) == (0, 1.0)


def test_an_export_without_takes_has_no_randomizer():
    assert list(deliver("godot", "godot", [sound()])) == ["gravel.wav.import"]


def test_randomness_is_in_godots_units():
    _, _, properties = randomizer(takes(), playback="sequential", random_pitch_semitones=12, random_volume_db=2.5)
    assert properties["playback_mode"] == 2
    assert properties["random_pitch"] == 2.0
    assert properties["random_volume_offset_db"] == 2.5


def test_a_randomizer_refers_to_the_ids_that_the_import_files_give():
    files = deliver("godot", "footsteps/godot", takes())
    _, resources, _ = randomizer(takes())
    for resource in resources:
        own = read(files[resource["path"].removeprefix("res://") + ".import"].decode())
        assert own[0][2]["uid"] == resource["uid"]
    assert len({each["uid"] for each in resources}) == 3
    _, without, _ = randomizer(takes(), import_settings=False)
    assert "uid" not in without[0]


# The form in which Godot 4.3 writes one; the uid is random there.
BY_GODOT = """\
[remap]

importer="wav"
type="AudioStreamWAV"
uid="{uid}"
path="res://.godot/imported/gravel.wav-{md5}.sample"

[deps]

source_file="res://audio/gravel.wav"
dest_files=["res://.godot/imported/gravel.wav-{md5}.sample"]

[params]

force/8_bit=false
force/mono=false
force/max_rate=false
force/max_rate_hz=44100
edit/trim=false
edit/normalize=false
edit/loop_mode=1
edit/loop_begin=0
edit/loop_end=-1
compress/mode=0
"""


def test_import_settings_are_byte_for_byte_as_godot_writes_them():
    content = text("godot", "godot", [sound()], "gravel.wav.import", root="res://audio")
    uid, md5 = re.search(r'uid="(uid://[a-y0-8]{1,13})"', content), re.search(r"gravel\.wav-([0-9a-f]{32})", content)
    assert content == BY_GODOT.format(uid=uid[1], md5=md5[1])


def test_the_imported_file_is_named_as_godot_names_it(monkeypatch):
    # res://icon.svg is in every new project, and its import file in countless repositories.
    monkeypatch.setitem(godot.TYPES, "wav", ("texture", "CompressedTexture2D", "ctex"))
    content = godot.import_file(godot.Godot(), replace(sound("icon.svg"), format="wav"))
    assert "icon.svg-218a8f2b3041327d8a5756f3a245f83b.ctex" in content


def test_ids_are_written_as_godot_writes_them():
    # The example in a comment of core/io/resource_uid.cpp.
    assert godot.as_uid("7" + "f" * 15) == "uid://d4n4ub6itg400"
    assert godot.as_uid("f" * 64) == "uid://d4n4ub6itg400"


def mixed(begin, end, count, increment=1, adpcm=False):
    """The positions in a file, in frames, that AudioStreamPlaybackWAV::mix plays of a loop (4.5; alike since 3.2).

    It fills up to a limit that is `end` itself, so that what lies there is played, and only then goes back: by the
    length of the loop, or, with IMA ADPCM, to the beginning.
    """
    position, played = Fraction(0), []
    while len(played) < count:
        if position >= end:
            position = Fraction(begin) if adpcm else begin + (position - end)
        target = min((end - position) // increment + 1, count - len(played))
        played += [position + index * increment for index in range(target)]
        position += target * increment
    return played


def heard(samples, positions):
    """What is heard there: a straight line from each frame to the next, and silence behind the last."""
    padded = np.concatenate([samples, np.zeros(8)])
    places = np.array([float(position) for position in positions])
    return np.interp(places, np.arange(padded.size), padded)


def test_a_wav_plays_exactly_the_samples_of_its_loop():
    """The frame at the end of the loop stands in for the one at its beginning, of which it is to be a copy."""
    found = settings(sound(loop={"start": 100, "end": 299}))["params"]
    assert found["edit/loop_mode"] == 2
    played = mixed(found["edit/loop_begin"], found["edit/loop_end"], 700)
    assert [100 if position == 300 else position for position in played] == [
        *range(300),
        *range(100, 300),
        *range(100, 300),
    ]


def test_with_ima_adpcm_the_mixer_goes_back_to_the_beginning_itself():
    found = settings(sound(loop={"start": 100, "end": 299}), compression="ima_adpcm")["params"]
    assert found["edit/loop_end"] == 299
    played = mixed(found["edit/loop_begin"], found["edit/loop_end"], 700, adpcm=True)
    assert played == [*range(300), *range(100, 300), *range(100, 300)]
    assert settings(sound(loop={"start": 100, "end": 299}), compression="qoa")["params"]["edit/loop_end"] == 300
    assert settings(sound(), compression="ima_adpcm")["params"]["edit/loop_end"] == -1


LOOP = """
[scene]
sample_rate = 48000
[nodes.t]
kind = "tone"
freq_hz = 480
duration = 0.3
level_dbfs = -6
[nodes.c]
kind = "trim"
input = "t"
start = 0.0005
duration = 0.25
[exports.c]
node = "c"
bit_depth = 16
loop = true
"""


def delivered(space, path="build/c.wav"):
    """The frames of a WAV of 16 or 24 bits, as whole numbers, and its chunk of loop points."""
    data = space.read(path)
    depth, at = struct.unpack_from("<H", data, 34)[0] // 8, data.find(b"data")
    (size,) = struct.unpack_from("<I", data, at + 4)
    body, smpl = data[at + 8 : at + 8 + size], data.find(b"smpl")
    frames = [int.from_bytes(body[k : k + depth], "little", signed=True) for k in range(0, size, depth)]
    return np.array(frames, float), struct.unpack_from("<2I", data, smpl + 52)


@pytest.mark.parametrize("depth", [16, 24])
@pytest.mark.parametrize("loop", ["true", "{ start = 0.1 }", "{ start = 0.1, end = 0.25 }"])
@pytest.mark.parametrize("increment", [Fraction(1), Fraction(48000, 44100), Fraction(1, 2)])
def test_a_loop_to_the_end_of_its_file_is_heard_without_a_tick(space, loop, depth, increment):
    space.scene(
        LOOP.replace("loop = true", f"loop = {loop}").replace("16", str(depth)) + '[manifests.g]\nengine="godot"'
    )
    assert space.build().code == 0
    frames, points = delivered(space)
    start = 0 if loop == "true" else 4800
    assert len(frames) == 12001
    assert frames[-1] == frames[start]
    assert points == (start, 11999)
    found = read(space.read("build/c.wav.import").decode())[2][2]
    assert (found["edit/loop_begin"], found["edit/loop_end"]) == (start, 12000)
    out = heard(frames, mixed(start, 12000, 40_000, increment))
    rough = np.abs(np.diff(out, 2))
    # That of the tone is 0.002 of full scale; a frame of silence in it makes 0.25 and more.
    assert rough.max() < 0.02 * 2.0 ** (depth - 1)


def test_lengths_and_checks_know_nothing_of_the_guard_frame(space):
    check = '[[checks]]\nexport = "c"\nmax_duration = 0.25\nmin_duration = 0.25\n'
    space.scene(LOOP + check + '[manifests.g]\nengine="godot"\n[manifests.j]\nengine="json"\npath="all"')
    assert space.build().code == 0
    facts = json.loads(space.read("build/c.wav.json"))
    assert (facts["duration_s"], facts["loop"], facts["guard_frames"]) == (0.25, {"start": 0, "end": 11999}, 1)
    told = json.loads(space.read("build/all.json"))["sounds"][0]["files"][0]["facts"]
    assert (told["duration_s"], told["loop"]) == (facts["duration_s"], facts["loop"])
    assert space.run("plan", "--check").code == 0


@pytest.mark.parametrize(
    "scene",
    [
        LOOP,
        LOOP + '[manifests.u]\nengine="unity"',
        LOOP.replace("loop = true", "") + '[manifests.g]\nengine="godot"',
        LOOP.replace("loop = true", "loop = { end = 0.2 }") + '[manifests.g]\nengine="godot"',
        LOOP.replace("loop = true", 'loop = true\nformat = "flac"'),
    ],
)
def test_other_files_have_no_guard_frame(space, scene):
    space.scene(scene)
    assert space.build().code == 0
    (path,) = [each for each in space.delivered() if each.endswith((".wav", ".flac"))]
    assert soundfile.info(space.root / path).frames == 12000
    assert "guard_frames" not in json.loads(space.read(f"{path}.json"))


def test_a_manifest_that_comes_or_goes_brings_or_takes_the_guard_frame(space):
    space.scene(LOOP)
    space.build()
    without = space.read("build/c.wav")
    space.scene(LOOP + '[manifests.g]\nengine="godot"')
    assert space.build().exports["build/c.wav"] == "written"
    assert len(delivered(space)[0]) == 12001
    # All other samples are the same, dither included.
    assert np.array_equal(delivered(space)[0][:-1], np.frombuffer(without[44 : 44 + 24000], "<i2"))
    space.scene(LOOP)
    space.build()
    assert space.read("build/c.wav") == without


@pytest.mark.parametrize(("extension", "importer"), [("ogg", "oggvorbisstr"), ("mp3", "mp3")])
def test_a_stream_loops_from_its_offset_to_its_end(extension, importer):
    found = settings(sound(f"a.{extension}", loop={"start": 12000, "end": 47999}))
    assert found["remap"]["importer"] == importer
    offset = {"loop_offset": 12000.25 / 48000}
    assert found["params"] == {"loop": True, **offset, "bpm": 0, "beat_count": 0, "bar_beats": 4}
    whole = settings(sound(f"a.{extension}", loop={"start": 0, "end": 47999}))["params"]
    assert (whole["loop"], whole["loop_offset"]) == (True, 0)
    assert settings(sound(f"a.{extension}"))["params"]["loop"] is False


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 96000, 192000])
def test_the_offset_of_a_stream_is_the_sample_to_the_last(rate):
    """The engine cuts off what is behind the point: `int64(rate * offset)`, however late the loop begins."""
    for start in (1, 2, 3, 7, 4801, 44099, rate * 123 + 45, rate * 3599 + 1, rate * 35999 + rate - 1):
        one = sound("a.ogg", loop={"start": start, "end": rate * 36000 - 1}, duration_s=36000, sample_rate=rate)
        content = text("godot", "godot", [one], "a.ogg.import")
        (written,) = re.findall(r"^loop_offset=(.*)$", content, re.MULTILINE)
        assert re.fullmatch(r"\d+\.\d+", written)
        assert int(rate * float(written)) == start


def test_a_stream_that_goes_on_after_its_loop_is_refused():
    with pytest.raises(NodeError) as caught:
        settings(sound("a.ogg", loop={"start": 0, "end": 39999}))
    assert str(caught.value) == (
        "the loop of a ends at sample 40000 of 48000, and Godot plays ogg to its end before it repeats; "
        "deliver it as wav, or trim what follows the loop"
    )


@pytest.mark.parametrize(("compression", "mode"), [("pcm", 0), ("ima_adpcm", 1), ("qoa", 2)])
def test_compression_is_godots(compression, mode):
    assert settings(sound(), compression=compression)["params"]["compress/mode"] == mode


def test_names_do_not_get_out_of_their_strings():
    one = sound('a "b" \\ [c]\u2028é.wav', name="a")
    assert settings(one)["deps"]["source_file"] == f"res://{one.file}"


@pytest.mark.parametrize(
    ("root", "kept"), [("res://", "res://"), ("res://audio/", "res://audio"), ("res://a/b", "res://a/b")]
)
def test_the_root_may_end_in_a_slash(root, kept):
    assert godot.Godot(root=root).root == kept


@pytest.mark.parametrize("root", ["audio", "/audio", "res://../x", "res://a//b", "user://audio"])
def test_a_root_outside_the_project_is_refused(root):
    with pytest.raises(ValidationError):
        godot.Godot(root=root)


# What Godot itself writes into a .import file


def import_file(**fields):
    return deliver("godot", "godot", [sound("a.wav")], **fields)["a.wav.import"].decode()


def merged(there, ours):
    return godot.ENGINE.merge("a.wav.import", there.encode(), ours.encode()).decode()


# As Godot 4.5 leaves a file of ours after it was imported and then looked at in the import dock.
REWRITTEN = """[remap]

importer="wav"
importer_version=2
type="AudioStreamWAV"
uid="uid://bxyz12abc"
path="res://.godot/imported/a.wav-54e5c4b9a2a8d0f6ea6dc87a2aa4e0ac.sample"
metadata={
"note": "a \\"quoted\\" [remap]",
"list": [1, 2]
}

[deps]

source_file="res://a.wav"
dest_files=["res://.godot/imported/a.wav-54e5c4b9a2a8d0f6ea6dc87a2aa4e0ac.sample"]

[params]

force/8_bit=false
edit/new_in_some_version=true
compress/mode=2
"""


def test_what_godot_has_added_to_an_import_file_stays():
    ours = import_file()
    found = merged(REWRITTEN, ours)
    for line in ("importer_version=2", 'uid="uid://bxyz12abc"', '"list": [1, 2]', "edit/new_in_some_version=true"):
        assert line in found.splitlines()
    assert "compress/mode=0" in found.splitlines(), "what the manifest says is said"
    assert {line.partition("=")[0] for line in ours.splitlines()} <= {
        line.partition("=")[0] for line in found.splitlines()
    }
    assert merged(found, ours) == found, "and nothing is left to be done"
    assert found.replace("\n", "\r\n") == merged(found.replace("\n", "\r\n"), ours)


def test_a_file_that_says_all_that_ours_does_is_left_as_it_is():
    ours = import_file()
    again = ours.replace("[deps]", "[deps]\n\nfiles=[]").replace("edit/trim=false", "edit/more=1\nedit/trim=false")
    assert merged(again, ours) == again


def test_a_section_that_is_missing_is_added():
    ours = import_file()
    found = merged(ours.partition("[params]")[0], ours)
    assert found.split() == ours.split()


@pytest.mark.parametrize("there", ["", "  \n"])
def test_nothing_is_nobodys(there):
    assert merged(there, import_file()) == import_file()


@pytest.mark.parametrize(
    "there", [b"RIFF\xff", b"a note of mine", b"[remap]\n\nx={\n", b"[other]\n\na=1\n", b'[remap]\n\nx="y\n']
)
def test_what_is_no_import_file_is_not_merged(there):
    assert godot.ENGINE.merge("a.wav.import", there, import_file().encode()) is None


@pytest.mark.parametrize(
    ("there", "found"),
    [
        (b'\xef\xbb\xbf[remap]\n\nimporter="old"\n', b'\xef\xbb\xbf[remap]\n\nimporter="wav"\n'),
        (b'[remap]\r\n\r\nimporter="old"\r\n', b'[remap]\r\n\r\nimporter="wav"\r\n'),
        (b'[remap]\nimporter="old"', b'[remap]\nimporter="wav"'),
        (b'; mine\n[remap]\n; too\nimporter = "old" ; why\n', b'; mine\n[remap]\n; too\nimporter = "wav" ; why\n'),
        (b'[remap] ; mine\n  importer="old"  \n\n\n', b'[remap] ; mine\n  importer="wav"  \n\n\n'),
        (b'[remap]\nimporter="old"\n[a b]\nx=[1,\n2]\n', b'[remap]\nimporter="wav"\n[a b]\nx=[1,\n2]\n'),
        (b'[remap]\nimporter=1\nimporter="old"\n', b'[remap]\nimporter=1\nimporter="wav"\n'),
        (b'[remap]\nimporter="old"\nby="\xff\xe9"\n', b'[remap]\nimporter="wav"\nby="\xff\xe9"\n'),
        (b'[remap]\nimporter="old"\n# what?\n\xff\n', b'[remap]\nimporter="wav"\n# what?\n\xff\n'),
        (b'x=1\n[remap]\nimporter="old"\n', b'x=1\n[remap]\nimporter="wav"\n'),
    ],
    ids=[
        "bom",
        "crlf",
        "no end",
        "remarks",
        "spaces",
        "unknown section",
        "twice",
        "no utf-8",
        "nonsense",
        "no section",
    ],
)
def test_what_is_not_ours_stays_to_the_byte(there, found):
    assert godot.ENGINE.merge("a.wav.import", there, b'[remap]\n\nimporter="wav"\n') == found
    assert godot.ENGINE.merge("a.wav.import", found, b'[remap]\n\nimporter="wav"\n') == found


@pytest.mark.parametrize(
    ("there", "found"),
    [
        ("[remap]\nx=1", "[remap]\nx=1\nb=2"),
        ("[remap]\r\nx=1\r\n\r\n[deps]\r\n", "[remap]\r\nx=1\r\nb=2\r\n\r\n[deps]\r\n"),
        ("[remap]\n\n[deps]\n", "[remap]\nb=2\n\n[deps]\n"),
        ("[remap]\nx=1 ; why\n", "[remap]\nx=1 ; why\nb=2\n"),
        ("[remap]\nx=1\ny=2\nx=3\nz\n", "[remap]\nx=1\ny=2\nx=3\nb=2\nz\n"),
        ("[params]\nx=1  \n\n\n", "[params]\nx=1  \n\n\n\n[remap]\n\nb=2\n"),
        ("[params]\r\nx=1", "[params]\r\nx=1\r\n\r\n[remap]\r\n\r\nb=2\r\n"),
        ("\ufeff", "[remap]\n\nb=2\n"),
        ("", "[remap]\n\nb=2\n"),
        ("; mine\n", "; mine\n\n[remap]\n\nb=2\n"),
    ],
)
def test_a_key_that_is_missing_is_put_behind_those_of_its_section(there, found):
    assert merged(there, "[remap]\n\nb=2\n") == found
    assert merged(found, "[remap]\n\nb=2\n") == found


def test_other_files_are_not_merged():
    assert godot.ENGINE.merge("steps.tres", b"[remap]\n\nimporter=1\n", b"[remap]\n\nimporter=2\n") is None
