"""Bells, clocks, alarms, keys and radios."""

from __future__ import annotations

import numpy as np

from soundgraph.audio.artifact import Samples
from soundgraph.backends.draft.exact import fall, pitch_hz
from soundgraph.backends.draft.shaping import Drift, bump, modes
from soundgraph.backends.draft.stage import Stage

# A church bell's partials: ratio to the note it is tuned to, gain, and share of the hum's decay.
_BELL = (
    *((0.5, 0.6, 1.0), (1.0, 0.8, 0.8), (1.183, 0.7, 0.6), (1.506, 0.4, 0.5), (2.0, 1.0, 0.4)),
    *((2.514, 0.35, 0.25), (2.662, 0.3, 0.2), (3.011, 0.35, 0.2), (4.166, 0.3, 0.15), (5.433, 0.2, 0.1)),
)


def bell(stage: Stage) -> Samples:
    """A bell: its minor third and octaves ring for seconds, the high ones the shortest."""
    out = stage.blank()
    hz = stage.pitched(stage.vary(440.0, 0.12))
    ring = [(hz * ratio, gain, 5.0 * share) for ratio, gain, share in _BELL]
    strike = modes(min(stage.n, stage.length(6.0)), stage.rate, ring)
    for at in stage.shots(2.2):
        stage.put(out, at, strike, stage.vary(0.5, 0.08))
    return out


def chime(stage: Stage) -> Samples:
    """Chimes: clear high notes of a pentatonic scale, two for a notice, or many in the wind."""
    out = stage.blank()
    root = stage.chance.integer(76, 81)
    many = stage.character.many is True
    places = stage.beats(stage.paced(0.45), 0.6) if many else [int(at * stage.rate) for at in (0.01, 0.18)]
    for index, at in enumerate(places):
        step = stage.chance.pick((0, 2, 4, 7, 9, 12)) if many else (4, 0)[index]
        hz = stage.pitched(pitch_hz(root + step))
        sound = modes(stage.n, stage.rate, ((hz, 1.0, 1.4), (2.76 * hz, 0.35, 0.5), (5.4 * hz, 0.12, 0.2)))
        stage.put(out, at, sound, stage.vary(0.7, 0.2), stage.chance.number(-0.5, 0.5) if many else 0.0)
    return out


def clock(stage: Stage) -> Samples:
    """A clock: tick and tock, one each half second."""
    out = stage.blank()
    for index, at in enumerate(stage.beats(stage.paced(0.5), 0.0)):
        hz = stage.pitched(2300.0 if index % 2 else 2750.0)
        tick = modes(stage.length(0.06), stage.rate, ((hz, 1.0, 0.03), (1.9 * hz, 0.4, 0.02), (0.31 * hz, 0.5, 0.04)))
        stage.put(out, at, tick, 0.8 if index % 2 else 1.0)
    return out


def alarm(stage: Stage) -> Samples:
    """An alarm: two tones in turn, several times a second."""
    period = max(2, stage.length(stage.paced(0.5)))
    high = (np.arange(stage.n) % period) * 2 < period
    low_hz = stage.pitched(stage.vary(660.0, 0.1))
    return stage.everywhere(stage.swept(np.where(high, 1.26 * low_hz, low_hz), (1.0, 0.0, 0.3, 0.0, 0.15)))


def static(stage: Stage) -> Samples:
    """Radio noise: a flat hiss that wavers, with crackles."""
    waver = Drift(stage.chance.child("waver"), stage.seconds, 0.2).over(stage.n, stage.rate)
    hiss = ((125, -18), (500, -6), (1000, -3), (4000, 0), (16000, 0))
    out = stage.wide(lambda: stage.noise(hiss) * (np.float32(0.25) + np.float32(0.2) * waver))
    grains = []
    for _ in range(6):
        n = stage.length(stage.chance.number(0.002, 0.012))
        grains.append(stage.noise(((500, -6), (2000, 0), (16000, 0)), n=n) * fall(n, n))
    stage.scatter(out, grains, per_second=9.0, power=2)
    return out


def typing(stage: Stage) -> Samples:
    """Keys: short clacks, some seven a second, never quite even."""
    out = stage.blank()
    for at in stage.beats(stage.paced(0.15), 0.7):
        for delay_s, level in ((0.0, 1.0), (stage.chance.number(0.05, 0.08), 0.4)):
            n = stage.length(0.03)
            clack = stage.noise(((200, -6), (600, -4), (2000, 0), (5000, -4), (16000, -12)), n=n)
            clack *= fall(n, stage.vary(0.6, 0.3) * n)
            stage.put(out, at + int(delay_s * stage.rate), clack * bump(n, 0.02), level * stage.vary(0.7, 0.3))
    return out
