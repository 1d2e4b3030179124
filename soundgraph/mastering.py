"""Mastering: from an artifact to what an export delivers. Rate, loudness, ceiling and headroom, and a report of it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from soundgraph import encode
from soundgraph.audio import Audio, make
from soundgraph.dsp import loudness
from soundgraph.dsp.resample import resample
from soundgraph.errors import NodeError

if TYPE_CHECKING:
    from soundgraph.export_settings import ExportSettings

# Gains are whole thousandths of a dB. A measurement may differ in its last bits between processors; rounded, that does
# not reach the samples.
_GAIN_STEPS = 1000

# Nobody means a sound that is louder than this, and measuring it would leave the range of float32.
_ABSURD_DB = 240.0


@dataclass(frozen=True)
class Report:
    """What was measured of the delivered sound, before it is encoded. Levels are None for silence.

    duration_s: in seconds. sample_rate: in Hz.
    loudness_lufs: integrated, ITU-R BS.1770-4. None too if no 400 ms are louder than -70 LUFS.
    loudness_padded: whether the sound is under 400 ms, and was measured with silence after it.
    gain_db: what was applied to the artifact.
    remarks: sentences for the user about what could not be met, or was changed unasked.
    """

    duration_s: float
    sample_rate: int
    channels: int
    loudness_lufs: float | None
    loudness_padded: bool
    true_peak_dbtp: float | None
    sample_peak_dbfs: float | None
    gain_db: float
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Mastered:
    """A sound as it is delivered, and how to turn it into the bytes of a file."""

    audio: Audio
    report: Report
    settings: ExportSettings

    def encode(self, file_format: str) -> bytes:
        """The file, as "wav", "flac" or "ogg". Raises NodeError for a sound the format cannot hold."""
        return encode.encode(self.audio, file_format, self.settings.bit_depth, self.settings.quality)

    def facts(self) -> dict[str, Any]:
        """The report as JSON has it, levels rounded to 0.01 dB."""
        facts = asdict(self.report)
        for name in ("loudness_lufs", "true_peak_dbtp", "sample_peak_dbfs", "gain_db"):
            if facts[name] is not None:
                facts[name] = round(facts[name], 2) + 0.0  # no -0.0
        facts["duration_s"] = round(facts["duration_s"], 6)
        facts["remarks"] = list(facts["remarks"])
        return facts


def master(audio: Audio, settings: ExportSettings, sample_rate: int) -> Mastered:
    """Make a sound ready for delivery.

    sample_rate: of the scene, in Hz.

    In this order: the sound is converted to `sample_rate`; brought to `loudness_lufs`; brought down until its true peak
    is at most `true_peak_dbtp`; and, with `headroom = "scale"`, until no sample is over full scale. All of it is one
    gain over the whole sound: nothing is compressed or limited, so that what is loud and soft in it stays so.

    Raises NodeError for a sound of no length, and, with `headroom = "error"`, for one over full scale.
    """
    if not audio.n_samples:
        raise NodeError("there is nothing to deliver: the sound has no samples")
    audio = resample(audio, sample_rate)
    if not audio.n_samples:
        raise NodeError(f"there is nothing to deliver: the sound is shorter than one sample at {sample_rate} Hz")
    sample_peak_db = loudness.sample_peak_dbfs(audio)
    if sample_peak_db is not None and sample_peak_db > _ABSURD_DB:
        raise NodeError(f"its peak is {sample_peak_db:.0f} dB over full scale")
    blocks = loudness.blocks(audio)
    true_peak_db = loudness.true_peak_dbtp(audio)
    if sample_peak_db is None or true_peak_db is None:
        silence = [_UNMEASURABLE] if settings.loudness_lufs is not None else []
        return Mastered(audio, _report(audio, None, blocks.padded, None, None, 0.0, silence), settings)

    remarks = []
    gain_db = 0.0
    target = settings.loudness_lufs
    if target is not None and blocks.lufs() is None:
        remarks.append(_UNMEASURABLE)
        target = None
    if target is not None:
        gain_db = _gain_to(target, blocks)
        if blocks.padded:
            remarks.append("it is shorter than 400 ms; its loudness was measured with silence after it")

    # What is told of a peak depends on who raised it: the artifact had it, or the loudness asked for would have.
    because = "its quiet parts lie at the gate of the measurement"
    ceiling = settings.true_peak_dbtp
    if ceiling is not None and true_peak_db + gain_db > ceiling:
        over = f"{_over(true_peak_db + gain_db - ceiling)} the ceiling of {ceiling:g} dBTP"
        because = f"its true peak would have been {over}"
        if target is None:
            remarks.append(f"its true peak was {over}; it was brought down by as much")
        gain_db = _down(ceiling - true_peak_db)
    if sample_peak_db + gain_db > 0.0:
        over = f"{_over(sample_peak_db + gain_db)} full scale"
        clipping = [name for name in settings.formats if name == "flac" or (name == "wav" and settings.bit_depth != 32)]
        if settings.headroom == "error":
            raise NodeError(f'its peak is {over}, and headroom = "error" asks for none that is')
        if settings.headroom == "scale":
            because = f"its peak would have been {over}"
            if target is None:
                remarks.append(f"its peak was {over}; it was brought down by as much")
            gain_db = _down(-sample_peak_db)
        elif clipping:
            remarks.append(f"its peak is {over}, and clipped in {' and '.join(clipping)}")

    lufs = blocks.lufs(gain_db)
    if target is not None and (lufs is None or abs(lufs - target) >= 0.05):
        reached = "under -70 LUFS" if lufs is None else f"{lufs:.1f} LUFS"
        remarks.append(f"its loudness is {reached}, not the {target:g} LUFS asked for: {because}")
    if gain_db:
        # As float32 and by multiplication alone, which every processor rounds alike.
        factor = np.float32(10.0 ** (gain_db / 20.0))
        audio = make(audio.samples * factor, sample_rate)
    report = _report(audio, lufs, blocks.padded, true_peak_db + gain_db, sample_peak_db + gain_db, gain_db, remarks)
    return Mastered(audio, report, settings)


_UNMEASURABLE = "it is silent, or nowhere louder than -70 LUFS: no loudness to measure, and its level is unchanged"


def _gain_to(target_lufs: float, blocks: loudness.Blocks) -> float:
    """The gain in dB that brings the blocks to a loudness.

    Once would do, but that a gain moves blocks over the absolute gate, or under it: then the loudness that was aimed
    at is missed, and the rest has to be made up for. Twenty rounds end it where a block on the gate comes and goes.
    """
    gain_db = 0.0
    for _ in range(20):
        lufs = blocks.lufs(gain_db)
        if lufs is None or abs(lufs - target_lufs) < 0.5 / _GAIN_STEPS:
            break
        gain_db = round((gain_db + target_lufs - lufs) * _GAIN_STEPS) / _GAIN_STEPS
    return gain_db


def _down(gain_db: float) -> float:
    """The next whole step below: rounded up, a peak would be over its limit."""
    return math.floor(gain_db * _GAIN_STEPS) / _GAIN_STEPS


def _over(decibels: float) -> str:
    """ "3.2 dB over", and never "0.0 dB over" for what is over."""
    return f"{decibels:.1f} dB over" if decibels >= 0.05 else "less than 0.1 dB over"


def _report(
    audio: Audio,
    lufs: float | None,
    padded: bool,
    true_peak_db: float | None,
    sample_peak_db: float | None,
    gain_db: float,
    remarks: list[str],
) -> Report:
    return Report(
        duration_s=audio.duration,
        sample_rate=audio.sample_rate,
        channels=audio.channels,
        loudness_lufs=lufs,
        loudness_padded=padded,
        true_peak_dbtp=true_peak_db,
        sample_peak_dbfs=sample_peak_db,
        gain_db=gain_db,
        remarks=tuple(remarks),
    )
