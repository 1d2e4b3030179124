"""People and things: steps, doors, blows, glass, cloth in the air, and crowds."""

from __future__ import annotations

import numpy as np

from soundgraph.audio.artifact import Samples
from soundgraph.backends.draft.effects.creatures import call
from soundgraph.backends.draft.exact import Mono, fall
from soundgraph.backends.draft.shaping import Drift, Spectrum, bump, ends_ramped, mode, modes
from soundgraph.backends.draft.stage import Stage

# The colour of a step: spectrum, seconds to fall by 60 dB, level of the noise, how grainy it is, and what rings.
_GROUND: dict[str, tuple[Spectrum, float, float, float, tuple[tuple[float, float, float], ...]]] = {
    "": (((100, -6), (400, 0), (1500, -6), (6000, -18), (16000, -40)), 0.09, 0.6, 0.0, ()),
    "stone": (((200, -8), (800, -2), (2500, 0), (6000, -8), (16000, -30)), 0.07, 0.7, 0.0, ((1450.0, 0.1, 0.05),)),
    "wood": (
        ((80, 0), (250, 0), (900, -8), (3000, -20), (16000, -50)),
        0.12,
        0.6,
        0.0,
        ((165.0, 0.7, 0.2), (410.0, 0.4, 0.12)),
    ),
    "gravel": (((250, -22), (1000, -6), (3000, 0), (8000, -2), (16000, -10)), 0.28, 1.3, 0.9, ()),
    "snow": (((125, -18), (500, -5), (1500, 0), (3500, -4), (8000, -16), (16000, -30)), 0.34, 0.9, 0.6, ()),
    "grass": (((250, -24), (1500, -8), (4000, 0), (10000, -2), (16000, -8)), 0.3, 0.8, 0.5, ()),
    "metal": (
        ((200, -8), (1000, 0), (4000, -4), (16000, -20)),
        0.1,
        0.4,
        0.0,
        ((520.0, 0.4, 0.5), (1370.0, 0.3, 0.4), (2610.0, 0.2, 0.3)),
    ),
    "water": (((125, -14), (500, -4), (1500, 0), (4000, -4), (12000, -14)), 0.35, 1.1, 0.3, ((700.0, 0.2, 0.08),)),
}


def footsteps(stage: Stage) -> Samples:
    """Steps at a walking pace, left and right a little unlike; the ground gives them their colour."""
    out = stage.blank()
    spectrum, t60_s, level, grainy, rings = _GROUND[stage.character.surface]
    weight = 0.8 + 0.5 * stage.character.force
    for index, at in enumerate(stage.beats(stage.paced(0.54), 0.05)):
        foot = 1.0 if index % 2 else 0.93
        heel = mode(stage.length(0.2), stage.rate, stage.pitched(stage.vary(82.0, 0.08)) * foot, 0.11, glide=0.7)
        stage.put(out, at, ends_ramped(heel, stage.length(0.002), 0), weight * stage.vary(0.8, 0.1))
        n = stage.length(1.1 * t60_s)
        scrape = stage.noise(spectrum, n=n) * fall(n, t60_s * stage.rate)
        if grainy:
            grain = Drift(stage.chance, 1.0, 0.006).over(n, stage.rate)
            scrape *= np.float32(1.0 - grainy) + np.float32(2.0 * grainy) * grain * grain
        pan = 0.15 if index % 2 else -0.15
        stage.put(
            out, at, ends_ramped(scrape, stage.length(0.002 + 0.02 * grainy), 0), level * stage.vary(1.0, 0.15), pan
        )
        for hz, gain, ring_s in rings:
            stage.put(out, at, mode(stage.length(ring_s), stage.rate, hz * foot, ring_s), gain * 0.5, pan)
        toe = stage.noise(spectrum, n=stage.length(0.05))
        stage.put(out, at + stage.length(stage.paced(0.1)), toe * bump(len(toe), 0.2), 0.35 * level, pan)
    return out


def door(stage: Stage) -> Samples:
    """A door: a creak as the hinge sticks and slips, then the thud and the latch."""
    out = stage.blank()
    for at in stage.shots(3.0):
        creak_s = min(stage.paced(0.9), 0.55 * stage.seconds)
        n = stage.length(creak_s)
        slip = Drift(stage.chance, creak_s, 0.12).over(n, stage.rate).astype(np.float64)
        hz = stage.pitched(95.0) * (0.7 + 0.9 * slip + 0.5 * (np.arange(n) / n))
        partials = (0.2, 0.3, 0.5, 0.8, 1.0, 0.9, 0.6, 0.7, 0.5, 0.3, 0.2, 0.2, 0.1)
        creak = stage.swept(hz, partials) * bump(n, 0.4)
        stage.put(out, at, creak * (np.float32(0.3) + Drift(stage.chance, creak_s, 0.05).over(n, stage.rate)), 0.12)
        thud_at = at + n
        stage.put(out, thud_at, thud(stage, 78.0, 0.3))
        stage.put(out, thud_at, modes(stage.length(0.3), stage.rate, ((190, 0.4, 0.16), (330, 0.25, 0.12))), 0.7)
        latch = stage.noise(((500, -20), (2000, 0), (6000, -4)), n=stage.length(0.02))
        stage.put(out, thud_at + stage.length(0.06), latch * fall(len(latch), len(latch)), 0.4)
    return out


def thud(stage: Stage, hz: float, t60_s: float) -> Mono:
    """A dull blow: a low tone that sags, with a soft knock in front."""
    n = stage.length(1.3 * t60_s)
    body = mode(n, stage.rate, stage.pitched(stage.vary(hz, 0.1)), t60_s, glide=0.6)
    knock = stage.noise(((60, -3), (150, 0), (500, -5), (2000, -16), (8000, -34), (16000, -60)), n=len(body))
    body += knock * fall(len(body), 0.09 * stage.rate) * np.float32(0.9)
    return ends_ramped(body, stage.length(0.001), 0)


def impact(stage: Stage) -> Samples:
    """A blow: a thud and a crack; wood and metal ring after it."""
    out = stage.blank()
    rings = _GROUND[stage.character.surface][4]
    for at in stage.shots(0.8):
        stage.put(out, at, thud(stage, 70.0, 0.45 + 0.2 * stage.character.force))
        crack = stage.noise(((250, -8), (1000, 0), (4000, -4), (16000, -14)), n=stage.length(0.05))
        stage.put(out, at, crack * fall(len(crack), len(crack)), 0.6)
        for hz, gain, ring_s in rings:
            stage.put(out, at, mode(stage.length(2 * ring_s), stage.rate, stage.vary(hz, 0.05), 2 * ring_s), gain)
    return out


def clang(stage: Stage) -> Samples:
    """Metal on metal: a bright attack and many tones that belong to no scale, ringing for a second."""
    out = stage.blank()
    for at in stage.shots(0.9):
        base_hz = stage.pitched(stage.vary(640.0, 0.2))
        partials = []
        for index in range(14):
            hz = base_hz * (1.0 + 0.61 * index) * stage.vary(1.0, 0.06)
            gain = stage.chance.number(0.3, 1.0) / (1.0 + 0.12 * index)
            partials.append((hz, gain, stage.vary(1.3, 0.3) / (1.0 + 0.15 * index)))
        stage.put(out, at, modes(stage.n, stage.rate, partials), 0.5, stage.chance.number(-0.3, 0.3))
        strike = stage.noise(((500, -16), (2000, -2), (6000, 0), (16000, -3)), n=stage.length(0.03))
        stage.put(out, at, strike * fall(len(strike), len(strike)), 1.2)
    return out


def glass(stage: Stage) -> Samples:
    """Glass breaks: a crack, then shards that ring high and fall for half a second."""
    out = stage.blank()
    for at in stage.shots(1.5):
        crack = stage.noise(((500, -12), (2000, -3), (6000, 0), (16000, 0)), n=stage.length(0.12))
        stage.put(out, at, crack * fall(len(crack), len(crack)), 1.2)
        for _ in range(36):
            late = stage.chance.number(0.0, 1.0)
            hz = stage.pitched(stage.chance.number(1900, 6800))
            shard = mode(stage.length(0.3), stage.rate, hz, stage.chance.number(0.05, 0.22))
            gain = stage.chance.number(0.1, 0.5) * (1.0 - 0.7 * late)
            stage.put(out, at + stage.length(0.75 * late * late), shard, gain, stage.chance.number(-0.7, 0.7))
    return out


def whoosh(stage: Stage) -> Samples:
    """Something passes through the air: noise that swells and fades, brightest in the middle, from left to right."""
    out = stage.blank()
    seconds = min(stage.paced(0.55), max(stage.seconds, 0.05))
    for at in stage.shots(1.0):

        def course(hz: float, n: int, rate: float) -> Mono:
            hill = bump(n, 0.55)
            return hill if hz < 500 else hill * hill if hz < 2500 else hill * hill * hill * hill

        pitch = 6.0 * stage.character.pitch
        spectrum: Spectrum = ((62, -26), (125, -16 - pitch), (250, -6 - pitch), (500, 0), (1000, 0), (2000, -2 + pitch))
        spectrum = (*spectrum, (4000, -6 + pitch), (8000, -12 + pitch), (16000, -24))
        air = stage.noise(spectrum, course, n=stage.length(seconds))
        if stage.channels == 1:
            stage.put(out, at, air)
            continue
        to_right = (np.arange(len(air)) / len(air)).astype(np.float32)
        for channel, side in enumerate((np.float32(1.0) - to_right, to_right)):
            m = min(len(air), stage.n - at)
            out[channel, at : at + m] += (air * np.sqrt(side))[:m]
    return out


def applause(stage: Stage) -> Samples:
    """Many hands: short claps, each with its own colour, all over the time."""
    grains = []
    for _ in range(14):
        n = stage.length(0.035)
        hz = stage.pitched(stage.chance.number(700, 1800))
        clap = stage.noise(((0.3 * hz, -20), (hz, 0), (2.5 * hz, -6), (6 * hz, -18)), n=n)
        grains.append(clap * fall(n, n * stage.chance.number(0.5, 1.0)))
    hall = ((250, -20), (1000, 0), (3000, -3), (8000, -16), (16000, -30))
    out = stage.wide(lambda: stage.noise(hall) * np.float32(0.04))
    stage.scatter(out, grains, per_second=130.0, power=1)
    return out


def crowd(stage: Stage) -> Samples:
    """A murmur: a dozen voices that speak in syllables, none to be understood, over the noise of a room."""
    syllables = []
    for voice in range(18):
        hz = stage.pitched((105.0 if voice % 2 else 190.0) * stage.vary(1.0, 0.2))
        formant = stage.chance.number(400, 800)
        partials = tuple(
            1.0 / (1.0 + (k * hz / formant - 1.0) * (k * hz / formant - 1.0) * 4.0) + 0.15 / k for k in range(1, 20)
        )
        seconds = stage.chance.number(0.12, 0.32)
        path = (hz * stage.vary(1.0, 0.08), hz * stage.vary(1.05, 0.1), hz * stage.vary(0.92, 0.08))
        sound = call(stage, path, seconds, partials)
        n = len(sound)
        consonant = stage.noise(((500, -30), (1500, -6), (3000, 0), (6000, -6), (16000, -30)), n=n)
        sound += consonant * bump(n, 0.08) * bump(n, 0.08) * np.float32(0.25)
        syllables.append(sound * np.float32(0.3))
    room = ((62, -14), (125, -6), (250, 0), (500, 0), (1000, -6), (2000, -14), (4000, -24), (16000, -50))
    out = stage.wide(lambda: stage.noise(room) * np.float32(0.06))
    stage.scatter(out, syllables, per_second=stage.vary(34.0, 0.15), power=2)
    return out
