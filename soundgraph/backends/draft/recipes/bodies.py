"""Building blocks with a body: what rings when it is struck, creaks when it is bent, turns, or has a throat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from soundgraph.backends.draft.exact import Mono, fall, wave
from soundgraph.backends.draft.recipes.blocks import COLOURS, Maker, Shape, length, pitches, shaped, trembled, unit
from soundgraph.backends.draft.shaping import Drift, bump, ends_ramped, mode, modes
from soundgraph.backends.draft.stage import Stage

# Ratios of the partials of what is struck to its lowest, how fast the high ones die away before the low ones, and
# seconds of ring of the lowest. Bars and plates: Fletcher and Rossing, The Physics of Musical Instruments.
MATERIALS: dict[str, tuple[tuple[float, ...], float, float]] = {
    "metal": ((1.0, 1.63, 2.32, 2.76, 3.41, 4.17, 5.4, 6.28, 7.9, 8.93), 0.12, 0.9),
    "tin": ((1.0, 1.21, 1.74, 2.03, 2.57, 3.31, 3.9, 4.8, 5.9), 0.3, 0.16),
    "glass": ((1.0, 2.32, 4.25, 6.63, 9.38), 0.35, 0.5),
    "ceramic": ((1.0, 1.57, 2.61, 3.84, 5.2), 0.4, 0.12),
    "wood": ((1.0, 2.57, 4.15, 6.8), 0.9, 0.11),
    "bone": ((1.0, 1.83, 2.9, 4.4), 0.7, 0.05),
    "stone": ((1.0, 1.37, 2.13, 2.93, 4.1), 0.8, 0.045),
    "plastic": ((1.0, 1.7, 2.4, 3.3), 0.9, 0.035),
    "skin": ((1.0, 1.59, 2.14, 2.3, 2.65, 2.92), 0.8, 0.35),
    "string": ((1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0), 0.35, 1.1),
}

# The lowest three resonances of a grown man's throat, in Hz; m is a closed mouth, h an animal's wide one.
_VOWELS = {
    "a": (730, 1090, 2440),
    "e": (530, 1840, 2480),
    "i": (270, 2290, 3010),
    "o": (570, 840, 2410),
    "u": (300, 870, 2240),
    "m": (250, 1000, 2000),
    "h": (620, 1400, 3100),
}
# Breath before it is moved up to a resonance: as broad as that is.
_BREATH = ((150.0, 0.0), (300.0, -20.0), (600.0, -70.0))
_STRENGTHS = ((1.0, 90.0), (0.7, 120.0), (0.35, 180.0))


def ring(hz: float, material: str, seconds: float = 0.0) -> Maker:
    """Something of a material is struck. seconds: how long it rings, else as such things do."""

    def make(stage: Stage) -> Mono:
        ratios, damping, usual_s = MATERIALS[material]
        ring_s = seconds or usual_s
        base = stage.pitched(stage.vary(hz, 0.05))
        rows = []
        for index, ratio in enumerate(ratios):
            gain = stage.chance.number(0.5, 1.0) / (1.0 + 0.25 * index)
            rows.append((base * stage.vary(ratio, 0.015), gain, ring_s / (1.0 + damping * index)))
        return unit(ends_ramped(modes(stage.length(1.4 * ring_s), stage.rate, rows), 12, stage.length(0.01)))

    return make


def thud(hz: float, seconds: float = 0.25, knock: float = 0.6) -> Maker:
    """A dull blow: a low tone that sags. knock: how much of the blow is noise."""

    def make(stage: Stage) -> Mono:
        n = stage.length(1.3 * seconds)
        x = mode(n, stage.rate, stage.pitched(stage.vary(hz, 0.08)), seconds, glide=0.6)
        x = x + stage.noise(COLOURS["dull"], n=len(x)) * fall(len(x), 0.07 * stage.rate) * np.float32(knock)
        return unit(ends_ramped(x, stage.length(0.001), stage.length(0.01)))

    return make


def creak(seconds: float, path_hz: Sequence[float], material: str, body_hz: float, shape: Shape = 0.4) -> Maker:
    """What sticks and slips: a train of small blows along a path of rates, each of which makes the body ring."""

    def make(stage: Stage) -> Mono:
        n = length(stage, seconds)
        blow = ring(body_hz, material)(stage)
        out = np.zeros(n + len(blow), np.float32)
        rates = [stage.pitched(hz) for hz in path_hz]
        at = 0.0
        while at < n:
            place = at / n * (len(rates) - 1)
            index = min(int(place), max(0, len(rates) - 2))
            rate_hz = rates[index] + (rates[-1 if len(rates) == 1 else index + 1] - rates[index]) * (place - index)
            out[int(at) : int(at) + len(blow)] += blow * np.float32(stage.chance.number(0.4, 1.0))
            at += max(1.0, stage.rate / max(rate_hz, 2.0) * stage.chance.number(0.8, 1.2))
        return unit(shaped(stage, out[:n], shape))

    return make


def turning(
    seconds: float | None, path_hz: Sequence[float], noise: float = 0.3, colour: str = "body", shape: Shape = None
) -> Maker:
    """A machine that turns: many harmonics on a rate, and noise that pulses with it."""

    def make(stage: Stage) -> Mono:
        n = length(stage, seconds)
        waver = Drift(stage.chance, n / stage.rate, 0.7).over(n, stage.rate)
        turns = np.cumsum(pitches(stage, path_hz, n) * (0.99 + 0.02 * waver) / stage.rate)
        # Signs by chance: harmonics that all start together make a needle.
        partials = tuple(stage.chance.pick((-1.0, 1.0)) / (1.0 + 0.35 * k) for k in range(18))
        top_hz = max(path_hz) * 1.7
        x = unit(wave(turns, partials[: max(1, int(0.45 * stage.rate / top_hz))]))
        if noise:
            pulse = np.float32(0.6) + np.float32(0.4) * wave(turns)
            x += unit(stage.noise(COLOURS[colour], n=n)) * pulse * np.float32(noise)
        return unit(shaped(stage, x, shape))

    return make


def voice(
    seconds: float | None,
    path_hz: Sequence[float],
    vowels: str = "a",
    size: float = 1.0,
    rough: float = 0.0,
    breath: float = 0.1,
    shape: Shape = 0.3,
    tremolo: tuple[float, float] = (0.0, 0.0),
) -> Maker:
    """A throat: a pitch along a path, and vowels one into the next.

    size: of the throat, 1 for a man; half the size doubles its resonances. rough: growl, from 0 to 1.
    breath: how much of it is breath; from 1 on there is no tone, as in a whisper.
    """

    def make(stage: Stage) -> Mono:
        n = length(stage, seconds)
        hz = pitches(stage, path_hz, n)
        if rough:
            hz = hz * (
                1.0
                + 0.3 * rough * (Drift(stage.chance, n / stage.rate, 0.02).over(n, stage.rate).astype(np.float64) - 0.5)
            )
        turns = np.cumsum(hz / stage.rate)
        stops = max(len(vowels), 3 if len(path_hz) > 1 and breath < 1 else 1)
        x = np.zeros(n, np.float32)
        slow = stage.noise(_BREATH, n=n) if breath else x
        for stop in range(stops):
            share = stop / (stops - 1) if stops > 1 else 0.5
            formants = _formants(stage, vowels[min(len(vowels) - 1, int(share * len(vowels)))], size)
            part = np.zeros(n, np.float32)
            if breath < 1.0:
                part += unit(
                    wave(
                        turns, _partials(float(hz[int(share * (n - 1))]), formants, 0.45 * stage.rate / float(hz.max()))
                    )
                )
            if breath:
                part += unit(_breath(slow, stage.rate, formants)) * np.float32(min(breath, 1.0))
            x += part if stops == 1 else part * _hat(n, share, 1.0 / (stops - 1))
        if rough:
            half = wave(turns * 0.5 + 0.25)
            x *= np.float32(1.0 - 0.5 * rough) + np.float32(0.5 * rough) * half
        return unit(shaped(stage, trembled(stage, x, tremolo, 0.8 * rough), shape))

    return make


def _formants(stage: Stage, vowel: str, size: float) -> list[tuple[float, float, float]]:
    """(Hz, strength, half its breadth in Hz) of each resonance."""
    scale = stage.pitched(1.0) / size
    return [(hz * scale, *row) for hz, row in zip(_VOWELS[vowel], _STRENGTHS, strict=True)]


def _partials(hz: float, formants: Sequence[tuple[float, float, float]], room: float) -> tuple[float, ...]:
    """Amplitudes of the harmonics of a pitch in a throat; `room`: how many fit below half the rate."""
    partials = []
    for k in range(1, max(2, min(60, int(room))) + 1):
        gain = 0.03 / k
        for centre, strength, half in formants:
            off = (k * hz - centre) / (half + 0.25 * hz)
            gain += strength / (1.0 + off * off)
        partials.append(gain)
    return tuple(partials)


def _breath(slow: Mono, rate: int, formants: Sequence[tuple[float, float, float]]) -> Mono:
    """Noise in a throat: slow noise, moved up to each resonance."""
    time = np.arange(len(slow)) * (1.0 / rate)
    carrier = np.zeros(len(slow), np.float32)
    for centre, strength, _ in formants:
        if centre < 0.45 * rate:
            carrier += wave(time * centre) * np.float32(strength)
    return slow * carrier


def _hat(n: int, middle: float, reach: float) -> Mono:
    """From 0 up to 1 at a share of n, and down again over `reach` to both sides."""
    place = (np.arange(n) + 0.5) / max(n, 1)
    return np.asarray(np.maximum(0.0, 1.0 - np.abs(place - middle) / reach), np.float32)


def words(
    count: int,
    path_hz: Sequence[float],
    seconds: float = 0.16,
    size: float = 1.0,
    rough: float = 0.0,
    breath: float = 0.1,
) -> Maker:
    """Speech that cannot be understood: syllables of changing vowels, with consonants between."""

    def make(stage: Stage) -> Mono:
        parts: list[Mono] = []
        for _ in range(count):
            consonant = stage.noise(COLOURS[stage.chance.pick(("crisp", "dry", "middle"))], n=stage.length(0.035))
            strength = stage.chance.number(0.05, 0.3)
            parts.append(unit(consonant * bump(len(consonant), 0.4)) * np.float32(strength))
            vowels = stage.chance.pick("aeiou") + stage.chance.pick("aeiou")
            path = [hz * stage.vary(1.0, 0.12) for hz in path_hz]
            syllable = voice(stage.vary(seconds, 0.3), path, vowels, size, rough, breath, 0.35)(stage)
            parts.append(syllable * np.float32(stage.chance.number(0.6, 1.0)))
            if stage.chance.number(0.0, 1.0) < 0.2:
                parts.append(np.zeros(stage.length(0.12), np.float32))
        return unit(np.concatenate(parts))

    return make
