"""Building blocks of sounds: moving air, tones, noise that is struck, and many small ones together.

A block is made once, in a table, and renders when it is given a stage: its lengths follow the pace that is asked for,
its frequencies the pitch. Every block comes out with a peak of 1, so that the gains in a table compare.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from soundgraph.backends.draft.exact import Mono, fall, octaves_of, wave
from soundgraph.backends.draft.shaping import Drift, Spectrum, bump, ends_ramped, mode
from soundgraph.backends.draft.stage import Stage

Maker = Callable[[Stage], Mono]
Shape = float | None
"""0: struck, and dying away; up to 1: a swell with its top at that share of the length; None: held."""

# Octave levels in dB: the colours of noise, from dull to bright.
COLOURS: dict[str, Spectrum] = {
    "rumble": ((31, 0), (62, 1), (125, -4), (250, -14), (500, -26), (1000, -44), (2000, -70)),
    "dull": ((62, -4), (125, 0), (250, -2), (500, -8), (1000, -18), (4000, -40), (16000, -70)),
    "body": ((125, -10), (250, -3), (500, 0), (1000, -4), (2000, -12), (4000, -24), (16000, -50)),
    "middle": ((125, -30), (250, -16), (500, -6), (1000, 0), (2000, -4), (4000, -14), (16000, -40)),
    "dry": ((250, -26), (500, -14), (1000, -4), (2000, 0), (4000, -4), (8000, -14), (16000, -30)),
    "wet": ((125, -18), (250, -8), (500, -2), (1000, 0), (2000, -6), (4000, -12), (8000, -24), (16000, -44)),
    "crisp": ((500, -30), (1000, -14), (2000, -4), (4000, 0), (8000, -2), (16000, -10)),
    "hiss": ((500, -34), (1000, -20), (2000, -8), (4000, -2), (8000, 0), (16000, -4)),
    "crack": ((125, -16), (500, -6), (1000, 0), (4000, -1), (16000, -6)),
}

SOFT = (1.0, 0.12, 0.05)
RICH = tuple(1.0 / k for k in range(1, 15))
HOLLOW = (1.0, 0.0, 0.33, 0.0, 0.2, 0.0, 0.14)
PURE = (1.0,)


def unit(x: Mono) -> Mono:
    """The sound with a peak of 1."""
    top = float(np.abs(x).max()) if len(x) else 0.0
    return x * np.float32(1.0 / top) if top > 0 else x


def along(path: Sequence[float], n: int) -> NDArray[np.float64]:
    """n values on straight lines through the points of a path, which are evenly apart."""
    if len(path) == 1:
        return np.full(n, float(path[0]))
    steps = len(path) - 1
    place = np.arange(n) * (steps / max(n, 1))
    index = np.minimum(place.astype(np.int64), steps - 1)
    points = np.array(path, np.float64)
    return np.asarray(points[index] + (points[index + 1] - points[index]) * (place - index))


def pitches(stage: Stage, path_hz: Sequence[float], n: int) -> NDArray[np.float64]:
    """Frequencies along a path, tuned to the take, and never so high that they could not be heard."""
    return along([min(stage.pitched(hz), 0.38 * stage.rate) for hz in path_hz], n)


def shaped(stage: Stage, x: Mono, shape: Shape) -> Mono:
    """A sound with the course of its loudness, in place."""
    n = len(x)
    if shape is None:
        return ends_ramped(x, stage.length(0.008), stage.length(0.03))
    if shape <= 0.0:
        return ends_ramped(x * fall(n, 0.9 * n), stage.length(0.001), stage.length(0.01))
    return x * bump(n, min(shape, 0.98))


def length(stage: Stage, seconds: float | None) -> int:
    """Samples of a block that lasts so long at the pace that is asked for; None: as long as the take."""
    return stage.n if seconds is None else stage.length(stage.paced(seconds))


def trembled(stage: Stage, x: Mono, tremolo: tuple[float, float], rough: float) -> Mono:
    """A sound made uneven: tremolo is (times a second, depth 0 to 1), rough the depth of a random flutter."""
    n, (often_hz, depth) = len(x), tremolo
    if depth:
        turns = np.arange(n) * (often_hz / stage.rate)
        x = x * (np.float32(1.0 - 0.5 * depth) + np.float32(0.5 * depth) * wave(turns + 0.25))
    if rough:
        flutter = Drift(stage.chance, n / stage.rate, 0.011).over(n, stage.rate)
        x = x * (np.float32(1.0 - rough) + np.float32(rough) * flutter)
    return x


def tone(
    seconds: float | None,
    path_hz: Sequence[float],
    partials: tuple[float, ...] = SOFT,
    shape: Shape = 0.0,
    vibrato: tuple[float, float] = (0.0, 0.0),
    tremolo: tuple[float, float] = (0.0, 0.0),
    rough: float = 0.0,
) -> Maker:
    """A tone along a path. vibrato: (times a second, depth as a share of the frequency)."""

    def make(stage: Stage) -> Mono:
        n = length(stage, seconds)
        hz = pitches(stage, path_hz, n)
        if vibrato[1]:
            hz = hz * (1.0 + vibrato[1] * wave(np.arange(n) * (vibrato[0] / stage.rate)).astype(np.float64))
        if rough:
            hz = hz * (1.0 + 0.2 * rough * (Drift(stage.chance, n / stage.rate, 0.03).over(n, stage.rate) - 0.5))
        return unit(shaped(stage, trembled(stage, stage.swept(hz, partials), tremolo, rough), shape))

    return make


def air(seconds: float | None, path_hz: Sequence[float], shape: Shape = 0.5, width: float = 1.8) -> Maker:
    """Noise around a frequency that moves along a path: what passes through air. width: in octaves to each side."""

    def make(stage: Stage) -> Mono:
        octaves = [octaves_of(min(stage.pitched(hz), 0.38 * stage.rate)) for hz in path_hz]

        def course(hz: float, n: int, rate: float) -> Mono:
            near = 1.0 - np.abs(along(octaves, n) - octaves_of(hz)) / width
            near = np.maximum(near, 0.0)
            return np.asarray(near * near, np.float32)

        return unit(shaped(stage, stage.noise(((24, 0),), course, n=length(stage, seconds)), shape))

    return make


def band(
    seconds: float | None,
    path_hz: Sequence[float],
    breadth_hz: float,
    shape: Shape = 0.5,
    tremolo: tuple[float, float] = (0.0, 0.0),
) -> Maker:
    """A narrow band of noise along a path, between hiss and tone: a whisper's or a whistle's breath."""

    def make(stage: Stage) -> Mono:
        n = length(stage, seconds)
        edge = max(30.0, breadth_hz)
        slow = stage.noise(((edge, 0), (2 * edge, -24), (4 * edge, -70)), n=n)
        return unit(shaped(stage, trembled(stage, slow * stage.swept(pitches(stage, path_hz, n)), tremolo, 0.0), shape))

    return make


def burst(colour: str, seconds: float) -> Maker:
    """Noise that is struck and dies away by 60 dB in so long."""
    return scrape(seconds, colour, shape=0.0)


def scrape(
    seconds: float | None, colour: str, grain_s: float = 0.0, shape: Shape = 0.4, tremolo: tuple[float, float] = (0, 0)
) -> Maker:
    """Noise of a colour, rubbed: grain_s is about how long each catch of it lasts, 0 for smooth noise."""

    def make(stage: Stage) -> Mono:
        n = length(stage, seconds)
        x = stage.noise(COLOURS[colour], n=n)
        if grain_s:
            catch = Drift(stage.chance, n / stage.rate, grain_s).over(n, stage.rate)
            x *= np.float32(0.08) + catch * catch * catch
        return unit(shaped(stage, trembled(stage, x, tremolo, 0.0), shape))

    return make


def blip(low_hz: float, high_hz: float, seconds: float = 0.05, glide: float = 1.5) -> Maker:
    """A decaying sine at a random pitch of a range that bends by `glide`: upward a bubble, level a small thing."""

    def make(stage: Stage) -> Mono:
        hz = min(stage.pitched(stage.chance.number(low_hz, high_hz)), 0.38 * stage.rate / max(1.0, glide))
        return unit(ends_ramped(mode(stage.length(1.4 * seconds), stage.rate, hz, seconds, glide), 16, 0))

    return make


def grains(count: int, seconds: float, *makers: Maker, early: float = 1.0, fading: float = 0.6) -> Maker:
    """Many small sounds at random times. early: above 1, most come first. fading: how much softer the last are."""

    def make(stage: Stage) -> Mono:
        n, chance = length(stage, seconds), stage.chance
        pool = [maker(stage) for maker in makers for _ in range(max(1, min(count, 9) // len(makers)))]
        out = np.zeros(n + max(len(grain) for grain in pool), np.float32)
        for index in range(count):
            share, late = chance.number(0.0, 1.0), 1.0
            for _ in range(round(early)):
                late *= share
            late = late if index else 0.0  # the first begins at once: scenes place a sound by its start
            grain, at = chance.pick(pool), int(late * n)
            gain = chance.number(0.25, 1.0) * (1.0 - fading * late)
            out[at : at + len(grain)] += grain * np.float32(gain)
        return unit(out)

    return make


def series(maker: Maker, *times_s: float, fading: float = 0.0, bend: float = 0.0) -> Maker:
    """A sound at each of some times, made anew each time.

    fading: by how much of its loudness each is softer than the one before. bend: octaves it rises each time.
    """

    def make(stage: Stage) -> Mono:
        parts, gain = [], 1.0
        for index, at_s in enumerate(times_s):
            parts.append((stage.length(stage.paced(at_s)), maker(stage.tuned(bend * index)) * np.float32(gain)))
            gain *= 1.0 - fading
        out = np.zeros(max(at + len(part) for at, part in parts), np.float32)
        for at, part in parts:
            out[at : at + len(part)] += part
        return unit(out)

    return make


def beat(period_s: float, *makers: Maker, jitter: float = 0.05) -> Maker:
    """Sounds in turn, one each period, as long as the take lasts."""

    def make(stage: Stage) -> Mono:
        pools = [[maker(stage) for _ in range(4)] for maker in makers]
        out = np.zeros(stage.n, np.float32)
        for index, at in enumerate(stage.beats(stage.paced(period_s), jitter)):
            beat = stage.chance.pick(pools[index % len(pools)])[: stage.n - at]
            out[at : at + len(beat)] += beat * np.float32(stage.chance.number(0.8, 1.0))
        return unit(out)

    return make


def sway(maker: Maker, period_s: float, depth: float = 0.7) -> Maker:
    """A sound that comes and goes by chance."""

    def make(stage: Stage) -> Mono:
        x = maker(stage)
        drift = Drift(stage.chance, len(x) / stage.rate, period_s).over(len(x), stage.rate)
        return unit(x * (np.float32(1.0 - depth) + np.float32(depth) * drift))

    return make
