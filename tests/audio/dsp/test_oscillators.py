"""oscillators: against Fourier series, sines worked out by themselves, and the absence of anything else."""

import math

import numpy as np
import pytest

from soundgraph.audio.dsp import oscillators

WAVEFORMS = ["sine", "square", "triangle", "saw"]


def steady(waveform: str, freq_hz: float, n: int, rate: int) -> np.ndarray:
    return oscillators.tone(waveform, freq_hz, freq_hz, "log", n, rate)


def fourier(waveform: str, k: np.ndarray) -> np.ndarray:
    """The level of each harmonic of a wave between -1 and 1."""
    odd = k % 2 == 1
    return {
        "sine": np.where(k == 1, 1.0, 0.0),
        "square": np.where(odd, 4 / (np.pi * k), 0.0),
        "triangle": np.where(odd, 8 / (np.pi * k) ** 2, 0.0),
        "saw": 2 / (np.pi * k),
    }[waveform]


@pytest.mark.parametrize("rate", [8000, 44100, 192000])
@pytest.mark.parametrize("waveform", WAVEFORMS)
def test_a_tone_holds_the_harmonics_of_its_series_and_nothing_else(waveform, rate):
    # A whole number of periods in a second, and a prime one, so that an alias would fall between harmonics.
    freq = 439
    heard = np.abs(np.fft.rfft(steady(waveform, freq, rate, rate))) / (rate / 2)
    k = np.arange(1, math.ceil(rate / 2 / freq))
    assert np.allclose(heard[k * freq], fourier(waveform, k), rtol=1e-4, atol=1e-9)
    rest = np.ones(len(heard), bool)
    rest[k * freq] = False
    assert heard[rest].max() < 1e-6


@pytest.mark.parametrize("waveform", WAVEFORMS)
def test_a_low_tone_is_close_to_its_ideal_form(waveform):
    rate, freq = 48000, 10
    wave = steady(waveform, freq, rate, rate)
    turns = np.arange(rate) * freq / rate % 1
    ideal = {
        "sine": np.sin(2 * np.pi * turns),
        "square": np.sign(np.sin(2 * np.pi * turns)),
        "triangle": 2 / np.pi * np.arcsin(np.sin(2 * np.pi * turns)),
        "saw": (turns + 0.5) % 1 * 2 - 1,
    }[waveform]
    away = np.min(np.abs(turns[:, None] - np.array([0.0, 0.5, 1.0])), axis=1) > 0.02  # from a square's or saw's jumps
    assert np.abs(wave - ideal)[away].max() < 0.03
    assert np.abs(wave).max() < 10 ** (1.5 / 20)


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_corners_peak_over_the_ideal_form_by_no_more_than_the_page_says(rate):
    def over_db(waveform, freq):
        return 20 * math.log10(np.abs(steady(waveform, freq, rate, rate)).max())

    for share in np.geomspace(0.001, 0.499, 60):
        most_db = 1.5 if share < 1 / 10 else 1.6 if share < 1 / 6 else 2.1
        assert over_db("square", share * rate) <= most_db
        assert over_db("saw", share * rate) <= 1.5
        assert over_db("triangle", share * rate) <= 0
    assert over_db("square", 0.3701 * rate) == pytest.approx(20 * math.log10(4 / np.pi), abs=0.01)


@pytest.mark.parametrize("sweep", ["log", "linear"])
@pytest.mark.parametrize(("start", "end"), [(50.0, 5000.0), (5000.0, 50.0)])
def test_a_sweep_passes_each_frequency_when_it_should(sweep, start, end):
    rate, n = 48000, 96000
    wave = oscillators.tone("sine", start, end, sweep, n, rate)
    for share in (0.1, 0.5, 0.9):
        middle = round(share * n)
        # From zero to zero is half a period.
        crossings = np.nonzero(np.diff(np.sign(wave[middle - 2400 : middle + 2400])))[0] + middle - 2400
        nearest = crossings[np.argsort(np.abs(crossings - middle))[:9]]
        freq = rate * 8 / 2 / np.ptp(nearest)
        at = nearest.mean() / n
        wanted = start * (end / start) ** at if sweep == "log" else start + (end - start) * at
        assert freq == pytest.approx(wanted, rel=0.05)


@pytest.mark.parametrize("sweep", ["log", "linear"])
def test_the_slope_of_the_phase_is_the_frequency(sweep):
    samples = np.arange(2000)
    turns, freqs = oscillators.phase(samples, 2000, 300.0, 900.0, sweep, 48000)
    assert turns[0] == 0
    assert freqs[[0, -1]] == pytest.approx([300, 900], rel=1e-3)
    assert np.allclose(np.diff(turns) * 48000, (freqs[1:] + freqs[:-1]) / 2, rtol=1e-6)


@pytest.mark.parametrize("waveform", ["square", "triangle", "saw"])
def test_a_sweep_has_no_aliases_and_no_clicks(waveform):
    rate, n, end = 48000, 48000, 9000.0
    wave = oscillators.tone(waveform, 3000.0, end, "log", n, rate)
    piece = wave[:4096] * np.hanning(4096)
    spectrum = np.abs(np.fft.rfft(piece)) / 1024
    freqs = np.fft.rfftfreq(4096, 1 / rate)
    assert spectrum[freqs < 2600].max() < 1e-5
    piece = wave[-4096:] * np.hanning(4096)
    spectrum = np.abs(np.fft.rfft(piece)) / 1024
    # Near the end only the first two harmonics have room: between them and below them there is nothing.
    assert spectrum[freqs < 7500].max() < 1e-5
    assert spectrum[(freqs > 9600) & (freqs < 15000)].max() < 1e-5


@pytest.mark.parametrize("waveform", ["square", "saw"])
def test_a_sweep_that_hardly_moves_has_the_lower_harmonics_of_a_steady_tone(waveform):
    rate = 48000
    moving = oscillators.tone(waveform, 440.0, 440.0001, "linear", rate, rate)
    heard = np.abs(np.fft.rfft(moving)) / (rate / 2)
    k = np.arange(1, 27)  # half an octave and more below half the rate
    assert np.allclose(heard[k * 440], fourier(waveform, k), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_the_shortest(n):
    for waveform in WAVEFORMS:
        assert steady(waveform, 440.0, n, 8000).shape == (n,)
        assert oscillators.tone(waveform, 440.0, 880.0, "log", n, 8000).shape == (n,)


def test_chunks_leave_no_seam(monkeypatch):
    wanted = [oscillators.tone(w, 100.0, 3000.0, "log", 1000, 8000) for w in WAVEFORMS]
    monkeypatch.setattr(oscillators, "_CHUNK", 7)
    for waveform, wave in zip(WAVEFORMS, wanted, strict=True):
        assert np.array_equal(oscillators.tone(waveform, 100.0, 3000.0, "log", 1000, 8000), wave)
