"""Animals and bodies: chirps, calls, breath, wings and the heart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from soundgraph.audio.artifact import Samples
from soundgraph.backends.draft.exact import Mono, exp2, fall
from soundgraph.backends.draft.shaping import Drift, bump, ends_ramped, mode
from soundgraph.backends.draft.stage import Stage


def call(
    stage: Stage, path_hz: Sequence[float], seconds: float, partials: tuple[float, ...], rough: float = 0.0
) -> Mono:
    """A voiced call whose pitch follows straight lines through `path_hz`; rough: depth of a random tremble, 0 to 1."""
    n = stage.length(seconds)
    steps = len(path_hz) - 1
    place = np.arange(n) * (steps / n)
    index = np.minimum(place.astype(np.int64), steps - 1)
    start, rise = np.array(path_hz[:-1]), np.array(path_hz[1:]) - np.array(path_hz[:-1])
    hz = start[index] + rise[index] * (place - index)
    if rough:
        hz *= 1.0 + 0.25 * rough * (Drift(stage.chance, seconds, 0.03).over(n, stage.rate).astype(np.float64) - 0.5)
    voice = stage.swept(hz, partials)
    if rough:
        voice *= np.float32(1.0 - rough) + np.float32(rough) * Drift(stage.chance, seconds, 0.012).over(n, stage.rate)
    return voice * bump(n, 0.3)


def birds(stage: Stage) -> Samples:
    """A few birds, each with its own pitch and phrase of chirps and trills, from 2 kHz up."""
    out = stage.blank()
    top_hz = 0.36 * stage.rate
    for bird in range(3):
        base_hz = min(stage.pitched(stage.chance.number(2600, 4600)), 0.7 * top_hz)
        pan = stage.chance.number(-0.8, 0.8)
        syllables = []
        for _ in range(3):
            path = [min(top_hz, base_hz * stage.vary(1.0, 0.3)) for _ in range(stage.chance.integer(2, 4))]
            syllables.append(call(stage, path, stage.chance.number(0.05, 0.14), (1.0, 0.08)))
        count = stage.chance.integer(2, 6)
        phrase = [(stage.chance.pick(syllables), stage.chance.number(0.4, 1.0)) for _ in range(count)]
        gap_s = stage.chance.number(0.02, 0.08)
        beat = stage.chance.child("phrases", bird)
        at_s = 0.04 + bird * stage.paced(0.7)
        while at_s < stage.seconds:
            at = int(at_s * stage.rate)
            level = beat.number(0.5, 1.0) / (1.0 + 0.4 * bird)
            for syllable, gain in phrase:
                stage.put(out, at, syllable, gain * level, pan)
                at += len(syllable) + stage.length(gap_s)
            at_s = at / stage.rate + stage.paced(beat.number(0.5, 2.2))
    return out


def crickets(stage: Stage) -> Samples:
    """Crickets: chirps of three or four fast pulses of a high tone, again and again, from several places."""
    out = stage.blank()
    for cricket in range(4):
        hz = min(stage.pitched(stage.vary(4400.0, 0.08)), 0.4 * stage.rate)
        pulse = call(stage, (hz, hz * 0.985), 0.017, (1.0,))
        chirp = np.zeros(stage.length(0.13), np.float32)
        for index in range(stage.chance.integer(3, 4)):
            at = stage.length(0.03 * index)
            chirp[at : at + len(pulse)] += pulse[: len(chirp) - at]
        period_s = stage.paced(stage.chance.number(0.3, 0.5))
        pan = stage.chance.number(-0.9, 0.9)
        chance = stage.chance.child("cricket", cricket)
        at_s = chance.number(0.0, 0.1)
        while at_s < stage.seconds:
            stage.put(out, int(at_s * stage.rate), chirp, chance.number(0.8, 1.0) / (1 + cricket), pan)
            at_s += period_s * chance.number(0.97, 1.03)
    return out


def insects(stage: Stage) -> Samples:
    """The buzz of bees or flies: rich tones around 200 Hz that come and go."""
    out = stage.blank()
    partials = tuple(1.0 / k for k in range(1, 13))
    for insect in range(4):
        wander = Drift(stage.chance.child("pitch", insect), stage.seconds, 0.3).over(stage.n, stage.rate)
        near = Drift(stage.chance.child("near", insect), stage.seconds, 1.1).over(stage.n, stage.rate)
        hz = stage.pitched(stage.vary(210.0, 0.3)) * (0.9 + 0.2 * wander.astype(np.float64))
        stage.put(out, 0, stage.swept(hz, partials) * near * near, 0.5, stage.chance.number(-0.9, 0.9))
    return out


def frogs(stage: Stage) -> Samples:
    """Frogs: short croaks of quick pulses."""
    out = stage.blank()
    for frog in range(3):
        hz = stage.pitched(stage.chance.number(350, 900))
        pulse = mode(stage.length(0.05), stage.rate, hz, 0.03)
        croak = np.zeros(stage.length(0.4), np.float32)
        for index in range(stage.chance.integer(5, 10)):
            at = stage.length(0.028 * index)
            part = pulse[: len(croak) - at]
            croak[at : at + len(part)] += part
        chance = stage.chance.child("frog", frog)
        at_s = 0.03 + 0.5 * frog
        while at_s < stage.seconds:
            stage.put(out, int(at_s * stage.rate), croak, 1.0 / (1 + frog), 0.7 * (frog - 1))
            at_s += stage.paced(chance.number(0.7, 1.8))
    return out


def owl(stage: Stage) -> Samples:
    """An owl: hoo, hoo-hoo."""
    out = stage.blank()
    hz = stage.pitched(stage.vary(380.0, 0.1))
    for at in stage.shots(3.5, often=True):
        for delay_s, seconds in ((0.0, 0.35), (0.55, 0.18), (0.8, 0.5)):
            hoot = call(stage, (hz * 0.94, hz, hz * 0.96, hz * 0.9), seconds, (1.0, 0.12, 0.04))
            stage.put(out, at + stage.length(delay_s), hoot)
    return out


def howl(stage: Stage) -> Samples:
    """A wolf's howl: a long tone that rises, holds and falls."""
    out = stage.blank()
    for at in stage.shots(4.0, often=stage.seconds > 6.0):
        hz = stage.pitched(stage.vary(480.0, 0.15))
        seconds = min(stage.vary(2.6, 0.2), max(0.3, stage.seconds))
        path = (hz * 0.6, hz * 0.95, hz, hz * 1.02, hz * 0.97, hz * 0.7)
        voice = call(stage, path, seconds, (1.0, 0.45, 0.2, 0.1), rough=0.12)
        stage.put(out, at, voice, 1.0, stage.chance.number(-0.5, 0.5))
    return out


def bark(stage: Stage) -> Samples:
    """A dog's barks: short rough calls that fall in pitch."""
    out = stage.blank()
    for at in stage.shots(0.55, often=True):
        hz = stage.pitched(stage.vary(420.0, 0.12))
        seconds = stage.vary(0.17, 0.15)
        stage.put(out, at, call(stage, (hz, hz * 1.25, hz * 0.7), seconds, (1.0, 0.8, 0.7, 0.5, 0.3, 0.2), rough=0.55))
        n = stage.length(seconds)
        stage.put(out, at, stage.noise(((250, -20), (800, -4), (2000, 0), (8000, -14)), n=n) * bump(n, 0.2), 0.35)
    return out


def growl(stage: Stage) -> Samples:
    """A monster: a low rough voice that swells and dies away, with breath in it."""
    out = stage.blank()
    partials = tuple(1.0 / (1 + abs(k - 5)) for k in range(1, 20))
    for at in stage.shots(3.2, often=stage.seconds > 6.0):
        hz = stage.pitched(stage.vary(72.0, 0.15))
        seconds = min(stage.vary(1.9, 0.2), max(0.3, stage.seconds))
        stage.put(out, at, call(stage, (hz * 0.8, hz * 1.15, hz, hz * 0.65), seconds, partials, rough=0.75), 0.4)
        n = stage.length(seconds)
        breath = stage.noise(((125, -12), (300, 0), (1000, -8), (4000, -22), (16000, -50)), n=n)
        breath *= bump(n, 0.3) * Drift(stage.chance, seconds, 0.03).over(n, stage.rate)
        stage.put(out, at, breath, 0.8)
    return out


def wings(stage: Stage) -> Samples:
    """Wings: soft low beats of air, several a second."""
    out = stage.blank()
    period_s = stage.paced(0.14) / exp2(stage.character.pitch)
    for index, at in enumerate(stage.beats(period_s, 0.06, first_s=0.01)):
        n = stage.length(period_s * (0.9 if index % 2 else 0.6))
        air = stage.noise(((62, -10), (150, 0), (500, -4), (2000, -12), (8000, -26), (16000, -50)), n=n)
        stage.put(out, at, air * bump(n, 0.35), stage.vary(1.0, 0.2) * (0.6 if index % 2 else 1.0))
    return out


def breath(stage: Stage) -> Samples:
    """Breathing: in, a little brighter, and out, a little longer."""
    out = stage.blank()
    for at in stage.beats(stage.paced(3.2), 0.03):
        for delay_s, seconds, bright in ((0.0, stage.paced(1.1), 4.0), (stage.paced(1.4), stage.paced(1.5), 0.0)):
            n = stage.length(seconds)
            throat = ((250, -24), (600, -6), (1200, 0), (3000, -8 + bright), (8000, -20 + bright), (16000, -50))
            air = stage.noise(throat, n=n)
            stage.put(out, at + int(delay_s * stage.rate), air * bump(n, 0.4), stage.vary(1.0, 0.1))
    return out


def heartbeat(stage: Stage) -> Samples:
    """A heart: lub, and a shorter, higher dub three tenths of a beat later; 66 beats a minute unless told otherwise."""
    out = stage.blank()
    period_s = stage.paced(60.0 / 66.0)
    for at in stage.beats(period_s, 0.015):
        for delay_s, hz, t60_s, gain in ((0.0, 52.0, 0.22, 1.0), (0.31 * period_s, 68.0, 0.16, 0.7)):
            n = stage.length(0.35)
            thump = mode(n, stage.rate, stage.pitched(hz), t60_s, glide=0.7)
            knock = stage.noise(((62, 0), (125, -6), (250, -20), (500, -40), (1000, -70)), n=len(thump))
            thump += knock * fall(len(thump), 0.06 * stage.rate) * np.float32(0.25)
            ends_ramped(thump, stage.length(0.006), stage.length(0.02))
            stage.put(out, at + int(delay_s * stage.rate), thump, gain)
    return out
