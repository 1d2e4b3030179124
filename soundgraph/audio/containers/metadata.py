"""What a delivered file says beside its samples: tags, a loop, cues. `riff`, `vorbis_comments` and `id3` spell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Marks:
    """Tags, a loop and cues."""

    tags: Mapping[str, str] = field(default_factory=dict)
    """Any of "title", "artist" and "comment"; text without NUL."""
    loop: tuple[int, int] | None = None
    """Start and stop in samples of one channel; stop is the first sample after the loop. None for no loop."""
    cues: tuple[tuple[int, str], ...] = ()
    """Sample and label (which may be empty) of each, in order of time."""
    guard: bool = False
    """Whether a guard frame follows the sound, for players that play the frame at which a loop ends in place of the one
    at which it begins: a copy of that one. Nothing else that the file says takes notice of it."""

    def __bool__(self) -> bool:
        return bool(self.tags or self.loop or self.cues)

    def moved(self, ratio: float, loop: tuple[int, int] | None, n_samples: int) -> Marks:
        """The same marks in a sound that was converted to another rate: `ratio` times as many samples, `n_samples` now.

        A cue on the last samples stays within the sound, wherever rounding would have it.
        """
        last = max(n_samples - 1, 0)
        cues = tuple((min(round(at * ratio), last), label) for at, label in self.cues)
        return Marks(self.tags, loop, cues, self.guard)
