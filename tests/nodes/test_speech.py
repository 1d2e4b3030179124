"""speech: what reaches the program, what comes back, and what is said where it is missing."""

import shutil
import stat
import subprocess
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio
from soundgraph.core.errors import NodeError
from soundgraph.nodes import speech
from soundgraph.nodes.speech import KIND, Speech

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


def speak(text: str = "hello", **fields: object) -> Audio:
    return KIND.render(Speech(text=text, **fields), [])


@needs_espeak
def test_a_text_becomes_mono_speech():
    audio = speak("The quick brown fox jumps over the lazy dog.")
    assert audio.channels == 1
    assert 1.5 < audio.duration < 6
    assert 0.02 < np.sqrt(np.square(audio.samples.astype(np.float64)).mean()) < 0.5


@needs_espeak
def test_the_same_words_sound_the_same_each_time():
    assert speak("one two three").digest == speak("one two three").digest


@needs_espeak
@pytest.mark.parametrize("fields", [{"voice": "de"}, {"voice": "en+f3"}, {"speed_wpm": 300}, {"pitch": 90}])
def test_each_field_is_heard(fields):
    assert speak("good morning", **fields).digest != speak("good morning").digest


@needs_espeak
def test_faster_is_shorter():
    text = "one two three four five six seven eight nine ten"
    assert speak(text, speed_wpm=350).duration < 0.7 * speak(text, speed_wpm=175).duration


@needs_espeak
@pytest.mark.parametrize("text", ["--help", "-v de", "-w /nowhere/x.wav", "$(touch owned) `touch owned` ; touch owned"])
def test_no_text_is_an_option_or_a_command(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert speak(text).duration > 0.2
    assert not list(tmp_path.iterdir())


@needs_espeak
def test_markup_is_not_obeyed():
    assert speak('<break time="20s"/>hello').duration < 10


@needs_espeak
@pytest.mark.parametrize("text", ["Grüße, 你好, Ελλάδα", "line one\nline two\r\n\tline three", "ok " * 300])
def test_any_text_is_spoken(text):
    assert speak(text, speed_wpm=450).duration > 0.5


@needs_espeak
def test_a_voice_that_there_is_not_is_an_error_in_its_words():
    with pytest.raises(NodeError) as caught:
        speak("hello", voice="klingonese")
    assert str(caught.value) == (
        'espeak-ng cannot say this with the voice "klingonese": The specified espeak-ng voice does not exist'
    )


@needs_espeak
@pytest.mark.parametrize(
    ("voice", "hint"),
    [
        (
            "en+nosuchvariant",
            '"nosuchvariant" for the voice "en+nosuchvariant"; `espeak-ng --voices=variant` lists them',
        ),
        ("de+f33", '"f33" for the voice "de+f33"; did you mean "f3"?'),
        ("en+0", '"m0" for the voice "en+0"; `espeak-ng --voices=variant` lists them'),
        ("en+30", '"f20" for the voice "en+30"; did you mean "f2"?'),
    ],
)
def test_a_variant_that_there_is_not_is_refused_although_the_program_would_speak(voice, hint):
    with pytest.raises(NodeError) as caught:
        speak("hello", voice=voice)
    assert str(caught.value) == f"espeak-ng has no variant {hint}"


@needs_espeak
def test_a_variant_may_be_given_by_its_number():
    assert speak("hello", voice="en+13").digest == speak("hello", voice="en+f3").digest
    assert speak("hello", voice="en+3").digest == speak("hello", voice="en+m3").digest


def test_where_the_program_is_missing_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NodeError) as caught:
        speak()
    assert str(caught.value) == (
        'espeak-ng is not installed, and speech needs it: install the package "espeak-ng" of your system, '
        "or use a file node with a recording"
    )


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Puts a shell script in the program's place."""

    def put(script: str) -> Path:
        path = tmp_path / "bin" / "espeak-ng"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")
        return path

    return put


def test_the_text_goes_through_stdin_and_the_settings_are_arguments(stand_in, tmp_path):
    stand_in(f'echo "$@" > {tmp_path}/arguments; cat > {tmp_path}/text; exit 1')
    with pytest.raises(NodeError):
        speak("-w é", voice="en-us", speed_wpm=200, pitch=60)
    assert (tmp_path / "text").read_text() == "-w é"
    arguments = (tmp_path / "arguments").read_text().split()
    assert arguments[:-1] == ["-v", "en-us", "-s", "200", "-p", "60", "-b", "1", "-z", "--stdin", "-w"]
    assert not Path(arguments[-1]).exists()


def test_one_that_fails_is_an_error_of_one_line(stand_in):
    stand_in("cat > /dev/null; echo 'Error: no voice.' >&2; echo more >&2; exit 3")
    with pytest.raises(NodeError) as caught:
        speak()
    assert str(caught.value) == 'espeak-ng cannot say this with the voice "en": no voice'


def test_one_that_writes_nothing_is_an_error(stand_in):
    stand_in("cat > /dev/null")
    with pytest.raises(NodeError) as caught:
        speak()
    assert str(caught.value) == 'espeak-ng cannot say this with the voice "en"'


def test_one_that_writes_rubbish_is_an_error(stand_in):
    stand_in('cat > /dev/null; for last; do :; done; echo rubbish > "$last"')
    with pytest.raises(NodeError, match="is not a recording that can be read"):
        speak()


def test_one_that_hangs_is_stopped(stand_in, monkeypatch):
    stand_in("exec sleep 60")
    monkeypatch.setattr(speech, "_TIMEOUT_SECONDS", 0.2)
    with pytest.raises(NodeError, match=r"^espeak-ng was not done after 0\.2 s; split the text$"):
        speak()


def test_one_that_cannot_be_run_is_an_error(stand_in, monkeypatch):
    def refuse(*arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    stand_in("true")
    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(NodeError, match=r"^espeak-ng cannot be run: Permission denied$"):
        speak()


@pytest.mark.parametrize(
    "voice", ["-h", "../etc/passwd", "en/..", "", "en us", "+f3", "en+", "en\n", "e" * 41, "en;ls"]
)
def test_a_voice_can_be_neither_an_option_nor_a_file(voice):
    with pytest.raises(ValidationError):
        Speech(text="hello", voice=voice)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "at least 1"),
        (" \n", "must say something"),
        ("a\x00b", "control characters"),
        ("\x0150P hello", "control characters"),
        ("x" * 5001, "at most 5000"),
    ],
)
def test_what_cannot_be_said_is_a_mistake(text, reason):
    with pytest.raises(ValidationError, match=reason):
        Speech(text=text)


@pytest.mark.parametrize("change", [{"speed_wpm": 79}, {"speed_wpm": 451}, {"pitch": 100}, {"pitch": -1}])
def test_values_out_of_range_are_mistakes(change):
    with pytest.raises(ValidationError):
        Speech(text="hello", **change)
