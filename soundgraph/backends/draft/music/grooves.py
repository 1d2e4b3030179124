"""How a style is played: the drummer's bar, what the bass does, where the chords fall, and how much it swings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Groove:
    """One way of playing."""

    drums: tuple[tuple[str, str], ...] = ()
    """(stroke, its bar in steps of a quarter of a beat: "x" loud, "o" soft, "." nothing); () for the plain beat."""
    bass: tuple[tuple[float, float, int], ...] = ()
    """(beat, beats, steps above the chord's root) of a bar; () for what the energy suggests."""
    chords: tuple[tuple[float, float], ...] = ()
    """(beat, beats) of a bar at which the chords are struck; () to hold or break them."""
    swing: float = 0.0
    """How late the second half of a beat comes, as a share of the beat."""


_BACKBEAT = ("snare", "....x.......x...")
_EIGHTHS = ("hat", "x.o.x.o.x.o.x.o.")
_FIFTHS = ((0, 1, 0), (2, 1, 4))
_WALK = ((0, 1, 0), (1, 1, 2), (2, 1, 4), (3, 1, 5))

GROOVES: dict[str, Groove] = {
    "held": Groove(),
    "broken": Groove(),
    "rock": Groove(),
    "score": Groove(drums=(("tom", "x..o..x.o.x.x.x."), ("kick", "x.......x......."))),
    "one drop": Groove(
        drums=(("kick", "........x......."), ("rim", "........x......."), ("hat", "x.o.x.o.x.o.x.o.")),
        bass=((0.5, 1, 0), (1.5, 0.5, 0), (2, 1, 4), (3, 0.5, 2)),
        chords=((1, 0.3), (3, 0.3)),
    ),
    "ska": Groove(
        drums=(("kick", "x.......x......."), _BACKBEAT, ("hat", "..x...x...x...x.")),
        bass=_WALK,
        chords=((0.5, 0.3), (1.5, 0.3), (2.5, 0.3), (3.5, 0.3)),
    ),
    "half time": Groove(
        drums=(("kick", "x.....x........."), ("snare", "........x......."), ("hat", "x.oox.o.x.o.xooo")),
        bass=((0, 1.5, 0), (1.5, 0.5, 0), (2, 1, 0), (3, 1, 6)),
    ),
    "four": Groove(
        drums=(("kick", "x...x...x...x..."), ("clap", "....x.......x..."), ("open", "..x...x...x...x.")),
        bass=((0.5, 0.5, 0), (1.5, 0.5, 0), (2.5, 0.5, 0), (3.5, 0.5, 0)),
        chords=((0, 0.5), (1.5, 0.5), (3, 0.5)),
    ),
    "breaks": Groove(
        drums=(("kick", "x.........x....."), ("snare", "....x..o.o..x..o"), ("hat", "x.x.x.x.x.x.x.x.")),
        bass=((0, 1.5, 0), (1.5, 1, 0), (2.5, 1.5, 4)),
    ),
    "swing": Groove(
        drums=(("ride", "x...x.o.x...x.o."), ("kick", "o.......o......."), ("rim", "....o.......o...")),
        bass=_WALK,
        chords=((0, 0.5), (1.5, 0.5), (3, 0.3)),
        swing=0.16,
    ),
    "shuffle": Groove(
        drums=(("kick", "x.......x......."), _BACKBEAT, _EIGHTHS),
        bass=(
            (0, 0.5, 0),
            (0.5, 0.5, 0),
            (1, 0.5, 2),
            (1.5, 0.5, 2),
            (2, 0.5, 4),
            (2.5, 0.5, 4),
            (3, 0.5, 5),
            (3.5, 0.5, 4),
        ),
        swing=0.16,
    ),
    "bossa": Groove(
        drums=(("kick", "x..xx..xx..xx..x"), ("rim", "x..x..x...x..x.."), ("shaker", "oxoxoxoxoxoxoxox")),
        bass=((0, 1.5, 0), (1.5, 0.5, 4), (2, 1.5, 4), (3.5, 0.5, 0)),
        chords=((0, 0.5), (1, 0.5), (2.5, 0.5)),
    ),
    "latin": Groove(
        drums=(
            ("kick", "x.....x.x.....x."),
            ("rim", "x..x..x...x.x..."),
            ("shaker", "xoxoxoxoxoxoxoxo"),
            ("tom", "......x.......xx"),
        ),
        bass=((0, 1.5, 0), (1.5, 1.5, 4), (3, 1, 0)),
        chords=((0, 0.5), (0.5, 0.5), (1.5, 0.5), (2.5, 0.5), (3.5, 0.5)),
    ),
    "funk": Groove(
        drums=(("kick", "x.x....x..x..x.."), ("snare", "....x..o.o..x..o"), ("hat", "xoxoxoxoxoxoxoxo")),
        bass=((0, 0.5, 0), (0.75, 0.25, 0), (1.5, 0.5, 2), (2.5, 0.25, 0), (2.75, 0.5, 4), (3.5, 0.5, 6)),
        chords=((0.75, 0.2), (1.5, 0.2), (2.25, 0.2), (3.5, 0.2)),
    ),
    "hip-hop": Groove(
        drums=(("kick", "x......x..x....."), _BACKBEAT, ("hat", "x.o.x.o.x.o.x.o.")),
        bass=((0, 1.5, 0), (1.75, 0.5, 0), (2.5, 1.5, 4)),
        swing=0.1,
    ),
    "march": Groove(
        drums=(("kick", "x.......x......."), ("snare", "x...x.xox...xoxo")),
        bass=_FIFTHS,
        chords=((1, 0.5), (3, 0.5)),
    ),
    "oompah": Groove(
        drums=(("kick", "x.......x......."), ("snare", "....x.......x..."), ("hat", "....x.......x...")),
        bass=_FIFTHS,
        chords=((1, 0.4), (3, 0.4)),
    ),
    "train": Groove(
        drums=(("kick", "x.......x......."), ("snare", "oooxoooxoooxooox")),
        bass=_FIFTHS,
        chords=((1, 0.5), (3, 0.5)),
    ),
    "double": Groove(
        drums=(("kick", "x.x.x.x.x.x.x.x."), _BACKBEAT, ("open", "x...x...x...x...")),
        bass=tuple((half / 2, 0.5, 0) for half in range(8)),
        chords=tuple((half / 2, 0.4) for half in range(8)),
    ),
    "tango": Groove(
        drums=(("rim", "x.....x.x...x..."),),
        bass=((0, 1.5, 0), (1.5, 0.5, 0), (2, 1, 4), (3, 1, 0)),
        chords=((0, 0.3), (1, 0.3), (2, 0.3), (3, 0.3), (3.5, 0.3)),
    ),
    "waltz": Groove(
        drums=(("kick", "x..........."), ("hat", "....x...x...")),
        bass=((0, 1, 0),),
        chords=((1, 0.5), (2, 0.5)),
    ),
}
