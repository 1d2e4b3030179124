"""Files that libsndfile writes."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from soundgraph.core.errors import NodeError

# libvorbis keeps what one write hands over on the stack: some minutes in one go end the process.
_CHUNK = 1 << 14


def encoded(samples: npt.NDArray[Any], sample_rate: int, name: str, **kind: Any) -> bytes:
    """The whole file.

    samples: shaped (n, channels). name: of the format, for whoever reads the error. kind: the format, as
    `soundfile.SoundFile` takes it.
    Raises NodeError for what libsndfile does not write.
    """
    memory = io.BytesIO()
    try:
        with soundfile.SoundFile(memory, "w", sample_rate, samples.shape[1], **kind) as file:
            for start in range(0, len(samples), _CHUNK):
                file.write(samples[start : start + _CHUNK])
    except soundfile.LibsndfileError as error:
        raise NodeError(f"{name} cannot be written: {error.error_string}") from error
    return memory.getvalue()


def silence(n_samples: int) -> npt.NDArray[np.float32]:
    """One channel of nothing, for a file that is only written to see what its library says of itself."""
    return np.zeros((n_samples, 1), np.float32)


def version() -> str:
    return f"libsndfile {soundfile.__libsndfile_version__}"
