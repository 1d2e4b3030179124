"""Which speaker each channel is for, by the number of channels: the one table that everything asks.

Recordings and delivered files hold their channels in this order, that of WAV and FLAC. Ogg files (Vorbis, Opus) of more
than two channels have orders of their own, and are neither read nor written.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Speaker:
    """A speaker, as the channel mask of WAV knows it."""

    name: str
    """For people."""
    bit: int
    """Of dwChannelMask."""
    weight: float = 1.0
    """Of its power in loudness."""


# ITU-R BS.1770-4 weighs a channel by where its speaker stands (annex 3): 1.41 for one at the height of the ears that is
# 60 to 120 degrees to a side, 1 for all others; and leaves out what is for low frequencies only. The surrounds of 4.0,
# 5.0 and 5.1 stand at 110 degrees (ITU-R BS.775), whatever the mask calls them; the back speakers of 7.1 at 135 and
# more, the one of 6.1 at 180. (libebur128 does so too; ffmpeg takes all that stands behind for surrounds.)
_SIDE = 1.41
_FL, _FR, _C = Speaker("L", 0x1), Speaker("R", 0x2), Speaker("C", 0x4)
_LFE = Speaker("LFE", 0x8, 0.0)
_LS, _RS = Speaker("Ls", 0x10, _SIDE), Speaker("Rs", 0x20, _SIDE)
_BL, _BR, _BC = Speaker("Lb", 0x10), Speaker("Rb", 0x20), Speaker("Cb", 0x100)
_SL, _SR = Speaker("Ls", 0x200, _SIDE), Speaker("Rs", 0x400, _SIDE)

# Sources: RFC 9639 (FLAC), section 9.1.3, which has the order of WAVE_FORMAT_EXTENSIBLE.
_LAYOUTS = {
    1: (Speaker("", 0x4),),
    2: (_FL, _FR),
    3: (_FL, _FR, _C),
    4: (_FL, _FR, _LS, _RS),
    5: (_FL, _FR, _C, _LS, _RS),
    6: (_FL, _FR, _C, _LFE, _LS, _RS),
    7: (_FL, _FR, _C, _LFE, _BC, _SL, _SR),
    8: (_FL, _FR, _C, _LFE, _BL, _BR, _SL, _SR),
}


def speakers(channels: int) -> tuple[Speaker, ...] | None:
    """The speakers of so many channels, in their order; None for more than eight, on which nobody agrees."""
    return _LAYOUTS.get(channels)


def mask(channels: int) -> int:
    """What WAVE_FORMAT_EXTENSIBLE calls dwChannelMask; 0 where the speakers are not known."""
    return sum(speaker.bit for speaker in speakers(channels) or ())


def weights(channels: int) -> tuple[float, ...]:
    """How much the power of each channel counts in loudness; all alike where the speakers are not known."""
    known = speakers(channels)
    return tuple(speaker.weight for speaker in known) if known else (1.0,) * channels


def names(channels: int) -> tuple[str, ...]:
    """What to call each channel: "" for the one of mono, and numbers where the speakers are not known."""
    known = speakers(channels)
    return tuple(speaker.name for speaker in known) if known else tuple(str(number + 1) for number in range(channels))
