from __future__ import annotations

import shutil
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from soundgraph.audio import artifact
from soundgraph.audio.artifact import Audio
from soundgraph.backends import Made, Model, OutOfMemoryError, Precision, Refused, Request, Sources
from soundgraph.backends.audiocraft import checkpoint, codec, engines, weights
from soundgraph.backends.audiocraft.generator import AudioCraftGenerator
from soundgraph.backends.audiocraft.params import AudioCraftParams
from soundgraph.backends.audiocraft.takes import OpenTake, next_batch
from soundgraph.core.errors import NodeError

from . import tiny


@pytest.fixture(autouse=True, scope="module")
def one_thread_for_generators() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOUNDGRAPH_THREADS", "1")
        yield


@pytest.fixture(scope="module")
def short(checkpoints: Path) -> Path:
    """A MusicGen whose windows have 2 s, so that a long piece is short."""
    return tiny.make_musicgen(checkpoints / "musicgen_2s", seconds=2, num_layers=1)


@pytest.fixture(scope="module")
def ready(one_thread_for_generators: None, short: Path) -> AudioCraftGenerator:
    """It, loaded; for tests that change nothing of it."""
    return load(short)


@pytest.fixture(scope="module")
def long(one_thread_for_generators: None, checkpoints: Path) -> AudioCraftGenerator:
    """One with windows of 30 s."""
    return load(tiny.make_musicgen(checkpoints / "musicgen_30s", num_layers=1))


@pytest.fixture(scope="module")
def short_magnet(checkpoints: Path) -> Path:
    return tiny.make_magnet(checkpoints / "magnet_2s", seconds=2)


def copied(folder: Path, into: Path) -> Path:
    """A checkpoint that a test may change."""
    return Path(shutil.copytree(folder, into / folder.name))


def load(folder: Path, precision: Precision | None = None, width: int | None = None) -> AudioCraftGenerator:
    return AudioCraftGenerator(tiny.files(folder), model_of(folder), "cpu", precision, width)


def model_of(folder: Path) -> Model:
    return replace(tiny.model(folder), id=f"./{folder.name}")


def stock_of(folder: Path) -> checkpoint.Loaded:
    return checkpoint.load(tiny.files(folder), tiny.model(folder), "cpu", torch.float32)


def ask(duration: float, text: str = "rain", seed: int = 0, **more: Any) -> Request:
    own = {name: more.pop(name) for name in AudioCraftParams.model_fields if name in more}
    params = AudioCraftParams().model_copy(update=own)  # not checked: tests ask for what no scene may
    return Request(more.pop("prompts", ((0.0, text),)), duration, seed, params, **more)


def silent(index: int, seconds: float) -> None:
    pass


def make(loaded: AudioCraftGenerator, *requests: Request) -> list[Made]:
    """The takes, in the order of the requests."""
    results = sorted(loaded.generate(requests, silent), key=lambda made: made.index)
    assert all(isinstance(made, Made) for made in results), results
    assert [made.index for made in results] == list(range(len(requests)))
    return results  # type: ignore[return-value]


def refusal(loaded: AudioCraftGenerator, request: Request) -> str:
    (result,) = loaded.generate([request], silent)
    assert isinstance(result, Refused)
    return result.reason


def noise_sound(seconds: float, rate: int = 32000, channels: int = 1) -> Audio:
    """Pink enough not to be all treble."""
    n = artifact.n_samples(seconds, rate)
    white = np.random.default_rng(5).normal(0, 0.02, (channels, n))
    return artifact.make(np.cumsum(white, axis=1) * 0.05 + white, rate)


def tone(hz: float) -> Audio:
    return artifact.make(0.3 * np.sin(2 * np.pi * hz * np.arange(32000) / 32000), 32000)


# Length


@pytest.mark.parametrize("seconds", [2.3, 0.02, 0.005, 0.00001, 31.7])
def test_a_take_has_exactly_the_samples_asked_for(long: AudioCraftGenerator, seconds: float) -> None:
    (made,) = make(long, ask(seconds))

    assert made.audio.samples.shape == (1, artifact.n_samples(seconds, 32000))
    assert made.audio.sample_rate == 32000
    if seconds > 0.01:
        assert made.audio.samples.std() > 0.01


def test_an_effect_longer_than_a_window_has_them_too(audiogen: Path) -> None:
    (made,) = make(load(audiogen), ask(12.345))

    assert made.audio.samples.shape == (1, 197520)
    assert made.facts["windows"] == 2


# The same alone, in any batch, in any order

MIXED = (
    ask(1.0, "a"),
    ask(0.3, "the sound of a large door that falls shut in an empty hall", 1, temperature=1.5),
    ask(3.0, "rain", 2, top_k=3),
    ask(1.0, "a", 7, cfg_coef=0.0),
    ask(0.02, "wind and rain", 2**63 - 1, top_p=0.9),
    ask(2.6, "x", 3, prompts=((0.0, "dawn"), (0.8, "noon"), (2.3, "dusk"))),
    ask(1.2, "rain", 4, continue_from=noise_sound(0.5)),
)


@pytest.mark.parametrize("precision", ["float32", "int8", "bfloat16"])
def test_a_take_is_the_same_alone_in_a_batch_and_in_another_order(checkpoints: Path, precision: Precision) -> None:
    folder = tiny.make_musicgen(checkpoints / "musicgen_2s_t5", seconds=2, description=tiny.t5())
    loaded = load(folder, precision, width=4)
    alone = [make(loaded, request)[0].audio.digest for request in MIXED]
    together = [made.audio.digest for made in make(loaded, *MIXED)]
    order = [3, 6, 0, 5, 2, 4, 1]
    shuffled = [made.audio.digest for made in make(loaded, *(MIXED[index] for index in order))]

    assert together == alone
    assert shuffled == [alone[index] for index in order]
    assert len(set(alone)) == len(MIXED)


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_the_number_of_threads_shows_nowhere(
    short: Path, monkeypatch: pytest.MonkeyPatch, precision: Precision
) -> None:
    monkeypatch.setattr(codec, "WINDOW_S", 1.0)
    requests = [ask(2.5, seed=1), ask(0.3, "wind")]
    one = [made.audio.digest for made in make(load(short, precision), *requests)]
    monkeypatch.setenv("SOUNDGRAPH_THREADS", "2")
    try:
        loaded = load(short, precision)
        assert torch.get_num_threads() == 2
        assert [made.audio.digest for made in make(loaded, *requests)] == one
    finally:
        torch.set_num_threads(1)


def test_many_requests_are_all_answered_though_few_are_ready_at_a_time(short: Path) -> None:
    loaded = load(short, width=2)
    requests = [ask(0.1 + 0.1 * (seed % 3), seed=seed) for seed in range(21)]

    assert len({made.audio.digest for made in make(loaded, *requests)}) == 21


# Long pieces


def test_a_long_piece_is_what_stock_musicgen_makes(short: Path) -> None:
    """Greedily: then nothing is drawn. Its tokens decoded give these samples and no others."""
    (made,) = make(load(short), ask(5.0, top_k=1))

    stock = stock_of(short)
    from audiocraft.models import MusicGen

    theirs = MusicGen("tiny", stock.codec, stock.lm, max_duration=30)
    theirs.max_duration = 2  # its constructor refuses windows shorter than its default stride
    theirs.set_generation_params(use_sampling=False, duration=5.0, extend_stride=1.2)
    _, tokens = theirs.generate(["rain"], return_tokens=True)
    assert tokens.shape[-1] == 250
    assert np.array_equal(made.audio.samples, codec.decode(stock.codec, tokens[0], made.audio.n_samples))
    assert made.facts["windows"] == 4


def test_a_long_piece_of_three_prompts_follows_each_of_them(long: AudioCraftGenerator) -> None:
    prompts = ((0.0, "dawn"), (20.0, "noon"), (50.01, "dusk"))
    changed = ((0.0, "dawn"), (20.0, "noon"), (50.01, "night"))
    seen: list[float] = []
    requests = [ask(75.0, prompts=prompts), ask(75.0, prompts=changed)]

    results = sorted(
        long.generate(requests, lambda i, s: seen.append(s) if i == 0 else None), key=lambda made: made.index
    )
    first, second = (made.audio.samples[0] for made in results if isinstance(made, Made))

    assert first.shape == (75 * 32000,)
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0.0, 75.0)
    # The same up to the moment where what they are told differs (less what the codec sees ahead), and then no more.
    change = 50 * 32000
    assert np.array_equal(first[: change - 32000], second[: change - 32000])
    assert not np.array_equal(first[change + 32000 :], second[change + 32000 :])


def test_each_window_of_a_piece_draws_numbers_of_its_own(
    ready: AudioCraftGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise, drawn = engines.noise, []  # type: ignore[attr-defined]

    def spy(seed: int, window: int, n_steps: int, n_codebooks: int) -> Any:
        drawn.append((seed, window))
        return noise(seed, window, n_steps, n_codebooks)

    monkeypatch.setattr(engines, "noise", spy)
    make(ready, ask(4.0, seed=9))

    assert drawn == [(9, 0), (9, 1), (9, 2)]


class _Largest(TorchDispatchMode):
    """Knows the number of elements of the largest tensor that any operation gives."""

    numel = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, (tuple, list)) else (result,):
            if isinstance(tensor, torch.Tensor):
                self.numel = max(self.numel, tensor.numel())
        return result


def test_no_tensor_grows_with_the_length_of_a_piece(checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "WINDOW_S", 1.0)
    loaded = load(tiny.make_musicgen(checkpoints / "musicgen_1s", seconds=1, num_layers=1))
    sizes = []
    for seconds in (3.0, 6.0):
        with _Largest() as largest:
            make(loaded, ask(seconds, width=1))
        sizes.append(largest.numel)

    assert sizes[0] == sizes[1] < 6 * 32000


# Two channels


def test_a_stereo_model_makes_two_channels(stereo: Path) -> None:
    (made,) = make(load(stereo), ask(1.01))

    assert made.audio.samples.shape == (2, 32320)
    assert not np.array_equal(made.audio.samples[0], made.audio.samples[1])


# Melodies


@pytest.mark.usefixtures("melody_libraries")
def test_a_melody_is_followed_and_goes_on_through_a_long_piece(checkpoints: Path) -> None:
    loaded = load(tiny.make_melody(checkpoints / "melody_2s", seconds=2))
    # Of two pitches: demucs moves a sound by chance, which a steady tone would not show.
    low, high = tone(440.0), tone(660.0)
    tune = artifact.make(np.concatenate([low.samples, high.samples], axis=1), low.sample_rate)
    other = tone(660.0)
    requests = [ask(5.0, melody=tune), ask(5.0, melody=other), ask(5.0), ask(1.0, melody=noise_sound(1.0, 44100, 2))]

    made = make(loaded, *requests)

    assert [take.facts["path"] for take in made] == ["decoder"] * 4
    assert len({take.audio.digest for take in made}) == 4
    assert [take.audio.digest for take in make(loaded, *reversed(requests))] == [
        take.audio.digest for take in reversed(made)
    ]
    assert refusal(loaded, ask(1.0, melody=artifact.silence(0, 32000))) == "the melody has no samples"


# Continuation


@pytest.mark.parametrize("channels", [1, 2])
def test_a_continuation_keeps_the_given_sound_and_leaves_no_seam(short: Path, stereo: Path, channels: int) -> None:
    given = noise_sound(1.23, channels=channels)
    loaded = load(stereo if channels == 2 else short)

    (made,) = make(loaded, ask(3.0, seed=1, continue_from=given))

    samples, at = made.audio.samples, given.n_samples
    assert samples.shape == (channels, 96000)
    assert np.array_equal(samples[:, :at], given.samples)
    assert made.remarks == ()
    for channel in samples.astype(np.float64):
        change = np.abs(np.diff(channel, 2))
        given_part, made_part = change[: at - 2], change[at + 640 :]
        typical = max(np.quantile(given_part, 0.99), np.quantile(made_part, 0.99))
        assert change[at - 3 : at + 2].max() < 2 * typical


def test_a_melody_that_cannot_be_taken_out_of_its_sound_is_refused_and_the_rest_is_made(
    melody: Path, melody_libraries: None
) -> None:
    files = tiny.files(melody, stems=None)
    loaded = AudioCraftGenerator(files, model_of(melody), "cpu", None)
    requests = [ask(0.1, melody=tone(300.0)), ask(0.1)]

    refused, made = sorted(loaded.generate(requests, silent), key=lambda result: result.index)

    assert refused == Refused(0, "demucs' weights, which find the melody in a sound, are not on this machine")
    assert isinstance(made, Made)


def test_a_continuation_is_what_stock_musicgen_makes_of_it(short: Path) -> None:
    given = noise_sound(0.5)
    (made,) = make(load(short), ask(1.9, top_k=1, continue_from=given))

    stock = stock_of(short)
    from audiocraft.models import MusicGen

    theirs = MusicGen("tiny", stock.codec, stock.lm, max_duration=30)
    theirs.max_duration = 2  # its constructor refuses windows shorter than its default stride
    theirs.set_generation_params(use_sampling=False, duration=1.9, extend_stride=1.2)
    _, tokens = theirs.generate_continuation(torch.from_numpy(given.samples), 32000, ["rain"], return_tokens=True)
    decoded = codec.decode(stock.codec, tokens[0], 60800)
    assert np.array_equal(made.audio.samples[:, 16640:], decoded[:, 16640:])


def test_a_sound_of_another_rate_is_converted_and_the_build_told(ready: AudioCraftGenerator) -> None:
    given = noise_sound(1.0, 44100, 2)

    (made,) = make(ready, ask(2.0, continue_from=given))

    assert made.audio.samples.shape == (1, 64000)
    assert made.remarks == ("the sound it goes on from was converted from 44.1 kHz stereo to the model's 32 kHz mono",)


def test_a_sound_that_needs_no_conversion_is_used_without_a_word_from_torch(ready: AudioCraftGenerator) -> None:
    torch.set_warn_always(True)
    try:
        given = noise_sound(0.1)
        given.samples.flags.writeable = False  # as sounds out of the cache are
        make(ready, ask(0.2, continue_from=given))
    finally:
        torch.set_warn_always(False)


def test_a_long_continuation_of_a_long_sound_goes_on_in_windows(ready: AudioCraftGenerator) -> None:
    given = noise_sound(2.5)

    (made,) = make(ready, ask(6.0, continue_from=given))

    assert made.audio.n_samples == 6 * 32000
    assert np.array_equal(made.audio.samples[:, :80000], given.samples)
    assert made.facts["windows"] == 3


def test_what_cannot_be_made_is_refused_in_words_and_the_rest_is_made(ready: AudioCraftGenerator) -> None:
    requests = [
        ask(1.0, continue_from=noise_sound(2.0)),
        ask(0.5),
        ask(1.0, continue_from=noise_sound(0.01)),
        ask(1.0, melody=noise_sound(1.0)),
    ]

    results = {result.index: result for result in ready.generate(requests, silent)}

    assert isinstance(results[1], Made)
    reasons = {index: result.reason for index, result in results.items() if isinstance(result, Refused)}
    assert reasons == {
        0: "the sound to go on from is 2 s long, so duration, which is that of the whole, has to be more than 1 s",
        2: "the sound to go on from is 10 ms long, less than one frame of the model, which is 20 ms",
        3: 'model "./musicgen_2s" does not follow melodies',
    }


# Progress, and stopping


def test_progress_is_true_from_start_to_end(ready: AudioCraftGenerator) -> None:
    seen: dict[int, list[float]] = {0: [], 1: [], 2: []}
    requests = [ask(4.87), ask(0.5), ask(2.0, continue_from=noise_sound(1.0))]

    for made in ready.generate(requests, lambda index, seconds: seen[index].append(seconds)):
        assert seen[made.index][-1] == requests[made.index].duration

    assert [values[0] for values in seen.values()] == [0.0, 0.0, 1.0]
    for values in seen.values():
        assert values == sorted(set(values))
    # About as often as it says: a bar that stands still and jumps would be true only at its ends.
    assert max(np.diff(seen[0])) < 0.5


def test_a_take_is_there_before_longer_ones_of_its_batch_are_made(ready: AudioCraftGenerator) -> None:
    seen = [0.0, 0.0]

    def report(index: int, seconds: float) -> None:
        seen[index] = seconds

    takes = ready.generate([ask(1.9), ask(0.5)], report)

    assert next(takes).index == 1
    assert seen[0] < 1.0
    takes.close()  # type: ignore[attr-defined]


def test_whoever_stops_listening_stops_the_work(ready: AudioCraftGenerator) -> None:
    want = make(ready, ask(0.5))[0].audio.digest
    seen: list[float] = []

    class StopError(Exception):
        pass

    def report(index: int, seconds: float) -> None:
        seen.append(seconds)
        if seconds > 0.5:
            raise StopError

    with pytest.raises(StopError):
        list(ready.generate([ask(5.0)], report))
    assert seen[-1] < 1.0
    # And it can be used again, as if nothing had been.
    assert make(ready, ask(0.5))[0].audio.digest == want


# Batches


def a_take(index: int, kind: str, n_windows: int, n_steps: int, width: int | None = None) -> OpenTake:
    from soundgraph.backends.audiocraft.pieces import Clock, Piece, Window

    windows = tuple(Window(number, 0, 0, n_steps, "") for number in range(n_windows))
    piece = Piece(Clock(32000, 640, 1, 1500), 1, 0, 0, windows)
    take = OpenTake(index, ask(1.0, width=width), piece, torch.zeros(1, 1))
    take.kind = kind
    return take


def chosen(takes: list[OpenTake], width: int) -> tuple[list[int], int]:
    batch, width = next_batch(takes, width)
    return [take.index for take in batch], width


def test_the_fullest_batch_goes_first() -> None:
    takes = [a_take(0, "a", 1, 50), *(a_take(index, "b", 1, 50) for index in range(1, 4))]

    assert chosen(takes, 4) == ([1, 2, 3], 4)


def test_rows_of_like_length_run_together() -> None:
    takes = [a_take(index, "a", 1, n_steps) for index, n_steps in enumerate([10, 500, 20, 490, 30, 480])]

    assert chosen(takes, 3) == ([1, 3, 5], 3)


def test_pieces_with_windows_to_come_are_not_left_for_last() -> None:
    takes = [*(a_take(index, "a", 1, 1500) for index in range(4)), a_take(4, "a", 3, 1500)]

    assert chosen(takes, 2)[0] == [4, 0]


def test_a_take_that_asks_for_a_width_runs_in_it_and_with_its_like() -> None:
    takes = [a_take(0, "a", 1, 50), a_take(1, "a", 1, 50, width=2), a_take(2, "a", 1, 50, width=2)]

    assert chosen(takes, 8) == ([1, 2], 2)
    assert chosen(takes[:1], 8) == ([0], 8)


def test_the_width_asked_for_is_the_one_used(ready: AudioCraftGenerator) -> None:
    made = make(ready, ask(0.5), ask(0.5, width=3), ask(0.5, width=16))

    assert [take.facts["width"] for take in made] == [8, 3, 16]


# What a take is kept with


def test_a_take_says_how_it_was_made(short: Path) -> None:
    loaded = load(short, precision="int8", width=4)

    (made,) = make(loaded, ask(5.0))

    assert loaded.about == "cpu, int8, 4 at a time"
    versions = {name: made.facts[name] for name in ("torch", "audiocraft", "transformers")}
    assert versions["torch"] == torch.__version__
    assert versions["audiocraft"] == "1.3.0"
    assert {key: value for key, value in made.facts.items() if key not in versions} == {
        "device": "cpu",
        "precision": "int8",
        "path": "decoder",
        "width": 4,
        "windows": 4,
    }


def test_the_device_s_own_precision_is_named(ready: AudioCraftGenerator) -> None:
    assert ready.about == "cpu, float32, 8 at a time"


# Memory


def failing(monkeypatch: pytest.MonkeyPatch, fails: Callable[[int, int], bool], error: BaseException) -> list[int]:
    """Decoders that raise amid each batch for which `fails`(width, how many ran before). Gives the batches' widths."""
    widths: list[int] = []

    class Failing(engines.Decoder):  # type: ignore[name-defined]
        def run(self, rows: Any, on_frames: Any) -> Iterator[Any]:
            fail = fails(self.width, len(widths))
            widths.append(self.width)

            def on(index: int, frames: int) -> None:
                if fail and frames > 20:
                    raise error
                on_frames(index, frames)

            yield from super().run(rows, on)

    monkeypatch.setattr(engines, "Decoder", Failing)
    return widths


ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"),
    MemoryError(),
    RuntimeError("MPS backend out of memory (MPS allocated: 5 GB)"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_batches_become_smaller_until_they_fit_and_it_is_said_once(
    short: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    widths = failing(monkeypatch, lambda width, before: width > 2, error)
    loaded = load(short)

    made = make(loaded, *(ask(0.5, seed=seed) for seed in range(3)))

    assert widths == [8, 4, 2, 2]
    assert [take.facts["width"] for take in made] == [2] * 3
    said = [take.remarks for take in made if take.remarks]
    assert said == [("made 2 at a time instead of 8, for want of memory",)]


def test_smaller_batches_make_the_same_takes_in_int8(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = [ask(0.5, seed=seed) for seed in range(3)]
    want = [take.audio.digest for take in make(load(short, "int8"), *requests)]
    failing(monkeypatch, lambda width, before: width > 1, MemoryError())

    assert [take.audio.digest for take in make(load(short, "int8"), *requests)] == want


def test_windows_that_were_finished_are_not_made_again(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    widths = failing(monkeypatch, lambda width, before: before == 1, MemoryError())
    loaded = load(short, width=4)

    (made,) = make(loaded, ask(4.0))

    assert widths == [4, 4, 2, 2]  # the first window, the second in vain, the second, the third
    assert made.facts["widths"] == [4, 2, 2]
    assert made.facts["width"] == 2


def test_a_single_take_that_does_not_fit_is_an_error_that_names_it(
    short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    widths = failing(monkeypatch, lambda width, before: before < 4, MemoryError())
    loaded = load(short)

    with pytest.raises(OutOfMemoryError) as caught:
        make(loaded, ask(2.5))

    assert str(caught.value) == (
        'model "./musicgen_2s" (float32) and a single take of 2.5 s, made 1 at a time, '
        "do not fit into this machine's memory"
    )
    assert widths == [8, 4, 2, 1]
    assert make(loaded, ask(0.5))[0].facts["width"] == 8  # whoever asks again has made room


def test_a_width_asked_for_is_given_up_too_and_that_is_said(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, lambda width, before: width > 3, MemoryError())
    loaded = load(short, width=2)

    (made,) = make(loaded, ask(0.5, width=6))

    assert made.facts["width"] == 3
    assert made.remarks == ("made 3 at a time instead of 6, for want of memory",)


@pytest.mark.parametrize("times", [1, 2])
def test_a_codec_without_room_waits_for_the_batch_to_end(
    short: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    loaded = load(short)
    want = [made.audio.digest for made in make(loaded, ask(1.5), ask(0.5))]
    decode, left = codec.decode, [MemoryError()] * times

    def fails(*args: Any) -> Any:
        if left:
            raise left.pop()
        return decode(*args)

    monkeypatch.setattr(codec, "decode", fails)

    assert [made.audio.digest for made in make(loaded, ask(1.5), ask(0.5))] == want
    assert not left


def test_a_codec_that_never_has_room_is_an_error(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load(short)

    def fails(*args: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(codec, "decode", fails)
    with pytest.raises(OutOfMemoryError, match=r"a single take of 0\.5 s"):
        make(loaded, ask(0.5))


def test_other_errors_of_the_decoder_are_not_taken_for_memory(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    widths = failing(monkeypatch, lambda width, before: True, RuntimeError("shape mismatch"))

    assert "RuntimeError: shape mismatch" in refusal(load(short), ask(2.0))
    assert widths == [8]


# One take's error


def go_wrong(monkeypatch: pytest.MonkeyPatch, where: str, error: Exception, seed: int) -> None:
    """Raises an error for the take of one seed, in one place of its making. Everything else is as it was."""
    begins, goes_on, ends = AudioCraftGenerator._make_ready, engines._Own.run, AudioCraftGenerator._sound
    row_of = engines._Own.row
    odd_rows: list[Any] = []

    def make_ready(generator: Any, take: OpenTake) -> None:
        if take.request.seed == seed and where == ("next window" if take.n_made else "begin"):
            raise error
        begins(generator, take)

    def row(engine: Any, take: OpenTake) -> Any:
        made = row_of(engine, take)
        if take.request.seed == seed and take.n_made:
            odd_rows.append(made)
        return made

    def run(engine: Any, rows: Any, width: int, on_steps: Any) -> Iterator[Any]:
        is_odd = any(row is odd for row in rows for odd in odd_rows)
        for result in goes_on(engine, rows, width, on_steps):
            if where == "run" and is_odd:
                raise error
            yield result

    def sound(generator: Any, take: OpenTake, report: Any) -> Any:
        if take.request.seed == seed and where == "finish":
            raise error
        return ends(generator, take, report)

    monkeypatch.setattr(AudioCraftGenerator, "_make_ready", make_ready)
    monkeypatch.setattr(AudioCraftGenerator, "_sound", sound)
    monkeypatch.setattr(engines._Own, "row", row)
    monkeypatch.setattr(engines._Own, "run", run)


@pytest.mark.parametrize("error", [RuntimeError("odd\nshapes"), AssertionError(), KeyError("odd"), NodeError("no odd")])
@pytest.mark.parametrize("where", ["begin", "run", "next window", "finish"])
def test_an_error_of_one_take_is_its_own(
    ready: AudioCraftGenerator, monkeypatch: pytest.MonkeyPatch, where: str, error: Exception
) -> None:
    requests = [ask(2.5 if seed % 2 else 0.5, seed=seed) for seed in range(4)]
    want = {made.index: made.audio.digest for made in make(ready, *requests)}

    go_wrong(monkeypatch, where, error, seed=1)
    results = {made.index: made for made in ready.generate(requests, silent)}

    refused = results.pop(1)
    assert isinstance(refused, Refused)
    assert refused.reason == str(error) or f"{type(error).__name__}" in refused.reason
    assert "\n" not in refused.reason
    assert {index: made.audio.digest for index, made in results.items() if isinstance(made, Made)} == {
        index: digest for index, digest in want.items() if index != 1
    }


def test_what_a_report_raises_is_nobodys_error_and_ends_it_all(ready: AudioCraftGenerator) -> None:
    for error in (RuntimeError("stop"), NodeError("stop"), MemoryError()):

        def report(index: int, seconds: float, error: Exception = error) -> None:
            if seconds > 0.3:
                raise error

        with pytest.raises(type(error)):
            list(ready.generate([ask(0.5), ask(0.5, seed=1)], report))
    assert len(make(ready, ask(0.5))) == 1


def test_a_take_without_room_says_which_it_is(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load(short)
    real = codec.decode

    def decode(model: Any, codes: torch.Tensor, n_samples: int) -> Any:
        if n_samples > 40000:
            raise MemoryError
        return real(model, codes, n_samples)

    monkeypatch.setattr(codec, "decode", decode)
    with pytest.raises(OutOfMemoryError) as caught:
        list(loaded.generate([ask(0.5), ask(2.0), ask(0.5, seed=1)], silent))
    assert caught.value.index == 1


def test_a_batch_is_not_begun_where_linux_would_end_the_process(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    widths = failing(monkeypatch, lambda width, before: False, MemoryError())
    loaded = load(short)
    # Keys and values of one layer of 64 numbers, for both rows of a take, in float32.
    monkeypatch.setattr(engines, "memory_left", lambda: 3 * 50 * (2 * 2 * 64 * 4))

    made = make(loaded, *(ask(1.0, seed=seed) for seed in range(5)))

    assert widths == [2, 2, 2]
    assert [take.remarks for take in made if take.remarks] == [("made 2 at a time instead of 8, for want of memory",)]
    monkeypatch.setattr(engines, "memory_left", lambda: 0)  # a take alone is tried in any case
    assert make(loaded, ask(1.0))[0].facts["width"] == 1


def test_memory_that_is_left_is_told_by_linux() -> None:
    left = engines.memory_left()

    assert left is None or 0 < left < 2**50


def test_in_a_container_pages_of_files_count_as_memory_that_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = "anon 2000\nactive_file 1000\ninactive_file 6000\n"
    for name, text in (("max", "10000\n"), ("current", "9000\n"), ("stat", stat)):
        (tmp_path / f"memory.{name}").write_text(text)
    monkeypatch.setattr(engines, "_GROUP", tmp_path)

    assert engines.memory_left() == 10000 - 9000 + 7000
    (tmp_path / "memory.max").write_text("max\n")
    assert engines.memory_left() != 8000


# What comes out


def test_samples_that_are_not_numbers_are_refused(short: Path) -> None:
    loaded = load(short, precision="bfloat16")
    for parameter in loaded._loaded.codec.decoder.model[-1].parameters():
        parameter.data.fill_(float("nan"))

    assert refusal(loaded, ask(0.5)) == (
        "samples of the codec are not numbers (NaN or infinity), so the take is refused: its weights are damaged"
    )


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "int8"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["layer", "embedding", "head", "norm", "condition"])
def test_logits_that_are_not_numbers_are_refused(
    short: Path, tmp_path: Path, precision: Precision, value: float, name: str
) -> None:
    """A token is chosen by them like by any others, and the sound of tokens has no NaN in it."""
    folder = copied(short, tmp_path)
    weight = {
        "layer": "transformer.layers.0.linear1.weight",
        "embedding": "emb.1.weight",
        "head": "linears.2.weight",
        "norm": "out_norm.weight",
        "condition": "condition_provider.conditioners.description.output_proj.weight",
    }[name]
    package = torch.load(folder / "state_dict.bin", weights_only=True)
    package["best_state"][weight][-1] = value  # of embeddings, that of the special token, which every take begins with
    torch.save(package, folder / "state_dict.bin")
    try:
        reason = refusal(load(folder, precision=precision), ask(0.5))
    except NodeError as error:
        assert precision == "int8"
        reason = str(error)

    assert "are not numbers (NaN or infinity)" in reason
    assert ('precision = "float32" may help' in reason) == (precision == "bfloat16")


def test_one_take_whose_logits_are_not_numbers_leaves_the_others_as_they_are(
    ready: AudioCraftGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = [ask(2.5 if seed % 2 else 0.5, seed=seed) for seed in range(4)]
    want = [made.audio.digest for made in make(ready, *requests)]
    real = engines._Own.row

    def row(engine: Any, take: Any) -> Any:
        made = real(engine, take)
        return replace(made, cfg_coef=float("nan")) if take.request.seed == 1 and take.n_made else made

    monkeypatch.setattr(engines._Own, "row", row)
    results = sorted(ready.generate(requests, silent), key=lambda made: made.index)

    assert [made.audio.digest if isinstance(made, Made) else "refused" for made in results] == [
        want[0], "refused", want[2], want[3],
    ]  # fmt: skip


def test_a_take_whose_logits_are_not_numbers_is_given_up_early(ready: AudioCraftGenerator) -> None:
    told: list[float] = []

    (result,) = ready.generate([ask(2.0, cfg_coef=float("nan"))], lambda index, seconds: told.append(seconds))

    assert isinstance(result, Refused)
    assert max(told) < 0.5


# Models that the decoder does not serve


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_logits_of_a_magnet_that_are_not_numbers_are_refused(short_magnet: Path, tmp_path: Path, value: float) -> None:
    folder = copied(short_magnet, tmp_path)
    package = torch.load(folder / "state_dict.bin", weights_only=True)
    package["best_state"]["transformer.layers.0.linear1.weight"][0, 0] = value
    torch.save(package, folder / "state_dict.bin")

    assert "are not numbers (NaN or infinity)" in refusal(load(folder), ask(0.5))


def test_a_magnet_is_made_by_stock_code_and_the_same_in_any_order(short_magnet: Path) -> None:
    loaded = load(short_magnet)
    requests = [ask(2.0), ask(0.505, seed=1, temperature=3.0, top_k=0, top_p=0.9), ask(2.0, width=4)]

    made = make(loaded, *requests)

    assert loaded.about == "cpu, float32, 1 at a time"
    assert [take.audio.n_samples for take in made] == [64000, 16160, 64000]
    assert made[0].audio.digest == made[2].audio.digest
    assert [take.audio.digest for take in make(loaded, *reversed(requests))] == [
        take.audio.digest for take in reversed(made)
    ]
    assert made[2].facts["path"] == "stock"
    assert made[2].facts["width"] == 1


def test_a_magnet_refuses_what_it_is_not_made_for(short_magnet: Path) -> None:
    say = partial(refusal, load(short_magnet))

    assert say(ask(2.5)) == 'model "./magnet_2s" makes no more than 2 s, and duration is 2.5 s'
    assert say(ask(2.0, continue_from=noise_sound(1.0))) == 'model "./magnet_2s" cannot go on from another sound'
    assert say(ask(2.0, prompts=((0.0, "a"), (1.0, "b")))) == (
        'model "./magnet_2s" takes one prompt for the whole of a sound'
    )


def test_a_magnet_in_int8_is_refused_when_it_is_loaded(short_magnet: Path) -> None:
    with pytest.raises(NodeError, match=r'model "\./magnet_2s" cannot be run in precision "int8": it is a Magnet'):
        load(short_magnet, precision="int8")


def test_a_language_model_of_another_kind_goes_through_stock_code_in_windows_too(checkpoints: Path) -> None:
    folder = tiny.make_musicgen(checkpoints / "musicgen_rope", seconds=2, positional_embedding="rope")
    loaded = load(folder)
    requests = [ask(3.3, seed=5), ask(1.0, continue_from=noise_sound(0.5))]

    made = make(loaded, *requests)

    assert [take.facts["path"] for take in made] == ["stock", "stock"]
    assert [take.audio.n_samples for take in made] == [105600, 32000]
    assert [take.audio.digest for take in make(loaded, *reversed(requests))] == [
        take.audio.digest for take in reversed(made)
    ]


# Loading


def test_unloading_lets_go_of_everything_and_twice_is_no_mistake(short: Path) -> None:
    loaded = load(short)
    make(loaded, ask(0.1))
    engine, lm, music = (weakref.ref(each) for each in (loaded._engine, loaded._loaded.lm, loaded._loaded.codec))
    loaded.unload()
    loaded.unload()

    assert engine() is lm() is music() is None


@pytest.mark.parametrize("said", ["0", "two", "-1", "²"])
def test_a_number_of_threads_that_is_none_is_answered(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("SOUNDGRAPH_THREADS", said)
    with pytest.raises(NodeError, match="SOUNDGRAPH_THREADS has to be a whole number of 1 or more"):
        engines.n_threads()


def test_threads_are_as_many_as_cores_unless_said_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOUNDGRAPH_THREADS")
    assert engines.n_threads() >= 1
    monkeypatch.setenv("SOUNDGRAPH_THREADS", "3")
    assert engines.n_threads() == 3


# Whatever a checkpoint or a request can be


def changed(folder: Path, into: Path, settings: dict[str, Any], file: str = "state_dict.bin") -> Path:
    """A copy with other settings, by dotted name."""
    from omegaconf import OmegaConf

    folder = copied(folder, into)
    package = torch.load(folder / file, weights_only=True)
    config = OmegaConf.create(package["xp.cfg"])
    for name, value in settings.items():
        OmegaConf.update(config, name, value, force_add=True)
    package["xp.cfg"] = OmegaConf.to_yaml(config)
    torch.save(package, folder / file)
    return folder


def test_a_magnet_in_bfloat16_makes_takes_on_a_processor(short_magnet: Path) -> None:
    loaded = load(short_magnet, precision="bfloat16")

    first, second = make(loaded, ask(0.5), ask(0.5))

    assert first.audio.digest == second.audio.digest
    assert float(np.std(first.audio.samples)) > 0.01


def test_a_magnet_chooses_among_no_more_codes_than_there_are(short_magnet: Path) -> None:
    loaded = load(short_magnet)

    all_codes, more = make(loaded, ask(0.5, top_k=tiny.CARD), ask(0.5, top_k=4096))

    assert all_codes.audio.digest == more.audio.digest


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"dataset.segment_duration": 0.01}, "its window of 10 ms is less than what it makes at a time, 20 ms"),
        ({"codebooks_pattern.delay.delays": [0, 1, 2, 10**6]}, "a codebook is delayed by 1000000 steps"),
        ({"fuser.cross": ["odd"]}, "cannot be run as its settings say"),
        ({"fuser.prepend": ["description"]}, "cannot be run as its settings say"),
        ({"transformer_lm.past_context": 10}, "cannot be run as its settings say"),
        ({"transformer_lm.causal": False}, "cannot be run as its settings say"),
        ({"transformer_lm.odd": 1}, "its settings cannot be used"),
    ],
)
def test_settings_that_nothing_can_be_made_with_are_refused_in_words(
    short: Path, tmp_path: Path, settings: dict[str, Any], words: str
) -> None:
    folder = changed(short, tmp_path, settings)
    try:
        said = refusal(load(folder), ask(0.5))
    except NodeError as error:
        said = str(error)

    assert words in said
    assert "bug" not in said


@pytest.mark.parametrize(("span", "words"), [("x", "spans of x steps"), (0, "spans of 0 steps"), (1000, "20000 ms")])
def test_spans_that_a_magnet_cannot_fill_are_refused(short_magnet: Path, tmp_path: Path, span: Any, words: str) -> None:
    with pytest.raises(NodeError, match=words):
        load(changed(short_magnet, tmp_path, {"masking.span_len": span}))


def test_a_codec_that_cannot_be_run_is_refused_when_it_is_loaded(short: Path, tmp_path: Path) -> None:
    with pytest.raises(NodeError, match=r"compression_state_dict\.bin: its settings cannot be used .*padding mode odd"):
        load(changed(short, tmp_path, {"seanet.pad_mode": "odd"}, "compression_state_dict.bin"))


def test_a_sound_that_the_codec_makes_no_numbers_of_is_not_gone_on_from(short: Path) -> None:
    loaded = load(short)
    for parameter in loaded._loaded.codec.encoder.model[-1].parameters():
        parameter.data.fill_(float("nan"))

    assert "are not numbers (NaN or infinity)" in refusal(loaded, ask(1.0, continue_from=noise_sound(0.5)))
    assert len(make(loaded, ask(0.5))) == 1


@pytest.mark.parametrize("name", ["state_dict.bin", "compression_state_dict.bin"])
@pytest.mark.parametrize("dtype", [torch.complex64, torch.int8, torch.bool, torch.uint16])
def test_weights_that_are_no_floats_are_refused_rather_than_made_some(
    short: Path, tmp_path: Path, name: str, dtype: torch.dtype
) -> None:
    folder = copied(short, tmp_path)
    package = torch.load(folder / name, weights_only=True)
    key = next(key for key in package["best_state"] if key.endswith(("weight", "weight_v")))
    package["best_state"][key] = package["best_state"][key].to(dtype)
    torch.save(package, folder / name)

    with pytest.raises(NodeError, match=f'"{key}" is {str(dtype).removeprefix("torch.")}, and no float'):
        load(folder)


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
@pytest.mark.parametrize("form", ["quantised", "sparse", "meta"])
def test_weights_that_are_no_plain_tensors_are_refused(short: Path, tmp_path: Path, form: str) -> None:
    folder = copied(short, tmp_path)
    package = torch.load(folder / "state_dict.bin", weights_only=True)
    key = "transformer.layers.0.linear1.weight"
    weight = package["best_state"][key]
    package["best_state"][key] = {
        "quantised": lambda: torch.quantize_per_tensor(weight, 0.01, 0, torch.qint8),
        "sparse": weight.to_sparse,
        "meta": lambda: weight.to("meta"),
    }[form]()
    torch.save(package, folder / "state_dict.bin")

    weights.find(str(folder), Sources())  # a plan looks at it as at any other
    with pytest.raises(NodeError, match=f'"{key}" is no plain tensor'):
        load(folder)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16, torch.float8_e4m3fn])
def test_weights_of_any_floats_make_takes(short: Path, tmp_path: Path, dtype: torch.dtype) -> None:
    folder = copied(short, tmp_path)
    package = torch.load(folder / "state_dict.bin", weights_only=True)
    package["best_state"] = {key: value.to(dtype) for key, value in package["best_state"].items()}
    torch.save(package, folder / "state_dict.bin")

    assert weights.find(str(folder), Sources()) is not None
    assert float(np.std(make(load(folder), ask(0.5))[0].audio.samples)) > 0.01
