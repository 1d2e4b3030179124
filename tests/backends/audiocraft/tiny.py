"""Tiny checkpoints with random weights, in the format that audiocraft exports: the real code runs on them in no time.

Each `make_*` writes a folder laid out like a published model's and returns it. Sizes are the smallest that audiocraft
accepts; rates, frame rates, codebooks, delays and conditioners are those of the published models.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import torch

from soundgraph.backends import Model
from soundgraph.backends.audiocraft import compat
from soundgraph.backends.audiocraft.weights import STEMS_FILE, WeightFiles

from .melody_libraries import melody_libraries

MUSIC_RATE = 32000
AUDIO_RATE = 16000
CARD = 256
"""Values of a codebook; at least 250, the default top_k."""

T5_NAME = "t5-small"

LUT = {"model": "lut", "lut": {"n_bins": 256, "dim": 32, "tokenizer": "noop"}}
"""A conditioner that knows a text as one whole: for tests that need no T5."""


def t5(name: str = T5_NAME) -> dict[str, Any]:
    """The conditioner of the published models. name: one audiocraft knows, which sets the width (512 for t5-small)."""
    return {"model": "t5", "t5": {"name": name, "finetune": False, "word_dropout": 0.0, "normalize_text": False}}


def make_musicgen(folder: Path, **changes: Any) -> Path:
    """MusicGen-like: 32 kHz, 30 s, text through a LUT unless `description` says otherwise. changes: see `lm_config`."""
    return _make(folder, lm_config(**changes))


def make_audiogen(folder: Path, **changes: Any) -> Path:
    """AudioGen-like: 16 kHz, 10 s."""
    return _make(folder, lm_config(**{"solver": "audiogen", "sample_rate": AUDIO_RATE, "seconds": 10, **changes}))


def make_stereo(folder: Path, **changes: Any) -> Path:
    """MusicGen-stereo-like: two channels of four codebooks, interleaved, through one mono codec."""
    config = lm_config(**{"n_q": 8, "delays": [0, 0, 1, 1, 2, 2, 3, 3], **changes})
    config["channels"] = 2
    config["interleave_stereo_codebooks"] = {"use": True, "per_timestep": False}
    return _make(folder, config)


def make_melody(folder: Path, **changes: Any) -> Path:
    """MusicGen-melody-like: melody and text go before the codes. demucs' weights are in its folder, too."""
    chroma = {
        "sample_rate": MUSIC_RATE,
        "n_chroma": 12,
        "radix2_exp": 14,
        "argmax": True,
        "match_len_on_eval": False,
        "eval_wavs": None,
        "n_eval_wavs": 100,
        "cache_path": "/of/who/trained/it",
    }
    config = lm_config(**changes)
    config["conditioners"]["self_wav"] = {"model": "chroma_stem", "chroma_stem": chroma}
    config["fuser"].update(prepend=["self_wav", "description"], cross=[])
    folder.mkdir(parents=True, exist_ok=True)
    make_stems(folder / STEMS_FILE)
    return _make(folder, config)


def make_magnet(folder: Path, **changes: Any) -> Path:
    """MAGNeT-like: not causal, codebook after codebook, in spans that are masked and filled."""
    config = lm_config(**{"solver": "magnet", "seconds": 10, "causal": False, "subcodes_context": 5, **changes})
    config["lm_model"] = "transformer_lm_magnet"
    config["codebooks_pattern"] = {"modeling": "parallel"}
    config["masking"] = {"span_len": 3}
    return _make(folder, config)


def lm_config(
    *,
    solver: str = "musicgen",
    sample_rate: int = MUSIC_RATE,
    seconds: float = 30,
    n_q: int = 4,
    delays: list[int] | None = None,
    description: dict[str, Any] | None = None,
    **transformer: Any,
) -> dict[str, Any]:
    """The configuration of a language model. seconds: of its window. transformer: changes to the `transformer_lm`."""
    return {
        "solver": solver,
        "sample_rate": sample_rate,
        "channels": 1,
        "device": "cuda",  # as published: whoever loads it sets its own
        "dtype": "float16",
        "dataset": {"segment_duration": seconds},
        "lm_model": "transformer_lm",
        "codebooks_pattern": {
            "modeling": "delay",
            "delay": {"delays": delays or list(range(n_q)), "flatten_first": 0, "empty_initial": 0},
        },
        "transformer_lm": {
            "dim": 64,
            "num_heads": 4,
            "num_layers": 2,
            "hidden_scale": 4,
            "n_q": n_q,
            "card": CARD,
            "dropout": 0.0,
            "emb_lr": None,
            "activation": "gelu",
            "norm_first": True,
            "bias_ff": False,
            "bias_attn": False,
            "bias_proj": False,
            "past_context": None,
            "causal": True,
            "custom": False,
            "memory_efficient": True,
            "attention_as_float32": False,
            "layer_scale": None,
            "positional_embedding": "sin",
            "xpos": False,
            "checkpointing": "none",
            "weight_init": "gaussian",
            "depthwise_init": "current",
            "zero_bias_init": True,
            "norm": "layer_norm",
            "cross_attention": False,
            "qk_layer_norm": False,
            "qk_layer_norm_cross": False,
            "attention_dropout": None,
            "kv_repeat": 1,
            "two_step_cfg": False,
            **transformer,
        },
        "classifier_free_guidance": {"training_dropout": 0.3, "inference_coef": 3.0},
        "attribute_dropout": {},
        "fuser": {
            "cross_attention_pos_emb": False,
            "cross_attention_pos_emb_scale": 1,
            "sum": [],
            "prepend": [],
            "cross": ["description"],
            "input_interpolate": [],
        },
        # The last two are of training; published checkpoints have them, and loading has to take them away.
        "conditioners": {
            "description": description or LUT,
            "args": {"merge_text_conditions_p": 0.25, "drop_desc_p": 0.5},
        },
    }


def codec_config(sample_rate: int) -> dict[str, Any]:
    """The configuration of an EnCodec with 50 frames a second and four codebooks."""
    return {
        "compression_model": "encodec",
        "sample_rate": sample_rate,
        "channels": 1,
        "device": "cuda",
        "dtype": "float32",
        "encodec": {
            "autoencoder": "seanet",
            "quantizer": "rvq",
            "sample_rate": sample_rate,
            "channels": 1,
            "causal": False,
            "renormalize": False,
        },
        "seanet": {
            "dimension": 32,
            "channels": 1,
            "causal": False,
            "n_filters": 4,
            "n_residual_layers": 1,
            "ratios": {MUSIC_RATE: [8, 5, 4, 4], AUDIO_RATE: [8, 5, 4, 2]}[sample_rate],
            "activation": "ELU",
            "activation_params": {"alpha": 1.0},
            "norm": "weight_norm",
            "norm_params": {},
            "kernel_size": 7,
            "residual_kernel_size": 3,
            "last_kernel_size": 7,
            "dilation_base": 2,
            "pad_mode": "constant",
            "true_skip": True,
            "compress": 2,
            "lstm": 1,
            "disable_norm_outer_blocks": 0,
            "decoder": {"trim_right_ratio": 1.0, "final_activation": None, "final_activation_params": None},
            "encoder": {},
        },
        "rvq": {
            "n_q": 4,
            "q_dropout": False,
            "bins": CARD,
            "decay": 0.99,
            "kmeans_init": False,  # True leaves the codebooks at zero until they are trained
            "kmeans_iters": 50,
            "threshold_ema_dead_code": 2,
            "orthogonal_reg_weight": 0.0,
            "orthogonal_reg_active_codes_only": False,
        },
        "no_quant": {},
    }


def make_t5(folder: Path, d_model: int = 512, d_ff: int = 16) -> Path:
    """A T5 of one layer that spells texts out in ASCII. d_model: what audiocraft expects of the name it goes by."""
    from transformers import T5Config, T5EncoderModel, T5Tokenizer

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    config = T5Config(vocab_size=128, d_model=d_model, d_kv=8, d_ff=d_ff, num_layers=1, num_heads=2)
    T5EncoderModel(config).save_pretrained(folder)
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\u2581", -2.0)]
    pieces += [(chr(code), -3.0) for code in range(33, 127)]
    T5Tokenizer(vocab=pieces, extra_ids=0).save_pretrained(folder)
    return folder


def make_stems(path: Path) -> Path:
    """The file that demucs publishes its model as: the class, what it is made with, and its weights."""
    with melody_libraries():
        from demucs.htdemucs import HTDemucs

        made_with = {"sources": ["drums", "bass", "other", "vocals"], "segment": Fraction(39, 5)}
        state = HTDemucs(**made_with).state_dict()
        torch.save({"klass": HTDemucs, "args": (), "kwargs": made_with, "state": state}, path)
    return path


def files(folder: Path, **others: Path | None) -> WeightFiles:
    """Everything of a model that one of the functions above made."""
    t5_folder, stems = folder / T5_NAME, folder / STEMS_FILE
    found: dict[str, Path | None] = {
        "text_encoder": t5_folder if t5_folder.exists() else None,
        "stems": stems if stems.exists() else None,
        **others,
    }
    return WeightFiles(folder / "state_dict.bin", folder / "compression_state_dict.bin", **found)


def model(folder: Path) -> Model:
    """What the backend would say of such a model."""
    audio, stereo = "audiogen" in folder.name, "stereo" in folder.name
    return Model(
        str(folder),
        "audiocraft",
        "audio" if audio else "music",
        AUDIO_RATE if audio else MUSIC_RATE,
        2 if stereo else 1,
        10.0 if audio or "magnet" in folder.name else 30.0,
        "",
        "tiny",
    )


def save(path: Path, config: dict[str, Any], state: dict[str, Any]) -> None:
    """Writes a checkpoint as audiocraft's export does: the configuration is YAML in a string."""
    from omegaconf import OmegaConf

    package = {"best_state": state, "xp.cfg": OmegaConf.to_yaml(config), "version": "1.3.0", "exported": True}
    torch.save(package, path)


def _make(folder: Path, config: dict[str, Any]) -> Path:
    """Builds both models from scratch, always with the same weights, and writes their checkpoints."""
    from omegaconf import OmegaConf

    compat.prepare()
    from audiocraft.models import builders

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    codec_cfg = codec_config(config["sample_rate"])
    codec = builders.get_compression_model(OmegaConf.create({**codec_cfg, "device": "cpu"})).eval()
    _liven(codec)
    save(folder / "compression_state_dict.bin", codec_cfg, codec.state_dict())

    here = OmegaConf.create({**config, "device": "cpu", "dtype": "float32"})
    del here.conditioners.args
    if "self_wav" in here.conditioners:
        del here.conditioners.self_wav.chroma_stem.cache_path
    if here.lm_model == "transformer_lm_magnet":
        here.transformer_lm.segment_duration = here.dataset.segment_duration
    with _no_companions():
        lm = builders.get_lm_model(here).eval()
    with torch.no_grad():
        for linear in lm.linears:  # random logits are all but flat: top_k, temperature and prompt would hardly matter
            linear.weight.mul_(4.0)
    save(folder / "state_dict.bin", config, lm.state_dict())
    if config["conditioners"]["description"]["model"] == "t5":
        make_t5(folder / config["conditioners"]["description"]["t5"]["name"])
    return folder


@contextmanager
def _no_companions() -> Iterator[None]:
    """T5 and demucs are no part of a checkpoint, but audiocraft would fetch them to build the rest around them."""
    from audiocraft.modules import conditioners

    nothing = SimpleNamespace(from_pretrained=lambda name: torch.nn.Identity())
    with melody_libraries(), patch.multiple(conditioners, T5Tokenizer=nothing, T5EncoderModel=nothing):
        import demucs.htdemucs
        import demucs.pretrained

        demucs.pretrained.get_model = lambda name: demucs.htdemucs.HTDemucs(["drums", "bass", "other", "vocals"])
        yield


@torch.no_grad()
def _liven(codec: Any, rms: float = 0.1) -> None:
    """Scales each convolution so that random codes come out as a varied sound of about `rms`.

    With the weights of its initialisation the decoder gives little but its biases, a constant, whatever the codes.
    """
    codes = torch.randint(0, CARD, (4, codec.num_codebooks, 50), generator=torch.Generator().manual_seed(1))
    for layer in codec.quantizer.vq.layers:
        layer._codebook.embed.div_(layer._codebook.embed.std())
    convolutions = [module for module in codec.decoder.modules() if hasattr(module, "weight_g")]
    for convolution in convolutions:
        if convolution.bias is not None:
            convolution.bias.zero_()
    for convolution in convolutions:
        levels: list[Any] = []
        hook = convolution.register_forward_hook(
            lambda _module, _inputs, output, levels=levels: levels.append(output.std())
        )
        codec.decode(codes)
        hook.remove()
        convolution.weight_g.mul_((rms if convolution is convolutions[-1] else 1.0) / levels[0])
