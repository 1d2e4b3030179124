"""A sound in words: its figures as rows of text, and a waveform made of letters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from soundgraph.audio.artifact import Audio
from soundgraph.audio.dsp.seam import AUDIBLE
from soundgraph.core.units import size_words
from soundgraph.views.sound import curves, scales
from soundgraph.views.sound.marks import TimedMarks

Row = tuple[str, str]
"""What was measured, and what came of it, with its unit."""

_LEVELS = (
    ("loudness_lufs", "loudness", "LUFS"),
    ("short_term_max_lufs", "short-term maximum", "LUFS"),
    ("loudness_range_lu", "loudness range", "LU"),
    ("drift_lu", "drift", "LU"),
    ("true_peak_dbtp", "true peak", "dBTP"),
    ("sample_peak_dbfs", "sample peak", "dBFS"),
)

# Braille letters hold two columns of four dots, the bits of which are in this order from top to bottom.
_BRAILLE = 0x2800
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def rows(figures: Mapping[str, object], marks: TimedMarks | None = None) -> list[Row]:
    """The figures of a sound in words, in the order of their importance.

    figures: by the names of `Figures`, as of a sidecar: what is not there, or no number, is passed over.
    """
    figure_rows: list[Row] = []
    if (seconds := _number(figures, "duration_s")) is not None:
        figure_rows.append(("length", length(seconds)))
    rate, channels = _number(figures, "sample_rate"), _number(figures, "channels")
    if rate is not None and channels is not None:
        figure_rows.append(("format", f"{rate:,.0f} Hz, {speakers(round(channels))}"))
    if "sample_peak_dbfs" in figures and figures["sample_peak_dbfs"] is None:
        figure_rows.append(("level", "silent"))
    for name, words, unit in _LEVELS:
        if (level := _number(figures, name)) is not None:
            padded = name == "loudness_lufs" and figures.get("loudness_padded") is True
            figure_rows.append((words, f"{decimal(level)} {unit}{' (with silence up to 400 ms)' if padded else ''}"))
    if (bandwidth := _number(figures, "bandwidth_hz")) is not None:
        figure_rows.append(("content up to", scales.hertz(bandwidth)))
    if (offset := _number(figures, "dc_offset")) is not None:
        figure_rows.append(("DC offset", f"{offset:.5f}"))
    if (clipped := _number(figures, "clipped_samples")) is not None:
        figure_rows.append(("clipped samples", f"{clipped:,.0f}"))
    if (seam := _number(figures, "seam")) is not None:
        figure_rows.append(("loop seam", f"{seam:.1f} (1 is none, over {AUDIBLE:g} is audible)"))
    return figure_rows + (_marked(marks) if marks else [])


def _marked(marks: TimedMarks) -> list[Row]:
    loops = [("loop", f"{loop.start:.3f} s to {loop.end:.3f} s") for loop in marks.loops]
    return loops + [("cue", f"{cue.at:.3f} s  {cue.label}".rstrip()) for cue in marks.cues]


def length(seconds: float) -> str:
    """ "15.00 s", "2 min 05 s"."""
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def speakers(channels: int) -> str:
    """ "mono", "stereo", "6 channels"."""
    return {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")


def size(n_bytes: int) -> str:
    """ "38 kB", "1.2 MB"."""
    return f"{n_bytes / 1000:.0f} kB" if n_bytes < 100_000 else size_words(n_bytes)


def decimal(value: float) -> str:
    """With one decimal, and never "-0.0"."""
    return f"{round(value, 1) + 0.0:.1f}"


def _number(figures: Mapping[str, object], name: str) -> float | None:
    value = figures.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def waveform(audio: Audio, width: int = 60, height: int = 4) -> list[str]:
    """The outline of a sound, all channels over one another, as lines of Braille letters: for a terminal.

    width, height: in letters. The largest sample reaches the edge.
    """
    shown = curves.envelope(audio, width * 2)
    low, high = shown.low.min(axis=0), shown.high.max(axis=0)
    reach = max(float(high.max()), -float(low.min())) or 1.0
    n_rows = height * 4
    rows_ = np.arange(n_rows)[:, np.newaxis]
    top, bottom = (np.rint((1.0 - level / reach) / 2 * (n_rows - 1)) for level in (high, low))
    dots = (rows_ >= top) & (rows_ <= bottom)
    lines = []
    for y in range(0, n_rows, 4):
        letters = (
            sum(bit for row, bits in enumerate(_DOTS) for column, bit in enumerate(bits) if dots[y + row, x + column])
            for x in range(0, width * 2, 2)
        )
        lines.append("".join(chr(_BRAILLE + letter) for letter in letters))
    return lines
