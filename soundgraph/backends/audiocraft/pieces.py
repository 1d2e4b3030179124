"""Pieces: which windows a take is made in, what each of them is told, and how a continuation is joined on.

A model makes a few seconds at a time: what it was trained on. A longer piece is made in windows that each begin with
codes already made, their context. Counting is in steps: one step is one column of codes, a frame (20 ms in the
published models) unless left and right take turns in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from soundgraph.audio import artifact
from soundgraph.audio.artifact import Samples

if TYPE_CHECKING:
    from soundgraph.backends import Family, Request

_NEW_SHARE: dict[Family, float] = {"music": 0.6, "audio": 0.5}
"""How much of a later window is new; the rest is context.

For music as in stock AudioCraft: 18 of 30 s. For sound effects stock makes 2 of 10 s new, so that each second of sound
is computed five times, four of them as context. 5 s of context are still longer than most of what happens in an
effect, and each second is computed twice.
"""

JOIN_MS = 20.0
"""How long a continuation takes to go over from the given sound to the decoded one."""


class CannotError(Exception):
    """What was asked for cannot be made; `str()` of it is why, as one line."""


@dataclass(frozen=True)
class Clock:
    """How a model counts."""

    sample_rate: int
    """In Hz."""
    hop: int
    """Samples of one channel for each step."""
    per_frame: int
    """Steps that belong together, 1 or 2."""
    max_steps: int
    """Of one window."""

    def steps(self, n_samples: int) -> int:
        """The least number of steps, in whole frames, that covers so many samples."""
        return -(-n_samples // (self.hop * self.per_frame)) * self.per_frame

    def whole_steps(self, n_samples: int) -> int:
        """The greatest number of steps, in whole frames, that so many samples fill."""
        return n_samples // (self.hop * self.per_frame) * self.per_frame


@dataclass(frozen=True)
class Window:
    """One run of the model: steps `start` to `end` of a piece, of which the first `context` are known already."""

    index: int
    start: int
    context: int
    end: int
    text: str

    @property
    def n_steps(self) -> int:
        return self.end - self.start


@dataclass(frozen=True)
class Piece:
    """The layout of a take."""

    clock: Clock
    n_samples: int
    """Of each channel of the whole."""
    n_given: int
    """How many of them come from the sound it goes on from."""
    given_steps: int
    """How many steps at the end of that sound are the first window's context. They end where it ends, so step 0 lies
    `origin` samples from the start of the take."""
    windows: tuple[Window, ...]

    @property
    def origin(self) -> int:
        return self.n_given - self.given_steps * self.clock.hop

    @property
    def n_steps(self) -> int:
        return self.windows[-1].end if self.windows else self.given_steps

    def seconds(self, step: int) -> float:
        """How much of the take is there when all steps before `step` are; never more than the whole."""
        return min(self.origin + step * self.clock.hop, self.n_samples) / self.clock.sample_rate


def lay_out(request: Request, family: Family, clock: Clock, n_given: int = 0) -> Piece:
    """The windows that a request is made in. They depend on nothing but these arguments.

    n_given: length, at the model's rate, of the sound that the take goes on from; 0 for none.

    With one text they are those of stock `MusicGen.generate`; a change of text begins a window of its own, so that no
    window is told two things.
    Raises CannotError.
    """
    n_samples = artifact.n_samples(request.duration, clock.sample_rate)
    if request.continue_from is not None:
        _check_given(n_given, n_samples, clock)
    new_steps = int(clock.max_steps * _NEW_SHARE[family]) // clock.per_frame * clock.per_frame
    max_context = clock.max_steps - max(new_steps, clock.per_frame)
    given_steps = min(clock.whole_steps(n_given), max_context)
    total = given_steps + clock.steps(n_samples - n_given)

    origin = n_given - given_steps * clock.hop
    texts: dict[int, str] = {}
    for at, text in request.prompts:
        # The first frame that lies wholly behind the moment; if two texts begin in one frame, the later one holds.
        first = clock.steps(max(artifact.n_samples(at, clock.sample_rate) - origin, 0))
        texts[max(first, given_steps)] = text

    windows: list[Window] = []
    done = given_steps
    while done < total:
        context = min(done, max_context)
        start = done - context
        text = texts[max(step for step in texts if step <= done)]
        change = min((step for step in texts if step > done), default=total)
        done = min(start + clock.max_steps, change, total)
        windows.append(Window(len(windows), start, context, done, text))
    return Piece(clock, n_samples, n_given, given_steps, tuple(windows))


def _check_given(n_given: int, n_samples: int, clock: Clock) -> None:
    rate = clock.sample_rate
    if n_samples <= n_given:
        raise CannotError(
            f"the sound to go on from is {n_given / rate:g} s long, so duration, which is that of the whole, "
            f"has to be more than {n_samples / rate:g} s"
        )
    if not clock.whole_steps(n_given):
        frame_ms = 1000 * clock.hop * clock.per_frame / rate
        raise CannotError(
            f"the sound to go on from is {1000 * n_given / rate:g} ms long, less than one frame of the model, "
            f"which is {frame_ms:g} ms"
        )


def melody_for(piece: Piece, window: Window, melody: Samples, max_samples: int) -> Samples:
    """What a window is told of the melody: as stock does it, from the moment at which the window begins, and from its
    start again when it is over; the melody as it is, if no window begins later than the piece.

    melody: float32 (channels, n) at the model's rate. max_samples: of the longest window.
    """
    if not any(each.start for each in piece.windows) and not piece.origin:
        return melody
    first = piece.origin + window.start * piece.clock.hop
    return np.ascontiguousarray(melody[:, np.arange(first, first + max_samples) % melody.shape[1]])


def join(given: Samples, decoded: Samples, piece: Piece) -> Samples:
    """A take that begins with `given`, sample by sample, and goes on with what was decoded, without a click.

    given: float32 (channels, n_given). decoded: float32 (channels, n): the sound of all the piece's codes, so that its
        first part says the end of `given` over again.

    A codec does not give back the samples it was given, so a cut from one to the other would jump by its error there.
    What follows the join is the decoded sound plus that error, mirrored at the join and faded out by a half cosine: at
    the join the error has its own value again, and it goes away within JOIN_MS.
    Returns float32 (channels, piece.n_samples).
    """
    result = np.empty((given.shape[0], piece.n_samples), np.float32)
    at = piece.n_given
    known = at - piece.origin  # samples of `decoded` before the join
    result[:, :at] = given
    result[:, at:] = decoded[:, known : known + piece.n_samples - at]
    n = min(round(JOIN_MS / 1000 * piece.clock.sample_rate), known, piece.n_samples - at)
    error = given[:, at - n :].astype(np.float64) - decoded[:, known - n : known]
    fade = 0.5 + 0.5 * np.cos(np.pi * (np.arange(n) + 0.5) / n)
    result[:, at : at + n] += (fade * error[:, ::-1]).astype(np.float32)
    return result
