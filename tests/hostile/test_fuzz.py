"""Whatever bytes a file of a project or a cache holds, reading it ends with a result, or with words about it."""

from __future__ import annotations

import contextlib
import io
import json
import random
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundgraph.audio.artifact import from_wav
from soundgraph.audio.containers import decode
from soundgraph.cache.result_record import Record
from soundgraph.core.errors import NodeError, SceneError, UsageError
from soundgraph.project import lockfile, targets
from soundgraph.project.config import load_project
from soundgraph.scene import loader
from soundgraph.scene.reading import overrides
from tests.helpers import CHAIN, Space, noise

EXAMPLES = sorted((Path(__file__).parents[2] / "graphs").rglob("*.toml"))

ODD: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 10**400, 0.0, -0.0, 1e308, float("nan"), float("inf")),
    *("", " ", "\0", "\x1b[2J", "\u202e", "..", "/etc/passwd", "C:\\x", "a" * 5000, "generate", "rain", "#", "rain#2"),
    *("{take}", "{", "NUL", "../x.wav", "é" * 200, "\udc80", "1e9999", "commercial", "wav"),
    *([], {}, [[]], [{}], {"": 1}, [None], {"node": "rain"}, [{"node": "rain"}], [0.5] * 300, {"a": {"b": {"c": {}}}}),
]

SNIPPETS = [
    *(b"\0", b"\xff", b"\n", b"[", b"]", b"{", b"}", b"=", b'"""', b"'", b"#", b".", b"..", b"/", b"\\", b"\x1b[2J"),
    *(b"[nodes.x]\n", b"[[checks]]\n", b"[exports.x]\n", b"include = ['x.toml']\n", b"9" * 5000, b"1e999", b"nan"),
    *(b"\xf0\x9f\x8e\xb5", b"\xed\xb2\x80", b"<<<<<<<", b"1979-05-27T07:32:00Z", b"[" * 500, b"RIFF", b"PK\x03\x04"),
]


def mutated(data: bytes, draw: random.Random) -> bytes:
    """A file with a few things done to it: bits, bytes, parts that are cut, doubled, moved or put in."""
    found = bytearray(data)
    for _ in range(draw.choice([1, 1, 2, 5])):
        place = draw.randrange(len(found) + 1)
        size = draw.choice([1, 2, 4, 16, 200])
        match draw.randrange(6):
            case 0 if found:
                found[place % len(found)] ^= 1 << draw.randrange(8)
            case 1:
                del found[place : place + size]
            case 2:
                found[place:place] = found[place : place + size]
            case 3:
                found[place:place] = draw.choice(SNIPPETS)
            case 4:
                found[place : place + size] = draw.randbytes(size)
            case _:
                del found[place:]
    return bytes(found)


def odd(value: Any, draw: random.Random, depth: int = 0) -> Any:
    """A table in which something is of another sort, is missing, or has another name."""
    if draw.random() < 0.1 * depth or not isinstance(value, dict | list) or not value:
        return draw.choice(ODD)
    if isinstance(value, list):
        found = list(value)
        place = draw.randrange(len(found))
        found[place] = odd(found[place], draw, depth + 1)
        return found
    table = dict(value)
    key = draw.choice(list(table))
    what = draw.random()
    if what < 0.1:
        del table[key]
    elif what < 0.2:
        table[str(draw.choice(ODD))] = table.pop(key)
    elif what < 0.3:
        table[draw.choice(["variations", "loop", "kind", "input", "inputs", "node", "path", "x"])] = draw.choice(ODD)
    else:
        table[key] = odd(table[key], draw, depth + 1)
    return table


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="soundgraph-fuzz-") as place:
        yield Path(place)


def told(error: SceneError) -> None:
    """Every mistake is one line, and a hint of one more, that a terminal can show."""
    assert error.mistakes
    for mistake in error.mistakes:
        assert "\n" not in mistake.what + mistake.where + mistake.hint, mistake
        assert (mistake.what + mistake.where).isprintable(), mistake


def one_line(error: Exception) -> None:
    assert "\n" not in str(error)
    assert str(error).isprintable()


draws = st.randoms(use_true_random=False)


@given(path=st.sampled_from(EXAMPLES), draw=draws, times=st.integers(1, 3))
def test_a_scene_in_which_anything_is_of_another_sort(path: Path, draw: random.Random, times: int) -> None:
    table: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    for _ in range(times):
        table = odd(table, draw)
    with folder() as root:
        try:
            loader.load_data(table, "scene", load_project(root), draft=True)
        except SceneError as error:
            told(error)


@given(path=st.sampled_from(EXAMPLES), draw=draws)
def test_the_bytes_of_a_scene(path: Path, draw: random.Random) -> None:
    with folder() as root:
        scene = root / "graphs" / "a.toml"
        scene.parent.mkdir()
        scene.write_bytes(mutated(path.read_bytes(), draw))
        try:
            loader.load_scene(scene, load_project(root), draft=True)
        except SceneError as error:
            told(error)


PROJECT = b"""
[models]
rain = "facebook/audiogen-medium"
mine = { model = "./weights", license = "MIT" }
[cache]
dir = "cache"
salt = "x"
max_size = "20 GB"
[build]
output = "build"
workers = 2
memory_budget = "12 GB"
weights_dir = "weights"
[policy]
allow_licenses = ["MIT"]
[defaults.generate]
duration = 2.0
"""


@given(draw=draws)
def test_the_bytes_of_a_project(draw: random.Random) -> None:
    with folder() as root:
        (root / "soundgraph.toml").write_bytes(mutated(PROJECT, draw))
        try:
            load_project(root)
        except SceneError as error:
            told(error)
        except UsageError:
            pass


LOCK = b"""# Written by soundgraph
model facebook/musicgen-small 4c8334b02c6ec4e8664a91979669a501ec497792 %s
take forest/rain:storm#2 %s %s
""" % (b"a" * 64, b"b" * 64, b"c" * 64)


@given(draw=draws)
def test_the_bytes_of_a_lock(draw: random.Random) -> None:
    with folder() as root:
        (root / "soundgraph.lock").write_bytes(mutated(LOCK, draw))
        try:
            lockfile.read(root / "soundgraph.lock")
        except SceneError as error:
            told(error)


@given(draw=draws)
def test_the_bytes_of_a_record(draw: random.Random) -> None:
    sound = noise()
    record = Record("a" * 64, sound.digest, 8000, 1, sound.n_samples, {"kind": "gain", "params": {"x": 1}}, {"at": "x"})
    data = record.to_json().encode()
    changed = mutated(data, draw)
    found = Record.from_json(changed)
    assert found is None or changed == data


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(data=values)
def test_a_record_of_another_form_is_none(data: Any) -> None:
    for form in (1, 2):
        text = json.dumps(data if not isinstance(data, dict) else {"record": form, "key": "a" * 64, **data})
        Record.from_json(text)


@given(draw=draws)
def test_the_bytes_of_a_kept_sound(draw: random.Random) -> None:
    sound = noise(channels=2)
    data = mutated(sound.to_wav(), draw)
    try:
        found = from_wav(data)
    except ValueError:
        return
    assert found.digest != sound.digest or data == sound.to_wav()


def recording(form: str) -> bytes:
    import soundfile

    stream = io.BytesIO()
    name, subtype = {
        "wav": ("WAV", "PCM_16"),
        "float": ("WAV", "FLOAT"),
        "flac": ("FLAC", "PCM_24"),
        "ogg": ("OGG", "VORBIS"),
        "opus": ("OGG", "OPUS"),
        "mp3": ("MP3", "MPEG_LAYER_III"),
        "aiff": ("AIFF", "PCM_16"),
        "caf": ("CAF", "PCM_16"),
    }[form]
    soundfile.write(stream, noise(0.2, 16000, 2).samples.T, 16000, subtype, format=name)
    return stream.getvalue()


@pytest.mark.parametrize("form", ["wav", "float", "flac", "ogg", "opus", "mp3", "aiff", "caf"])
@settings(max_examples=40)
@given(draw=draws)
def test_the_bytes_of_a_recording(form: str, draw: random.Random) -> None:
    with folder() as root:
        path = root / f"a.{form}"
        path.write_bytes(mutated(recording(form), draw))
        for read in (decode.inspect, decode.read):
            try:
                read(path)  # type: ignore[operator]
            except NodeError as error:
                one_line(error)


@given(draw=draws)
def test_the_bytes_of_a_checkpoint(draw: random.Random) -> None:
    peek = pytest.importorskip("soundgraph.backends.audiocraft.peek")
    import pickle

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        table = {"best_state": {"a": 1}, "xp.cfg": "sample_rate: 32000\nlm: {dim: 8}"}
        data = pickle.dumps(table, 2)
        archive.writestr("archive/data.pkl", data if draw.random() < 0.5 else mutated(data, draw))
        archive.writestr("archive/version", "3")
    content = stream.getvalue()
    with folder() as root:
        path = root / "state_dict.bin"
        path.write_bytes(content if draw.random() < 0.3 else mutated(content, draw))
        try:
            peek.peek(path)
        except ValueError as error:
            one_line(error)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), which=st.sampled_from(["stamps", "delivered", "history", "index", "record", "blob"]))
def test_the_bytes_of_what_a_build_keeps(seed: int, which: str) -> None:
    draw = random.Random(seed)  # hypothesis's own wants the same file each time, and times stand in these
    with folder() as root:
        space = Space(root / "project")
        space.scene(CHAIN)
        assert space.build("--draft").code == 0
        before = space.delivered()
        pattern = {
            "stamps": ".soundgraph/stamps-*",
            "delivered": ".soundgraph/delivered",
            "history": ".soundgraph/history",
            "index": "cache/index/cache.db",
            "record": "cache/records/*/*.json",
            "blob": "cache/blobs/*/*.wav",
        }[which]
        path = draw.choice(sorted(space.root.glob(pattern)))
        path.write_bytes(mutated(path.read_bytes(), draw))
        space.replace("soft rain", "hard rain")
        assert space.build("--draft").code == 0
        space.replace("hard rain", "soft rain")
        assert space.build("--draft").code == 0
        assert {name: data for name, data in space.delivered().items() if name.endswith(".wav")} == {
            name: data for name, data in before.items() if name.endswith(".wav")
        }
        for verb in (["stats"], ["cache", "stats"], ["explain", "a:rain", "--draft"], ["plan", "--draft"]):
            assert space.run(*verb).code == 0
        assert space.run("cache", "verify").code in (0, 1)


@given(text=st.text() | st.from_regex(r"(nodes|scene|exports|defaults)\.[a-z.\[\]0-9]{0,20}=.{0,20}"))
def test_any_override(text: str) -> None:
    with contextlib.suppress(SceneError, UsageError):
        overrides.parse_all([text])


@settings(max_examples=200)
@given(text=st.text(max_size=40))
def test_any_target(text: str) -> None:
    with folder() as root:
        (root / "graphs").mkdir()
        (root / "graphs" / "a.toml").write_text(CHAIN)
        with contextlib.suppress(UsageError):
            targets.select(str(root), [text])


ESCAPE = "\x1b]0;owned\x07"


@pytest.mark.parametrize("verb", ["build", "check", "plan", "explain", "graph", "diff"])
def test_no_escape_from_a_name_reaches_the_terminal(space: Space, verb: str) -> None:
    space.scene(CHAIN + '\n[nodes."x\\u001b[2J"]\nkind = "\\u001b[2J\\u0007"\n')
    space.write(f"graphs/b{ESCAPE}.toml", CHAIN)
    space.write("graphs/c\nFAKE: fine.toml", CHAIN)
    for arguments in ([verb], [verb, f"a{ESCAPE}"], [verb, "-D", f"nodes.{ESCAPE}=1"]):
        found = space.run(*arguments)
        assert found.code == 2
        assert "\x1b" not in found.out + found.err
        assert "\x07" not in found.out + found.err
        assert "\nFAKE" not in found.out + found.err
