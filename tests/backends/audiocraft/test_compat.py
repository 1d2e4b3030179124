"""Importing audiocraft beside packages that are not installed."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from soundgraph.backends.audiocraft import compat, installed
from soundgraph.core.errors import NodeError

STOOD_IN = ["torchaudio", "librosa", "spacy", "num2words", "av", "flashy"]


def run(code: str, path: Path | None = None) -> str:
    """What a fresh Python prints. path: a folder whose packages it finds first."""
    if path is not None:
        code = f"import sys; sys.path.insert(0, {str(path)!r})\n{code}"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_audiocraft_is_imported_and_no_stand_in_is_left_but_xformers(tmp_path: Path):
    # One process for much, since importing torch and audiocraft takes seconds.
    # A torchaudio that is installed and does not load, as its CUDA build beside a torch for CPUs; a package that loads.
    (tmp_path / "torchaudio").mkdir()
    (tmp_path / "torchaudio" / "__init__.py").write_text(
        "import torchaudio.lib\nraise OSError('libc10_cuda.so: cannot open shared object file')"
    )
    (tmp_path / "torchaudio" / "lib.py").write_text("")
    (tmp_path / "num2words.py").write_text("def num2words(number): return 'seven'")
    printed = run(
        f"""
import sys
from importlib.util import find_spec
from soundgraph.backends.audiocraft import compat
compat.prepare()
compat.prepare()
left = [name for name in sys.modules if name.partition(".")[0] in {STOOD_IN!r} or name.startswith("audiocraft.solvers")]
print(left)
from audiocraft.modules import conditioners, chroma
from audiocraft.data import audio
print(conditioners.num2words(7))
for use in (lambda: chroma.torchaudio.transforms, lambda: chroma.filters.chroma(), lambda: audio.av.open("x")):
    try:
        use()
    except Exception as error:
        print(type(error).__name__, error)
from transformers.utils import is_librosa_available, is_torchaudio_available
print(is_librosa_available(), find_spec("xformers") is not None, find_spec("xformers.ops") is not None)
import audiocraft.models
print(audiocraft.models.MusicGen.__name__)
""",
        tmp_path,
    )
    assert printed.splitlines() == [
        "['num2words']",
        "seven",
        "NodeError this model needs torchaudio.transforms, and torchaudio is not installed, or does not load: "
        "pip install torchaudio",
        "NodeError this model needs librosa.filters.chroma, and librosa is not installed, or does not load: "
        "pip install librosa",
        "NodeError this model needs av.open, and av is not installed, or does not load: pip install av",
        "False True True",
        "MusicGen",
    ]


def test_asking_what_is_missing_imports_nothing_heavy():
    printed = run(
        "import sys\nfrom soundgraph.backends.audiocraft import installed\nprint(repr(installed.missing_packages()))\n"
        "print([n for n in ('torch', 'transformers', 'audiocraft', 'omegaconf', 'numpy') if n in sys.modules])"
    )
    assert printed.splitlines() == ["''", "[]"]


@pytest.mark.parametrize(
    ("absent", "line"),
    [
        (
            ["torch", "audiocraft"],
            "AudioCraft is not installed: "
            f"{installed.PIP} 'soundgraph[audiocraft]' && {installed.PIP} --no-deps audiocraft==1.3.0",
        ),
        (["audiocraft"], f"AudioCraft is not installed: {installed.PIP} --no-deps audiocraft==1.3.0"),
        (
            ["julius", "omegaconf"],
            f"AudioCraft cannot run without julius, omegaconf: {installed.PIP} 'soundgraph[audiocraft]'",
        ),
    ],
)
def test_the_line_to_type_is_the_one_that_is_missing(absent: list[str], line: str, monkeypatch: pytest.MonkeyPatch):
    for name in absent:
        monkeypatch.setitem(sys.modules, name, None)
    assert installed.missing_packages() == line
    monkeypatch.delitem(sys.modules, "audiocraft.models.loaders", raising=False)
    with pytest.raises(NodeError) as caught:
        compat.prepare()
    assert str(caught.value) == line


def test_what_to_type_is_for_the_pip_that_finds_this_soundgraph():
    assert installed.INSTALL.startswith(shlex.join([sys.executable, "-m", "pip", "install"]))


def test_melody_models_name_what_they_miss(monkeypatch: pytest.MonkeyPatch):
    for name in ("torchaudio", "librosa", "demucs"):
        monkeypatch.setitem(sys.modules, name, None)
    assert installed.missing_for_melody() == (
        f"melody models cannot run without torchaudio, librosa, demucs: {installed.PIP} 'soundgraph[melody]'"
    )


def test_a_stand_in_looks_like_a_module_to_those_who_only_look():
    module = compat._stand_in("flashy", "a line")
    assert module.__spec__ is not None
    assert not hasattr(module, "__file__")
    with pytest.raises(NodeError, match=r"flashy\.distrib"):
        module.distrib  # noqa: B018


class TestAttention:
    """Against the definition: softmax(q kᵀ / √d + bias) v."""

    @staticmethod
    def expected(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        scores = torch.einsum("bthd,bshd->bhts", q, k) / q.shape[-1] ** 0.5 + bias
        return torch.einsum("bhts,bshd->bthd", scores.softmax(-1), v)

    @pytest.mark.parametrize("kind", ["none", "causal", "bias"])
    def test_is_what_it_is_defined_as(self, kind: str):
        generator = torch.Generator().manual_seed(0)
        q, k, v = (torch.randn(2, 7, 3, 8, generator=generator, dtype=torch.float64) for _ in range(3))
        near = torch.arange(7)[:, None] - torch.arange(7)[None, :]
        biases = {
            "none": (None, torch.zeros(7, 7)),
            "causal": (compat.LowerTriangularMask(), torch.where(near >= 0, 0.0, -torch.inf)),
            "bias": (torch.where(near.abs() <= 2, 0.0, -torch.inf).double().expand(2, 3, 7, 7),) * 2,
        }
        given, bias = biases[kind]
        result = compat.memory_efficient_attention(q, k, v, given)
        torch.testing.assert_close(result, self.expected(q, k, v, bias), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("package", "content", "line"),
    [
        ("torch", "raise OSError('libcudart.so.12: no such file')", "torch {broken}: libcudart.so.12: no such file"),
        ("torch", "_C", "torch {broken}: name '_C' is not defined"),
        ("transformers", "import gone", "AudioCraft {broken}: No module named 'gone': pip install gone"),
        ("safetensors", "import gone.within", "AudioCraft {broken}: No module named 'gone': pip install gone"),
    ],
)
def test_what_is_installed_and_broken_is_told_in_a_line(package: str, content: str, line: str, tmp_path: Path):
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text(content)
    # The files are looked for when all that reads them is there.
    printed = run(
        """
from soundgraph import backends
from soundgraph.backends.audiocraft import BACKEND, weights
from soundgraph.core.errors import NodeError
from pathlib import Path
weights.locate = lambda model, sources: weights.WeightFiles(Path("lm"), Path("codec"))
model = BACKEND.find("facebook/musicgen-small")
try:
    BACKEND.load(model, backends.Sources(), "cpu", None)
except NodeError as error:
    print(error)
""",
        tmp_path,
    )
    assert printed.splitlines() == [line.format(broken="is installed, and cannot be imported")]
