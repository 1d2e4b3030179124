"""WAV: whole samples, 16 or 24 bits or float, uncompressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soundgraph.audio.formats import Encoding, Format

if TYPE_CHECKING:
    from soundgraph.audio.artifact import Audio


def encode(audio: Audio, encoding: Encoding) -> bytes:
    from soundgraph.audio.containers import riff

    marks = encoding.marks
    data = _without_marks(audio, encoding, marks.loop[0] if marks.guard and marks.loop else None)
    if marks:
        data = riff.marked(data, marks, audio.sample_rate)
    riff.check_size(len(data))
    return data


def _without_marks(audio: Audio, encoding: Encoding, again: int | None) -> bytes:
    """again: the frame that is written once more at the end, as it was quantised; None for none."""
    bit_depth = encoding.bit_depth
    if bit_depth == 32 and audio.channels <= 2:
        return (audio if again is None else _with_again(audio, again)).to_wav()
    import numpy as np

    from soundgraph.audio.containers import riff
    from soundgraph.audio.dsp import layouts
    from soundgraph.audio.dsp.dither import to_pcm16, to_pcm24

    # Written here rather than by libsndfile: a build that delivers WAV only is spared its import.
    if bit_depth == 32:
        body = np.ascontiguousarray(audio.samples.T, dtype="<f4").tobytes()
    elif bit_depth == 16:
        body = np.ascontiguousarray(to_pcm16(audio.samples, encoding.seed_for(audio)).T, dtype="<i2").tobytes()
    else:
        words = np.ascontiguousarray(to_pcm24(audio.samples).T, dtype="<i4")
        body = words.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    if again is not None:
        frame_bytes = audio.channels * bit_depth // 8
        body += body[again * frame_bytes : (again + 1) * frame_bytes]
    speakers = layouts.mask(audio.channels) if audio.channels > 2 else None
    return riff.wave(body, audio.channels, audio.sample_rate, bit_depth, speakers)


def _with_again(audio: Audio, frame: int) -> Audio:
    import numpy as np

    from soundgraph.audio.artifact import make

    return make(np.concatenate((audio.samples, audio.samples[:, frame : frame + 1]), axis=1), audio.sample_rate)


FORMAT = Format(version=1, encode=encode, media_type="audio/wav", bit_depths=(16, 24, 32), holds_guard_frame=True)
