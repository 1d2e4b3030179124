"""How two versions of an export compare to the ear: what is left of their difference, and how much louder one is."""

from __future__ import annotations

from dataclasses import dataclass

from soundgraph.audio.artifact import Audio
from soundgraph.audio.dsp.residual import residual_db
from soundgraph.delivery import mastering
from soundgraph.delivery.export_files import Job


@dataclass(frozen=True)
class Heard:
    """The new version next to the old one, both as they are delivered, before they are encoded.

    residual_db: the level of their difference under that of the old one; -inf for equal samples, None where the old one
    is silent. loudness_lu, true_peak_db: by how much integrated loudness and true peak went up; None where one of them
    has none. duration_s: by how much it got longer.
    """

    residual_db: float | None
    loudness_lu: float | None
    true_peak_db: float | None
    duration_s: float


def heard(old: tuple[Audio, Job], new: tuple[Audio, Job]) -> Heard:
    """Each version is the sound of a node, and the export that delivers it.

    Compared is what is delivered, not the sound of the node: an export that is brought to a loudness is as loud as
    before, whatever its node does. Raises NodeError if one of them cannot be delivered.
    """
    before, after = (
        mastering.master(sound, job.export.settings, job.scene.settings.sample_rate) for sound, job in (old, new)
    )
    one, other = before.report, after.report
    return Heard(
        residual_db(before.audio, after.audio),
        _rise(one.loudness_lufs, other.loudness_lufs),
        _rise(one.true_peak_dbtp, other.true_peak_dbtp),
        after.audio.duration - before.audio.duration,
    )


def _rise(old: float | None, new: float | None) -> float | None:
    return None if old is None or new is None else new - old
