"""Unloading gives the memory back, that of the text encoder, which audiocraft hides, included."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from . import tiny

_CYCLES = """
import gc, json, sys, weakref
sys.path.insert(0, {tests!r})
from pathlib import Path
import torch
from tests.backends.audiocraft import tiny
from soundgraph.backends.audiocraft import checkpoint, compat

def resident():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6

def load(folder):
    return checkpoint.load(tiny.files(folder), tiny.model(folder), "cpu", torch.float32)

torch.set_num_threads(1)
compat.prepare()
# What imports and the first use of torch's kernels leave behind is not the model's; it comes once, with a small one.
small = load(Path({small!r}))
conditioner = small.lm.condition_provider.conditioners["description"]
with torch.inference_mode():
    conditioner(conditioner.tokenize(["rain on a roof"]))
del conditioner
checkpoint.free(small)
baseline, loads, frees, alive = resident(), [], [], []
for cycle in range(4):
    loaded = load(Path({folder!r}))
    conditioner = loaded.lm.condition_provider.conditioners["description"]
    parts = [loaded.lm, loaded.codec, conditioner.t5, conditioner.t5.shared.weight, loaded.lm.emb[0].weight]
    refs = [weakref.ref(part) for part in parts]
    with torch.inference_mode():  # transformers maps the encoder's file, and reads it as it is used
        conditioner(conditioner.tokenize(["rain on a roof"]))
    del parts, conditioner
    loads.append(resident() - baseline)
    checkpoint.free(loaded)
    frees.append(resident() - baseline)
    alive.append([ref() is not None for ref in refs])
    checkpoint.free(loaded)  # once more is no error
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
print(json.dumps([loads, frees, alive, int(peak) * 1.024e-3 - baseline]))
"""


def test_resident_memory_returns_to_where_it_was_however_often(tmp_path: Path):
    folder = tiny.make_musicgen(tmp_path / "musicgen", description=tiny.t5(), dim=512, num_layers=4)
    tiny.make_t5(folder / tiny.T5_NAME, d_ff=24000)  # 100 MB
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.suffix in (".bin", ".safetensors")]
    size = sum(sizes) / 1e6
    assert size > 150
    small = tiny.make_musicgen(tmp_path / "small", description=tiny.t5())
    code = _CYCLES.format(tests=str(Path(__file__).parents[2]), folder=str(folder), small=str(small))
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loads, frees, alive, peak = json.loads(done.stdout)
    assert not any(any(refs) for refs in alive)
    assert min(loads) > 0.9 * size  # it was there
    assert max(frees) < 0.1 * size
    assert max(frees[1:]) - frees[0] < 0.03 * size
    # No second copy of anything; pages of the mapped files count in this as well, though the system may drop them.
    assert peak < 1.5 * size


_INT8 = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
import torch
from tests.backends.audiocraft import tiny
from soundgraph.backends.audiocraft import compat
from soundgraph.backends.audiocraft.generator import AudioCraftGenerator

def private():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("RssAnon")).split()[1]) * 1024

compat.prepare()
folder = Path({folder!r})
before = private()
loaded = AudioCraftGenerator(tiny.files(folder), tiny.model(folder), "cpu", "int8")
print(private() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux how much memory is taken")
def test_in_int8_the_weights_in_float32_are_gone_once_it_is_loaded(tmp_path: Path):
    folder = tiny.make_musicgen(tmp_path / "musicgen", dim=512, num_layers=6)
    size = (folder / "state_dict.bin").stat().st_size
    assert size > 75e6
    code = _INT8.format(tests=str(Path(__file__).parents[2]), folder=str(folder))
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 0.6 * size  # a quarter, and what the first use of torch's kernels leaves behind
