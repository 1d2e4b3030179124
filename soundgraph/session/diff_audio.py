"""How two versions of an export compare to the ear: what is left of their difference, and how much louder one is."""

from __future__ import annotations

from dataclasses import dataclass

from soundgraph.audio.artifact import Audio
from soundgraph.audio.dsp.residual import residual_db
from soundgraph.delivery import mastering
from soundgraph.delivery.export_files import Job


@dataclass(frozen=True)
class SoundDifference:
    """The new version next to the old one, both as they are delivered, before they are encoded."""

    residual_db: float | None
    """The level of their difference under that of the old one; -inf for equal samples, None where that is silent."""
    loudness_lu: float | None
    """By how much the integrated loudness went up; None where one of them has none."""
    true_peak_db: float | None
    """By how much the true peak went up; None where one of them has none."""
    duration_s: float
    """By how much it got longer."""


def sound_difference(old: tuple[Audio, Job], new: tuple[Audio, Job]) -> SoundDifference:
    """Each version is the sound of a node, and the export that delivers it.

    Compared is what is delivered, not the sound of the node: an export that is brought to a loudness is as loud as
    before, whatever its node does. Raises NodeError if one of them cannot be delivered.
    """
    before, after = (
        mastering.master(sound, job.export.settings, job.scene.settings.sample_rate) for sound, job in (old, new)
    )
    then, now = before.report, after.report
    return SoundDifference(
        residual_db(before.audio, after.audio),
        _rise(then.loudness_lufs, now.loudness_lufs),
        _rise(then.true_peak_dbtp, now.true_peak_dbtp),
        after.audio.duration - before.audio.duration,
    )


def _rise(old: float | None, new: float | None) -> float | None:
    return None if old is None or new is None else new - old
