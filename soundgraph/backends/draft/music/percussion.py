"""Drums: one stroke of each, as a mono sound at about full scale."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from soundgraph.backends.draft.chance import Chance
from soundgraph.backends.draft.exact import Mono, fall
from soundgraph.backends.draft.shaping import Spectrum, ends_ramped_over, mode, modes, noise


def _struck_noise(name: str, rate: int, spectrum: Spectrum, seconds: float) -> Mono:
    n = int(seconds * rate)
    return noise(Chance(name), n, rate, spectrum) * fall(n, seconds * rate)


def kick(rate: int) -> Mono:
    n = int(0.3 * rate)
    sound = mode(n, rate, 118.0, 0.28, glide=0.35)
    sound[: int(0.01 * rate)] += mode(int(0.01 * rate), rate, 1900.0, 0.008)[: int(0.01 * rate)] * np.float32(0.2)
    return ends_ramped_over(sound, rate, 0.001, 0.03)


def snare(rate: int) -> Mono:
    n = int(0.22 * rate)
    rattle = noise(Chance("snare"), n, rate, ((200, -12), (800, -3), (3000, 0), (8000, -2), (16000, -10)))
    sound = rattle * fall(n, 0.2 * rate)
    body = mode(n, rate, 186.0, 0.12, glide=0.8)
    sound[: len(body)] += body * np.float32(0.6)
    return ends_ramped_over(sound, rate, 0.0005, 0.02) * np.float32(0.7)


def hat(rate: int) -> Mono:
    n = int(0.06 * rate)
    return (
        noise(Chance("hat"), n, rate, ((2000, -40), (4000, -12), (8000, 0), (16000, 0)))
        * fall(n, 0.06 * rate)
        * np.float32(0.6)
    )


def open_hat(rate: int) -> Mono:
    return _struck_noise("open", rate, ((2000, -40), (4000, -12), (8000, 0), (16000, 0)), 0.3) * np.float32(0.5)


def clap(rate: int) -> Mono:
    """Three bursts close together, and a tail."""
    n = int(0.25 * rate)
    sound = np.zeros(n, np.float32)
    for late_s, gain in ((0.0, 0.7), (0.011, 0.8), (0.023, 1.0)):
        burst = _struck_noise("clap", rate, ((300, -20), (1000, 0), (2500, -2), (8000, -14)), 0.2 * gain)
        at = int(late_s * rate)
        sound[at : at + len(burst)] += burst[: n - at] * np.float32(gain)
    return sound * np.float32(0.6)


def rim(rate: int) -> Mono:
    return modes(int(0.06 * rate), rate, ((1720.0, 0.6, 0.04), (480.0, 0.5, 0.05))) * np.float32(0.7)


def tom(rate: int) -> Mono:
    n = int(0.5 * rate)
    sound = mode(n, rate, 104.0, 0.5, glide=0.75)
    skin = _struck_noise("tom", rate, ((100, -4), (400, 0), (1500, -10), (5000, -30)), 0.08)
    sound[: len(skin)] += skin[: len(sound)] * np.float32(0.5)
    return ends_ramped_over(sound, rate, 0.001, 0.03)


def ride(rate: int) -> Mono:
    wash = _struck_noise("ride", rate, ((3000, -30), (6000, -6), (12000, 0), (16000, -4)), 0.7) * np.float32(0.3)
    ping = modes(len(wash), rate, ((3150.0, 0.2, 0.4), (4620.0, 0.15, 0.3), (5870.0, 0.1, 0.3)))
    wash[: len(ping)] += ping[: len(wash)]
    return wash


def shaker(rate: int) -> Mono:
    sound = _struck_noise("shaker", rate, ((2500, -30), (5000, -4), (10000, 0), (16000, -6)), 0.07)
    return ends_ramped_over(sound, rate, 0.012, 0.01) * np.float32(0.5)


STROKES: dict[str, Callable[[int], Mono]] = {
    "kick": kick,
    "snare": snare,
    "hat": hat,
    "open": open_hat,
    "clap": clap,
    "rim": rim,
    "tom": tom,
    "ride": ride,
    "shaker": shaker,
}
"""From a rate in Hz to a stroke."""
