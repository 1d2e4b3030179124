"""Engines, rotors, weapons and electricity."""

from __future__ import annotations

import numpy as np

from soundgraph.audio.artifact import Samples
from soundgraph.backends.draft.exact import Mono, exp2, fall, wave
from soundgraph.backends.draft.shaping import Drift, Spectrum, bump, dull, ends_ramped, mode
from soundgraph.backends.draft.stage import Stage


def engine(stage: Stage) -> Samples:
    """An engine: a harmonic tone on its firing rate that wavers a little, and exhaust noise that pulses with it."""
    base_hz = stage.pitched(stage.vary(38.0, 0.12)) * exp2(0.6 * stage.character.pace)
    waver = Drift(stage.chance.child("waver"), stage.seconds, 0.9).over(stage.n, stage.rate).astype(np.float64)
    turns = np.cumsum(base_hz * (0.985 + 0.03 * waver) / stage.rate)
    # Signs by chance: harmonics that all start together make a needle, not a rumble.
    partials = tuple(
        stage.chance.pick((-1.0, 1.0)) * stage.chance.number(0.5, 1.0) / (1.0 + 0.28 * k) for k in range(24)
    )
    tone = wave(turns, partials)
    pulse = np.float32(0.5) + np.float32(0.5) * wave(turns)
    exhaust = ((62, -6), (125, -3), (250, -3), (500, -7), (1000, -13), (2000, -20), (8000, -40), (16000, -70))
    out = stage.wide(lambda: stage.noise(exhaust) * pulse * np.float32(0.45))
    stage.put(out, 0, tone, 0.45)
    return out


def helicopter(stage: Stage) -> Samples:
    """A rotor: heavy low chops at a steady rate, over a turbine's whine."""
    period_s = stage.paced(1.0 / 11.0)
    n = stage.length(period_s)
    chop = stage.noise(((31, -6), (62, 0), (125, 0), (250, -4), (1000, -14), (4000, -28), (16000, -60)), n=stage.n)
    phase = (np.arange(stage.n) % n) / n
    blade = np.asarray(np.maximum(0.0, 1.0 - 1.6 * phase), np.float32)
    out = stage.everywhere(chop * (blade * blade + np.float32(0.06)))
    stage.put(out, 0, wave(np.arange(stage.n) * (stage.pitched(590.0) / stage.rate), (0.5, 0.3)), 0.02)
    return out


def rocket(stage: Stage) -> Samples:
    """A jet: a steady roar with a slow tremble."""
    drift = Drift(stage.chance.child("drift"), stage.seconds, 0.15)

    def course(hz: float, n: int, rate: float) -> Mono:
        return np.float32(0.75) + np.float32(0.5) * drift.over(n, rate)

    bend = 6.0 * stage.character.pitch
    roar: Spectrum = ((31, -4), (62, 0), (125, 0), (250, -1), (500, -4 + bend), (1000, -7 + bend), (2000, -10 + bend))
    roar = (*roar, (8000, -20 + bend), (16000, -34))
    return stage.wide(lambda: stage.noise(roar, course))


def hum(stage: Stage) -> Samples:
    """A hum or drone: low harmonics that beat slowly against each other, and the breath of a room."""
    base_hz = stage.pitched(stage.vary(58.0, 0.15))
    room = ((31, -12), (62, 0), (125, -6), (250, -14), (500, -24), (2000, -40), (8000, -60))
    out = stage.wide(lambda: stage.noise(room))
    out *= np.float32(0.25)
    for index, ratio in enumerate((1.0, 1.004, 1.5, 2.003, 3.01)):
        swell = Drift(stage.chance.child("swell", index), stage.seconds, 3.0).over(stage.n, stage.rate)
        tone = wave(np.arange(stage.n) * (base_hz * ratio / stage.rate), (1.0, 0.3, 0.12))
        stage.put(out, 0, tone * (np.float32(0.4) + np.float32(0.6) * swell), 0.5 / (1 + index), 0.3 * (index - 2) / 2)
    return out


def electric(stage: Stage) -> Samples:
    """Electricity: a harsh mains buzz that cuts in and out, and sparks."""
    partials = tuple(1.0 if k % 2 else 0.6 for k in range(1, 25))
    arcing = Drift(stage.chance.child("arcing"), stage.seconds, 0.12).over(stage.n, stage.rate)
    buzz = stage.swept(np.full(stage.n, stage.pitched(100.0)), partials)
    out = stage.everywhere(buzz * arcing * arcing * np.float32(0.06))
    grains = []
    for _ in range(8):
        n = stage.length(stage.chance.number(0.003, 0.02))
        grains.append(stage.noise(((1000, -14), (3000, 0), (16000, 0)), n=n) * fall(n, n))
    stage.scatter(out, grains, per_second=28.0 * exp2(stage.character.force), power=3)
    return out


def explosion(stage: Stage) -> Samples:
    """An explosion: a burst, a boom that sinks below hearing, a rumble of some seconds, and falling debris."""
    out = stage.blank()
    for at in stage.shots(2.5):
        long_s = stage.vary(4.2, 0.15) * exp2(0.3 * stage.character.force)
        if stage.character.distance >= 0:
            burst = stage.noise(((62, 0), (250, 0), (1000, -2), (4000, -6), (16000, -16)), n=stage.length(0.25))
            stage.put(out, at, burst * fall(len(burst), 0.25 * stage.rate), 0.6)
        boom = mode(stage.length(1.2), stage.rate, stage.pitched(88.0), 1.0, glide=0.35)
        stage.put(out, at, ends_ramped(boom, stage.length(0.002), 0), 0.9)

        def course(hz: float, n: int, rate: float, long_s: float = long_s) -> Mono:
            return fall(n, long_s * (1.0 if hz < 150 else 0.6 if hz < 700 else 0.3) * rate)

        n = min(stage.length(1.5 * long_s), stage.n - at)
        rumble = ((31, 0), (62, 2), (125, 0), (250, -4), (500, -8), (1000, -13), (4000, -24), (16000, -50))
        for channel in range(stage.channels):
            out[channel, at : at + n] += stage.noise(rumble, course, n=n) * np.float32(1.3)
        for _ in range(24):
            grain = stage.noise(((500, -10), (2000, 0), (8000, -6)), n=stage.length(0.02))
            late_s = stage.chance.number(0.25, 0.4 * long_s)
            stage.put(
                out, at + stage.length(late_s), grain * bump(len(grain), 0.1), 0.12, stage.chance.number(-0.8, 0.8)
            )
    return out


def gunshot(stage: Stage) -> Samples:
    """A shot: a crack of some milliseconds, a body under it, and its echo across the land."""
    out = stage.blank()
    fast = stage.character.many is True and stage.character.pace >= 0
    for at in stage.shots(0.11 if fast else 0.8):
        crack = stage.noise(((250, -6), (1000, 0), (4000, 0), (16000, -3)), n=stage.length(0.05))
        stage.put(out, at, crack * fall(len(crack), 0.07 * stage.rate), 2.6)
        body = stage.noise(((62, -6), (150, 0), (500, 0), (2000, -6), (8000, -20), (16000, -40)), n=stage.length(0.4))
        stage.put(out, at, body * fall(len(body), 0.28 * stage.rate), 0.8)
        stage.put(out, at, mode(stage.length(0.2), stage.rate, stage.pitched(130.0), 0.14, glide=0.5), 0.6)
        echo = dull(body, stage.rate, 1200.0, 0.4)
        for delay_s, gain in ((0.13, 0.22), (0.29, 0.14), (0.52, 0.07)):
            stage.put(
                out, at + stage.length(delay_s), echo * bump(len(echo), 0.3), gain, stage.chance.number(-0.7, 0.7)
            )
    return out


def laser(stage: Stage) -> Samples:
    """A ray gun: a bright tone that falls two or three octaves in a quarter of a second."""
    out = stage.blank()
    for at in stage.shots(0.45):
        n = stage.length(stage.paced(stage.vary(0.26, 0.15)))
        top_hz = min(stage.pitched(stage.vary(2300.0, 0.15)), 0.3 * stage.rate)
        place = 1.0 - np.arange(n) / n
        hz = 180.0 + (top_hz - 180.0) * place * place * place
        tone = wave(np.cumsum(hz / stage.rate), (1.0, 0.4) if stage.rate < 4 * top_hz else (1.0, 0.5, 0.33))
        stage.put(out, at, ends_ramped(tone * fall(n, 1.5 * n), stage.length(0.002), stage.length(0.02)), 0.8)
    return out
