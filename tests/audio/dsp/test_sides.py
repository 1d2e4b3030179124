"""Taking the bass out of the difference of the sides: its response as documented, and no delay."""

import numpy as np
import pytest

from soundgraph.audio.dsp.sides import cut_low_side


def response_db(rate: int, freq_hz: float) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies in Hz, and the gain there; the impulse lies in the middle of two seconds."""
    impulse = np.zeros(2 * rate)
    impulse[rate] = 1.0
    heard = cut_low_side(impulse, rate, freq_hz)
    assert np.allclose(heard[1:rate], heard[:rate:-1], atol=1e-9)  # symmetric: no phase
    spectrum = np.fft.rfft(np.roll(heard, -rate))
    assert np.abs(spectrum.imag).max() < 1e-6
    return np.fft.rfftfreq(2 * rate, 1 / rate), 20 * np.log10(np.abs(spectrum) + 1e-9)


@pytest.mark.parametrize("rate", [8000, 48000, 192000])
@pytest.mark.parametrize("freq_hz", [40.0, 120.0, 500.0])
def test_it_stops_below_passes_above_and_turns_no_phase(rate, freq_hz):
    freqs, gain = response_db(rate, freq_hz)
    assert gain[0] < -100
    assert gain[freqs <= freq_hz / 2].max() < -50
    assert gain[np.argmin(np.abs(freqs - freq_hz))] == pytest.approx(-6.02, abs=0.1)
    assert np.abs(gain[freqs >= 1.5 * freq_hz]).max() < 0.05


@pytest.mark.parametrize("n", [0, 1, 100])
def test_sounds_shorter_than_the_filter_keep_their_length(n):
    assert cut_low_side(np.ones(n), 48000, 120.0).shape == (n,)
