"""Weather, water and fire: noise with a slow course of its own, and small events scattered over it."""

from __future__ import annotations

import numpy as np

from soundgraph.audio.artifact import Samples
from soundgraph.backends.draft.exact import Mono, exp2, fall
from soundgraph.backends.draft.shaping import Drift, Spectrum, bump, dull, ends_ramped, mode, noise
from soundgraph.backends.draft.stage import Stage


def rain(stage: Stage) -> Samples:
    """A broad hiss, fullest around 4 kHz, and drops: short blips and ticks that stand out of it."""
    force = stage.character.force
    lows = 8.0 * force
    hiss: Spectrum = ((125, -34 + lows), (250, -24 + lows), (500, -15 + lows), (1000, -8), (2000, -3), (4000, 0))
    hiss = (*hiss, (8000, -1), (16000, -6))
    drift = Drift(stage.chance.child("drift"), stage.seconds, 1.5)

    def course(hz: float, n: int, rate: float) -> Mono:
        return np.float32(0.85) + np.float32(0.3) * drift.over(n, rate)

    out = stage.wide(lambda: stage.noise(hiss, course))
    out *= np.float32(0.3 * exp2(0.6 * force))
    metal = stage.character.surface == "metal"
    grains = []
    for _ in range(12):
        hz = stage.pitched(stage.chance.number(1200, 3400) * (0.6 if metal else 1.0))
        t60_s = stage.chance.number(0.015, 0.04) * (4.0 if metal else 1.0)
        drop = mode(stage.length(0.3), stage.rate, hz, t60_s, glide=1.0 if metal else 1.4)
        tick = stage.noise(((1000, -12), (3000, 0), (12000, -3)), n=stage.length(0.006))
        drop[: len(tick)] += tick[: len(drop)] * fall(len(tick), 0.006 * stage.rate)[: len(drop)]
        grains.append(drop)
    stage.scatter(out, grains, per_second=45.0 * exp2(1.2 * force), power=3)
    return out


def wind(stage: Stage) -> Samples:
    """Low to middle noise in gusts, brighter as it gets stronger, with a faint whistle at the top of each."""
    force = stage.character.force
    seconds = stage.seconds
    gusts = Drift(stage.chance.child("gusts"), seconds, stage.paced(2.2))
    flutter = Drift(stage.chance.child("flutter"), seconds, 0.35)
    spectrum: Spectrum = ((31, -14), (62, -5), (125, -1), (250, 0), (500, -3 + 3 * force), (1000, -9 + 5 * force))
    spectrum = (*spectrum, (2000, -19 + 6 * force), (4000, -32 + 6 * force), (8000, -48), (16000, -70))

    def course(hz: float, n: int, rate: float) -> Mono:
        gust = np.float32(0.1) + np.float32(0.75) * gusts.over(n, rate) + np.float32(0.15) * flutter.over(n, rate)
        return gust if hz < 100 else gust * gust if hz < 700 else gust * gust * gust

    out = stage.wide(lambda: stage.noise(spectrum, course))
    # A whistle: a narrow band of low noise, moved up to its pitch by multiplying it with a sine.
    gust = gusts.over(stage.n, stage.rate)
    whistle = stage.swept(stage.pitched(520.0) * (0.8 + 0.45 * gust.astype(np.float64)))
    breath = stage.noise(((31, 0), (62, -6), (125, -70)))
    out += whistle * breath * gust * gust * np.float32(0.35)
    return out


def thunder(stage: Stage) -> Samples:
    """A clap and its rumble: low, and every octave dies away sooner than the one below it."""
    out = stage.blank()
    distance = stage.character.distance
    for at in stage.shots(9.0, often=stage.seconds > 14.0):
        n = min(stage.n - at, stage.length(12.0))
        long_s = min(stage.vary(8.0, 0.15), max(0.5, 1.5 * stage.seconds))
        roll = Drift(stage.chance, 12.0, 0.3)
        highs = -9.0 * distance + 5.0 * stage.character.force
        spectrum: Spectrum = ((31, -3), (62, 0), (125, -1), (250, -6), (500, -13 + highs), (1000, -20 + highs))
        spectrum = (*spectrum, (4000, -34 + highs), (8000, -46 + highs), (16000, -75))
        rise_s = 0.02 + 0.15 * (1.0 + distance)

        def course(
            hz: float, n: int, rate: float, long_s: float = long_s, roll: Drift = roll, rise_s: float = rise_s
        ) -> Mono:
            sooner = 1.0 if hz < 100 else 0.75 if hz < 300 else 0.4 if hz < 1200 else 0.18
            body = fall(n, long_s * sooner * rate)
            rolling = np.float32(0.2) + roll.over(n, rate)
            if hz > 300:
                rolling = rolling * rolling
            return ends_ramped(body * rolling, int(rise_s * rate), 0)

        for channel in range(stage.channels):
            out[channel, at : at + n] += stage.noise(spectrum, course, n=n)
    return out


def ocean(stage: Stage) -> Samples:
    """Waves: each swells from the lows up, breaks into a hiss, and runs out."""
    period_s = stage.paced(6.5)
    swell = np.zeros(stage.n + 64, np.float32)
    first_s = min(0.0, -0.3 * period_s)
    for at_s in _spaced(stage, period_s, first_s):
        length = stage.length(stage.vary(1.15, 0.15) * period_s)
        top = np.float32(stage.vary(0.8, 0.25))
        hill = bump(length, rise=0.38) * top
        at = int(at_s * stage.rate)
        skip = max(0, -at)
        part = hill[skip : skip + max(0, len(swell) - max(at, 0))]
        swell[max(at, 0) : max(at, 0) + len(part)] += part

    def course(hz: float, n: int, rate: float) -> Mono:
        # The lows lead; the hiss comes where the wave is highest.
        index = np.minimum((np.arange(n) * (stage.rate / rate)).astype(np.int64), len(swell) - 1)
        level = swell[index]
        if hz > 600:
            level = level * level
        return np.float32(0.05) + level

    spectrum = ((31, -16), (62, -8), (125, -4), (250, -3), (500, -4), (1000, -5), (2000, -7), (4000, -10), (16000, -20))
    return stage.wide(lambda: stage.noise(spectrum, course))


def _spaced(stage: Stage, period_s: float, first_s: float) -> list[float]:
    """Times in seconds about a period apart, from first_s to the end."""
    times, at_s = [], first_s
    while at_s < stage.seconds:
        times.append(at_s)
        at_s += stage.vary(period_s, 0.2)
    return times


def stream(stage: Stage) -> Samples:
    """Running water: a soft rush, and many small bubbles that rise in pitch."""
    force = stage.character.force
    drift = Drift(stage.chance.child("drift"), stage.seconds, 0.4)

    def course(hz: float, n: int, rate: float) -> Mono:
        return np.float32(0.7) + np.float32(0.6) * drift.over(n, rate)

    rush: Spectrum = ((62, -30), (125, -20), (250, -11 + 6 * force), (500, -4), (1000, 0), (2000, -3), (4000, -9))
    rush = (*rush, (8000, -16), (16000, -30))
    out = stage.wide(lambda: stage.noise(rush, course))
    out *= np.float32(0.16 * exp2(force))
    stage.scatter(out, _bubble_grains(stage, 400, 1500), per_second=stage.vary(45.0, 0.2), power=2)
    return out


def bubbles(stage: Stage) -> Samples:
    """Bubbles: blips that rise in pitch, over a faint low wash."""
    out = stage.wide(lambda: stage.noise(((125, -20), (250, -14), (500, -20), (2000, -50), (4000, -70))))
    out *= np.float32(0.3)
    stage.scatter(out, _bubble_grains(stage, 180, 800), per_second=stage.vary(14.0, 0.2) * exp2(stage.character.pace))
    return out


def _bubble_grains(stage: Stage, low_hz: float, high_hz: float) -> list[Mono]:
    grains = []
    for _ in range(12):
        hz = stage.pitched(stage.chance.number(low_hz, high_hz))
        grain = mode(stage.length(0.3), stage.rate, hz, 16.0 / hz + 0.03, glide=stage.chance.number(1.2, 1.7))
        grains.append(ends_ramped(grain, stage.length(0.002), 0))
    return grains


def drip(stage: Stage) -> Samples:
    """Single drops, each a blip that rises, with its echo from a wall or two."""
    out = stage.blank()
    for at in stage.shots(0.9, often=True):
        hz = stage.pitched(stage.vary(1100.0, 0.35))
        blip = ends_ramped(mode(stage.length(0.3), stage.rate, hz, 0.09, glide=1.5), stage.length(0.001), 0)
        pan = stage.chance.number(-0.6, 0.6)
        stage.put(out, at, blip, 1.0, pan)
        for delay_s, gain in ((0.071, 0.28), (0.127, 0.16), (0.211, 0.09)):
            stage.put(out, at + stage.length(delay_s), dull(blip, stage.rate, 2500.0, 0.3), gain, -pan)
    return out


def splash(stage: Stage) -> Samples:
    """Something falls into water: a slap, a burst of spray, and bubbles after it."""
    out = stage.blank()
    for at in stage.shots(1.6):
        n = stage.length(1.1)
        spray = noise(stage.chance, n, stage.rate, ((125, -8), (500, -2), (2000, 0), (8000, -8), (16000, -20)))
        stage.put(out, at, spray * (fall(n, 0.25 * stage.rate) + fall(n, 0.9 * stage.rate) * np.float32(0.4)), 0.5)
        stage.put(out, at, mode(stage.length(0.3), stage.rate, stage.pitched(110.0), 0.2, glide=0.6), 0.7)
        for grain in _bubble_grains(stage, 300, 900):
            stage.put(out, at + stage.length(stage.chance.number(0.1, 0.8)), grain, stage.chance.number(0.05, 0.3))
    return out


def fire(stage: Stage) -> Samples:
    """A low flutter of flames, a faint hiss, and crackles that come in bunches."""
    flicker = Drift(stage.chance.child("flicker"), stage.seconds, 0.18)

    def course(hz: float, n: int, rate: float) -> Mono:
        return np.float32(0.4) + flicker.over(n, rate) if hz < 700 else np.full(n, 0.8, np.float32)

    flames = ((31, -12), (62, -2), (125, 0), (250, -5), (500, -14), (1000, -22), (2000, -25), (8000, -26), (16000, -40))
    out = stage.wide(lambda: stage.noise(flames, course))
    out *= np.float32(0.22 * exp2(0.7 * stage.character.force))
    grains = []
    for _ in range(12):
        n = stage.length(stage.chance.number(0.004, 0.025))
        snap = stage.noise(((250, -20), (800, -6), (2500, 0), (9000, -3)), n=n) * fall(n, n)
        grains.append(snap)
        follow = np.zeros(n + stage.length(stage.chance.number(0.02, 0.06)), np.float32)
        follow[:n] = snap
        follow[-n:] += snap * np.float32(0.5)
        grains.append(follow)
    stage.scatter(out, grains, per_second=stage.vary(16.0, 0.2) * exp2(stage.character.force), power=3)
    return out
