"""How a status looks: colours that hold up under colour blindness, and a line of its own for each."""

from __future__ import annotations

from dataclasses import dataclass

from soundgraph.planning.planner import Status


@dataclass(frozen=True)
class Look:
    """How a status is drawn. Colours are "#rrggbb"."""

    line: str
    """Of the border."""
    fill: str
    """Of the box."""
    ink: str
    """Of words on that fill."""
    width: float
    """Of the border, in px."""
    dashed: bool
    """Whether the border is broken."""
    ansi: str
    """Parameters of the SGR escape for a terminal."""
    meaning: str
    """What the status says, in a few words."""


# Blue, orange and yellow, after Okabe and Ito: they differ in lightness too, so no sort of colour blindness, and no
# greyscale print, makes two of them one. Green and red, the usual pair, are the one to avoid.
LOOKS = {
    Status.HIT: Look("#2f7fb8", "#e6f1f9", "#164a70", 1.2, False, "36", "from the cache"),
    Status.MISS: Look("#b13c00", "#ffcfa6", "#6b2800", 2.2, False, "1;33", "will run"),
    Status.MAYBE: Look("#b08b00", "#fff9db", "#5f4a00", 1.4, True, "35", "runs if an input changes"),
    Status.ABSENT: Look("#3b3b4f", "#d6cdf2", "#1d1d2b", 2.2, True, "1;31", "its pinned take is not in the cache"),
}

INK = "#1d2733"
MUTED = "#4f5b69"
EDGE = "#93a0b0"
PAPER = "#ffffff"
FRAME = "#d5dce5"
GROUP = "#f3f5f8"
FILE = "#2b3440"
FILE_INK = "#f5f7fa"
