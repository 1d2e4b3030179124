"""Instruments: one note of each, as a mono sound at about full scale."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from soundgraph.backends.draft.exact import Mono, fall, pitch_hz, wave
from soundgraph.backends.draft.shaping import ends_ramped_over


def _tone(hz: float, n: int, rate: int, partials: tuple[float, ...], vibrato: float = 0.0) -> Mono:
    """A steady tone without what would alias. vibrato: depth as a share of the frequency, 5.3 times a second."""
    heard = max(1, min(len(partials), int(0.45 * rate / hz)))
    turns = np.arange(n) * (hz / rate)
    if vibrato:
        # The phase of a vibrato is a sine too; 6.2832 turns make one of its swings a swing of frequency.
        turns += wave(np.arange(n) * (5.3 / rate)).astype(np.float64) * (vibrato * hz / (5.3 * 6.283185307179586))
        turns += 1.0  # wave() reads forward from 0
    return wave(turns, partials[:heard])


def _harmonics(count: int, slope: float = 1.0, odd: float = 1.0, even: float = 1.0) -> tuple[float, ...]:
    """Amplitudes of `count` harmonics that fall like 1 / (1 + slope·(k - 1))."""
    return tuple((odd if k % 2 else even) / (1.0 + slope * (k - 1)) for k in range(1, count + 1))


def piano(midi: int, seconds: float, rate: int) -> Mono:
    """Bright when struck, duller as it rings; low strings ring longer."""
    n = int((seconds + 0.25) * rate)
    hz = pitch_hz(midi)
    ring_s = 5.0 if midi < 48 else 3.2 if midi < 72 else 1.8
    body = _tone(hz, n, rate, (1.0, 0.45, 0.22, 0.08)) * fall(n, ring_s * rate)
    struck = _tone(hz, n, rate, (0.0, 0.2, 0.25, 0.28, 0.2, 0.16, 0.12, 0.08, 0.06)) * fall(n, 0.22 * ring_s * rate)
    return ends_ramped_over(body + struck, rate, 0.003, 0.22) * np.float32(0.6)


def guitar(midi: int, seconds: float, rate: int) -> Mono:
    n = int((seconds + 0.3) * rate)
    hz = pitch_hz(midi)
    body = _tone(hz, n, rate, _harmonics(5, 0.9)) * fall(n, 1.9 * rate)
    pluck = _tone(hz, n, rate, _harmonics(16, 0.12)[::-1]) * fall(n, 0.25 * rate)
    return ends_ramped_over(body + pluck * np.float32(0.12), rate, 0.002, 0.25) * np.float32(0.5)


def harp(midi: int, seconds: float, rate: int) -> Mono:
    n = int((seconds + 0.8) * rate)
    return ends_ramped_over(
        _tone(pitch_hz(midi), n, rate, (1.0, 0.35, 0.12, 0.05)) * fall(n, 1.6 * rate), rate, 0.002, 0.3
    ) * np.float32(0.7)


def bells(midi: int, seconds: float, rate: int) -> Mono:
    n = int((seconds + 1.2) * rate)
    hz = pitch_hz(midi + 12)
    sound = _tone(hz, n, rate, (1.0, 0.0, 0.08)) * fall(n, 2.0 * rate)
    sound += _tone(hz, n, rate, (0.0, 0.3, 0.0, 0.35)) * fall(n, 0.5 * rate)
    return ends_ramped_over(sound, rate, 0.001, 0.3) * np.float32(0.6)


def pad(midi: int, seconds: float, rate: int) -> Mono:
    """Two soft tones a little apart in pitch, that swell and overlap with the next chord."""
    n = int((seconds + 0.6) * rate)
    hz = pitch_hz(midi)
    sound = _tone(hz * 1.002, n, rate, (1.0, 0.4, 0.18, 0.08)) + _tone(hz * 0.998, n, rate, (1.0, 0.35, 0.2, 0.06))
    return ends_ramped_over(sound, rate, min(0.5, 0.4 * seconds), 0.6) * np.float32(0.3)


def strings(midi: int, seconds: float, rate: int) -> Mono:
    n = int((seconds + 0.25) * rate)
    hz = pitch_hz(midi)
    partials = _harmonics(12, 1.1)
    sound = _tone(hz * 1.0015, n, rate, partials, 0.004) + _tone(hz * 0.9985, n, rate, partials)
    return ends_ramped_over(sound, rate, min(0.14, 0.3 * seconds), 0.24) * np.float32(0.28)


def choir(midi: int, seconds: float, rate: int) -> Mono:
    """Voices on "ah": harmonics near 700 and 1,100 Hz stand out."""
    n = int((seconds + 0.35) * rate)
    hz = pitch_hz(midi)
    partials = []
    for k in range(1, 15):
        near_700, near_1100 = (k * hz - 700.0) / 220.0, (k * hz - 1100.0) / 260.0
        partials.append(0.3 / k + 0.8 / (1.0 + near_700 * near_700) + 0.4 / (1.0 + near_1100 * near_1100))
    return ends_ramped_over(
        _tone(hz, n, rate, tuple(partials), 0.006), rate, min(0.3, 0.4 * seconds), 0.34
    ) * np.float32(0.28)


def organ(midi: int, seconds: float, rate: int) -> Mono:
    n = int((seconds + 0.05) * rate)
    return ends_ramped_over(
        _tone(pitch_hz(midi), n, rate, (1.0, 0.7, 0.3, 0.5, 0.0, 0.2, 0.0, 0.3)), rate, 0.02, 0.05
    ) * np.float32(0.3)


def brass(midi: int, seconds: float, rate: int) -> Mono:
    n = int((seconds + 0.08) * rate)
    hz = pitch_hz(midi)
    soft = ends_ramped_over(_tone(hz, n, rate, (1.0, 0.6, 0.3)), rate, 0.04, 0.1)
    bright = ends_ramped_over(_tone(hz, n, rate, (0.0, 0.3, 0.5, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1)), rate, 0.16, 0.12)
    return (soft + bright) * np.float32(0.3)


def flute(midi: int, seconds: float, rate: int) -> Mono:
    n = int((seconds + 0.06) * rate)
    return ends_ramped_over(_tone(pitch_hz(midi), n, rate, (1.0, 0.18, 0.06), 0.005), rate, 0.05, 0.08) * np.float32(
        0.7
    )


def lead(midi: int, seconds: float, rate: int) -> Mono:
    n = int(seconds * rate)
    sound = _tone(pitch_hz(midi), n, rate, _harmonics(13, 1.0, even=0.15), 0.003) * fall(n, 2.5 * rate)
    return ends_ramped_over(sound, rate, 0.004, 0.03) * np.float32(0.5)


def bass(midi: int, seconds: float, rate: int) -> Mono:
    n = int((seconds + 0.03) * rate)
    hz = pitch_hz(midi)
    sound = _tone(hz, n, rate, (1.0, 0.5, 0.2, 0.08)) * fall(n, 2.2 * rate)
    sound += _tone(hz, n, rate, (0.0, 0.0, 0.2, 0.2, 0.15)) * fall(n, 0.25 * rate)
    return ends_ramped_over(sound, rate, 0.004, 0.04) * np.float32(0.6)


def distortion(midi: int, seconds: float, rate: int) -> Mono:
    """An overdriven guitar: a tone pressed flat, with its fifth, that hardly fades."""
    n = int((seconds + 0.06) * rate)
    low = min(midi, midi - 12 if midi > 60 else midi)
    hz = pitch_hz(low)
    x = _tone(hz, n, rate, _harmonics(12, 0.5)) + _tone(1.5 * hz, n, rate, _harmonics(8, 0.6)) * np.float32(0.6)
    x = x * np.float32(2.5)
    x /= np.sqrt(np.float32(1.0) + x * x)
    return ends_ramped_over(x * fall(n, 3.0 * rate), rate, 0.002, 0.04) * np.float32(0.45)


def wobble(midi: int, seconds: float, rate: int) -> Mono:
    """A bass whose highs open and close four times a second."""
    n = int((seconds + 0.03) * rate)
    hz = pitch_hz(midi - 12 if midi > 48 else midi)
    deep = _tone(hz, n, rate, (1.0, 0.4))
    bright = _tone(hz, n, rate, tuple(1.0 for _ in range(24)))
    opening = np.float32(0.5) - np.float32(0.5) * wave(np.arange(n) * (4.0 / rate) + 0.25)
    return ends_ramped_over(deep + bright * opening * opening * np.float32(0.35), rate, 0.004, 0.03) * np.float32(0.5)


PITCHED: dict[str, Callable[[int, float, int], Mono]] = {
    "bass": bass,
    "bells": bells,
    "brass": brass,
    "choir": choir,
    "distortion": distortion,
    "flute": flute,
    "guitar": guitar,
    "harp": harp,
    "lead": lead,
    "organ": organ,
    "pad": pad,
    "piano": piano,
    "strings": strings,
    "wobble": wobble,
}
"""From (MIDI number, seconds until the next note, rate in Hz) to a note; most ring on a little."""
