"""Makes the recordings beside this script: small stand-ins for what a microphone would have caught.

    python graphs/recordings/make_recordings.py

They are synthesised, so that nobody's rights are in them, out of what makes a recording sound like one: a noise floor,
transients that excite resonances, a few early reflections. The same script and the same numpy make the same files.
Speech is spoken by espeak-ng, a program of its own; where that is missing, its recording stays as it is.
"""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from soundgraph.audio.artifact import Audio, make
from soundgraph.audio.encode import encode

Sound = NDArray[np.float64]

FOLDER = Path(__file__).parent

PATROL_CALL = """Watchtower to patrol.
A storm is moving in from the north.
Get your people off the ridge, and report back by nightfall."""


def main() -> None:
    recordings = {
        "door_latch.wav": encode(make(door_latch(44100), 44100), "wav", bit_depth=16),
        "wood_creak.flac": encode(make(wood_creak(44100), 44100), "flac", bit_depth=16),
        "room_tone.ogg": encode(make(room_tone(48000), 48000), "ogg", quality=0.2),
    }
    if speech := spoken(PATROL_CALL):
        recordings["patrol_call.ogg"] = encode(speech, "ogg", quality=0.4)
    else:
        print("patrol_call.ogg: left alone, since espeak-ng is not installed")
    for name, data in recordings.items():
        (FOLDER / name).write_bytes(data)
        print(f"{name}: {len(data)} bytes")


def spoken(text: str) -> Audio | None:
    """Speech as espeak-ng speaks it, at 22050 Hz, with a second's pause after each sentence; None without espeak-ng."""
    program = shutil.which("espeak-ng")
    if program is None:
        return None
    call = [program, "--stdin", "--stdout", "-v", "en-gb", "-s", "150", "-p", "35"]
    rate = 22050
    parts = []
    for sentence in text.splitlines():
        found = subprocess.run(call, input=sentence.encode(), capture_output=True, check=True)
        samples, rate = soundfile.read(io.BytesIO(found.stdout))
        parts += [samples, np.zeros(rate)]
    return make(np.concatenate(parts[:-1]), rate)


def door_latch(rate: int) -> Sound:
    """The handle is pressed, the bolt slides, the door gives way: mono, 0.6 s."""
    rng = np.random.default_rng(11)
    n = round(0.6 * rate)
    metal = [(2130, 0.020, 1.0), (3410, 0.014, 0.8), (5270, 0.009, 0.6), (7900, 0.005, 0.4)]
    wood = [(143, 0.070, 1.0), (238, 0.050, 0.7), (415, 0.030, 0.4), (880, 0.012, 0.3)]
    sound = np.zeros(n)
    sound += 0.35 * struck(0.040, metal, n, rate, rng)
    # The bolt scrapes: noise of metal on metal, gone before the second click.
    time = np.arange(n) / rate
    scrape = band(rng.standard_normal(n), 1800, 6500, rate) * np.exp(-(((time - 0.115) / 0.028) ** 2))
    sound += 0.10 * scrape
    sound += 0.80 * struck(0.185, metal, n, rate, rng) + 0.9 * struck(0.187, wood, n, rate, rng)
    sound += 0.22 * struck(0.262, metal, n, rate, rng)
    return finished(reflected(sound, rate), -3.0, -66.0, rate, rng)


def wood_creak(rate: int) -> Sound:
    """A board under a slow step: it sticks and slips, faster in the middle; mono, 0.9 s."""
    rng = np.random.default_rng(12)
    n = round(0.9 * rate)
    modes = [(310, 0.012, 1.0), (742, 0.009, 0.9), (1180, 0.006, 0.6), (2350, 0.003, 0.3)]
    sound = np.zeros(n)
    at = 0.07
    while at < 0.80:
        along = (at - 0.07) / 0.73
        slips_hz = 38 + 95 * np.sin(np.pi * along) ** 1.5
        strength = np.sin(np.pi * along) ** 0.7 * rng.uniform(0.6, 1.0)
        # The board bends: its modes rise by a fifth while it is loaded.
        bent = [(freq * (1 + 0.5 * along), decay, level) for freq, decay, level in modes]
        sound += strength * struck(at, bent, n, rate, rng)
        at += rng.uniform(0.88, 1.12) / slips_hz
    return finished(reflected(sound, rate), -6.0, -64.0, rate, rng)


def room_tone(rate: int) -> Sound:
    """An empty room with ventilation and a little mains hum: stereo, 4 s."""
    rng = np.random.default_rng(13)
    n = 4 * rate
    time = np.arange(n) / rate
    both = band(rng.standard_normal(n), 25, 180, rate)  # what is low reaches both microphones alike
    sides = [band(rng.standard_normal(n), 120, 2200, rate) for _ in range(2)]
    hum = np.sin(2 * np.pi * 50 * time) + 0.4 * np.sin(2 * np.pi * 150 * time + 1.0)
    breath = 1 + 0.15 * np.sin(2 * np.pi * 0.2 * time)
    sound = np.array([(0.8 * both + 0.35 * side) * breath + 0.06 * hum for side in sides])
    return finished(sound, -38.0, -72.0, rate, rng)


def struck(
    at_s: float, modes: Sequence[tuple[float, float, float]], n: int, rate: int, rng: np.random.Generator
) -> Sound:
    """Something hit at a time: (Hz, seconds to fall by 1/e, level) for each of its modes, and the knock itself."""
    start = round(at_s * rate)
    time = np.arange(n - start) / rate
    sound = np.zeros(n)
    for freq_hz, decay_s, level in modes:
        sound[start:] += level * np.sin(2 * np.pi * freq_hz * time + rng.uniform(0, 0.5)) * np.exp(-time / decay_s)
    sound[start:] += 0.5 * rng.standard_normal(n - start) * np.exp(-time / 0.0012)
    return sound


def reflected(sound: Sound, rate: int) -> Sound:
    """With four early reflections of a small room."""
    result = sound.copy()
    for delay_ms, gain in ((4.1, 0.28), (7.3, -0.19), (11.9, 0.13), (17.2, 0.08)):
        delay = round(delay_ms * rate / 1000)
        result[delay:] += gain * sound[:-delay]
    return result


def band(noise: Sound, low_hz: float, high_hz: float, rate: int) -> Sound:
    """Noise between two frequencies, with soft edges, at an RMS of 1."""
    freqs = np.fft.rfftfreq(len(noise), 1 / rate)
    shape = 1 / (1 + (low_hz / np.maximum(freqs, 1e-9)) ** 4) / (1 + (freqs / high_hz) ** 4)
    shaped: Sound = np.fft.irfft(np.fft.rfft(noise) * shape, len(noise))
    shaped /= np.sqrt(np.mean(shaped**2))
    return shaped


def finished(sound: Sound, peak_dbfs: float, floor_dbfs: float, rate: int, rng: np.random.Generator) -> Sound:
    """At a peak level, over a noise floor, with ends that do not click."""
    sound = sound * (10 ** (peak_dbfs / 20) / np.abs(sound).max())
    sound = sound + 10 ** (floor_dbfs / 20) * rng.standard_normal(sound.shape)
    ramp = round(0.005 * rate)
    edge = np.sin(0.5 * np.pi * np.arange(ramp) / ramp) ** 2
    sound[..., :ramp] *= edge
    sound[..., -ramp:] *= edge[::-1]
    return sound


if __name__ == "__main__":
    main()
