"""Interface sounds and rewards: short notes and clicks that stand for something."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from soundgraph.audio.artifact import Samples
from soundgraph.backends.draft.exact import Mono, fall, pitch_hz
from soundgraph.backends.draft.shaping import ends_ramped, modes
from soundgraph.backends.draft.stage import Stage

_SOFT = (1.0, 0.12, 0.05)
_RETRO = (1.0, 0.0, 0.33, 0.0, 0.2, 0.0, 0.14)


def note(stage: Stage, midi: float, seconds: float, partials: tuple[float, ...], fading: float = 1.0) -> Mono:
    """A short tone. fading: how many times over its length it falls by 60 dB."""
    n = stage.length(seconds)
    hz = min(stage.pitched(pitch_hz(midi)), 0.4 * stage.rate)
    tone = stage.swept(np.full(n, hz), partials)
    return ends_ramped(tone * fall(n, n / max(fading, 0.01)), stage.length(0.003), stage.length(0.006))


def _notes(
    stage: Stage, notes: Sequence[tuple[float, float, float]], partials: tuple[float, ...], fading: float
) -> Samples:
    """Notes of (start in seconds, MIDI number, seconds), all again for each shot."""
    out = stage.blank()
    end_s = max(start_s + seconds for start_s, _, seconds in notes)
    for at in stage.shots(end_s + 0.4):
        for start_s, midi, seconds in notes:
            sound = note(stage, midi, stage.paced(seconds), partials, fading)
            stage.put(out, at + int(stage.paced(start_s) * stage.rate), sound, 0.7)
    return out


def beep(stage: Stage) -> Samples:
    """A plain tone of an eighth of a second."""
    return _notes(stage, ((0.0, stage.chance.integer(79, 86), 0.13),), _SOFT, 0.3)


def click(stage: Stage) -> Samples:
    """A click: a tick of a few milliseconds with a small body."""
    out = stage.blank()
    hz = stage.pitched(stage.vary(1900.0, 0.25))
    body = modes(stage.length(0.05), stage.rate, ((hz, 1.0, 0.022), (0.43 * hz, 0.6, 0.03)))
    tick = stage.noise(((1000, -8), (4000, 0), (16000, -3)), n=stage.length(0.004))
    body[: len(tick)] += tick[: len(body)] * fall(len(tick), len(tick))[: len(body)]
    for at in stage.shots(0.35):
        stage.put(out, at, body, stage.vary(0.8, 0.1))
    return out


def confirm(stage: Stage) -> Samples:
    """Yes: two notes, up."""
    root = stage.chance.integer(72, 77)
    return _notes(stage, ((0.0, root, 0.11), (0.1, root + stage.chance.pick((4, 5, 7)), 0.24)), _SOFT, 0.8)


def error(stage: Stage) -> Samples:
    """No: two low harsh notes, down."""
    root = stage.chance.integer(53, 57)
    return _notes(stage, ((0.0, root, 0.14), (0.17, root - stage.chance.pick((1, 3, 6)), 0.26)), _RETRO, 0.4)


def coin(stage: Stage) -> Samples:
    """A coin: a short note, then a fourth above it that rings."""
    root = stage.chance.integer(81, 84)
    return _notes(stage, ((0.0, root, 0.07), (0.07, root + 5, 0.45)), _RETRO[:5], 1.0)


def powerup(stage: Stage) -> Samples:
    """A reward: a quick run up a major chord, and its top note held."""
    root = stage.chance.integer(60, 65)
    run = [(0.08 * index, root + step, 0.11) for index, step in enumerate((0, 4, 7, 12, 16, 19))]
    return _notes(stage, (*run, (0.48, root + 24, 0.55)), _RETRO, 0.7)


def magic(stage: Stage) -> Samples:
    """Sparkles: high bell notes in a shower that rises, each ringing a little."""
    out = stage.blank()
    root = stage.chance.integer(83, 86)
    scale = (0, 2, 4, 7, 9, 12, 14, 16, 19)
    for at in stage.shots(2.0, often=stage.seconds > 4.0):
        for index in range(26):
            step = scale[min(len(scale) - 1, index // 3 + stage.chance.integer(0, 1))]
            hz = stage.pitched(pitch_hz(root + step))
            sound = modes(stage.length(0.6), stage.rate, ((hz, 1.0, 0.35), (2.01 * hz, 0.3, 0.2)))
            ends_ramped(sound, stage.length(0.004), 0)
            late_s = stage.paced(0.045 * index) + stage.chance.number(0.0, 0.03)
            gain, pan = stage.chance.number(0.15, 0.5), stage.chance.number(-0.8, 0.8)
            stage.put(out, at + int(late_s * stage.rate), sound, gain, pan)
    return out
