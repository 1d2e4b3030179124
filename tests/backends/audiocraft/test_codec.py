from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from soundgraph.backends.audiocraft import codec, compat

from . import tiny


def encodec(rate: int = 32000, lively: bool = True, **seanet: Any) -> Any:
    """audiocraft's EnCodec; seanet: what is unlike the tiny checkpoints'. lively: see `tiny._liven`."""
    from omegaconf import OmegaConf

    compat.prepare()
    from audiocraft.models import builders

    config = tiny.codec_config(rate)
    config["seanet"].update(seanet)
    torch.manual_seed(0)
    model = builders.get_compression_model(OmegaConf.create({**config, "device": "cpu"})).eval()
    if lively:
        tiny._liven(model)
    return model


def hugging_face_encodec() -> Any:
    """The EnCodec of transformers as audiocraft wraps it: what a codec file that says "pretrained" gives."""
    from transformers import EncodecConfig, EncodecModel

    compat.prepare()
    from audiocraft.models.encodec import HFEncodecCompressionModel

    config = EncodecConfig(
        target_bandwidths=[2.2], sampling_rate=32000, audio_channels=1, codebook_size=2048, hidden_size=16,
        codebook_dim=16, num_filters=4, upsampling_ratios=[8, 5, 4, 4], num_lstm_layers=2, normalize=False,
        use_causal_conv=False, pad_mode="reflect", norm_type="weight_norm", chunk_length_s=None, overlap=None,
    )  # fmt: skip
    torch.manual_seed(0)
    model = EncodecModel(config).eval()
    for layer in model.quantizer.layers:
        layer.codebook.embed.normal_()
    for parameter in model.decoder.layers[-1].parameters():
        parameter.data.mul_(0.1)
    return HFEncodecCompressionModel(model)


def stereo(per_timestep: bool) -> Any:
    mono = encodec()
    from audiocraft.models.encodec import InterleaveStereoCompressionModel

    return InterleaveStereoCompressionModel(mono, per_timestep)


def remembering(model: Any) -> Any:
    """The same codec with an LSTM that forgets nothing: its forget gates stand at 0.9997."""
    for module in model.decoder.modules():
        if isinstance(module, torch.nn.LSTM):
            size = module.hidden_size
            for name, parameter in module.named_parameters():
                if "bias_ih" in name:
                    parameter.data[size : 2 * size] = 8.0
    return model


def random_codes(model: Any, n_frames: int, seed: int = 3) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randint(0, model.cardinality, (model.num_codebooks, n_frames), generator=rng)


@torch.inference_mode()
def whole(model: Any, codes: torch.Tensor, n: int) -> np.ndarray:
    return model.decode(codes[None])[0, :, :n].numpy()


def error_db(got: np.ndarray, want: np.ndarray) -> float:
    return float(20 * np.log10(np.sqrt(np.mean((got - want) ** 2)) / np.sqrt(np.mean(want**2)) + 1e-30))


CODECS = {
    "tiny": encodec,
    "16 kHz": lambda: encodec(16000),
    "an LSTM that forgets nothing": lambda: remembering(encodec()),
    "no LSTM": lambda: encodec(lstm=0),
    "two LSTM layers, three residual layers, reflected edges": lambda: encodec(
        lstm=2, n_residual_layers=3, pad_mode="reflect"
    ),
    "causal": lambda: encodec(causal=True),
    "transformers": hugging_face_encodec,
    "stereo by codebooks": lambda: stereo(False),
    "stereo by turns": lambda: stereo(True),
}


@pytest.mark.parametrize("name", CODECS)
def test_decoding_in_windows_equals_decoding_the_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "WINDOW_S", 1.0)
    model = CODECS[name]()
    codes = random_codes(model, int(3.2 * model.frame_rate))
    n = codes.shape[1] * codec.hop(model) - 100

    got = codec.decode(model, codes, n)

    want = whole(model, codes, n)
    assert got.shape == want.shape == (model.channels, n)
    assert error_db(got, want) < -95
    # Nor is there any one place, such as a seam, where they differ.
    assert np.abs(got - want).max() < 1e-3 * want.std()


@pytest.mark.parametrize("name", CODECS)
def test_every_length_over_several_windows_is_decoded_as_the_whole_is(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lengths just over a multiple of the window's above all: what is left for the last one was looked ahead at."""
    monkeypatch.setattr(codec, "WINDOW_S", 0.3)
    model = CODECS[name]()
    per_frame = codec.steps_per_frame(model)
    for n_frames in range(1, 50):
        codes = random_codes(model, n_frames * per_frame)
        n = codes.shape[1] * codec.hop(model) - 3

        got = codec.decode(model, codes, n)

        want = whole(model, codes, n)
        assert error_db(got, want) < -95, n_frames
        assert np.abs(got - want).max() < 1e-3 * want.std(), n_frames


@pytest.mark.parametrize("window_s", [0.001, 0.02, 0.1])
def test_a_window_may_be_shorter_than_what_its_convolutions_see(
    window_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is with a codec of few frames a second."""
    monkeypatch.setattr(codec, "WINDOW_S", window_s)
    model = encodec()
    for n_frames in (1, 2, 5, 11, 12, 30):
        codes = random_codes(model, n_frames)

        got = codec.decode(model, codes, n_frames * 640)

        assert error_db(got, whole(model, codes, n_frames * 640)) < -95, n_frames


@pytest.mark.parametrize("n_residual_layers", [1, 4])
def test_a_window_sees_as_far_as_the_convolutions_reach_and_no_further(n_residual_layers: int) -> None:
    model = encodec(n_residual_layers=n_residual_layers, lstm=0)
    layers = list(model.decoder.model)
    latent = torch.zeros(1, 32, 101)
    latent[..., 50] = 1.0
    with torch.inference_mode():
        blank, heard = torch.zeros_like(latent), latent
        for layer in layers:
            blank, heard = layer(blank), layer(heard)
    changed = np.flatnonzero((heard != blank).any(dim=1)[0].numpy()) / 640 - 50

    reach = codec._reach(layers)

    assert max(-changed.min(), changed.max() - 1) < reach
    assert reach < 16


@pytest.mark.parametrize("seconds", [0.02, 1.0, 5.0])
def test_what_fits_one_window_is_decoded_bit_for_bit_as_the_codec_does_it(seconds: float) -> None:
    model = encodec()
    codes = random_codes(model, round(seconds * 50))
    n = codes.shape[1] * 640

    assert np.array_equal(codec.decode(model, codes, n), whole(model, codes, n))


def test_the_number_of_threads_shows_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "WINDOW_S", 0.4)
    # At the published number of filters: with the tiny ones, oneDNN splits nothing, and there is nothing to see.
    model = encodec(n_filters=64, lstm=0, lively=False)
    codes = random_codes(model, 64)
    torch.set_num_threads(1)
    alone = codec.decode(model, codes, 64 * 640)
    torch.set_num_threads(2)
    try:
        together = codec.decode(model, codes, 64 * 640)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)

    assert np.array_equal(alone, together)


def test_a_window_that_fails_says_so_whatever_thread_it_ran_in(monkeypatch: pytest.MonkeyPatch) -> None:
    model = encodec()
    codes = random_codes(model, 150)
    model.decoder.model[-1].register_forward_pre_hook(lambda *_: (_ for _ in ()).throw(MemoryError("no room")))
    monkeypatch.setattr(codec, "WINDOW_S", 1.0)
    for n_threads in (1, 2):
        torch.set_num_threads(n_threads)
        with pytest.raises(MemoryError, match="no room"):
            codec.decode(model, codes, 150 * 640)
        assert torch.get_num_threads() == n_threads
    torch.set_num_threads(1)


def test_a_codec_normalized_over_time_is_decoded_whole() -> None:
    model = encodec(norm="time_group_norm")
    codes = random_codes(model, 400)

    assert np.array_equal(codec.decode(model, codes, 400 * 640), whole(model, codes, 400 * 640))


def test_codes_are_those_of_the_codec_and_cover_a_partial_frame() -> None:
    model = encodec()
    sound = np.random.default_rng(1).normal(0, 0.1, (1, 640 * 20 + 1)).astype(np.float32)

    codes = codec.encode(model, sound)

    with torch.inference_mode():
        want = model.encode(torch.from_numpy(sound)[None])[0][0]
    assert codes.shape == (4, 21)
    assert torch.equal(codes, want)


@pytest.mark.parametrize("per_timestep", [False, True])
def test_left_and_right_stay_left_and_right(per_timestep: bool) -> None:
    model = stereo(per_timestep)
    left, right = random_codes(model.model, 300, 1), random_codes(model.model, 300, 2)
    if per_timestep:
        codes = torch.stack([left, right], dim=-1).flatten(1)
    else:
        codes = torch.stack([left, right], dim=1).flatten(0, 1)

    sound = codec.decode(model, codes, 300 * 640)

    assert codec.steps_per_frame(model) == (2 if per_timestep else 1)
    assert np.array_equal(sound[:1], codec.decode(model.model, left, 300 * 640))
    assert np.array_equal(sound[1:], codec.decode(model.model, right, 300 * 640))


def test_no_array_grows_with_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "WINDOW_S", 1.0)
    model = encodec()
    sizes: list[int] = []
    for module in model.modules():
        module.register_forward_hook(lambda _m, _i, out: sizes.append(out[0].numel() if out is not None else 0))
    peaks = []
    for n_frames in (200, 900):
        sizes.clear()
        codec.decode(model, random_codes(model, n_frames), n_frames * 640)
        peaks.append(max(sizes))

    assert peaks[0] == peaks[1]
