"""What a sound is asked for: its length, rate, randomness and character, and where it puts its parts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from soundgraph.audio.artifact import Samples
from soundgraph.backends.draft.chance import Chance
from soundgraph.backends.draft.exact import Mono, exp2, wave
from soundgraph.backends.draft.shaping import Course, Spectrum, noise
from soundgraph.backends.draft.words import Character


@dataclass(frozen=True)
class Stage:
    """Where one sound of a prompt is rendered."""

    n: int
    """Samples to fill."""
    rate: int
    """In Hz."""
    channels: int
    """1 or 2."""
    chance: Chance
    """This sound's own randomness."""
    character: Character
    """How the sound should be, from the words around it."""
    width: float
    """How far random variation goes, from 0 to 2; 1 at temperature 1."""

    @property
    def seconds(self) -> float:
        return self.n / self.rate

    def length(self, seconds: float) -> int:
        """The samples in so many seconds, at least one."""
        return max(1, round(seconds * self.rate))

    def vary(self, value: float, share: float) -> float:
        """`value`, more or less by up to that share of it."""
        return value * (1.0 + min(0.9, share * self.width) * self.chance.number(-1.0, 1.0))

    def pitched(self, hz: float) -> float:
        """A frequency moved by "deep" or "high", by up to 0.7 of an octave, and by this take's own tuning."""
        return hz * exp2(0.7 * self.character.pitch) * self._tuning

    @cached_property
    def _tuning(self) -> float:
        # Up to a quarter of a semitone: no two takes are the same, not even of a beep that is drawn from eight notes.
        return exp2(self.width * self.chance.child("tuning").number(-1.0, 1.0) / 48.0)

    def tuned(self, octaves: float) -> Stage:
        """This stage with everything so much higher; it draws on from the same chance."""
        higher = self.character.pitch + octaves / 0.7
        return self if octaves == 0.0 else replace(self, character=replace(self.character, pitch=higher))

    def paced(self, seconds: float) -> float:
        """An interval stretched by "slow" or shortened by "fast", by up to 0.7 of an octave."""
        return seconds * exp2(-0.7 * self.character.pace)

    def blank(self) -> Samples:
        return np.zeros((self.channels, self.n), np.float32)

    def noise(self, spectrum: Spectrum, course: Course | None = None, n: int | None = None) -> Mono:
        return noise(self.chance, self.n if n is None else n, self.rate, spectrum, course)

    def swept(self, hz: NDArray[np.float64], partials: tuple[float, ...] = (1.0,)) -> Mono:
        """A wave whose frequency follows `hz`, one value a sample; harmonics that could alias are left out."""
        top_hz = float(hz.max()) if len(hz) else 1.0
        heard = max(1, min(len(partials), int(0.45 * self.rate / top_hz)))
        return wave(np.cumsum(hz / self.rate), partials[:heard])

    def wide(self, make: Callable[[], Mono]) -> Samples:
        """One independent rendering for each channel."""
        return np.stack([make() for _ in range(self.channels)])

    def everywhere(self, sound: Mono) -> Samples:
        """A mono sound from time 0 on, in the middle."""
        out = self.blank()
        self.put(out, 0, sound)
        return out

    def put(self, out: Samples, at: int, sound: Mono, gain: float = 1.0, pan: float = 0.0) -> None:
        """Add a sound at a sample; what does not fit is cut off. pan: -1 left to 1 right, at equal power."""
        m = min(len(sound), self.n - at)
        if m <= 0:
            return
        if self.channels == 1:
            out[0, at : at + m] += sound[:m] * np.float32(gain)
            return
        for channel, side in enumerate((1.0 - pan, 1.0 + pan)):
            out[channel, at : at + m] += sound[:m] * np.float32(gain * math.sqrt(0.5 * side))

    def scatter(self, out: Samples, grains: list[Mono], per_second: float, power: int = 2) -> None:
        """Put grains at random times all over `out`. Gains are uniform numbers to that power: most are faint."""
        chance = self.chance.child("scatter")
        count = max(1, round(per_second * self.seconds))
        gains = chance.uniform(count)
        level = gains
        for _ in range(power - 1):
            level = level * gains
        chosen = (chance.uniform(count) * len(grains)).astype(int)
        places = (chance.uniform(count) * self.n).astype(int)
        pans = chance.uniform(count) * 1.6 - 0.8
        rows = zip(places.tolist(), chosen.tolist(), level.tolist(), pans.tolist(), strict=True)
        for at, grain, gain, pan in rows:
            self.put(out, at, grains[grain], gain, pan)

    def beats(self, period_s: float, jitter: float, first_s: float = 0.02) -> list[int]:
        """Samples at which a steady sound happens; only the first, for "a single footstep".

        jitter: share of the period by which each may be early or late.
        """
        spread = min(0.45, jitter * self.width)
        once = self.character.many is False
        count = 1 if once else max(1, math.ceil((self.seconds - first_s) / period_s + 0.5))
        late = self.chance.child("beats").uniform(count) - 0.5
        places = [first_s + period_s * (index + spread * float(late[index])) for index in range(count)]
        # One alone begins as soon as the take's ramp is over: scenes place it by its start.
        places[0] = min(0.005 if once else first_s, 0.25 * self.seconds)
        return [at for at in (int(place * self.rate) for place in places) if 0 <= at < self.n]

    def shots(self, period_s: float, often: bool = False) -> list[int]:
        """Samples at which a sound with an end of its own happens: once, unless the words speak of several.

        often: several unless the words speak of one.
        """
        many = often if self.character.many is None else self.character.many
        return self.beats(self.paced(period_s), 0.25) if many else self.beats(self.seconds + 1.0, 0.0, first_s=0.005)
