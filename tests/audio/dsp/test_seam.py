"""The seam of a loop: what is called audible, and what is not."""

import io
import json

import numpy as np
import pytest
import soundfile

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.dsp.seam import AUDIBLE, is_audible, seam_ratio

RATES = [8000, 11025, 44100, 48000, 192000]


def tone(rate: int = 48000, freq_hz: float = 440, seconds: float = 1.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * freq_hz * np.arange(round(rate * seconds)) / rate + 0.3)


def drips(seed: int = 1, n: int = 96000) -> np.ndarray:
    """Thirty ringing drops in digital silence, which go on from the end to the beginning."""
    rng, sound = np.random.default_rng(seed), np.zeros(n)
    ring = np.arange(2000)
    for place in rng.integers(0, n, 30):
        sound[(place + ring) % n] += np.exp(-ring / 300) * np.sin(ring * rng.uniform(0.1, 0.4))
    return sound


@pytest.mark.parametrize("rate", RATES)
def test_whole_periods_of_a_tone_have_no_seam(rate):
    assert seam_ratio(make(tone(rate), rate)) < 1.5


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_that_is_cut_short_has_an_audible_one(rate):
    assert seam_ratio(make(tone(rate)[: -rate // 1000], rate)) > AUDIBLE


def test_it_is_the_second_difference_across_the_join_against_the_median():
    sound = np.random.default_rng(3).standard_normal(48000).astype(np.float32)
    rough = np.abs(np.diff(sound.astype(np.float64), 2))
    join = np.abs(np.diff(np.concatenate([sound[-2:], sound[:2]]).astype(np.float64), 2)).max()
    # The medians of the 5 ms around the join are of 238 values each, and differ a little from that of the whole.
    assert seam_ratio(make(sound, 48000)) == pytest.approx(join / np.median(rough), rel=0.2)


def test_a_jump_of_a_fiftieth_of_a_tone_is_a_click():
    sound = tone() + np.linspace(0, 0.01, 48000)
    assert 7 < seam_ratio(make(sound, 48000)) < 10


def test_gain_changes_nothing():
    sound = make(tone()[:-30], 48000)
    quiet = make(sound.samples * np.float32(2.0**-12), 48000)
    assert seam_ratio(quiet) == pytest.approx(seam_ratio(sound), rel=1e-9)


def test_the_worst_channel_counts():
    whole, cut = tone()[:47900], tone(freq_hz=440 * 48000 / 47900)[:47900]
    assert seam_ratio(make([cut, cut], 48000)) < 1.5
    assert min(seam_ratio(make(pair, 48000)) for pair in ([cut, whole], [whole, cut])) > AUDIBLE


def test_a_part_is_judged_like_the_part_cut_out():
    sound = make(np.random.default_rng(1).standard_normal((2, 5000)), 8000)
    assert seam_ratio(sound, 700, 3100) == seam_ratio(make(sound.samples[:, 700:3100], 8000))
    with pytest.raises(ValueError, match="samples 10 to 5001 are not a part of 5000"):
        seam_ratio(sound, 10, 5001)


@pytest.mark.parametrize("samples", [np.zeros((2, 0)), np.ones((1, 1)), np.ones((1, 15)), np.zeros((6, 4800))])
def test_silence_and_what_is_too_short_have_no_ratio(samples):
    assert seam_ratio(make(samples, 48000)) is None
    assert not is_audible(None)


def test_a_jump_in_digital_silence_is_a_large_number_that_json_can_hold():
    sound = np.zeros(48000)
    sound[0] = 3.0
    ratio = seam_ratio(make(sound, 48000))
    assert json.loads(json.dumps(ratio)) == 2.0**17
    assert is_audible(ratio)


def test_a_step_of_sixteen_bits_in_digital_silence_is_not_audible():
    sound = drips()
    sound = np.roll(sound, -int(np.flatnonzero(sound == 0)[50]))
    sound[0] += 2.0**-15 * np.abs(sound).max()
    assert not is_audible(seam_ratio(make(sound, 48000)))


def test_a_loop_of_sparse_drips_has_no_seam_wherever_it_begins():
    sound, rng = drips(), np.random.default_rng(2)
    ratios = [seam_ratio(make(np.roll(sound, shift), 48000)) for shift in rng.integers(0, 96000, 100)]
    assert max(ratios) < AUDIBLE


def test_a_click_among_sparse_drips_is_found():
    sound = drips()
    sound = np.roll(sound, -int(np.flatnonzero(sound == 0)[50]))
    sound[0] = 0.02
    assert is_audible(seam_ratio(make(sound, 48000)))


def test_a_loop_of_noise_is_hardly_ever_called_audible():
    sound, rng = np.random.default_rng(4).standard_normal((2, 48000)), np.random.default_rng(5)
    audible = [
        is_audible(seam_ratio(make(np.roll(sound, shift, axis=1), 48000))) for shift in rng.integers(0, 48000, 300)
    ]
    assert sum(audible) <= 3


@pytest.mark.parametrize(("form", "subtype"), [("MP3", "MPEG_LAYER_III"), ("OGG", "OPUS")])
def test_codecs_that_break_a_loop_are_found_on_the_decoded_file(form, subtype):
    low = np.cumsum(np.random.default_rng(6).standard_normal(96000))
    spectrum = np.fft.rfft(low - np.linspace(low[0], low[-1], 96000))
    spectrum[4000:] = 0
    loop = np.fft.irfft(spectrum)
    sound = make(0.3 * loop / np.abs(loop).max(), 48000)
    assert seam_ratio(sound) < AUDIBLE < seam_ratio(decoded(sound, form, subtype))


def decoded(sound: Audio, form: str, subtype: str) -> Audio:
    file = io.BytesIO()
    soundfile.write(file, sound.samples.T, sound.sample_rate, format=form, subtype=subtype)
    file.seek(0)
    samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
    return make(samples.T, rate)
