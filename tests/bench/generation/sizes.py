"""The published models' sizes, as the configurations that their weights are random for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Size:
    """What decides how much work a model is.

    dim, layers, heads: of its language model. seconds: the longest piece it makes in one window.
    filters, dimension, lstm: of its codec, EnCodec. card: entries of a codebook; there are four.
    text: the name that audiocraft knows its text encoder by, and text_config that encoder's own size.
    """

    family: Literal["music", "audio"]
    dim: int
    layers: int
    heads: int
    seconds: int
    text: str
    text_config: dict[str, int]
    card: int = 2048
    filters: int = 64
    dimension: int = 128
    lstm: int = 2

    @property
    def sample_rate(self) -> int:
        """In Hz."""
        return 32000 if self.family == "music" else 16000

    @property
    def ratios(self) -> list[int]:
        """The codec's strides; both families make 50 frames a second."""
        return [8, 5, 4, 4] if self.family == "music" else [8, 5, 4, 2]


FRAME_RATE = 50
CODEBOOKS = 4

_T5_BASE = {"vocab_size": 32128, "d_model": 768, "d_kv": 64, "d_ff": 3072, "num_layers": 12, "num_heads": 12}
_T5_LARGE = {"vocab_size": 32128, "d_model": 1024, "d_kv": 64, "d_ff": 4096, "num_layers": 24, "num_heads": 16}
_T5_TINY = {"vocab_size": 256, "d_model": 512, "d_kv": 8, "d_ff": 16, "num_layers": 1, "num_heads": 2}

SIZES = {
    "musicgen-small": Size("music", 1024, 24, 16, 30, "t5-base", _T5_BASE),
    "musicgen-medium": Size("music", 1536, 48, 24, 30, "t5-base", _T5_BASE),
    "audiogen-medium": Size("audio", 1536, 48, 24, 10, "t5-large", _T5_LARGE),
    # For trying the benchmark out; its figures mean nothing.
    "tiny": Size("music", 64, 2, 4, 30, "t5-small", _T5_TINY, card=256, filters=4, dimension=32, lstm=1),
}

PROMPTS = (
    "soft piano music with a slow and melancholic mood",
    "fast drums and a heavy guitar over bass",
    "a warm pad of strings under a bright bell",
    "dark drone with a slow pulse of low bass",
    "happy music of a small band in summer",
    "a lonely flute over wide and soft strings",
    "heavy drums in a dark and slow march",
    "bright guitar and a soft bass in summer",
    "a music box with a slow bell melody",
    "low strings and a heartbeat of soft drums",
    "wide pad with a fast and bright pulse",
    "a warm piano over slow drums and bass",
)
"""Eight or nine words each. Every word is one token for the text encoders that are written here."""


def lm_config(size: Size) -> dict[str, Any]:
    """The language model's part of an audiocraft configuration, as published models of that size have it."""
    return {
        "solver": "musicgen" if size.family == "music" else "audiogen",
        "sample_rate": size.sample_rate,
        "channels": 1,
        "device": "cpu",
        "dtype": "float32",
        "dataset": {"segment_duration": size.seconds},
        "lm_model": "transformer_lm",
        "codebooks_pattern": {
            "modeling": "delay",
            "delay": {"delays": list(range(CODEBOOKS)), "flatten_first": 0, "empty_initial": 0},
        },
        "transformer_lm": {
            "dim": size.dim,
            "num_heads": size.heads,
            "num_layers": size.layers,
            "hidden_scale": 4,
            "n_q": CODEBOOKS,
            "card": size.card,
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
        "conditioners": {
            "description": {
                "model": "t5",
                "t5": {"name": size.text, "finetune": False, "word_dropout": 0.0, "normalize_text": False},
            }
        },
    }


def codec_config(size: Size) -> dict[str, Any]:
    """The codec's part of an audiocraft configuration."""
    return {
        "compression_model": "encodec",
        "sample_rate": size.sample_rate,
        "channels": 1,
        "device": "cpu",
        "dtype": "float32",
        "encodec": {
            "autoencoder": "seanet",
            "quantizer": "rvq",
            "sample_rate": size.sample_rate,
            "channels": 1,
            "causal": False,
            "renormalize": False,
        },
        "seanet": {
            "dimension": size.dimension,
            "channels": 1,
            "causal": False,
            "n_filters": size.filters,
            "n_residual_layers": 1,
            "ratios": size.ratios,
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
            "lstm": size.lstm,
            "disable_norm_outer_blocks": 0,
            "decoder": {"trim_right_ratio": 1.0, "final_activation": None, "final_activation_params": None},
            "encoder": {},
        },
        "rvq": {
            "n_q": CODEBOOKS,
            "q_dropout": False,
            "bins": size.card,
            "decay": 0.99,
            "kmeans_init": False,
            "kmeans_iters": 50,
            "threshold_ema_dead_code": 2,
            "orthogonal_reg_weight": 0.0,
            "orthogonal_reg_active_codes_only": False,
        },
        "no_quant": {},
    }


def transformers_config(size: Size) -> dict[str, dict[str, Any]]:
    """The same model in the words of transformers: keyword arguments of the configurations of its three parts."""
    return {
        "text_encoder": size.text_config,
        "audio_encoder": {
            "sampling_rate": size.sample_rate,
            "audio_channels": 1,
            "hidden_size": size.dimension,
            "num_filters": size.filters,
            "num_residual_layers": 1,
            "upsampling_ratios": size.ratios,
            "num_lstm_layers": size.lstm,
            "use_causal_conv": False,
            "codebook_size": size.card,
            "codebook_dim": size.dimension,
            "target_bandwidths": [FRAME_RATE * CODEBOOKS * (size.card.bit_length() - 1) / 1000],
            "use_conv_shortcut": False,
        },
        "decoder": {
            "vocab_size": size.card,
            "num_hidden_layers": size.layers,
            "ffn_dim": 4 * size.dim,
            "num_attention_heads": size.heads,
            "hidden_size": size.dim,
            "dropout": 0.0,
            "num_codebooks": CODEBOOKS,
            "audio_channels": 1,
            "pad_token_id": size.card,
            "bos_token_id": size.card,
        },
    }
