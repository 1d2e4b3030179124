"""Mastering: from an artifact to what an export delivers. Rate, loudness, ceiling and headroom, and a report of it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from soundgraph.audio import encode
from soundgraph.audio.artifact import Audio, checked, make, n_samples
from soundgraph.audio.containers import decode
from soundgraph.audio.containers.metadata import Marks
from soundgraph.audio.dsp import figures, limiting, loudness, seam
from soundgraph.audio.formats import get_format, lossless_names
from soundgraph.core.errors import NodeError
from soundgraph.core.text import listed

if TYPE_CHECKING:
    from soundgraph.scene.tables.export_settings import ExportSettings

# Nobody means a sound that is louder than this, and measuring it would leave the range of float32.
_ABSURD_DB = 240.0


# How much higher than this project's meter another one may read a peak that lies close to half the sampling rate. Where
# a ceiling is further away than this, nobody else is asked.
_DOUBT_DB = 3.0

# What quantising may add to a peak, in steps of the format: twice the largest error of a sample, since errors add up
# between samples. At six times their standard deviation, it is as good as never more.
_QUANTISED = {16: 3.0 * 2.0**-15, 24: 2.0 * 2.0**-23, 32: 0.0}

# A lossy codec makes another sound of each level, and another peak: how many times it is tried, and how far under the
# ceiling to aim after each. Found with tones, square waves and noise at eight rates: three do for nearly all.
_ENCODES = 3
_MARGINS_DB = (0.1, 0.6)

# To how many places the figures of a report are rounded where they are written down. Those of level are rounded to
# 0.01 dB, what is left over.
_PLACES = {"duration_s": 6, "dc_offset": 6, "bandwidth_hz": 0}


@dataclass(frozen=True)
class Report(figures.Figures):
    """What was measured of the delivered sound, before it is encoded."""

    gain_db: float
    """What was applied to the artifact."""
    remarks: tuple[str, ...]
    """Sentences for the user about what could not be met, or was changed unasked."""


@dataclass(frozen=True)
class Mastered:
    """A sound as it is delivered, and how to turn it into the bytes of a file."""

    audio: Audio
    report: Report
    settings: ExportSettings
    steps: loudness.Steps
    """Of its loudness."""
    marks: Marks = field(default_factory=Marks)
    """What the file says beside its samples."""

    def encode(self, file_format: str) -> bytes:
        """The file, in any of the formats of an export. Raises NodeError as `deliver` does."""
        return self.deliver(file_format)[0]

    def as_file(self, file_format: str) -> tuple[bytes, Report]:
        """The file, and what was measured of it: another report than `report` where a codec had it turned down."""
        return self._held(*encode.fitted(self.audio, file_format, self.marks), file_format)[:2]

    def deliver(self, file_format: str, guard: bool = False) -> tuple[bytes, dict[str, Any]]:
        """The file, and the report of it as JSON has it.

        guard: put a guard frame behind a loop that ends with the file (see `Marks`), in a format that holds one.

        A lossy file that comes out of the codec over `true_peak_dbtp` is turned down until it does not, by itself: in
        its report `gain_db` and all levels are of what it was made from then, and `decoded_true_peak_dbtp` is what any
        meter finds in it at most.

        In the report, levels are rounded to 0.01 dB. `sample_rate` and `duration_s` are those of the file, which a
        codec may have at another rate. Where they were asked for there are `title`, `artist` and `comment`; `cues`,
        each with its `sample` and `label`; and `loop`, with its first and its last sample as `start` and `end`,
        together with `seam`: how audible it is in the file, once that is decoded.
        Raises NodeError for a sound the format cannot hold, and, with `on_broken_loop = "error"`, for a loop it breaks.
        """
        # Before the rest, so that what the file has is what is reported.
        audio, marks = encode.fitted(self.audio, file_format, self.marks)
        if guard and marks.loop is not None and marks.loop[1] == audio.n_samples:
            marks = replace(marks, guard=get_format(file_format).holds_guard_frame)
        data, report, decoded_db = self._held(audio, marks, file_format)
        facts = {name: _rounded(name, value) for name, value in asdict(report).items()}
        facts |= {"sample_rate": audio.sample_rate, "duration_s": round(audio.duration, 6)}
        facts["remarks"] = list(report.remarks)
        if decoded_db is not None:
            facts["decoded_true_peak_dbtp"] = _rounded("decoded_true_peak_dbtp", decoded_db)
        facts |= marks.tags
        if marks.cues:
            facts["cues"] = [{"sample": at, "label": label} for at, label in marks.cues]
        if marks.loop is not None:
            start, stop = marks.loop
            ratio = seam.seam_ratio(decode.from_bytes(data), start, stop)
            facts["loop"] = {"start": start, "end": stop - 1}
            if marks.guard:
                facts["guard_frames"] = 1
            facts["seam"] = None if ratio is None else round(ratio, 2)
            if seam.is_audible(ratio):
                broken = _broken(file_format, ratio, seam.seam_ratio(audio, start, stop))
                if self.settings.on_broken_loop == "error":
                    raise NodeError(f'{broken}, and on_broken_loop = "error" asks for none')
                facts["remarks"].append(broken)
        return data, facts

    def _held(self, audio: Audio, marks: Marks, file_format: str) -> tuple[bytes, Report, float | None]:
        """The file, under the ceiling as far as that can be had; its report; its decoded true peak, if measured."""
        data, gain_db, decoded_db = self._encoded(audio, marks, file_format)
        return data, self._turned_down(gain_db, decoded_db, file_format), decoded_db

    def _encoded(self, audio: Audio, marks: Marks, file_format: str) -> tuple[bytes, float, float | None]:
        """The file; by how much it was turned down for a codec that overshoots; and its decoded true peak in dBTP.

        The peak is measured, and anything turned down, only where there is a ceiling that a codec could break.
        """
        ceiling = self.settings.true_peak_dbtp
        best: tuple[bytes, float, float | None] | None = None
        gain_db = 0.0
        for tried in range(_ENCODES):
            turned = make(audio.samples * _factor(gain_db), audio.sample_rate) if gain_db else audio
            data = encode.encode(turned, file_format, self.settings.bit_depth, self.settings.quality, marks=marks)
            if ceiling is None or get_format(file_format).lossless or self.report.true_peak_dbtp is None:
                return data, 0.0, None
            decoded_db = _decoded_peak_db(data, file_format)
            if best is None or best[2] is None or decoded_db is None or decoded_db < best[2]:
                best = data, gain_db, decoded_db
            if decoded_db is None or decoded_db <= ceiling or tried == _ENCODES - 1:
                break
            gain_db = loudness.gain_db_below(gain_db - (decoded_db - ceiling) - _MARGINS_DB[tried])
        assert best is not None
        return best

    def _turned_down(self, gain_db: float, decoded_db: float | None, file_format: str) -> Report:
        """The report of a file that was turned down by itself, or is over the ceiling in spite of it."""
        report, ceiling = self.report, self.settings.true_peak_dbtp
        if ceiling is None or decoded_db is None or (not gain_db and decoded_db <= ceiling):
            return report
        remark = f"{file_format} raised its true peak over the ceiling of {ceiling:g} dBTP"
        if gain_db:
            remark += f"; this file was brought down by {-gain_db:.1f} dB"
            audio = make(self.audio.samples * _factor(gain_db), self.audio.sample_rate)
            peak_db = None if report.true_peak_dbtp is None else report.true_peak_dbtp + gain_db
            measured = figures.of(audio, self.steps.scaled(gain_db), peak_db)
            report = _report(measured, report.gain_db + gain_db, list(report.remarks))
        if decoded_db > ceiling:
            remark += f"; it is still {_over(decoded_db - ceiling)} it after {_ENCODES} encodings"
        return replace(report, remarks=(*report.remarks, remark))


def _decoded_peak_db(data: bytes, file_format: str) -> float | None:
    """The highest that any meter finds in a file once it is decoded, in dBTP."""
    decoded = decode.from_bytes(data)
    peak = limiting.highest_peak(decoded)
    as_players_read = get_format(file_format).as_players_read(data)
    if as_players_read != data:
        # Which also has what lies over half the file's own rate.
        peak = max(peak, limiting.highest_peak(decode.from_bytes(as_players_read)))
    return loudness.decibels(peak)


def _factor(gain_db: float) -> np.float32:
    """As float32 and by multiplication alone, which every processor rounds alike."""
    return np.float32(10.0 ** (gain_db / 20.0))


def _rounded(name: str, value: Any) -> Any:
    # Adding 0.0 makes a -0.0 a plain one.
    return round(value, _PLACES.get(name, 2)) + 0.0 if isinstance(value, float) else value


def _broken(file_format: str, ratio: float | None, before: float | None) -> str:
    """What is told of a loop whose seam can be heard, and who is to blame for it."""
    heard = f"its loop has an audible seam in {file_format}: {ratio:.1f}, where {seam.AUDIBLE:g} is the most"
    if seam.is_audible(before):
        return f"{heard}; the sound itself has one of {before:.1f}"
    return f"{heard}; before encoding it was {before or 0.0:.1f}, which {listed(lossless_names())} keep"


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
    audio = checked(audio)
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
        return Mastered(audio, report, settings, steps, marks)

    gain = _DeliveryGain(settings, blocks, sample_peak_db)
    gain.bring_to_loudness()
    gain.bring_below_ceiling(audio, true_peak_db)
    gain.bring_below_full_scale()
    gain.tell_of_missed_loudness()
    if gain.db:
        audio = make(audio.samples * _factor(gain.db), sample_rate)
    steps = steps.scaled(gain.db)
    measured = figures.of(audio, steps, true_peak_db + gain.db)
    return Mastered(audio, _report(measured, gain.db, gain.remarks), settings, steps, marks)


class _DeliveryGain:
    """The one gain of a sound that is not silent, found step by step, and what is told of it."""

    def __init__(self, settings: ExportSettings, blocks: loudness.Blocks, sample_peak_db: float):
        self.db = 0.0
        self.remarks: list[str] = []
        self._settings, self._blocks, self._sample_peak_db = settings, blocks, sample_peak_db
        self._target = settings.loudness_lufs
        self._because = "its quiet parts lie at the gate of the measurement"
        """Why the loudness asked for is not reached, if it is not."""

    def bring_to_loudness(self) -> None:
        if self._target is not None and self._blocks.lufs() is None:
            self.remarks.append(_UNMEASURABLE)
            self._target = None
        if self._target is not None:
            self.db = self._blocks.gain_to(self._target)
            if self._blocks.padded:
                self.remarks.append("it is shorter than 400 ms; its loudness was measured with silence after it")

    def bring_below_ceiling(self, audio: Audio, true_peak_db: float) -> None:
        ceiling = self._settings.true_peak_dbtp
        if ceiling is None or true_peak_db + self.db <= ceiling - _DOUBT_DB:
            return
        highest_db = loudness.decibels(limiting.highest_peak(audio)) or 0.0
        room_db = _room_db(ceiling, self._settings)
        if highest_db + self.db <= room_db:
            return
        over = f"{_over(highest_db + self.db - ceiling)} the ceiling of {ceiling:g} dBTP"
        # What is told of a peak depends on who raised it: the artifact had it, or the loudness asked for would have.
        self._because = f"its true peak would have been {over}"
        if self._target is None and highest_db > ceiling:
            self.remarks.append(f"its true peak was {over}; it was brought down by as much")
        elif self._target is None:
            what = f"its true peak might have passed the ceiling of {ceiling:g} dBTP once it was quantised"
            self.remarks.append(what)
        self.db = loudness.gain_db_below(room_db - highest_db)

    def bring_below_full_scale(self) -> None:
        """Raises NodeError for a sound over full scale with `headroom = "error"`."""
        if self._sample_peak_db + self.db <= 0.0:
            return
        over = f"{_over(self._sample_peak_db + self.db)} full scale"
        settings = self._settings
        clipping = [name for name in settings.formats if get_format(name).lossless and settings.bit_depth != 32]
        if settings.headroom == "error":
            raise NodeError(f'its peak is {over}, and headroom = "error" asks for none that is')
        if settings.headroom == "scale":
            self._because = f"its peak would have been {over}"
            if self._target is None:
                self.remarks.append(f"its peak was {over}; it was brought down by as much")
            self.db = loudness.gain_db_below(-self._sample_peak_db)
        elif clipping:
            self.remarks.append(f"its peak is {over}, and clipped in {' and '.join(clipping)}")

    def tell_of_missed_loudness(self) -> None:
        if self._target is None:
            return
        lufs = self._blocks.lufs(self.db)
        if lufs is None or abs(lufs - self._target) >= 0.05:
            reached = "under -70 LUFS" if lufs is None else f"{lufs:.1f} LUFS"
            asked = f"not the {self._target:g} LUFS asked for"
            self.remarks.append(f"its loudness is {reached}, {asked}: {self._because}")


def _room_db(ceiling_dbtp: float, settings: ExportSettings) -> float:
    """How high a peak may be before it is quantised, in dBTP."""
    lossless = any(get_format(name).lossless for name in settings.formats)
    error = _QUANTISED[settings.bit_depth] if lossless else 0.0
    return ceiling_dbtp + 20.0 * math.log10(1.0 - error / 10.0 ** (ceiling_dbtp / 20.0))


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
