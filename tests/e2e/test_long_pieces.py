"""Long pieces: minutes made window by window are even, without seams, and take no more memory than their samples.

The draft backend makes three minutes to a schedule of prompts. The real code of audiocraft makes as much, in windows of
30 s, on a checkpoint that is tiny and knows nothing: what it makes is a texture, but every step on the way is there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from soundgraph.audio.artifact import Audio, from_wav, make
from soundgraph.audio.dsp.drift import drift_lu
from soundgraph.audio.dsp.levelling import evened
from soundgraph.audio.dsp.seam import AUDIBLE, seam_ratio
from soundgraph.backends import Request
from soundgraph.backends.audiocraft.params import AudioCraftParams
from soundgraph.backends.audiocraft.pieces import Clock, lay_out
from soundgraph.cache.result_record import Record
from tests.helpers import Space, export, generate, node

SECONDS = 180
PROMPTS = ["calm piano", "soft strings", "slow drums", "full orchestra with drums", "quiet harp", "piano and strings"]
CHANGES = [round(SECONDS * index / len(PROMPTS)) for index in range(len(PROMPTS))]
SCHEDULE = [{"at": at, "text": text} for at, text in zip(CHANGES, PROMPTS, strict=True)]

CODEC_WINDOW_S = 5
"""How much is decoded at once: `codec.WINDOW_S` of the audiocraft backend, which is not to be had without torch."""


def cue(model: str) -> str:
    return (
        node("theme", "generate", model=model, duration=float(SECONDS), prompts=SCHEDULE)
        + node("even", "level", input="theme")
        + export("cue", "even")
    )


def sounds(space: Space) -> dict[str, Audio]:
    """What each node came to, by its name."""
    records = [Record.from_json(path.read_bytes()) for path in (space.cache / "records").rglob("*.json")]
    blobs = {path.stem: path for path in (space.cache / "blobs").rglob("*.wav")}
    return {
        str(record.made["node"]).rpartition(":")[2]: from_wav(blobs[record.digest].read_bytes())
        for record in records
        if record is not None
    }


@pytest.fixture(scope="module")
def draft(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Audio]:
    """Three minutes by the draft backend."""
    space = Space(tmp_path_factory.mktemp("draft"))
    space.scene(cue("draft/music"))
    assert space.build().code == 0
    return sounds(space)


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Space]:
    """Makes projects with a tiny checkpoint: by "make_musicgen" or "make_audiogen", in windows of so many seconds."""
    if find_spec("audiocraft") is None:
        pytest.skip("audiocraft is not installed")
    import torch

    from tests.backends.audiocraft import tiny

    def project(name: str, seconds: float) -> Space:
        torch.set_num_threads(1)
        space = Space(tmp_path_factory.mktemp(name))
        getattr(tiny, name)(space.root / "weights" / "tiny", seconds=seconds, num_layers=1)
        space.write("soundgraph.toml", '[models]\nmusic = "./weights/tiny"\naudio = "./weights/tiny"\n')
        return space

    return project


@pytest.fixture(scope="module")
def real(checkpoints: Callable[..., Space]) -> dict[str, Audio]:
    """Three minutes by MusicGen's own code, in windows of 30 s."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOUNDGRAPH_THREADS", "1")
        space = checkpoints("make_musicgen", 30)
        space.scene(cue("music"))
        found = space.build()
    assert (found.code, found.loads) == (0, 1)
    return sounds(space)


def window_joins() -> list[float]:
    """Seconds at which one window of MusicGen ends and the next goes on."""
    schedule = tuple((float(step["at"]), str(step["text"])) for step in SCHEDULE)
    request = Request(schedule, float(SECONDS), 0, AudioCraftParams())
    clock = Clock(32000, 640, 1, 1500)
    return [clock.hop * window.end / clock.sample_rate for window in lay_out(request, "music", clock).windows[:-1]]


# Seams


def shows(audio: Audio, joins: list[float]) -> bool:
    """Whether a sound is rougher at its joins (in seconds) than elsewhere.

    Rough is the largest second difference |x[k-1] - 2·x[k] + x[k+1]| in 4 ms. Joins without a seam are places like any
    other: none is rougher than the roughest of all others, and their ranks among those are spread evenly (the test of
    Kolmogorov and Smirnov, at 1 %).
    """
    width = audio.sample_rate // 250
    second = np.abs(np.diff(audio.samples.astype(np.float64), 2, axis=1)).max(axis=0)
    centres = np.round(np.array(joins) * audio.sample_rate).astype(int) - 1
    here = np.sort([second[centre - width // 2 : centre + width // 2].max() for centre in centres])
    for centre in centres:
        second[centre - width // 2 : centre + width // 2] = 0
    elsewhere = np.sort(second[: second.size // width * width].reshape(-1, width).max(axis=1))
    if here[-1] > elsewhere[-1]:
        return True
    ranks = np.searchsorted(elsewhere, here) / elsewhere.size
    steps = np.arange(ranks.size + 1) / ranks.size
    return bool(max(np.abs(ranks - steps[:-1]).max(), np.abs(ranks - steps[1:]).max()) > 1.63 / np.sqrt(ranks.size))


def test_drafts_have_no_seam_where_the_prompt_changes(draft: dict[str, Audio]) -> None:
    assert not shows(draft["theme"], [float(at) for at in CHANGES[1:]])
    assert not shows(draft["even"], [float(at) for at in CHANGES[1:]])


def test_windows_of_the_model_leave_no_seam(real: dict[str, Audio]) -> None:
    assert len(window_joins()) >= 9
    for name in ("theme", "even"):
        assert not shows(real[name], window_joins())


def test_windows_of_the_codec_leave_no_seam(real: dict[str, Audio]) -> None:
    joins = [float(at) for at in range(CODEC_WINDOW_S, SECONDS, CODEC_WINDOW_S)]
    assert not shows(real["theme"], joins)


@pytest.mark.parametrize("flaw", ["a click", "a jump", "a gap"])
def test_a_seam_would_be_seen(real: dict[str, Audio], flaw: str) -> None:
    """A check of the check: flaws put in at the joins are found."""
    samples = real["theme"].samples.copy()
    peak = np.abs(samples).max()
    for join in window_joins():
        place = round(join * real["theme"].sample_rate)
        if flaw == "a click":
            samples[:, place] += peak
        elif flaw == "a jump":  # a large one: in noise as this is, a smaller one is like any sample
            samples[:, place : place + 3200] += 3 * peak * np.linspace(1, 0, 3200)
        else:
            samples[:, place - 40 : place + 40] = 0
    assert shows(make(samples, real["theme"].sample_rate), window_joins())


# Drift


def test_a_draft_to_a_schedule_drifts_and_is_within_1_lu_once_it_is_levelled(draft: dict[str, Audio]) -> None:
    before, after = drift_lu(draft["theme"]), drift_lu(draft["even"])
    assert before is not None
    assert after is not None
    assert before > 3
    assert after < 1


def test_what_the_model_makes_is_within_1_lu_once_it_is_levelled(real: dict[str, Audio]) -> None:
    after = drift_lu(real["even"])
    assert after is not None
    assert after < 1


def test_a_model_that_drifted_would_be_levelled_as_well(real: dict[str, Audio]) -> None:
    theme = real["theme"]
    drifting = make(theme.samples * 10 ** (np.linspace(-5, 5, theme.n_samples) / 20), theme.sample_rate)
    before, after = drift_lu(drifting), drift_lu(make(evened(drifting, 10.0, 12.0), theme.sample_rate))
    assert before is not None
    assert after is not None
    assert before > 8
    assert after < 1


def test_three_minutes_are_three_minutes(draft: dict[str, Audio], real: dict[str, Audio]) -> None:
    for made in (draft, real):
        assert made["theme"].n_samples == made["even"].n_samples == SECONDS * 32000


# Memory

MEASURE = """
import sys
sys.path.insert(0, {root!r})
import torch
torch.set_num_threads(1)
from pathlib import Path
from soundgraph.backends import Request
from soundgraph.backends.audiocraft.generator import AudioCraftGenerator
from soundgraph.backends.audiocraft.params import AudioCraftParams
from tests.backends.audiocraft import tiny

folder = Path({folder!r})
loaded = AudioCraftGenerator(tiny.files(folder), tiny.model(folder), "cpu", None)
for seconds in (15.0, 15.0, 45.0):  # the first one settles what the allocator keeps
    Path("/proc/self/clear_refs").write_text("5")  # forgets the highest mark so far
    request = Request(((0.0, "rain"),), seconds, 0, AudioCraftParams())
    (made,) = loaded.generate([request], lambda index, seconds: None)
    assert made.audio.n_samples == round(seconds * 32000)
    del made
    (peak,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    print(int(peak.split()[1]) / 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peaks of memory are measured by Linux")
def test_three_times_as_long_takes_no_more_memory_than_its_samples(checkpoints: Callable[..., Space]) -> None:
    """In windows of 2 s, so that a third of the piece is a dozen of them. Peaks are those of a process of its own."""
    space = checkpoints("make_musicgen", 2)
    script = MEASURE.format(root=str(Path(__file__).parents[2]), folder=str(space.root / "weights" / "tiny"))
    environment = {**os.environ, "SOUNDGRAPH_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "ignore", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 0, done.stderr
    _, third, whole = map(float, done.stdout.split())
    samples_mb = 30 * 32000 * 4 / 2**20
    # The take, a copy while it is checked, and some pages more or less; decoding all at once would take 130 MB.
    assert whole - third < 2 * samples_mb + 16, done.stdout


# Loops


def looped(model: str, seconds: float) -> str:
    return (
        generate("bed", "steady rain on leaves", model, seconds)
        + node("loop", "loop", input="bed", duration=60.0)
        + export("loop", "loop", format="wav")
    )


def test_an_endless_ambience_becomes_a_loop_of_a_minute(space: Space) -> None:
    space.scene(looped("draft/audio", 75.0))
    assert space.build().code == 0
    check_loop(sounds(space))


def test_an_ambience_of_many_windows_becomes_a_loop_of_a_minute(
    checkpoints: Callable[..., Space], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOUNDGRAPH_THREADS", "1")
    space = checkpoints("make_audiogen", 10)
    space.scene(looped("audio", 66.0))
    assert space.build().code == 0
    check_loop(sounds(space))


def check_loop(made: dict[str, Audio]) -> None:
    assert made["loop"].n_samples == 60 * made["bed"].sample_rate
    ratio = seam_ratio(made["loop"])
    assert ratio is not None
    assert ratio < AUDIBLE
    drift = drift_lu(made["loop"])
    assert drift is not None
    assert drift < 1
