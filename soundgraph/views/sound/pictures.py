"""A sound as a PNG picture: its waveform, its spectrogram and its loudness over time, above one another."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from soundgraph.audio.artifact import Audio
from soundgraph.audio.dsp import layouts
from soundgraph.views.sound import curves, scales
from soundgraph.views.sound.marks import TimedMarks

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]

# Dark, as sound editors are: a spectrogram fades into it, and the picture stands on a light page and on a dark one.
PAPER: Colour = (16, 20, 28)
PLOT: Colour = (10, 13, 20)
GRID: Colour = (38, 46, 60)
FRAME: Colour = (66, 76, 94)
INK: Colour = (232, 236, 243)
MUTED: Colour = (152, 163, 180)
WAVE: Colour = (62, 124, 176)
RMS: Colour = (140, 196, 238)
OVER: Colour = (240, 98, 72)
SHORT_TERM: Colour = (240, 180, 64)
LOOP: Colour = (90, 214, 160)
CUE: Colour = (236, 210, 120)

# From dark to bright in even steps of lightness, so that it reads in grey and under colour blindness, too.
HEAT = np.array([(10, 13, 20), (46, 33, 92), (122, 44, 116), (203, 72, 92), (247, 150, 80), (252, 236, 175)], float)
_SHADES = 96

RANGE_DB = 80.0
"""From the brightest colour of a spectrogram to the darkest."""
# Quieter sounds do not get brighter colours than this peak would: silence is not blown up to a picture of its noise.
_LEAST_TOP_DB = -40.0
_LOUDNESS_FLOOR_LUFS = -60.0
# A waveform of -24 dBFS fills its lane; a quieter one is drawn as small as it is.
_MOST_HALVINGS = 4

_LEFT, _RIGHT, _GAP = 66, 92, 14


@dataclass(frozen=True)
class Size:
    """The size of a picture and of its parts, in px."""

    width: int
    waveform: int
    """The height of all channels together."""
    spectrogram: int
    loudness: int
    """0 leaves it out."""
    lane: int = 36
    text: int = 13


FULL = Size(1200, 190, 300, 130)
COMPACT = Size(760, 96, 150, 0, lane=20, text=12)


@dataclass(frozen=True)
class Panel:
    """A part of the picture that a panel is drawn in: the plot's left, top, width and height."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def bottom(self) -> int:
        return self.top + self.height


@dataclass
class _Sheet:
    """What is drawn on, and how time lies on it."""

    image: Image.Image
    draw: ImageDraw.ImageDraw
    seconds: float
    text_size: int
    ticks: list[tuple[float, str]] = field(default_factory=list)

    def x(self, panel: Panel, seconds: float) -> float:
        return panel.left + (seconds / self.seconds if self.seconds else 0.0) * (panel.width - 1)

    def words(self, place: tuple[float, float], text: str, colour: Colour, anchor: str, size: int = 0) -> None:
        self.draw.text(place, plain(text), fill=colour, font=_font(size or self.text_size), anchor=anchor)

    def wide(self, text: str, size: int = 0) -> float:
        return float(self.draw.textlength(plain(text), font=_font(size or self.text_size)))

    def frame(self, panel: Panel) -> None:
        self.draw.rectangle((panel.left - 1, panel.top - 1, panel.right, panel.bottom), outline=FRAME)

    def paste(self, pixels: Pixels, panel: Panel) -> None:
        from PIL import Image

        self.image.paste(Image.fromarray(pixels), (panel.left, panel.top))


def png(audio: Audio, marks: TimedMarks, title: str = "", about: Sequence[str] = (), size: Size = FULL) -> bytes:
    """The picture of a sound.

    title, about: what stands above it, and lines under that; without either there is no head.
    Over full scale the waveform is red. The spectrogram has frequencies in equal ratios up to half the rate, and 80 dB
    of colours down from its loudest place. Loops and cues are marked in the waveform.
    """
    from PIL import Image, ImageDraw

    lane = max(size.lane, size.waveform // audio.channels)
    head = _head_height(title, about)
    # Room for the names of loops and cues.
    top = head + (20 if marks.loops or marks.cues else 8)
    plot = size.width - _LEFT - _RIGHT
    wave = Panel(_LEFT, top, plot, lane * audio.channels)
    spectrum = Panel(_LEFT, wave.bottom + _GAP, plot, size.spectrogram)
    loud = Panel(_LEFT, spectrum.bottom + _GAP, plot, size.loudness)
    lowest = loud if size.loudness else spectrum
    image = Image.new("RGB", (size.width, lowest.bottom + 28), PAPER)
    sheet = _Sheet(image, ImageDraw.Draw(image), audio.duration, size.text)
    sheet.ticks = scales.times(audio.duration, plot // 90)
    _head(sheet, title, about)
    _waveform(sheet, wave, audio)
    if size.loudness:  # else there is no room for it either
        _legend(sheet, wave.right + 10, wave.bottom - 34, (("peak", WAVE), ("RMS", RMS)))
    _spectrogram(sheet, spectrum, audio)
    if size.loudness:
        _loudness(sheet, loud, audio)
    _marks(sheet, wave, lowest, marks)
    for seconds, label in sheet.ticks:
        x = sheet.x(lowest, seconds)
        sheet.draw.line((x, lowest.bottom, x, lowest.bottom + 4), fill=FRAME)
        anchor = "ra" if x + sheet.wide(label) / 2 > size.width - 4 else "ma"
        sheet.words((x, lowest.bottom + 8), label, MUTED, anchor)
    return _encoded(image)


def plain(text: str) -> str:
    """What the one font that is always there can show: of other letters, those without their marks, else "?"."""
    import unicodedata

    apart = unicodedata.normalize("NFKD", text.replace("−", "-"))
    kept = "".join(character for character in apart if not unicodedata.combining(character))
    return kept.encode("ascii", "replace").decode()


@cache
def _font(size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _encoded(image: Image.Image) -> bytes:
    # A palette is a third of the size of full colours, and the picture has hardly more than it holds.
    from PIL import Image as Images

    memory = io.BytesIO()
    image.quantize(200, method=Images.Quantize.MEDIANCUT, dither=Images.Dither.NONE).save(memory, "PNG", optimize=True)
    return memory.getvalue()


# The head


def _head_height(title: str, about: Sequence[str]) -> int:
    return (34 if title else 0) + 20 * len(about) + (8 if title or about else 0)


def _head(sheet: _Sheet, title: str, about: Sequence[str]) -> None:
    y = 12
    if title:
        sheet.words((_LEFT, y), title, INK, "la", 20)
        y += 32
    for line in about:
        sheet.words((_LEFT, y), line, MUTED, "la", 14)
        y += 20


# The waveform


def _waveform(sheet: _Sheet, panel: Panel, audio: Audio) -> None:
    shown = curves.envelope(audio, panel.width)
    # One scale for all channels: to full scale, or to a whole number of halvings under it for what is quieter.
    peak = float(np.max(np.abs([shown.low, shown.high]), initial=0.0))
    halvings = min(_MOST_HALVINGS, math.floor(-math.log2(peak))) if 0.0 < peak <= 1.0 else 0
    reach = 1.06 * max(peak, 0.5**halvings)
    height = panel.height // audio.channels
    pixels = np.empty((panel.height, panel.width, 3), np.uint8)
    pixels[:] = PLOT
    _upright(sheet, panel, pixels)
    for channel in range(audio.channels):
        lane = pixels[channel * height : (channel + 1) * height]
        middle = (height - 1) / 2
        for level in (-1.0, 1.0, 0.0):
            if abs(level) <= reach:
                lane[round(middle - level / reach * middle)] = FRAME if level else GRID
        rows = np.arange(height)[:, np.newaxis]
        low, high = _joined(shown.low[channel], shown.high[channel])
        top, bottom = (np.rint(middle - value / reach * middle) for value in (high, low))
        lane[(rows >= top) & (rows <= bottom)] = WAVE
        half = np.rint(shown.rms[channel] / reach * middle)
        # Inside the outline only: of a single peak in a stretch, the RMS may lie on its other side.
        inner = (np.abs(rows - middle) <= half) & (rows >= top) & (rows <= bottom) & (half > 0)
        lane[inner] = RMS
        lane[(np.abs(middle - rows) * reach > middle) & (rows >= top) & (rows <= bottom)] = OVER
    sheet.paste(pixels, panel)
    sheet.frame(panel)
    names = layouts.names(audio.channels)
    for channel in range(audio.channels):
        y = panel.top + channel * height
        if channel:
            sheet.draw.line((panel.left, y, panel.right - 1, y), fill=FRAME)
        _lane_labels(sheet, panel, y, height, reach, names[channel])


def _joined(low: curves.Singles, high: curves.Singles) -> tuple[curves.Singles, curves.Singles]:
    """Each stretch reaching the one after it, so that a steep wave is a line and not a row of dots."""
    after_low, after_high = np.append(low[1:], low[-1:]), np.append(high[1:], high[-1:])
    return np.minimum(low, after_high), np.maximum(high, after_low)


def _lane_labels(sheet: _Sheet, panel: Panel, y: int, height: int, reach: float, name: str) -> None:
    middle = y + (height - 1) / 2
    sheet.words((panel.left + 6, y + 3), name, INK, "la", sheet.text_size - 1)
    top = min(1.0, reach / 1.06)
    # Below the middle it is the same again, and where lanes are many there is no room for it.
    shown = [top] if height < 60 else [top, top / 2]
    for level in shown if height >= 34 else []:
        at = middle - level / reach * (height - 1) / 2
        sheet.words((panel.left - 8, at + 1), f"{20 * math.log10(level) + 0.0:.0f} dBFS", MUTED, "rm", 12)


def _upright(sheet: _Sheet, panel: Panel, pixels: Pixels) -> None:
    """The grid of time, behind a plot."""
    for seconds, _ in sheet.ticks:
        pixels[:, min(panel.width - 1, round(sheet.x(panel, seconds)) - panel.left)] = GRID


# The spectrogram


def shades() -> Pixels:
    """The colours of a spectrogram, from the quietest to the loudest, shaped (shades, 3)."""
    places = np.linspace(0, len(HEAT) - 1, _SHADES)
    mixed = np.stack([np.interp(places, np.arange(len(HEAT)), HEAT[:, part]) for part in range(3)], axis=1)
    return np.asarray(np.rint(mixed), np.uint8)


def _spectrogram(sheet: _Sheet, panel: Panel, audio: Audio) -> None:
    levels = curves.spectrogram(audio, panel.width, panel.height)
    top = max(_LEAST_TOP_DB, math.ceil(float(levels.max()) / 10) * 10)
    part = np.clip((levels - (top - RANGE_DB)) / RANGE_DB, 0.0, 1.0)
    sheet.paste(shades()[np.rint(part[::-1] * (_SHADES - 1)).astype(np.intp)], panel)
    sheet.frame(panel)
    ticks = scales.frequencies(curves.LOWEST_HZ, audio.sample_rate / 2)
    heights = [curves.row_of(hz, audio.sample_rate, panel.height) for hz in ticks]
    # The decades first: where there is no room for all, 100 Hz, 1 kHz and 10 kHz are the ones to have.
    labelled: list[float] = []
    for hz, height in sorted(zip(ticks, heights, strict=True), key=lambda tick: _fraction(tick[0])):
        if height < panel.height - 5 and all(abs(height - other) >= 16 for other in labelled):
            labelled.append(height)
            sheet.words((panel.left - 8, panel.bottom - height), scales.hertz(hz), MUTED, "rm", sheet.text_size - 1)
    for height in heights:
        y = panel.bottom - height
        sheet.draw.line((panel.left - 5, y, panel.left - 1, y), fill=FRAME)
    bar = Panel(panel.right + 12, panel.top, 12, panel.height)
    ramp = np.linspace(_SHADES - 1, 0, bar.height).astype(np.intp)
    sheet.paste(np.repeat(shades()[ramp][:, np.newaxis], bar.width, axis=1), bar)
    sheet.frame(bar)
    for below in range(0, round(RANGE_DB) + 1, 20):
        y = bar.top + below / RANGE_DB * (bar.height - 1)
        anchor = "lt" if not below else "lb" if below == RANGE_DB else "lm"
        sheet.words((bar.right + 6, y), f"{top - below:.0f} dB", MUTED, anchor, sheet.text_size - 1)


def _fraction(hz: float) -> float:
    """How far above a power of ten."""
    return math.log10(hz) % 1.0


# Loudness


def _loudness(sheet: _Sheet, panel: Panel, audio: Audio) -> None:
    loudness = curves.loudness_over_time(audio)
    highest = max(0.0, float(np.max(loudness.momentary_lufs, initial=0.0)))
    top = 6.0 * math.ceil(highest / 6)
    pixels = np.empty((panel.height, panel.width, 3), np.uint8)
    pixels[:] = PLOT
    _upright(sheet, panel, pixels)
    sheet.paste(pixels, panel)

    def y(lufs: float) -> float:
        return panel.top + (top - lufs) / (top - _LOUDNESS_FLOOR_LUFS) * (panel.height - 1)

    for lufs in (0, -12, -24, -36, -48):
        sheet.draw.line((panel.left, y(lufs), panel.right - 1, y(lufs)), fill=GRID)
        sheet.words((panel.left - 8, y(lufs)), f"{lufs} LUFS" if not lufs else f"{lufs}", MUTED, "rm", 12)
    for at, levels, colour, width in (
        (loudness.momentary_s, loudness.momentary_lufs, RMS, 1),
        (loudness.short_term_s, loudness.short_term_lufs, SHORT_TERM, 2),
    ):
        points = [
            (sheet.x(panel, seconds), y(max(lufs, _LOUDNESS_FLOOR_LUFS)))
            for seconds, lufs in zip(at.tolist(), levels.tolist(), strict=True)
        ]
        if len(points) == 1:  # of a sound as short as one window: a line as long as the sound
            points = [(panel.left, points[0][1]), (panel.right - 1, points[0][1])]
        if points and max(levels) > _LOUDNESS_FLOOR_LUFS:
            sheet.draw.line(points, fill=colour, width=width, joint="curve")
    sheet.frame(panel)
    _legend(sheet, panel.right + 10, panel.top + 14, (("400 ms", RMS), ("3 s", SHORT_TERM)))


def _legend(sheet: _Sheet, x: float, y: float, lines: Sequence[tuple[str, Colour]]) -> None:
    for row, (name, colour) in enumerate(lines):
        middle = y + 22 * row
        sheet.draw.line((x, middle, x + 16, middle), fill=colour, width=2)
        sheet.words((x + 22, middle), name, MUTED, "lm")


# Loops and cues


def _marks(sheet: _Sheet, wave: Panel, lowest: Panel, marks: TimedMarks) -> None:
    """Upright lines through all panels; their names stand above the waveform, those that have room."""
    lines: list[tuple[float, str, Colour]] = [(cue.at, cue.label or "cue", CUE) for cue in marks.cues]
    for number, loop in enumerate(marks.loops, 1):
        name = "loop" if len(marks.loops) == 1 else f"loop {number}"
        lines += [(loop.start, f"{name} start", LOOP), (loop.end, f"{name} end", LOOP)]
        y = wave.top - 2
        sheet.draw.line((sheet.x(wave, loop.start), y, sheet.x(wave, loop.end), y), fill=LOOP, width=3)
    free = float(wave.left)
    for seconds, name, colour in sorted(lines):
        x = min(max(sheet.x(wave, seconds), wave.left), wave.right - 1)
        for y in range(wave.top, lowest.bottom, 6):
            sheet.draw.line((x, y, x, y + 3), fill=colour)
        wide = sheet.wide(name, 12)
        left = x if x + wide <= wave.right else x - wide
        if left >= free:
            sheet.words((left, wave.top - 6), name, colour, "ls", 12)
            free = left + wide + 10
