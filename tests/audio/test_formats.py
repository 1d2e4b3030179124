"""File formats: what is found by name, what each says of itself, and one that a package brings."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundgraph import engines
from soundgraph.audio.artifact import make
from soundgraph.audio.containers import decode
from soundgraph.audio.encode import encode, version
from soundgraph.audio.formats import (
    FORMATS,
    Encoding,
    Format,
    format_names,
    format_summary,
    get_format,
    lossless_names,
    lossy_names,
)
from soundgraph.core.errors import PluginError
from tests.helpers import CHAIN, Space
from tests.plugins import offer

SUN_AU = '''"""Sun AU: 16 bits, big-endian, of up to four channels."""

import struct

import numpy as np

from soundgraph.audio.formats import Format


def encode(audio, encoding):
    body = np.round(np.clip(audio.samples.T, -1, 1) * 32767).astype(">i2").tobytes()
    return struct.pack(">4s5I4x", b".snd", 28, len(body), 3, audio.sample_rate, audio.channels) + body


FORMAT = Format(version=7, encode=encode, media_type="audio/basic", bit_depths=(16,), max_channels=4)
'''


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Installs a package that brings one format: its name, and the code that it lies in."""

    def install(name: str, code: str) -> None:
        site = tmp_path / "site"
        offer(site, "Sun.Audio", "1.0", [("soundgraph.formats", f"{name} = sun_audio_{name}:FORMAT")])
        (site / f"sun_audio_{name}.py").write_text(code, encoding="utf-8")
        monkeypatch.syspath_prepend(str(site))

    return install


@pytest.fixture
def installed(install: Callable[[str, str], None]) -> str:
    install("au", SUN_AU)
    return "au"


def test_a_format_of_another_package_is_delivered_like_ours(space: Space, installed: str) -> None:
    fields = f'node = "dark"\nformat = ["wav", "{installed}", "ogg"]\nbit_depth = 16\nloop = true'
    manifest = '[manifests.all]\nengine = "json"\n'
    space.scene(CHAIN.replace('node = "dark"', fields) + manifest)
    found = space.build()
    files = ["build/theme.wav", "build/theme.au", "build/theme.ogg"]
    assert found.exports == dict.fromkeys([*files, "build/all.json"], "written")
    info = soundfile.info(space.root / "build/theme.au")
    assert (info.format, info.subtype, info.samplerate, info.frames) == ("AU", "PCM_16", 48000, 1920)
    ours, theirs = (decode.read(space.root / f"build/theme.{name}") for name in ("wav", installed))
    np.testing.assert_allclose(theirs.samples, ours.samples, atol=3 / 32768)
    facts = json.loads(space.read("build/theme.au.json"))
    assert (facts["format"], facts["loop"]) == ("au", {"start": 0, "end": 1919})
    listed = json.loads(space.read("build/all.json"))["sounds"][0]["files"]
    assert [each["file"] for each in listed] == ["theme.wav", "theme.au", "theme.ogg"]
    assert space.build().exports == dict.fromkeys(found.exports, "current")


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ('format = "au"\nbit_depth = 24', "exports.theme: au holds 16 bits, not 24"),
        ('format = "au"\nbit_depth = 16\nquality = 0.5', "exports.theme: quality is for mp3, ogg and opus"),
    ],
)
def test_what_it_says_of_itself_is_held_against_an_export(space: Space, installed: str, fields: str, what: str) -> None:
    space.scene(CHAIN.replace('node = "dark"', f'node = "dark"\n{fields}'))
    assert what in space.build().err


def test_the_key_of_an_export_names_the_package_and_the_format_s_own_version(installed: str) -> None:
    assert version(installed) == "sun-audio, 7"
    assert version("wav") == "1"


def test_a_sound_of_too_many_channels_is_refused_for_it(installed: str) -> None:
    words = r"au is written with up to 4 channels, not 5; wav and flac hold more"
    with pytest.raises(Exception, match=words):
        encode(make(np.zeros((5, 10), np.float32), 48000), installed, 16)


def test_a_package_s_format_that_is_none_is_told_of(space: Space, install: Callable[[str, str], None]) -> None:
    install("broken", "FORMAT = 3\n")
    words = 'format "broken" of package "sun-audio" is no soundgraph.audio.formats.Format'
    with pytest.raises(PluginError, match=re.escape(words)):
        get_format("broken")
    space.scene(CHAIN.replace('node = "dark"', 'node = "dark"\nformat = "broken"'))
    assert f"exports.theme: format names what cannot be used: {words}" in space.build().err


def test_no_package_takes_the_name_of_one_of_ours(install: Callable[[str, str], None]) -> None:
    install("wav", SUN_AU)
    assert get_format("wav").media_type == "audio/wav"
    assert FORMATS.package("wav") == ""


@pytest.mark.parametrize("name", format_names())
def test_each_format_has_a_line_about_itself_and_is_read_at_a_rate_that_it_states(name: str) -> None:
    known = get_format(name)
    assert format_summary(name).endswith(".")
    assert re.fullmatch(r"audio/[a-z]+", known.media_type)
    assert list(known.rates_hz) == sorted(known.rates_hz)
    for rate in (8000, 44100, 48000, 96000):
        audio = make(np.zeros((2, 4800), np.float32), rate)
        assert decode.from_bytes(encode(audio, name)).sample_rate == known.rate_for(rate, looped=False)


def test_those_without_loss_come_first_and_none_is_both() -> None:
    assert lossless_names() == ["wav", "flac"]
    assert lossy_names() == ["mp3", "ogg", "opus"]


def test_engines_import_formats_that_there_are() -> None:
    for name in engines.names():
        assert set(engines.get(name).formats) <= set(format_names()), name


@pytest.mark.parametrize(
    ("fields", "rate", "looped", "written"),
    [
        ({}, 44100, True, 44100),
        ({"rates_hz": (8000, 48000)}, 8000, False, 8000),
        ({"rates_hz": (8000, 48000)}, 8001, False, 48000),
        ({"rates_hz": (8000, 48000)}, 96000, False, 48000),
        ({"rates_hz": (8000, 48000), "loop_rate_hz": 48000}, 8000, True, 48000),
        ({"rates_hz": (8000, 48000), "loop_rate_hz": 48000}, 8000, False, 8000),
        ({"max_rate_hz": 96000}, 96000, False, 96000),
        ({"max_rate_hz": 96000}, 96001, False, 48000),
        ({"max_rate_hz": 96000, "bit_depths": (16,)}, 96001, False, 96001),
    ],
)
def test_a_sound_is_written_at_its_own_rate_or_the_next_that_the_format_knows(
    fields: dict[str, object], rate: int, looped: bool, written: int
) -> None:
    made_up = Format(version=1, encode=_never, media_type="audio/x", **fields)  # type: ignore[arg-type]
    assert made_up.rate_for(rate, looped) == written


def _never(audio: object, encoding: Encoding) -> bytes:
    raise AssertionError
