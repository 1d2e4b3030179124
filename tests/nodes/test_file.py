"""The file kind: a recording becomes a node's sound."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from pydantic import ValidationError

from soundgraph.audio.containers import decode
from soundgraph.core.errors import NodeError
from soundgraph.core.params import file_fields, key_params
from soundgraph.nodes import get_kind
from soundgraph.nodes.file import KIND, File


def recording(path, channels=2, rate=44100):
    samples = np.random.default_rng(0).uniform(-1, 1, (1000, channels)).astype(np.float32)
    soundfile.write(path, samples, rate, subtype="FLOAT")
    return samples.T


@pytest.mark.parametrize("rate", [8000, 44100, 96000])
@pytest.mark.parametrize("channels", [1, 2])
def test_it_gives_the_samples_at_the_recordings_own_rate_and_channels(tmp_path, channels, rate):
    path = tmp_path / "door latch.wav"
    samples = recording(path, channels, rate)
    audio = KIND.render(File(path=str(path)), [])
    assert audio.sample_rate == rate
    assert np.array_equal(audio.samples, samples)


def test_its_key_holds_the_decoder_and_not_the_path(tmp_path):
    recording(tmp_path / "a.wav")
    assert get_kind("file") is KIND
    assert file_fields(File) == ("path",)
    assert key_params(File(path="/a/b.wav")) == {}
    assert KIND.decoder(File(path=str(tmp_path / "a.wav"))) == decode.version(tmp_path / "a.wav")


def test_it_is_inspected_without_being_decoded(tmp_path):
    path = tmp_path / "cut.wav"
    recording(path)
    path.write_bytes(path.read_bytes()[:-10])
    KIND.inspect(File(path=str(path)))
    with pytest.raises(NodeError, match=r'^"cut.wav" breaks off: 7990 of its 8000 bytes of sound are there$'):
        KIND.render(File(path=str(path)), [])


def test_inspecting_gives_a_reason_to_put_after_the_path(tmp_path):
    with pytest.raises(NodeError, match=r"^does not exist$"):
        KIND.inspect(File(path=str(tmp_path / "gone.wav")))


@pytest.mark.parametrize("table", [{}, {"path": ""}, {"path": 7}, {"path": "a.wav", "input": "b"}])
def test_tables_that_make_no_sense_are_refused(table):
    with pytest.raises(ValidationError):
        File(**table)


RECORDINGS = Path(__file__).parents[2] / "graphs" / "recordings"


@pytest.mark.parametrize("name", ["door_latch.wav", "wood_creak.flac", "room_tone.ogg"])
def test_the_recordings_of_the_example_scenes_are_small_sound_and_do_not_clip(name):
    path = RECORDINGS / name
    assert path.stat().st_size < 60_000
    audio = KIND.render(File(path=str(path)), [])
    assert 0.005 < np.abs(audio.samples).max() < 0.9
    # They have a noise floor, and ends that do not click.
    assert np.abs(audio.samples[:, 500:1000]).std() > 1e-5
    assert np.abs(audio.samples[:, [0, -1]]).max() < 1e-3
