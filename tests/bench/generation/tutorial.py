"""Several sounds with audiocraft, as its tutorial makes them: one model, one prompt after another, one file each.

    python -m tests.bench.generation.tutorial FAMILY CHECKPOINT SECONDS FOLDER

The tutorial's `audio_write` wants ffmpeg, and torchaudio for the loudness; a plain 16-bit file is written instead,
which costs less.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench.generation.sizes import PROMPTS


def main(argv: list[str]) -> int:
    family, checkpoint, seconds, folder = argv
    import soundfile

    from soundgraph.backends.audiocraft import compat

    compat.prepare()
    from audiocraft.models import AudioGen, MusicGen

    model = (MusicGen if family == "music" else AudioGen).get_pretrained(checkpoint)
    for index, prompt in enumerate(PROMPTS):
        model.set_generation_params(duration=float(seconds))
        wav = model.generate([prompt])
        soundfile.write(Path(folder) / f"sound{index}.wav", wav[0].cpu().numpy().T, model.sample_rate, "PCM_16")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
