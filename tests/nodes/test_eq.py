"""eq: its response against the cookbook's formula, and what it refuses."""

import math

import numpy as np
import pytest
from pydantic import ValidationError

from soundgraph.audio.artifact import Audio, make
from soundgraph.core.errors import NodeError
from soundgraph.nodes.eq import KIND, Band, Eq

BANDS = [
    {"type": "low_shelf", "freq_hz": 300.0, "gain_db": -3.0},
    {"type": "high_shelf", "freq_hz": 3000.0, "gain_db": -6.0},
    {"type": "peaking", "freq_hz": 1000.0, "gain_db": 12.0, "q": 3.0},
    {"type": "highpass", "freq_hz": 80.0},
    {"type": "lowpass", "freq_hz": 5000.0, "q": 1.2},
    {"type": "notch", "freq_hz": 500.0, "q": 5.0},
]


def eq(audio: Audio, *bands: dict[str, object]) -> Audio:
    return KIND.render(Eq(input="x", bands=[Band(**band) for band in bands]), [audio])


def cookbook_db(band: dict[str, object], freqs: np.ndarray, rate: int) -> np.ndarray:
    """The cookbook's biquads, as it prints them."""
    w0, amp, q = (
        2 * math.pi * band["freq_hz"] / rate,
        10 ** (band.get("gain_db", 0) / 40),
        band.get("q", math.sqrt(0.5)),
    )
    c, alpha = math.cos(w0), math.sin(w0) / (2 * q)
    r = 2 * math.sqrt(amp) * alpha
    b, a = {
        "lowpass": (((1 - c) / 2, 1 - c, (1 - c) / 2), (1 + alpha, -2 * c, 1 - alpha)),
        "highpass": (((1 + c) / 2, -(1 + c), (1 + c) / 2), (1 + alpha, -2 * c, 1 - alpha)),
        "notch": ((1, -2 * c, 1), (1 + alpha, -2 * c, 1 - alpha)),
        "peaking": ((1 + alpha * amp, -2 * c, 1 - alpha * amp), (1 + alpha / amp, -2 * c, 1 - alpha / amp)),
        "low_shelf": (
            (
                amp * ((amp + 1) - (amp - 1) * c + r),
                2 * amp * ((amp - 1) - (amp + 1) * c),
                amp * ((amp + 1) - (amp - 1) * c - r),
            ),
            ((amp + 1) + (amp - 1) * c + r, -2 * ((amp - 1) + (amp + 1) * c), (amp + 1) + (amp - 1) * c - r),
        ),
        "high_shelf": (
            (
                amp * ((amp + 1) + (amp - 1) * c + r),
                -2 * amp * ((amp - 1) + (amp + 1) * c),
                amp * ((amp + 1) + (amp - 1) * c - r),
            ),
            ((amp + 1) - (amp - 1) * c + r, 2 * ((amp - 1) - (amp + 1) * c), (amp + 1) - (amp - 1) * c - r),
        ),
    }[band["type"]]
    z = np.exp(-2j * np.pi * freqs / rate)
    return 20 * np.log10(np.abs(np.polyval(b[::-1], z) / np.polyval(a[::-1], z)))


@pytest.mark.parametrize("rate", [11025, 16000, 48000, 192000])
@pytest.mark.parametrize(
    "chosen", [*([band] for band in BANDS), BANDS], ids=lambda bands: "+".join(b["type"] for b in bands)
)
def test_an_impulse_comes_out_with_the_response_of_the_formula_to_a_hundredth_db(rate, chosen):
    n = 2**16
    impulse = np.zeros((2, n))
    impulse[:, 0] = (1.0, 0.5)
    result = eq(make(impulse, rate), *chosen)
    assert result.sample_rate == rate
    freqs = np.fft.rfftfreq(n, 1 / rate)[1:-1]
    wanted = sum(cookbook_db(band, freqs, rate) for band in chosen)
    for channel, level in zip(result.samples.astype(np.float64), (1.0, 0.5), strict=True):
        heard = 20 * np.log10(np.maximum(np.abs(np.fft.rfft(channel)[1:-1]) / level, 1e-6))
        assert np.abs(heard - wanted)[wanted > -70].max() < 0.01


@pytest.mark.parametrize("kind", ["low_shelf", "high_shelf", "peaking"])
def test_6_db_up_and_6_db_down_give_the_input_back(kind):
    audio = make(np.random.default_rng(1).standard_normal((2, 20000)), 48000)
    up = eq(audio, {"type": kind, "freq_hz": 700.0, "gain_db": 6.0})
    down = eq(up, {"type": kind, "freq_hz": 700.0, "gain_db": -6.0})
    assert np.abs(up.samples - audio.samples).max() > 0.1
    assert np.abs(down.samples - audio.samples).max() < 2e-6


def test_bands_act_one_after_another():
    audio = make(np.random.default_rng(1).standard_normal((2, 5000)), 48000)
    one_by_one = audio
    for band in BANDS:
        one_by_one = eq(one_by_one, band)
    assert np.allclose(eq(audio, *BANDS).samples, one_by_one.samples, atol=1e-5)


def test_the_length_stays_and_hot_material_is_not_clipped():
    audio = make(np.full((1, 100), 4.0), 8000)
    result = eq(audio, {"type": "low_shelf", "freq_hz": 3000.0, "gain_db": 12.0})
    assert result.n_samples == 100
    assert result.samples.max() > 12


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("n", [0, 1, 2])
def test_the_shortest_sounds(channels, n):
    assert eq(make(np.ones((channels, n)), 8000), *BANDS[:4]).samples.shape == (channels, n)


def test_channels_do_not_hear_each_other():
    samples = np.zeros((2, 1000))
    samples[0, 0] = 1
    result = eq(make(samples, 8000), BANDS[0])
    assert result.samples[0].any()
    assert not result.samples[1].any()


@pytest.mark.parametrize(("freq", "shown"), [(8000, "8000"), (9000.5, "9000.5")])
def test_a_band_that_the_input_has_no_room_for_is_an_error_that_names_it(freq, shown):
    with pytest.raises(NodeError) as caught:
        eq(make(np.ones(10), 16000), BANDS[0], {"type": "notch", "freq_hz": freq})
    assert str(caught.value) == f"bands[1].freq_hz is {shown}, but an input at 16000 Hz only reaches 8000 Hz"


def test_a_result_that_float32_cannot_hold_is_an_error_and_no_warning():
    boost = {"type": "low_shelf", "freq_hz": 100.0, "gain_db": 48.0}
    with pytest.raises(NodeError, match="NaN or infinity"):
        eq(make(np.full(1000, 1e38), 8000), boost, boost)


@pytest.mark.parametrize("kind", ["low_shelf", "high_shelf", "peaking"])
def test_what_has_a_gain_needs_it(kind):
    with pytest.raises(ValidationError, match=f"{kind} needs gain_db"):
        Band(type=kind, freq_hz=100.0)


@pytest.mark.parametrize("kind", ["highpass", "lowpass", "notch"])
def test_what_has_no_gain_takes_none(kind):
    with pytest.raises(ValidationError, match=f"{kind} takes no gain_db"):
        Band(type=kind, freq_hz=100.0, gain_db=0.0)


@pytest.mark.parametrize(
    "change",
    [{"freq_hz": 0.0}, {"freq_hz": 96001.0}, {"gain_db": 49.0}, {"gain_db": -49.0}, {"q": 0.0}, {"type": "bell"}],
)
def test_values_out_of_range_are_mistakes(change):
    with pytest.raises(ValidationError):
        Band(**{**BANDS[0], **change})


def test_there_are_1_to_32_bands():
    for count in (0, 33):
        with pytest.raises(ValidationError):
            Eq(input="x", bands=[Band(**BANDS[0])] * count)
    assert eq(make(np.ones(10), 16000), *BANDS[:1] * 32).n_samples == 10


@pytest.mark.parametrize("slope", [12, 24, 36, 48])
@pytest.mark.parametrize("kind", ["highpass", "lowpass"])
@pytest.mark.parametrize(("rate", "freq"), [(11025, 1000.0), (48000, 80.0), (48000, 20000.0), (192000, 3000.0)])
def test_a_slope_is_a_butterworth_filter(kind, slope, rate, freq):
    from scipy import signal

    found = Band(type=kind, freq_hz=freq, slope_db_per_octave=slope).sections(rate)
    assert found.shape == (slope // 12, 6)
    freqs = np.geomspace(1, 0.49 * rate, 300)
    wanted = signal.butter(slope // 6, freq, kind, fs=rate, output="sos")
    assert np.allclose(
        signal.sosfreqz(found, freqs, fs=rate)[1], signal.sosfreqz(wanted, freqs, fs=rate)[1], rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize("slope", [12, 24, 36, 48])
def test_a_slope_falls_by_so_many_db_an_octave_from_3_db_at_its_corner_without_a_bump(slope):
    rate, n = 192000, 2**16
    impulse = np.zeros(n)
    impulse[0] = 1
    heard = eq(make(impulse, rate), {"type": "highpass", "freq_hz": 3000.0, "slope_db_per_octave": slope})
    freqs = np.fft.rfftfreq(n, 1 / rate)
    level = 20 * np.log10(np.abs(np.fft.rfft(heard.samples[0].astype(np.float64))) + 1e-12)
    corner, octave, two = (np.interp(freq, freqs, level) for freq in (3000, 1500, 750))
    assert corner == pytest.approx(-3.01, abs=0.01)
    assert octave - two == pytest.approx(slope, abs=0.3)
    assert level.max() < 0.001


def test_the_least_slope_is_the_cut_without_one():
    audio = make(np.random.default_rng(1).standard_normal((2, 5000)), 48000)
    band = {"type": "lowpass", "freq_hz": 2000.0}
    assert np.allclose(eq(audio, {**band, "slope_db_per_octave": 12}).samples, eq(audio, band).samples, atol=1e-6)


@pytest.mark.parametrize("kind", ["low_shelf", "high_shelf", "peaking", "notch"])
def test_only_cuts_take_a_slope(kind):
    gain = {} if kind == "notch" else {"gain_db": 3.0}
    with pytest.raises(ValidationError, match=f"{kind} takes no slope_db_per_octave"):
        Band(type=kind, freq_hz=100.0, slope_db_per_octave=24, **gain)


def test_a_slope_takes_no_q():
    with pytest.raises(ValidationError, match="give slope_db_per_octave or q, not both"):
        Band(type="lowpass", freq_hz=100.0, slope_db_per_octave=24, q=2.0)
    with pytest.raises(ValidationError):
        Band(type="lowpass", freq_hz=100.0, slope_db_per_octave=18)
