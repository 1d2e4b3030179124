"""Mastering: from an artifact to what an export delivers. Rate, loudness, ceiling and headroom, and a report of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from soundgraph import decode, encode
from soundgraph.audio import Audio, make, n_samples
from soundgraph.dsp import figures, loudness, seam
from soundgraph.errors import NodeError
from soundgraph.marks import Marks

if TYPE_CHECKING:
    from soundgraph.export_settings import ExportSettings

# Nobody means a sound that is louder than this, and measuring it would leave the range of float32.
_ABSURD_DB = 240.0


# To how many places the figures of a report are rounded where they are written down. Those of level are rounded to
# 0.01 dB, what is left over.
_PLACES = {"duration_s": 6, "dc_offset": 6, "bandwidth_hz": 0}


@dataclass(frozen=True)
class Report(figures.Figures):
    """What was measured of the delivered sound, before it is encoded.

    gain_db: what was applied to the artifact.
    remarks: sentences for the user about what could not be met, or was changed unasked.
    """

    gain_db: float
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Mastered:
    """A sound as it is delivered, and how to turn it into the bytes of a file.

    marks: what the file says beside its samples.
    """

    audio: Audio
    report: Report
    settings: ExportSettings
    marks: Marks = field(default_factory=Marks)

    def encode(self, file_format: str) -> bytes:
        """The file, in any of the formats of an export. Raises NodeError as `deliver` does."""
        return self.deliver(file_format)[0]

    def deliver(self, file_format: str) -> tuple[bytes, dict[str, Any]]:
        """The file, and the report of it as JSON has it.

        In the report, levels are rounded to 0.01 dB. `sample_rate` and `duration_s` are those of the file, which a
        codec may have at another rate. Where they were asked for there are `title`, `artist` and `comment`; `cues`,
        each with its `sample` and `label`; and `loop`, with its first and its last sample as `start` and `end`,
        together with `seam`: how audible it is in the file, once that is decoded.
        Raises NodeError for a sound the format cannot hold, and, with `on_broken_loop = "error"`, for a loop it breaks.
        """
        # Before the rest, so that what the file has is what is reported.
        audio, marks = encode.fitted(self.audio, file_format, self.marks)
        data = encode.encode(audio, file_format, self.settings.bit_depth, self.settings.quality, marks=marks)
        facts = {name: _rounded(name, value) for name, value in asdict(self.report).items()}
        facts |= {"sample_rate": audio.sample_rate, "duration_s": round(audio.duration, 6)}
        facts["remarks"] = list(self.report.remarks)
        facts |= marks.tags
        if marks.cues:
            facts["cues"] = [{"sample": at, "label": label} for at, label in marks.cues]
        if marks.loop is not None:
            start, stop = marks.loop
            ratio = seam.seam_ratio(decode.from_bytes(data), start, stop)
            facts["loop"] = {"start": start, "end": stop - 1}
            facts["seam"] = None if ratio is None else round(ratio, 2)
            if seam.is_audible(ratio):
                broken = _broken(file_format, ratio, seam.seam_ratio(audio, start, stop))
                if self.settings.on_broken_loop == "error":
                    raise NodeError(f'{broken}, and on_broken_loop = "error" asks for none')
                facts["remarks"].append(broken)
        return data, facts


def _rounded(name: str, value: Any) -> Any:
    # Adding 0.0 makes a -0.0 a plain one.
    return round(value, _PLACES.get(name, 2)) + 0.0 if isinstance(value, float) else value


def _broken(file_format: str, ratio: float | None, before: float | None) -> str:
    """What is told of a loop whose seam can be heard, and who is to blame for it."""
    heard = f"its loop has an audible seam in {file_format}: {ratio:.1f}, where {seam.AUDIBLE:g} is the most"
    if seam.is_audible(before):
        return f"{heard}; the sound itself has one of {before:.1f}"
    return f"{heard}; before encoding it was {before or 0.0:.1f}, which wav and flac keep"


def master(audio: Audio, settings: ExportSettings, sample_rate: int) -> Mastered:
    """Make a sound ready for delivery.

    sample_rate: of the scene, in Hz.

    In this order: the sound is converted to `sample_rate`, as a loop if it is one; brought to `loudness_lufs`; brought
    down until its true peak is at most `true_peak_dbtp`; and, with `headroom = "scale"`, until no sample is over full
    scale. All of it is one gain over the whole sound: nothing is compressed or limited, so that what is loud and soft
    in it stays so.

    Raises NodeError for a sound of no length; for a loop or a cue that lies beyond its end; and, with
    `headroom = "error"`, for a sound over full scale.
    """
    if not audio.n_samples:
        raise NodeError("there is nothing to deliver: the sound has no samples")
    audio, marks = encode.converted(audio, _marks(audio, settings), sample_rate)
    if not audio.n_samples:
        raise NodeError(f"there is nothing to deliver: the sound is shorter than one sample at {sample_rate} Hz")
    sample_peak_db = loudness.sample_peak_dbfs(audio)
    if sample_peak_db is not None and sample_peak_db > _ABSURD_DB:
        raise NodeError(f"its peak is {sample_peak_db:.0f} dB over full scale")
    steps = loudness.steps(audio)
    blocks = steps.blocks()
    true_peak_db = loudness.true_peak_dbtp(audio)
    if sample_peak_db is None or true_peak_db is None:
        silence = [_UNMEASURABLE] if settings.loudness_lufs is not None else []
        report = _report(figures.of(audio, steps, None), 0.0, silence)
        return Mastered(audio, report, settings, marks)

    remarks = []
    gain_db = 0.0
    target = settings.loudness_lufs
    if target is not None and blocks.lufs() is None:
        remarks.append(_UNMEASURABLE)
        target = None
    if target is not None:
        gain_db = blocks.gain_to(target)
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
        gain_db = loudness.gain_db_below(ceiling - true_peak_db)
    if sample_peak_db + gain_db > 0.0:
        over = f"{_over(sample_peak_db + gain_db)} full scale"
        clipping = [name for name in settings.formats if name == "flac" or (name == "wav" and settings.bit_depth != 32)]
        if settings.headroom == "error":
            raise NodeError(f'its peak is {over}, and headroom = "error" asks for none that is')
        if settings.headroom == "scale":
            because = f"its peak would have been {over}"
            if target is None:
                remarks.append(f"its peak was {over}; it was brought down by as much")
            gain_db = loudness.gain_db_below(-sample_peak_db)
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
    measured = figures.of(audio, steps.scaled(gain_db), true_peak_db + gain_db)
    return Mastered(audio, _report(measured, gain_db, remarks), settings, marks)


def _marks(audio: Audio, settings: ExportSettings) -> Marks:
    """What is asked to be marked, in samples of the artifact."""
    rate, end = audio.sample_rate, audio.n_samples
    lasts = f"the sound lasts {audio.duration:.6g} s"
    cues = []
    for cue in sorted(settings.cues, key=lambda cue: cue.at):
        at = n_samples(cue.at, rate)
        if at >= end:
            raise NodeError(f"its cue at {cue.at:g} s lies beyond its end: {lasts}")
        cues.append((at, cue.label))
    tags = settings.tags.model_dump(exclude_none=True) if settings.tags else {}
    if isinstance(settings.loop, bool):
        return Marks(tags, (0, end) if settings.loop else None, tuple(cues))
    start = n_samples(settings.loop.start, rate)
    stop = end if settings.loop.end is None else n_samples(settings.loop.end, rate)
    if stop > end:
        raise NodeError(f"its loop ends at {settings.loop.end:g} s, but {lasts}")
    if start >= stop:
        raise NodeError(f"its loop has no length: it starts at {settings.loop.start:g} s, and {lasts}")
    return Marks(tags, (start, stop), tuple(cues))


_UNMEASURABLE = "it is silent, or nowhere louder than -70 LUFS: no loudness to measure, and its level is unchanged"


def _over(decibels: float) -> str:
    """ "3.2 dB over", and never "0.0 dB over" for what is over."""
    return f"{decibels:.1f} dB over" if decibels >= 0.05 else "less than 0.1 dB over"


def _report(measured: figures.Figures, gain_db: float, remarks: list[str]) -> Report:
    return Report(**asdict(measured), gain_db=gain_db, remarks=tuple(remarks))
