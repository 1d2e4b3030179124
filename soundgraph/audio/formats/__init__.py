"""What a file format is in which sounds are delivered, and how one is found by name in `audio/formats/`.

A format is a file `audio/formats/<name>.py` with a docstring whose first line says what it is, and a `FORMAT`. Its name
is what an export calls it, and the suffix of its files. Planning asks for formats, too: numpy and codecs are imported
inside functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from soundgraph.audio.containers.metadata import Marks
from soundgraph.core.registry import Registry

if TYPE_CHECKING:
    from soundgraph.audio.artifact import Audio

_RATE_FOR_OTHERS_HZ = 48000


@dataclass(frozen=True)
class Encoding:
    """How a sound is to be encoded, and what its file says beside the samples."""

    bit_depth: int = 24
    """Of a format without loss; 32 is float."""
    quality: float = 0.6
    """Of a lossy format, 0 (smallest) to 1 (best)."""
    seed: int | None = None
    """Of all that is drawn, such as dither; a function of the sound if not given."""
    marks: Marks = field(default_factory=Marks)

    def seed_for(self, audio: Audio) -> int:
        # Only asked where it is needed: the digest of a long sound takes a while.
        return int(audio.digest[:16], 16) if self.seed is None else self.seed


def _as_it_is(data: bytes) -> bytes:
    return data


@dataclass(frozen=True)
class Format:
    """A sort of audio file."""

    version: int
    """Raised whenever the same sound and the same `Encoding` would give other bytes; part of the key of an export."""
    encode: Callable[[Audio, Encoding], bytes]
    """From a sound that the format can hold to the whole file, by the arguments alone. It may raise NodeError."""
    media_type: str
    """As a page on the web names it: "audio/flac"."""
    bit_depths: tuple[int, ...] = ()
    """The bits a sample may have, of a format without loss. A lossy one has none, and takes a quality instead."""
    max_channels: int | None = None
    """None for any number."""
    rates_hz: tuple[int, ...] = ()
    """The only rates that it knows, in rising order; none if it takes any."""
    max_rate_hz: int | None = None
    """The highest rate, where it takes any up to one. A lossy format has a higher one converted, another refuses it."""
    loop_rate_hz: int | None = None
    """The rate at which every sound with a loop is written, if there is such a rate."""
    libraries: Callable[[], str] | None = None
    """Names what writes the file, with its version; part of the key of an export. None if soundgraph itself does."""
    holds_guard_frame: bool = False
    """Whether a guard frame may follow its loop: see `Marks`."""
    as_players_read: Callable[[bytes], bytes] = _as_it_is
    """The same file so that libsndfile decodes it as players do, for a format where that makes another sound."""

    @property
    def lossless(self) -> bool:
        return bool(self.bit_depths)

    def rate_for(self, rate_hz: int, looped: bool) -> int:
        """The rate at which a sound is written: its own where the format knows it, else the next higher one, or the
        highest. A format that takes any rate up to one has 48 kHz in place of higher ones; without loss it has none."""
        if self.loop_rate_hz is not None and looped:
            return self.loop_rate_hz
        if self.rates_hz:
            return next((known for known in self.rates_hz if known >= rate_hz), self.rates_hz[-1])
        too_high = self.max_rate_hz is not None and rate_hz > self.max_rate_hz
        return _RATE_FOR_OTHERS_HZ if too_high and not self.lossless else rate_hz


def _wrong_format(offered: Any) -> str:
    return "" if isinstance(offered, Format) else "is no soundgraph.audio.formats.Format"


FORMATS: Registry[Format] = Registry("format", __name__, "FORMAT", "soundgraph.formats", _wrong_format)


def format_names() -> tuple[str, ...]:
    """The formats that are soundgraph's own, sorted: the files of `audio/formats/`. Imports none of them."""
    return FORMATS.own


def get_format(name: str) -> Format:
    """The format called `name`, of soundgraph or of an installed package.

    Raises KeyError if there is none, PluginError for one of a package that cannot be used.
    """
    return FORMATS.get(name)


def lossless_names() -> list[str]:
    """The formats that hold every sample, those that hold the most bits of it first: "wav", "flac"."""
    names = [name for name in format_names() if get_format(name).lossless]
    return sorted(names, key=lambda name: (-max(get_format(name).bit_depths), name))


def lossy_names() -> list[str]:
    """The formats that do not hold every sample, sorted."""
    return [name for name in format_names() if not get_format(name).lossless]


def format_summary(name: str) -> str:
    """The first line of the format's file: what it is. Raises as `get_format` does."""
    return FORMATS.summary(name)
