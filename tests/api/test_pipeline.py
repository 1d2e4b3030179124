"""The pipeline: the same sounds as scenes make, a call each."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile

import soundgraph
from soundgraph import backends
from soundgraph.audio import artifact
from soundgraph.backends.draft import takes
from soundgraph.core.errors import NodeError, UsageError
from soundgraph.project import model_names
from tests.helpers import changed


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[soundgraph.Pipeline]:
    (tmp_path / "soundgraph.toml").touch()
    monkeypatch.chdir(tmp_path)
    with soundgraph.Pipeline(draft=True) as made:
        yield made


def _tone(freq_hz: float, seconds: float = 1.0, rate: int = 48000) -> soundgraph.Audio:
    return artifact.make(0.25 * np.sin(2 * np.pi * freq_hz * np.arange(round(seconds * rate)) / rate), rate)


def _rms_db(sound: soundgraph.Audio) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(np.square(sound.samples[:, 4800:-4800], dtype=np.float64)))))


def test_a_take_is_the_one_a_scene_makes(pipeline: soundgraph.Pipeline) -> None:
    rain = pipeline.generate("heavy rain", model="audio", duration=0.2, seed=3)
    scene = soundgraph.Scene("x")
    scene.generate("heavy rain", model="audio", duration=0.2, seed=3, name="rain")
    built = soundgraph.build(scene, draft=True)
    assert built.ran == []
    np.testing.assert_array_equal(built["rain"], rain.samples)


def test_a_take_that_goes_on_from_a_sound_or_follows_one_is_the_one_a_scene_makes(
    pipeline: soundgraph.Pipeline,
) -> None:
    one = pipeline.generate("calm piano", duration=0.2)
    more = pipeline.generate("calm piano", duration=0.4, continue_from=one)
    np.testing.assert_array_equal(more.samples[:, : one.n_samples], one.samples)
    pipeline.generate("strings", model="facebook/musicgen-melody", duration=0.2, melody=one)
    scene = soundgraph.Scene("x")
    tune = scene.generate("calm piano", model="music", duration=0.2)
    scene.generate("calm piano", model="music", duration=0.4, continue_from=tune)
    scene.generate("strings", model="facebook/musicgen-melody", duration=0.2, melody=tune)
    assert soundgraph.build(scene, draft=True).ran == []


def test_a_take_out_of_the_cache_loads_no_model(pipeline: soundgraph.Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    first = pipeline.generate("calm piano", duration=0.2)
    pipeline.unload()

    def refuse(self: object, *arguments: object) -> object:
        raise AssertionError("a model ran")

    monkeypatch.setattr(takes.DraftGenerator, "generate", refuse)
    assert pipeline.generate("calm piano", duration=0.2).digest == first.digest
    assert pipeline.loaded == []


def test_models_are_loaded_once_and_unloaded(pipeline: soundgraph.Pipeline) -> None:
    pipeline.load("audio")
    assert pipeline.loaded == ["draft/audio@16000x1"]
    pipeline.generate("rain", model="audio", duration=0.1)
    pipeline.generate("piano", model="music", duration=0.1)
    assert pipeline.loaded == ["draft/audio@16000x1", "draft/music@32000x1"]
    pipeline.unload("audio")
    assert pipeline.loaded == ["draft/music@32000x1"]
    pipeline.unload()
    assert pipeline.loaded == []


def test_bass_and_treble_change_by_what_was_asked(pipeline: soundgraph.Pipeline) -> None:
    bass, treble = _tone(30), _tone(15000)
    assert _rms_db(pipeline.eq(bass, bass_db=6.0)) - _rms_db(bass) == pytest.approx(6.0, abs=0.1)
    assert _rms_db(pipeline.eq(treble, treble_db=-6.0)) - _rms_db(treble) == pytest.approx(-6.0, abs=0.1)
    assert pipeline.eq(bass) is bass


def test_a_mix_is_a_weighted_sum(pipeline: soundgraph.Pipeline) -> None:
    one, two = _tone(200), _tone(300, 0.5)
    mixed = pipeline.mix([one, two], weights=[0.6, -0.4], channels=1)
    expected = 0.6 * one.samples
    expected[:, : two.n_samples] += -0.4 * two.samples
    np.testing.assert_allclose(mixed.samples, expected, atol=1e-7)


def test_trim_cuts_and_pads(pipeline: soundgraph.Pipeline) -> None:
    tone = _tone(200)
    np.testing.assert_array_equal(pipeline.trim(tone, start=0.25, duration=0.5).samples, tone.samples[:, 12000:36000])
    padded = pipeline.trim(tone, duration=2.0, pad=True)
    assert padded.n_samples == 96000
    assert not padded.samples[:, 48000:].any()


def test_any_kind_can_be_applied(pipeline: soundgraph.Pipeline) -> None:
    tone = _tone(200)
    np.testing.assert_array_equal(pipeline.apply("reverse", tone).samples, tone.samples[:, ::-1])
    ducked = pipeline.apply("duck", tone, _tone(1000), depth_db=12.0)
    assert np.abs(ducked.samples[:, 24000:]).max() == pytest.approx(0.25 * 10 ** (-12 / 20), rel=0.02)
    assert pipeline.apply("tone", freq_hz=440, duration=0.5).n_samples == 24000


@pytest.mark.parametrize("name", ["x.wav", "x.ogg", "sub/x.flac"])
def test_saved_files_have_the_loudness_asked_for(pipeline: soundgraph.Pipeline, name: str) -> None:
    report = pipeline.save(_tone(997, 2.0), name, loudness_lufs=-20)
    samples, rate = soundfile.read(name)
    assert pyloudnorm.Meter(rate).integrated_loudness(samples) == pytest.approx(-20, abs=0.2)
    assert report.loudness_lufs == pytest.approx(-20, abs=0.01)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda p: p.save(_tone(200), "x.mp4"),
            'cannot save "x.mp4": its suffix must be ".flac", ".mp3", ".ogg", ".opus" or ".wav"',
        ),
        (lambda p: p.apply("gate"), 'gate takes "input", and 0 sounds are given'),
        (lambda p: p.apply("tone", _tone(200)), "tone takes no sound by itself, and 1 sounds are given"),
        (lambda p: p.apply("revreb", _tone(200)), '"revreb" is no kind that works on sounds; did you mean "reverb"?'),
        (lambda p: p.save(_tone(200), "x\0.wav"), "save: 'x\\x00.wav' is no path of a file"),
        (lambda p: p.save(_tone(200), None), "save: None is no path of a file"),  # type: ignore[arg-type]
        (lambda p: p.save(_tone(200), "x.wav", loudness_lufs=3), "loudness_lufs must be at most 0, not 3"),
        (lambda p: p.eq(_tone(200), bass_db=100), "eq: bands[0].gain_db must be at most 48, not 100"),
        (lambda p: p.mix([_tone(200)], weights=[1, 2]), "1 sounds cannot be mixed by 2 weights"),
        (lambda p: p.trim(_tone(200), start=2.0), "trim: "),
        (lambda p: p.generate("x", model="audiogen"), "audiogen"),
        (lambda p: p.load("nope"), 'model "nope"'),
    ],
)
def test_what_cannot_be_done_is_said_plainly(pipeline: soundgraph.Pipeline, call: object, message: str) -> None:
    with pytest.raises(soundgraph.SoundgraphError) as caught:
        call(pipeline)  # type: ignore[operator]
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros((1, 9), np.int16),
        np.zeros((1, 2, 3)),
        np.zeros((0, 9)),
        np.float32(1),
        np.array([[1.0, None]], object),
        np.zeros((1, 9), complex),
        [[1.0], [1.0, 2.0]],
        None,
        np.zeros((70000, 2), np.float32),
    ],
    ids=lambda value: str(getattr(value, "dtype", type(value).__name__)),
)
@pytest.mark.parametrize("rate", [8000, "fast"])
def test_what_is_no_sound_is_refused_before_anything_works_on_it(
    pipeline: soundgraph.Pipeline, samples: object, rate: object
) -> None:
    sound = soundgraph.Audio(samples, rate)  # type: ignore[arg-type]
    calls = [
        lambda: pipeline.save(sound, "x.wav"),
        lambda: pipeline.apply("resample", sound, sample_rate=44100),
        lambda: pipeline.mix([_tone(200), sound]),
        lambda: pipeline.generate("rain", model="audio", duration=1.0, continue_from=sound),
    ]
    for call in calls:
        with pytest.raises(UsageError, match="must be"):
            call()
    assert not list(Path().glob("x.*"))


_PLAIN = np.random.default_rng(0).uniform(-0.25, 0.25, (2, 4000)).astype(np.float32)


@pytest.mark.parametrize(
    "samples",
    [
        _PLAIN.astype(np.float64),
        _PLAIN.astype(">f4"),
        np.asfortranarray(_PLAIN),
        _PLAIN[:, ::-1][:, ::-1],
        _PLAIN.tolist(),
        np.broadcast_to(_PLAIN, (1, *_PLAIN.shape))[0],
    ],
    ids=["float64", "big endian", "by columns", "backwards", "a list", "read-only"],
)
def test_samples_in_any_form_of_floats_sound_the_same(pipeline: soundgraph.Pipeline, samples: object) -> None:
    plain, given = soundgraph.Audio(_PLAIN, 8000), soundgraph.Audio(samples, 8000)  # type: ignore[arg-type]
    assert pipeline.apply("resample", given, sample_rate=44100).digest == (
        pipeline.apply("resample", plain, sample_rate=44100).digest
    )
    pipeline.save(given, "given.wav")
    pipeline.save(plain, "plain.wav")
    assert Path("given.wav").read_bytes() == Path("plain.wav").read_bytes()


def test_halves_one_channel_and_no_samples_are_sounds(pipeline: soundgraph.Pipeline) -> None:
    half = soundgraph.Audio(np.full(9, 0.5, np.float16), 8000)  # type: ignore[arg-type]
    assert pipeline.apply("gain", half, gain_db=0.0).samples.tolist() == [[0.5] * 9]
    empty = soundgraph.Audio(np.zeros((1, 0), np.float32), 8000)
    assert pipeline.apply("gain", empty, gain_db=1.0).n_samples == 0
    with pytest.raises(NodeError, match="the sound has no samples"):
        pipeline.save(empty, "empty.wav")


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e39])
def test_what_is_not_a_number_goes_nowhere(pipeline: soundgraph.Pipeline, bad: float) -> None:
    samples = np.full((1, 4000), 0.1)
    samples[0, 7] = bad
    sound = soundgraph.Audio(samples, 8000)  # type: ignore[arg-type]
    calls = [
        lambda: pipeline.save(sound, "x.wav"),
        lambda: pipeline.save(sound, "x.ogg", loudness_lufs=-20.0),
        lambda: pipeline.trim(sound, duration=0.1),
        lambda: pipeline.mix([_tone(200), sound]),
        lambda: pipeline.generate("rain", model="audio", duration=1.0, continue_from=sound),
    ]
    for call in calls:
        with pytest.raises(UsageError, match=r"not numbers \(NaN or infinity\)"):
            call()
    assert not list(Path().glob("x.*"))


@pytest.mark.parametrize(
    "call",
    [
        lambda p: p.save(np.zeros((1, 9), np.float32), "x.wav"),
        lambda p: p.save(_tone(200), "x.wav", format="flac"),
        lambda p: p.save(_tone(200), "x.wav", sample_rate=0),
        lambda p: p.save(_tone(200), "x.wav", sample_rate=10**9),
        lambda p: p.save(_tone(200), "x.wav", sample_rate="44100"),
        lambda p: p.mix(_tone(200)),
        lambda p: p.mix([_tone(200)], weights=["loud"]),
        lambda p: p.mix([_tone(200)], weights=5),
        lambda p: p.eq(_tone(200), bands=[5]),
        lambda p: p.eq(_tone(200), bands="low"),
        lambda p: p.apply(5),
        lambda p: p.generate("x", melody=5),
        lambda p: p.generate("x", model="audio", continue_from=np.zeros(9)),
    ],
)
def test_a_call_that_means_nothing_is_a_mistake_in_words(pipeline: soundgraph.Pipeline, call: object) -> None:
    with pytest.raises(UsageError):
        call(pipeline)  # type: ignore[operator]


def test_a_scene_is_built_with_the_models_that_are_loaded_and_leaves_its_own(pipeline: soundgraph.Pipeline) -> None:
    loads = []
    backend = backends.get("draft")
    real = backend.load

    def load(*given: object) -> object:
        loads.append(given[0].id)  # type: ignore[attr-defined]
        return real(*given)  # type: ignore[arg-type]

    with changed(backend, "load", load):
        pipeline.generate("rain", model="audio", duration=0.1)
        element = {"type": "audio", "prompt": "wind"}
        assert pipeline.scene({"name": "n", "duration": 0.1, "elements": [element]}).loads == 0
        pipeline.generate("hail", model="audio", duration=0.1)
    assert loads == ["draft/audio@16000x1"]
    assert pipeline.loaded == ["draft/audio@16000x1"]


def test_weights_of_ones_own_are_used_where_there_is_no_policy(
    pipeline: soundgraph.Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has named a licence for them, and nobody asks."""
    stand_in = backends.get("draft").find("draft/audio", None)  # type: ignore[arg-type]
    assert stand_in is not None
    own = dataclasses.replace(stand_in, id="weights/mine", licence="", here=True)
    monkeypatch.setattr(backends.get("draft"), "draft", False)
    monkeypatch.setattr(model_names, "resolve", lambda *given: own)
    with soundgraph.Pipeline() as made:
        assert made.generate("rain", model="weights/mine", duration=0.1).n_samples == 1600


def test_without_draft_a_model_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    (tmp_path / "soundgraph.toml").touch()
    with soundgraph.Pipeline(root=tmp_path) as made, pytest.raises(soundgraph.SoundgraphError) as caught:
        made.generate("piano")
    assert "facebook/musicgen-small" in str(caught.value)
    assert "draft" in str(caught.value)


def test_a_model_that_the_project_does_not_allow_is_refused_before_anything_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "soundgraph.toml").write_text('[policy]\nrequire = "commercial"\n')
    with soundgraph.Pipeline(root=tmp_path) as made, pytest.raises(UsageError) as caught:
        made.generate("piano")
    assert "CC-BY-NC-4.0" in str(caught.value)
    with soundgraph.Pipeline(root=tmp_path, draft=True) as made:
        made.generate("piano", duration=0.1)


def test_a_scene_is_built_on_the_device_of_the_pipeline(
    pipeline: soundgraph.Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    real = backends.get("draft").load
    monkeypatch.setattr(backends.get("draft"), "load", lambda *given: (asked.append(given[2]), real(*given))[1])
    with soundgraph.Pipeline(draft=True, device="cpu") as made:
        made.scene({"name": "n", "duration": 0.1, "elements": [{"type": "audio", "prompt": "wind"}]})
    assert asked == ["cpu"]


@pytest.mark.parametrize("given", [{"device": "gpu"}, {"memory_budget": "12 GB"}, {"memory_budget": 0}])
def test_a_device_or_budget_that_is_none_is_a_mistake_of_the_caller(
    pipeline: soundgraph.Pipeline, given: dict[str, object]
) -> None:
    scene = soundgraph.Scene("x")
    scene.generate("rain", model="draft/audio", duration=0.1)
    with pytest.raises(UsageError, match=next(iter(given))):
        soundgraph.build(scene, **given)  # type: ignore[arg-type]


def test_a_scene_from_a_dict(pipeline: soundgraph.Pipeline) -> None:
    built = pipeline.scene({"name": "n", "duration": 0.1, "elements": [{"type": "audio", "prompt": "wind"}]})
    assert [path.name for path in built.files] == ["n.wav"]


def test_takes_are_not_asked_of_one_sound(pipeline: soundgraph.Pipeline) -> None:
    with pytest.raises(UsageError, match="generate gives one sound, and variations asks for more"):
        pipeline.generate("rain", model="draft/audio", duration=0.1, variations=3)
