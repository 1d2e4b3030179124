"""Scenes that cannot be built, and the whole of what is said about each: one table, for the loader and the command line."""

# ruff: noqa: E501

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile


@dataclass(frozen=True)
class Broken:
    """files: by path under the project's root; a string that begins with "->" is a symbolic link to the rest of it.

    overrides: what follows each -D. message: the whole of it, exactly. scenes: the files asked for; all under graphs/
    if not given.
    """

    name: str
    files: dict[str, str | bytes]
    message: str
    overrides: tuple[str, ...] = ()
    scenes: tuple[str, ...] = ()

    def write(self, root: Path) -> list[Path]:
        """Put the project under `root`; returns the scenes asked for."""
        (root / "graphs").mkdir(parents=True, exist_ok=True)
        for name, content in self.files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                path.write_bytes(content)
            elif content.startswith("->"):
                path.symlink_to(content[2:])
            elif name.endswith("/"):
                path.mkdir(exist_ok=True)
            else:
                path.write_text(content, encoding="utf-8", newline="")
        if self.scenes:
            return [root / name for name in self.scenes]
        return sorted(
            Path(folder, name)
            for folder, _, names in os.walk(root / "graphs")
            for name in names
            if name.endswith(".toml")
        )


def _wav() -> bytes:
    import io

    stream = io.BytesIO()
    soundfile.write(stream, np.zeros(800, np.float32), 8000, format="WAV", subtype="PCM_16")
    return stream.getvalue()


RAIN = """\
[nodes.rain]
kind = "generate"
model = "audio"
prompt = "rain"
"""

X = "graphs/x.toml"
PROJECT = "soundgraph.toml"


def _x(text: str) -> dict[str, str | bytes]:
    return {X: text}


def _rain(more: str) -> dict[str, str | bytes]:
    """A scene of one good node, and more from line 6 on."""
    return {X: f"{RAIN}\n{more}"}


BROKEN = [
    # Values.
    Broken(
        "a string for a number",
        _x(RAIN + 'temperature = "hot"\n'),
        "graphs/x.toml:5: nodes.rain: temperature must be a number, not a string",
    ),
    Broken(
        "a number for a string",
        _x(RAIN.replace('"rain"', "7")),
        "graphs/x.toml:4: nodes.rain: prompt must be a string, not a number",
    ),
    Broken(
        "a boolean for a number",
        _x(RAIN + "duration = true\n"),
        "graphs/x.toml:5: nodes.rain: duration must be a number, not a boolean",
    ),
    Broken(
        "a fraction for a whole number",
        _x(RAIN + "seed = 1.5\n"),
        "graphs/x.toml:5: nodes.rain: seed must be a whole number, not 1.5",
    ),
    Broken(
        "a date for a string",
        _x(RAIN.replace('"rain"', "2020-01-02")),
        "graphs/x.toml:4: nodes.rain: prompt must be a string, not a date or time",
    ),
    Broken(
        "a number below its range",
        _x(RAIN + "temperature = 0\n"),
        "graphs/x.toml:5: nodes.rain: temperature must be over 0, not 0",
    ),
    Broken(
        "a number above its range",
        _x(RAIN + "temperature = 9\n"),
        "graphs/x.toml:5: nodes.rain: temperature must be at most 5, not 9",
    ),
    Broken(
        "a number at least", _x(RAIN + "seed = -1\n"), "graphs/x.toml:5: nodes.rain: seed must be at least 0, not -1"
    ),
    Broken(
        "not a number",
        _x(RAIN + "temperature = nan\n"),
        "graphs/x.toml:5: nodes.rain: temperature must be a finite number, not nan",
    ),
    Broken(
        "infinity",
        _x(RAIN + "duration = inf\n"),
        "graphs/x.toml:5: nodes.rain: duration must be a finite number, not inf",
    ),
    Broken(
        "an enormous whole number",
        _x(RAIN + f"duration = 1{'0' * 400}\n"),
        "graphs/x.toml:5: nodes.rain: duration is far too large a number",
    ),
    Broken(
        "a number of too many digits",
        _x(RAIN + f"duration = 1{'0' * 5000}\n"),
        "graphs/x.toml: not valid TOML: a number has too many digits",
    ),
    Broken(
        "an empty prompt", _x(RAIN.replace('"rain"', '""')), "graphs/x.toml:4: nodes.rain: prompt must not be empty"
    ),
    Broken(
        "a prompt without end",
        _x(RAIN.replace('"rain"', f'"{"rain " * 500}"')),
        "graphs/x.toml:4: nodes.rain: prompt must have at most 2000 characters, not 2500",
    ),
    Broken(
        "a missing field",
        _x('[nodes.rain]\nkind = "generate"\nmodel = "audio"\n'),
        "graphs/x.toml:1: nodes.rain: prompt is missing",
    ),
    Broken(
        "an unknown field",
        _x(RAIN + "temperatur = 0.5\n"),
        'graphs/x.toml:5: nodes.rain: unknown field "temperatur"; did you mean "temperature"?',
    ),
    Broken(
        "a field that only other models take",
        _x(RAIN.replace('"audio"', '"draft/audio"') + "top_k = 5\n"),
        """\
graphs/x.toml:5: nodes.rain: top_k cannot be used: draft/audio does not take it; models of audiocraft do
  beside what all models take, it takes temperature""",
    ),
    Broken(
        "a field that the model does not take, by an override",
        _x(RAIN.replace('"audio"', '"draft/audio"')),
        """\
graphs/x.toml: nodes.rain: top_k cannot be used: draft/audio does not take it; models of audiocraft do
  given by -D nodes.rain.top_k=5""",
        overrides=("nodes.rain.top_k=5",),
    ),
    Broken(
        "a default that no model would take",
        _x("[defaults.generate]\ntop_k = -1\n" + RAIN.replace('"audio"', '"draft/audio"')),
        "graphs/x.toml:2: defaults.generate: top_k must be at least 0, not -1",
    ),
    Broken(
        "an unknown field like no other",
        _x(RAIN + "colour = 3\n"),
        'graphs/x.toml:5: nodes.rain: unknown field "colour"',
    ),
    Broken(
        "a field of a band",
        _rain(
            '[nodes.dark]\nkind = "eq"\ninput = "rain"\nbands = [\n  { type = "peaking", freq_hz = 300, gain_db = 1 },\n  { type = "low_shelf", freq_hz = -3, gain_db = 1 },\n]\n'
        ),
        "graphs/x.toml:11: nodes.dark: bands[1].freq_hz must be at least 1, not -3",
    ),
    Broken(
        "an unknown field of a band",
        _rain(
            '[nodes.dark]\nkind = "eq"\ninput = "rain"\n[[nodes.dark.bands]]\ntype = "peaking"\nfreq = 300\nfreq_hz = 300\ngain_db = 1\n'
        ),
        'graphs/x.toml:11: nodes.dark: bands[0]: unknown field "freq"; did you mean "freq_hz"?',
    ),
    Broken(
        "a sort of band that does not exist",
        _rain(
            '[nodes.dark]\nkind = "eq"\ninput = "rain"\nbands = [{ type = "lowshelf", freq_hz = 300, gain_db = 1 }]\n'
        ),
        'graphs/x.toml:9: nodes.dark: bands[0].type must be "low_shelf", "high_shelf", "peaking", "highpass", "lowpass" or "notch", not "lowshelf"',
    ),
    Broken(
        "bands that are none",
        _rain('[nodes.dark]\nkind = "eq"\ninput = "rain"\nbands = []\n'),
        "graphs/x.toml:9: nodes.dark: bands must not be empty",
    ),
    Broken(
        "a list of the wrong things",
        _rain('[nodes.dark]\nkind = "eq"\ninput = "rain"\nbands = [3]\n'),
        "graphs/x.toml:9: nodes.dark: bands[0] must be a table, not a number",
    ),
    Broken(
        "a table for a list",
        _rain('[nodes.dark]\nkind = "eq"\ninput = "rain"\nbands = { q = 1 }\n'),
        "graphs/x.toml:9: nodes.dark: bands must be a list, not a table",
    ),
    Broken(
        "fields that exclude each other",
        _rain('[nodes.cut]\nkind = "trim"\ninput = "rain"\nduration = 1\nend = 2\n'),
        "graphs/x.toml:6: nodes.cut: give duration or end, not both",
    ),
    Broken(
        "fields of a layer that exclude each other",
        _rain(
            '[nodes.all]\nkind = "mix"\ninputs = [\n  { node = "rain" },\n  { node = "rain", weight = 1, gain_db = 0 },\n]\n'
        ),
        "graphs/x.toml:10: nodes.all: inputs[1]: give weight or gain_db, not both",
    ),
    # Names of things.
    Broken(
        "an unknown kind",
        _rain('[nodes.hall]\ninput = "rain"\nkind = "mixx"\n'),
        'graphs/x.toml:8: nodes.hall: unknown kind "mixx"; did you mean "mix"?',
    ),
    Broken(
        "an unknown kind like no other",
        _x('[nodes.hall]\nkind = "wormhole"\n'),
        """\
graphs/x.toml:2: nodes.hall: unknown kind "wormhole"
  soundgraph kinds lists them""",
    ),
    Broken(
        "no kind",
        _x('[nodes.hall]\nprompt = "a"\n'),
        """\
graphs/x.toml:1: nodes.hall: kind is missing
  soundgraph kinds lists them""",
    ),
    Broken(
        "a kind that is no string",
        _x("[nodes.hall]\nkind = 3\n"),
        "graphs/x.toml:2: nodes.hall: kind must be a string, not a number",
    ),
    Broken(
        "a node that is no table",
        _x("[nodes]\nrain = 3\n"),
        "graphs/x.toml:2: nodes.rain: must be a table, not a number",
    ),
    Broken("nodes that are no table", _x("nodes = 3\n"), "graphs/x.toml:1: nodes: must be a table, not a number"),
    Broken(
        "nodes as a list of tables",
        _x('[[nodes]]\nkind = "generate"\n'),
        "graphs/x.toml:1: nodes: must be a table, not a list",
    ),
    Broken(
        "an unknown node",
        _rain('[nodes.dark_rain]\nkind = "gain"\ninput = "rian"\ngain_db = 1\n'),
        'graphs/x.toml:8: nodes.dark_rain: input "rian" is not a node; did you mean "rain"?',
    ),
    Broken(
        "an unknown node like no other",
        _rain('[nodes.quiet]\nkind = "gain"\ninput = "wind"\ngain_db = 1\n'),
        'graphs/x.toml:8: nodes.quiet: input "wind" is not a node',
    ),
    Broken(
        "an unknown node in a mix",
        _rain('[nodes.all]\nkind = "mix"\ninputs = [\n  { node = "rain" },\n  { node = "rains" },\n]\n'),
        'graphs/x.toml:10: nodes.all: inputs[1].node "rains" is not a node; did you mean "rain"?',
    ),
    Broken(
        "an export of an unknown node",
        _rain('[exports.out]\nformat = "ogg"\nnode = "rainn"\n'),
        'graphs/x.toml:8: exports.out: node "rainn" is not a node; did you mean "rain"?',
    ),
    Broken(
        "a node with a dot in its name",
        _x(RAIN.replace("nodes.rain", 'nodes."a.b"')),
        'graphs/x.toml:1: nodes.a.b: "a.b" is not a name: it takes letters, digits, _ and -, at most 100 of them',
    ),
    Broken(
        "a node with a slash in its name",
        _x(RAIN.replace("nodes.rain", 'nodes."a/b"')),
        'graphs/x.toml:1: nodes.a/b: "a/b" is not a name: it takes letters, digits, _ and -, at most 100 of them',
    ),
    Broken(
        "a node with a colon in its name",
        _x(RAIN.replace("nodes.rain", 'nodes."a:b"')),
        'graphs/x.toml:1: nodes.a:b: "a:b" is not a name: it takes letters, digits, _ and -, at most 100 of them',
    ),
    Broken(
        "a node without a name",
        _x(RAIN.replace("nodes.rain", 'nodes.""')),
        'graphs/x.toml:1: nodes."": "" is not a name: it takes letters, digits, _ and -, at most 100 of them',
    ),
    Broken(
        "an unknown table",
        _x(RAIN + '\n[export.out]\nnode = "rain"\n'),
        'graphs/x.toml:6: unknown table "export"; did you mean "exports"?',
    ),
    Broken(
        "a node outside nodes",
        _x(RAIN.replace("nodes.rain", "rain")),
        """\
graphs/x.toml:1: unknown table "rain"
  a node is written as [nodes.rain]""",
    ),
    Broken(
        "a setting outside its table",
        _x("sample_rate = 44100\n" + RAIN),
        """\
graphs/x.toml:1: unknown field "sample_rate"
  write it under [scene]""",
    ),
    Broken(
        "an unknown setting",
        _rain("[scene]\nsamplerate = 44100\n"),
        'graphs/x.toml:7: scene: unknown field "samplerate"; did you mean "sample_rate"?',
    ),
    Broken(
        "a scene that is no table", _x("scene = 3\n" + RAIN), "graphs/x.toml:1: scene: must be a table, not a number"
    ),
    Broken(
        "a setting out of range",
        _rain("[scene]\nsample_rate = 400\nduration = 0\n"),
        """\
graphs/x.toml:7: scene: sample_rate must be at least 8000, not 400
graphs/x.toml:8: scene: duration must be over 0, not 0""",
    ),
    # Models.
    Broken(
        "an unknown model",
        _x(RAIN.replace('"audio"', '"musik"')),
        'graphs/x.toml:3: nodes.rain: model "musik" is not a model; did you mean "music"?',
    ),
    Broken(
        "a model without its owner",
        _x(RAIN.replace('"audio"', '"musicgen-large"')),
        'graphs/x.toml:3: nodes.rain: model "musicgen-large" is not a model; did you mean "facebook/musicgen-large"?',
    ),
    Broken(
        "a published model that does not exist",
        _x(RAIN.replace('"audio"', '"facebook/musicgen-smal"')),
        'graphs/x.toml:3: nodes.rain: model "facebook/musicgen-smal" is not a model; did you mean "facebook/musicgen-small"?',
    ),
    Broken(
        "an AudioGen that does not exist",
        _x(RAIN.replace('"audio"', '"facebook/audiogen-small"')),
        'graphs/x.toml:3: nodes.rain: model "facebook/audiogen-small" does not exist: the only AudioGen is "facebook/audiogen-medium"',
    ),
    Broken(
        "the folder of a checkpoint that is not there",
        _x(RAIN.replace('"audio"', '"./weights"')),
        'graphs/x.toml:3: nodes.rain: model "./weights" does not exist: there is no folder graphs/weights',
    ),
    Broken(
        "the folder of a checkpoint by its absolute path",
        _x(RAIN.replace('"audio"', '"/weights"')),
        """\
graphs/x.toml:3: nodes.rain: model "/weights" is an absolute path, which only soundgraph.toml may have
  give it a name under [models] there""",
    ),
    Broken(
        "a melody for a model that follows none",
        _x(RAIN + 'melody = "rain"\n'),
        'graphs/x.toml:5: nodes.rain: melody cannot be used: audio follows no melodies; "facebook/musicgen-melody", "facebook/musicgen-melody-large", "facebook/musicgen-stereo-melody" or "facebook/musicgen-stereo-melody-large" do',
    ),
    Broken(
        "a sound to go on from that is no node",
        _x(RAIN + 'continue_from = "rian"\n'),
        'graphs/x.toml:5: nodes.rain: continue_from "rian" is not a node; did you mean "rain"?',
    ),
    Broken(
        "a piece that is too long for its model",
        _x(RAIN.replace('"audio"', '"facebook/audio-magnet-small"') + "duration = 12.5\n"),
        "graphs/x.toml:5: nodes.rain: duration must be 10 s at most, which is all that facebook/audio-magnet-small makes",
    ),
    Broken(
        "a schedule of prompts for a model that makes a piece at once",
        _x(
            RAIN.replace('"audio"', '"facebook/audio-magnet-small"').replace('prompt = "rain"\n', "")
            + 'prompts = [{at = 0, text = "rain"}, {at = 4, text = "hail"}]\n'
        ),
        "graphs/x.toml:4: nodes.rain: prompts cannot be used: facebook/audio-magnet-small makes a piece at once, from one prompt",
    ),
    Broken(
        "a prompt and a schedule of prompts",
        _x(RAIN + 'prompts = [{at = 0, text = "hail"}]\n'),
        "graphs/x.toml:1: nodes.rain: has both prompt and prompts; give one of them",
    ),
    Broken(
        "a schedule of prompts that begins late",
        _x(RAIN.replace('prompt = "rain"\n', "") + 'prompts = [{at = 1, text = "hail"}]\n'),
        "graphs/x.toml:1: nodes.rain: prompts begin at 1 s; the first has to say at = 0",
    ),
    Broken(
        "a schedule of prompts in disorder",
        _x(
            RAIN.replace('prompt = "rain"\n', "")
            + 'prompts = [{at = 0, text = "a"}, {at = 3, text = "b"}, {at = 2, text = "c"}]\n'
        ),
        "graphs/x.toml:1: nodes.rain: prompts are not in order of time",
    ),
    Broken(
        "a prompt after the end",
        _x(
            RAIN.replace('prompt = "rain"\n', "")
            + 'duration = 8\nprompts = [{at = 0, text = "a"}, {at = 8, text = "b"}]\n'
        ),
        "graphs/x.toml:5: nodes.rain: prompts has a text at 8 s, and duration is 8 s",
    ),
    Broken(
        "a precision that does not exist",
        _x(RAIN + 'precision = "int4"\n'),
        'graphs/x.toml:5: nodes.rain: precision must be "float32", "float16", "bfloat16" or "int8", not "int4"',
    ),
    Broken(
        "a model from defaults",
        _x(
            '[defaults.generate]\nmodel = "nope"\n\n'
            + RAIN.replace('model = "audio"\n', "")
            + "\n"
            + RAIN.replace('model = "audio"\n', "").replace("nodes.rain", "nodes.rain2")
        ),
        'graphs/x.toml:2: defaults.generate: model "nope" is not a model',
    ),
    # Defaults.
    Broken(
        "a default out of range",
        _x("[defaults.generate]\ntemperature = 9\n\n" + RAIN),
        "graphs/x.toml:2: defaults.generate: temperature must be at most 5, not 9",
    ),
    Broken(
        "an unknown default",
        _x("[defaults.generate]\ntemprature = 1\n\n" + RAIN),
        'graphs/x.toml:2: defaults.generate: unknown field "temprature"; did you mean "temperature"?',
    ),
    Broken(
        "defaults of an unknown kind",
        _x("[defaults.generat]\ntemperature = 1\n\n" + RAIN),
        'graphs/x.toml:1: defaults.generat: unknown kind "generat"; did you mean "generate"?',
    ),
    Broken(
        "a default input",
        _rain('[defaults.trim]\ninput = "rain"\n'),
        "graphs/x.toml:7: defaults.trim: input has no default: it is what makes one node differ from another",
    ),
    # Exports.
    Broken(
        "an unknown format",
        _rain('[exports.out]\nnode = "rain"\nformat = "mp4"\n'),
        'graphs/x.toml:8: exports.out: format must be "flac", "mp3", "ogg", "opus" or "wav", not "mp4"',
    ),
    Broken(
        "an unknown format in a list",
        _rain('[exports.out]\nnode = "rain"\nformat = [\n  "wav",\n  "og",\n]\n'),
        'graphs/x.toml:10: exports.out: format[1] must be "flac", "mp3", "ogg", "opus" or "wav", not "og"',
    ),
    Broken(
        "no format",
        _rain('[exports.out]\nnode = "rain"\nformat = []\n'),
        "graphs/x.toml:8: exports.out: format needs at least one format",
    ),
    Broken(
        "a format twice",
        _rain('[exports.out]\nnode = "rain"\nformat = ["wav", "wav"]\n'),
        "graphs/x.toml:8: exports.out: format names a format twice",
    ),
    Broken(
        "a format that is a number",
        _rain('[exports.out]\nnode = "rain"\nformat = 3\n'),
        'graphs/x.toml:8: exports.out: format must be "flac", "mp3", "ogg", "opus" or "wav", not 3',
    ),
    Broken(
        "a bit depth that does not exist",
        _rain('[exports.out]\nnode = "rain"\nbit_depth = 20\n'),
        "graphs/x.toml:8: exports.out: bit_depth must be 16, 24 or 32, not 20",
    ),
    Broken(
        "a bit depth that flac does not have",
        _rain('[exports.out]\nnode = "rain"\nformat = "flac"\nbit_depth = 32\n'),
        "graphs/x.toml:6: exports.out: flac holds 16 or 24 bits, not 32",
    ),
    Broken(
        "an export without a node",
        _rain('[exports.out]\nformat = "wav"\n'),
        "graphs/x.toml:6: exports.out: node is missing",
    ),
    Broken(
        "an export that is no table",
        _rain('[exports]\nout = "rain"\n'),
        "graphs/x.toml:7: exports.out: must be a table, not a string",
    ),
    Broken(
        "an export that climbs out",
        _rain('[exports.out]\nnode = "rain"\npath = "../out"\n'),
        'graphs/x.toml:8: exports.out: path "../out" must not climb out with ".."',
    ),
    Broken(
        "an absolute export",
        _rain('[exports.out]\nnode = "rain"\npath = "/tmp/out"\n'),
        'graphs/x.toml:8: exports.out: path "/tmp/out" must be relative, not absolute',
    ),
    Broken(
        "an export on a drive",
        _rain('[exports.out]\nnode = "rain"\npath = "C:/out"\n'),
        'graphs/x.toml:8: exports.out: path "C:/out" must be relative, not absolute',
    ),
    Broken(
        "an export with backslashes",
        _rain("[exports.out]\nnode = \"rain\"\npath = 'music\\theme'\n"),
        'graphs/x.toml:8: exports.out: path "music\\theme" must have "/" between its folders, not "\\"',
    ),
    Broken(
        "an export with an empty part",
        _rain('[exports.out]\nnode = "rain"\npath = "music//theme"\n'),
        'graphs/x.toml:8: exports.out: path "music//theme" has an empty part',
    ),
    Broken(
        "a hidden export",
        _rain('[exports.out]\nnode = "rain"\npath = "music/.theme"\n'),
        'graphs/x.toml:8: exports.out: path "music/.theme" must not name what is hidden (".theme")',
    ),
    Broken(
        "an export without a path",
        _rain('[exports.out]\nnode = "rain"\npath = ""\n'),
        "graphs/x.toml:8: exports.out: path must not be empty",
    ),
    Broken(
        "an export with an extension",
        _rain('[exports.out]\nnode = "rain"\npath = "theme.wav"\n'),
        'graphs/x.toml:8: exports.out: path "theme.wav" must be without extension: format gives it',
    ),
    Broken(
        "an export among the drafts",
        _rain('[exports.out]\nnode = "rain"\npath = "draft/theme"\n'),
        'graphs/x.toml:8: exports.out: path "draft/theme" is kept for drafts: "draft" cannot come first',
    ),
    Broken(
        "an export with a slash in its name",
        _rain('[exports."a/b"]\nnode = "rain"\n'),
        'graphs/x.toml:6: exports.a/b: "a/b" is not a name: it takes letters, digits, _ and -, at most 100 of them',
    ),
    Broken(
        "two exports for one file",
        _rain('[exports.a]\nnode = "rain"\npath = "b"\n\n[exports.b]\nnode = "rain"\n'),
        'graphs/x.toml:10: exports.b: "b.wav" is also delivered by graphs/x.toml:6: exports.a',
    ),
    Broken(
        "two exports that differ in case",
        _rain('[exports.Theme]\nnode = "rain"\n\n[exports.theme]\nnode = "rain"\n'),
        'graphs/x.toml:9: exports.theme: "theme.wav" is the same as "Theme.wav" on Windows and macOS, which is delivered by graphs/x.toml:6: exports.Theme',
    ),
    Broken(
        "two scenes for one file",
        {
            "graphs/a.toml": RAIN + '\n[exports.theme]\nnode = "rain"\n',
            "graphs/b.toml": RAIN + '\n[exports.song]\nnode = "rain"\nformat = ["ogg", "wav"]\npath = "theme"\n',
        },
        'graphs/b.toml:6: exports.song: "theme.wav" is also delivered by graphs/a.toml:6: exports.theme',
    ),
    # Recordings.
    Broken(
        "a missing recording",
        _x('[nodes.door]\nkind = "file"\npath = "recordings/dor.wav"\n') | {"graphs/recordings/door.wav": _wav()},
        'graphs/x.toml:3: nodes.door: path "recordings/dor.wav" does not exist; did you mean "recordings/door.wav"?',
    ),
    Broken(
        "a recording in a folder whose capitals are others",
        _x('[nodes.door]\nkind = "file"\npath = "RECORDINGS/Door.wav"\n') | {"graphs/recordings/door.wav": _wav()},
        'graphs/x.toml:3: nodes.door: path "RECORDINGS/Door.wav" does not exist; did you mean "recordings/door.wav"?',
    ),
    Broken(
        "a recording in a misspelled folder beside the scene's",
        {
            "graphs/a/x.toml": '[nodes.door]\nkind = "file"\npath = "../recs/doors/open.wav"\n[exports.x]\nnode = "door"\n',
            "graphs/rec/doors/open.wav": _wav(),
        },
        'graphs/a/x.toml:3: nodes.door: path "../recs/doors/open.wav" does not exist; '
        'did you mean "../rec/doors/open.wav"?',
    ),
    Broken(
        "a recording in a folder that nothing is like",
        _x('[nodes.door]\nkind = "file"\npath = "qqqq/door.wav"\n') | {"graphs/recordings/door.wav": _wav()},
        'graphs/x.toml:3: nodes.door: path "qqqq/door.wav" does not exist',
    ),
    Broken(
        "a voice that could be a path",
        _x('[nodes.line]\nkind = "speech"\ntext = "hello"\nvoice = "../en"\n'),
        'graphs/x.toml:4: nodes.line: voice "../en" is not the name of a voice, such as "en", "en-us" or "en+f3"',
    ),
    Broken(
        "a recording whose header cannot be read",
        _x('[nodes.door]\nkind = "file"\npath = "door.wav"\n')
        | {"graphs/door.wav": b"RIFF\x00\x00nothing of a header"},
        'graphs/x.toml:3: nodes.door: path "door.wav" is not a recording that can be read, or its header is damaged',
    ),
    Broken(
        "a recording that is empty",
        _x('[nodes.door]\nkind = "file"\npath = "door.wav"\n') | {"graphs/door.wav": b""},
        'graphs/x.toml:3: nodes.door: path "door.wav" is empty',
    ),
    Broken(
        "a recording that is a folder",
        _x('[nodes.door]\nkind = "file"\npath = "sounds"\n') | {"graphs/sounds/a.wav": _wav()},
        'graphs/x.toml:3: nodes.door: path "sounds" is a folder, not a file',
    ),
    Broken(
        "a recording outside the project",
        _x('[nodes.door]\nkind = "file"\npath = "../../door.wav"\n'),
        'graphs/x.toml:3: nodes.door: path "../../door.wav" leads outside the project',
    ),
    Broken(
        "an absolute recording",
        _x('[nodes.door]\nkind = "file"\npath = "/usr/share/door.wav"\n'),
        'graphs/x.toml:3: nodes.door: path "/usr/share/door.wav" must be relative, not absolute',
    ),
    Broken(
        "a recording behind a link that leaves the project",
        _x('[nodes.door]\nkind = "file"\npath = "door.wav"\n') | {"graphs/door.wav": "->/etc/hostname"},
        'graphs/x.toml:3: nodes.door: path "door.wav" leads outside the project',
    ),
    Broken(
        "a recording behind a link to nowhere",
        _x('[nodes.door]\nkind = "file"\npath = "door.wav"\n') | {"graphs/door.wav": "->gone.wav"},
        'graphs/x.toml:3: nodes.door: path "door.wav" is not a file that can be read',
    ),
    # Files.
    Broken("TOML without a value", _x(RAIN + "temperature =\n"), "graphs/x.toml:5: not valid TOML: a value is missing"),
    Broken(
        "TOML without quotes",
        _x("[nodes.rain]\nkind = generate\n"),
        """\
graphs/x.toml:2: not valid TOML: invalid value (column 8)
  text stands in quotes""",
    ),
    Broken(
        "a list that is not closed",
        _x("[nodes.rain]\nbands = [\n  1,\n  2,\n"),
        "graphs/x.toml:4: not valid TOML: ends in the middle of a value",
    ),
    Broken(
        "a string that is not closed",
        _x('[nodes.rain]\nkind = "generate\nmodel = "audio"\n'),
        "graphs/x.toml:2: not valid TOML: a string is not closed (column 17)",
    ),
    Broken("a table twice", _x(RAIN + "\n" + RAIN), "graphs/x.toml:6: [nodes.rain] is written twice"),
    Broken("a field twice", _x(RAIN + 'prompt = "wind"\n'), "graphs/x.toml:5: prompt is given twice"),
    Broken(
        "a table that nests too deep",
        _x(f"a = {'[' * 5000}{']' * 5000}\n"),
        "graphs/x.toml: not valid TOML: nests too deep",
    ),
    Broken(
        "a file that is not UTF-8",
        {X: RAIN.encode() + b'prompt2 = "for\xeat"\n'},
        "graphs/x.toml:5: byte 0xea is not UTF-8; save the file as UTF-8",
    ),
    Broken("a file in UTF-16", {X: RAIN.encode("utf-16")}, "graphs/x.toml: is UTF-16; save it as UTF-8"),
    Broken(
        "a file with a byte order mark",
        {X: b"\xef\xbb\xbf" + RAIN.encode()},
        "graphs/x.toml: begins with a byte order mark; save it as UTF-8 without BOM",
    ),
    Broken(
        "an empty file",
        _x(""),
        """\
graphs/x.toml: holds no nodes
  write a [nodes.<name>] table, as docs/scene-format.md shows""",
    ),
    Broken(
        "a file of comments",
        _x("# later\n\n[scene]\nseed = 3\n"),
        """\
graphs/x.toml: holds no nodes
  write a [nodes.<name>] table, as docs/scene-format.md shows""",
    ),
    Broken(
        "a file that is too large",
        {X: b"#" * 4_000_001},
        "graphs/x.toml: is over 4 MB, the most that a file of settings may have",
    ),
    Broken(
        "a scene that does not exist",
        {"graphs/rain.toml": RAIN},
        'graphs/rian.toml: does not exist; did you mean "rain.toml"?',
        scenes=("graphs/rian.toml",),
    ),
    Broken(
        "a folder for a scene",
        {"graphs/rain.toml/a": RAIN},
        "graphs/rain.toml: is a folder, not a TOML file",
        scenes=("graphs/rain.toml",),
    ),
    Broken(
        "the project's file for a scene",
        {PROJECT: "", X: RAIN},
        "soundgraph.toml: is the project's file, not a scene",
        scenes=(PROJECT,),
    ),
    Broken(
        "a scene outside the project",
        {PROJECT: "", X: RAIN},
        "../x.toml: lies outside the project",
        scenes=("../x.toml",),
    ),
    Broken(
        "two scenes of one id",
        {PROJECT: "", X: RAIN, "x.toml": RAIN},
        'x.toml: has the same id as graphs/x.toml: "x"',
        scenes=(X, "x.toml"),
    ),
    # Includes.
    Broken(
        "a missing include",
        _x('include = ["shared/rian.toml"]\n' + RAIN) | {"graphs/shared/rain.toml": RAIN},
        'graphs/x.toml:1: include: "shared/rian.toml" does not exist; did you mean "shared/rain.toml"?',
    ),
    Broken(
        "an include that includes itself",
        _x('include = ["a.toml"]\n')
        | {"graphs/a.toml": 'include = ["b.toml"]\n', "graphs/b.toml": 'include = [\n  "a.toml",\n]\n'},
        "graphs/b.toml:2: include: includes itself: graphs/a.toml -> graphs/b.toml -> graphs/a.toml",
        scenes=(X,),
    ),
    Broken(
        "an include of the scene itself",
        _x('include = ["x.toml"]\n' + RAIN),
        "graphs/x.toml:1: include: includes itself: graphs/x.toml -> graphs/x.toml",
    ),
    Broken(
        "includes nested too deep",
        {f"graphs/n{i}.toml": f'include = ["n{i + 1}.toml"]\n' for i in range(9)} | {"graphs/n9.toml": RAIN},
        'graphs/n8.toml:1: include: "n9.toml" is nested deeper than 8 files',
        scenes=("graphs/n0.toml",),
    ),
    Broken(
        "two includes of one name",
        _x('include = ["a/rain.toml", "b/rain.toml"]\n') | {"graphs/a/rain.toml": RAIN, "graphs/b/rain.toml": RAIN},
        'graphs/x.toml:1: include: "b/rain.toml" is called "rain", and so is the include "a/rain.toml" of this file',
        scenes=(X,),
    ),
    Broken(
        "an include called like a node",
        _x('include = ["shared/rain.toml"]\n' + RAIN) | {"graphs/shared/rain.toml": RAIN},
        'graphs/x.toml:1: include: "shared/rain.toml" is called "rain", and so is a node of this file',
        scenes=(X,),
    ),
    Broken(
        "an include outside the project",
        _x('include = ["../../rain.toml"]\n' + RAIN),
        'graphs/x.toml:1: include: "../../rain.toml" leads outside the project',
    ),
    Broken(
        "an include behind a link that leaves the project",
        _x('include = ["a.toml"]\n') | {"graphs/a.toml": "->/etc/hostname"},
        'graphs/x.toml:1: include: "a.toml" leads outside the project',
        scenes=(X,),
    ),
    Broken(
        "an include that is no list",
        _x('include = "a.toml"\n' + RAIN),
        "graphs/x.toml:1: include: must be a list, not a string",
    ),
    Broken(
        "an include that is no path",
        _x("include = [3]\n" + RAIN),
        "graphs/x.toml:1: include: must be a list of paths; a number is none",
    ),
    Broken(
        "an include of something else",
        _x('include = ["rain.json"]\n' + RAIN),
        'graphs/x.toml:1: include: "rain.json" must end in ".toml"',
    ),
    Broken(
        "a broken node of an include",
        _x('include = ["rain.toml"]\n') | {"graphs/rain.toml": RAIN + "temperature = 9\n"},
        "graphs/rain.toml:5: nodes.rain: temperature must be at most 5, not 9",
        scenes=(X,),
    ),
    Broken(
        "TOML of an include",
        _x('include = ["rain.toml"]\n') | {"graphs/rain.toml": RAIN + "temperature =\n"},
        "graphs/rain.toml:5: not valid TOML: a value is missing",
        scenes=(X,),
    ),
    Broken(
        "an unknown node of an include",
        _x('include = ["storm.toml"]\n\n[nodes.low]\nkind = "gain"\ngain_db = -3\ninput = "storm.rian"\n')
        | {"graphs/storm.toml": RAIN},
        'graphs/x.toml:6: nodes.low: input "storm.rian" is not a node; did you mean "storm.rain"?',
        scenes=(X,),
    ),
    # Elements.
    Broken(
        "an element without a prompt",
        _x('[[elements]]\ntype = "music"\n\n[[elements]]\ntype = "audio"\nprompt = "a"\n'),
        "graphs/x.toml:1: elements[0]: prompt is missing",
    ),
    Broken(
        "an element of an unknown type",
        _x('[[elements]]\ntype = "sound"\nprompt = "a"\n'),
        'graphs/x.toml:2: elements[0]: type must be "music" or "audio", not "sound"',
    ),
    Broken(
        "an element of a size that does not exist",
        _x('[[elements]]\ntype = "audio"\nmodel_size = "large"\nprompt = "a"\n'),
        'graphs/x.toml:3: elements[0]: model_size "large" does not exist for audio: the only AudioGen is "facebook/audiogen-medium"',
    ),
    Broken(
        "an unknown field of an element",
        _x('[[elements]]\ntype = "audio"\npromt = "a"\nprompt = "b"\n'),
        'graphs/x.toml:3: elements[0]: unknown field "promt"; did you mean "prompt"?',
    ),
    Broken(
        "an element out of range",
        _x('[[elements]]\ntype = "audio"\nprompt = "b"\ntemperature = 9\nweight = 5000\n'),
        """\
graphs/x.toml:4: elements[0]: temperature must be at most 5, not 9
graphs/x.toml:5: elements[0]: weight must be at most 1000, not 5000""",
    ),
    Broken(
        "two elements of one name",
        _x(
            '[[elements]]\ntype = "audio"\nprompt = "b"\nname = "b"\n\n[[elements]]\ntype = "audio"\nprompt = "b"\nname = "b"\n'
        ),
        'graphs/x.toml:9: elements[1]: the name "b" belongs to another element',
    ),
    Broken(
        "an element called like a node",
        _x(RAIN + '\n[[elements]]\ntype = "audio"\nprompt = "b"\nname = "rain"\n'),
        'graphs/x.toml:6: elements[0]: the name "rain" is taken by nodes.rain',
    ),
    Broken(
        "elements that are no list", _x("elements = 3\n"), "graphs/x.toml:1: elements: must be a list, not a number"
    ),
    # Overrides.
    Broken(
        "an override of an unknown node",
        _x(RAIN),
        '-D nodes.rian.prompt: no scene has a node "rian"; did you mean "rain"?',
        overrides=("nodes.rian.prompt=wind",),
    ),
    Broken(
        "an override of an unknown field",
        _x(RAIN),
        '-D nodes.rain.promt: nodes.rain has no field "promt"; did you mean "prompt"?',
        overrides=("nodes.rain.promt=wind",),
    ),
    Broken(
        "an override of an unknown setting",
        _x(RAIN),
        '-D scene.sed: [scene] has no field "sed"; did you mean "seed"?',
        overrides=("scene.sed=9",),
    ),
    Broken(
        "an override of an unknown table",
        _x(RAIN),
        '-D node.rain.prompt: "node" cannot be overridden; did you mean "nodes"?',
        overrides=("node.rain.prompt=wind",),
    ),
    Broken(
        "an override without a value",
        _x(RAIN),
        """\
-D scene.seed: has no value
  write KEY=VALUE, as in "scene.seed=9\"""",
        overrides=("scene.seed",),
    ),
    Broken(
        "an override without a field",
        _x(RAIN),
        """\
-D nodes.rain: names no field
  as in "nodes.rain.prompt=soft rain\"""",
        overrides=("nodes.rain=3",),
    ),
    Broken(
        "an override of an export",
        _x(RAIN),
        '-D exports.rain.format: no scene has an export "rain"',
        overrides=("exports.rain.format=ogg",),
    ),
    Broken(
        "an override out of range",
        _x(RAIN),
        """\
graphs/x.toml: nodes.rain: temperature must be at most 5, not 9
  given by -D nodes.rain.temperature=9""",
        overrides=("nodes.rain.temperature=9",),
    ),
    Broken(
        "an override of a setting out of range",
        _x(RAIN),
        """\
graphs/x.toml: scene: duration must be over 0, not -1
  given by -D scene.duration=-1""",
        overrides=("scene.duration=-1",),
    ),
    Broken(
        "an override of a default out of range",
        _x(RAIN),
        """\
graphs/x.toml: defaults.generate: temperature must be a number, not a string
  given by -D defaults.generate.temperature=hot""",
        overrides=("defaults.generate.temperature=hot",),
    ),
    # The project's file.
    Broken(
        "an unknown table of the project",
        {X: RAIN, PROJECT: '[cach]\ndir = "a"\n'},
        'soundgraph.toml:1: unknown table "cach"; did you mean "cache"?',
    ),
    Broken(
        "an unknown field of the project",
        {X: RAIN, PROJECT: '[cache]\nfolder = "a"\n'},
        'soundgraph.toml:2: cache: unknown field "folder"',
    ),
    Broken(
        "an output outside the project",
        {X: RAIN, PROJECT: '[build]\noutput = "../out"\n'},
        'soundgraph.toml:2: build: output "../out" must not climb out with ".."',
    ),
    Broken(
        "an output over the scenes",
        {X: RAIN, PROJECT: '[build]\noutput = "graphs"\n'},
        'soundgraph.toml:2: build: output "graphs" overlaps the folder of the scenes',
    ),
    Broken(
        "a memory budget that is no size",
        {X: RAIN, PROJECT: '[build]\nmemory_budget = "12 apples"\nworkers = 0\n'},
        """\
soundgraph.toml:2: build: memory_budget "12 apples" is not a size such as "12 GB"
soundgraph.toml:3: build: workers must be at least 1, not 0""",
    ),
    Broken(
        "an unknown model of the project",
        {X: RAIN, PROJECT: '[models]\nambience = "facebook/audiogen-larg"\n'},
        'soundgraph.toml:2: models: ambience "facebook/audiogen-larg" does not exist: the only AudioGen is "facebook/audiogen-medium"',
    ),
    Broken(
        "a project's default out of range",
        {X: RAIN, PROJECT: "[defaults.generate]\ntemperature = 9\n"},
        "soundgraph.toml:2: defaults.generate: temperature must be at most 5, not 9",
    ),
    Broken(
        "TOML of the project",
        {X: RAIN, PROJECT: "[cache\n"},
        "soundgraph.toml:1: not valid TOML: expected ']' at the end of a table declaration (column 7)",
    ),
    # All at once.
    Broken(
        "several mistakes",
        _x(
            RAIN
            + 'temperature = 9\ncolour = "red"\n\n[nodes.cut]\nkind = "trim"\ninput = "rian"\nstart = "now"\n\n[exports.out]\nnode = "cutt"\npath = "/out"\n'
        ),
        """\
graphs/x.toml:5: nodes.rain: temperature must be at most 5, not 9
graphs/x.toml:6: nodes.rain: unknown field "colour"
graphs/x.toml:10: nodes.cut: input "rian" is not a node; did you mean "rain"?
graphs/x.toml:11: nodes.cut: start must be a number, not a string
graphs/x.toml:14: exports.out: node "cutt" is not a node; did you mean "cut"?
graphs/x.toml:15: exports.out: path "/out" must be relative, not absolute""",
    ),
    Broken(
        "mistakes in several scenes",
        {"graphs/a.toml": RAIN + "seed = -1\n", "graphs/b.toml": "[nodes", "graphs/c.toml": RAIN},
        """\
graphs/a.toml:5: nodes.rain: seed must be at least 0, not -1
graphs/b.toml:1: not valid TOML: expected ']' at the end of a table declaration""",
        overrides=("nodes.wind.prompt=wind",),
    ),
    Broken(
        "an override of nothing beside a mistake",
        {"graphs/a.toml": RAIN + "seed = -1\n", "graphs/b.toml": RAIN},
        """\
-D nodes.wind.prompt: no scene has a node "wind"
graphs/a.toml:5: nodes.rain: seed must be at least 0, not -1""",
        overrides=("nodes.wind.prompt=wind",),
    ),
    Broken(
        "uses of an include that cannot be read",
        {
            X: 'include = ["rain.toml"]\n\n[nodes.low]\nkind = "gain"\ngain_db = -3\ninput = "rain.rain"\n',
            "graphs/rain.toml": RAIN + "temperature =\n",
        },
        "graphs/rain.toml:5: not valid TOML: a value is missing",
        overrides=("nodes.rain.rain.prompt=wind",),
        scenes=(X,),
    ),
]
