"""Which of the packages that MusicGen and AudioGen need are not installed, and the line that installs them.

Nothing is imported to find out: a plan asks this, and a plan never waits for torch.
"""

from __future__ import annotations

import shlex
import sys
from importlib.util import find_spec

_NEEDED = ("torch", "einops", "julius", "omegaconf", "transformers", "sentencepiece", "huggingface_hub")
"""What the extra `audiocraft` brings. numpy and soundfile, which audiocraft imports too, are soundgraph's own."""

# By this interpreter's pip, which finds soundgraph installed: any other would fetch the `soundgraph` of PyPI, which is
# another program by other people.
PIP = shlex.join([sys.executable or "python", "-m", "pip", "install"])
_AUDIOCRAFT = f"{PIP} --no-deps audiocraft==1.3.0"
INSTALL = f"{PIP} 'soundgraph[audiocraft]' && {_AUDIOCRAFT}"
_MELODY = ("torchaudio", "librosa", "demucs")
INSTALL_MELODY = f"{PIP} 'soundgraph[melody]'"


def missing_packages() -> str:
    """The line that says what is not installed and what to type; "" when everything is there.

    Packages that are there and cannot be loaded are found by `compat.prepare`, which loads them.
    """
    absent = [name for name in _NEEDED if not _is_there(name)]
    if not _is_there("audiocraft"):
        if absent:
            return f"AudioCraft is not installed: {INSTALL}"
        return f"AudioCraft is not installed: {_AUDIOCRAFT}"
    if absent:
        return f"AudioCraft cannot run without {', '.join(absent)}: {PIP} 'soundgraph[audiocraft]'"
    return ""


def missing_for_melody() -> str:
    """The same for what only melody models need."""
    absent = [name for name in _MELODY if not _is_there(name)]
    return f"melody models cannot run without {', '.join(absent)}: {INSTALL_MELODY}" if absent else ""


def broken(package: str, error: Exception) -> str:
    """The line that says why a package that is installed cannot be imported."""
    while error.__cause__ is not None and isinstance(error.__cause__, Exception):
        error = error.__cause__  # transformers only says which of its own names could not be imported
    lines = str(error).strip().splitlines() or [repr(error)]
    line = f"{package} is installed, and cannot be imported: {lines[0]}"
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"{line}: pip install {error.name.partition('.')[0]}"
    return line


def _is_there(name: str) -> bool:
    # `None` is how a test, or a user, says that a package shall not be found; find_spec raises ValueError for it.
    if name in sys.modules:
        return sys.modules[name] is not None
    return find_spec(name) is not None
