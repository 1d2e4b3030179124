"""Writes checkpoints of random weights at published sizes, once, where every party can load them.

Under the folder given there are then, for each size:

    NAME/state_dict.bin, NAME/compression_state_dict.bin   audiocraft's export format; the language model in float16,
                                                           as the published ones are
    NAME-transformers/                                     the same weights for transformers, in float32
    hub/hub/models--t5-…/                                  text encoders, laid out as Hugging Face's cache
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench.generation.sizes import PROMPTS, SIZES, Size, codec_config, lm_config, transformers_config

_DONE = "written"


def folder_of(root: Path, name: str) -> Path:
    """The checkpoint's folder for audiocraft and soundgraph."""
    return root / name


def transformers_folder_of(root: Path, name: str) -> Path:
    return root / f"{name}-transformers"


def environment(root: Path) -> dict[str, str]:
    """What a process must have in its environment to find the text encoders, and nothing on a network."""
    return {"HF_HOME": str(root / "hub"), "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


def is_written(root: Path, name: str) -> bool:
    return (folder_of(root, name) / _DONE).exists()


def write(root: Path, name: str) -> None:
    """Write the checkpoint of one size. Its process needs `environment(root)`, since audiocraft looks its text encoder
    up by name."""
    import torch

    from soundgraph.backends.audiocraft import compat

    compat.prepare()
    import audiocraft
    from audiocraft.models import builders
    from omegaconf import OmegaConf

    size = SIZES[name]
    folder = folder_of(root, name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    _write_text_encoder(root, size)
    common = {"version": audiocraft.__version__, "exported": True}

    config = OmegaConf.create(codec_config(size))
    codec = builders.get_compression_model(config).eval()
    state = {"best_state": codec.state_dict(), "xp.cfg": OmegaConf.to_yaml(config), **common}
    torch.save(state, folder / "compression_state_dict.bin")

    config = OmegaConf.create(lm_config(size))
    lm = builders.get_lm_model(config).eval()
    halves = {key: value.half() for key, value in lm.state_dict().items()}
    torch.save({"best_state": halves, "xp.cfg": OmegaConf.to_yaml(config), **common}, folder / "state_dict.bin")

    _write_for_transformers(root, name, halves)
    (folder / _DONE).touch()


def _write_text_encoder(root: Path, size: Size) -> None:
    """A random T5 encoder, and a tokenizer that knows every letter and the words of PROMPTS."""
    import torch
    from transformers import T5Config, T5EncoderModel, T5Tokenizer

    repository = root / "hub" / "hub" / f"models--{size.text}"
    snapshot = repository / "snapshots" / ("0" * 40)
    if (repository / "refs" / "main").exists():
        return
    snapshot.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    T5EncoderModel(T5Config(**size.text_config)).save_pretrained(snapshot)
    words = sorted({word for prompt in PROMPTS for word in prompt.split()})
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    pieces += [("▁" + word, -1.0) for word in words] + [(chr(code), -9.0) for code in range(33, 127)]
    T5Tokenizer(vocab=pieces, extra_ids=0).save_pretrained(snapshot)
    (repository / "refs").mkdir(exist_ok=True)
    (repository / "refs" / "main").write_text(snapshot.name)


def _write_for_transformers(root: Path, name: str, lm_state: Mapping[str, Any]) -> None:
    """The same language model in transformers' layout. Its codec is random by itself: no figure here runs it."""
    from transformers import (
        EncodecConfig,
        GenerationConfig,
        MusicgenConfig,
        MusicgenForConditionalGeneration,
        T5Config,
        T5EncoderModel,
        T5Tokenizer,
    )
    from transformers.models.musicgen import MusicgenDecoderConfig

    size = SIZES[name]
    snapshot = root / "hub" / "hub" / f"models--{size.text}" / "snapshots" / ("0" * 40)
    words = transformers_config(size)
    config = MusicgenConfig(
        text_encoder=T5Config(**words["text_encoder"]),
        audio_encoder=EncodecConfig(**words["audio_encoder"]),
        decoder=MusicgenDecoderConfig(**words["decoder"]),
    )
    model = MusicgenForConditionalGeneration(config).eval()
    model.text_encoder.load_state_dict(T5EncoderModel.from_pretrained(snapshot).state_dict())
    decoder, projection = renamed(lm_state, size.dim)
    model.decoder.load_state_dict({key: value.float() for key, value in decoder.items()}, strict=True)
    model.enc_to_dec_proj.load_state_dict({key: value.float() for key, value in projection.items()})
    model.generation_config = GenerationConfig(
        do_sample=True,
        guidance_scale=3.0,
        max_length=1500,
        bos_token_id=size.card,
        pad_token_id=size.card,
        decoder_start_token_id=size.card,
    )
    folder = transformers_folder_of(root, name)
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    T5Tokenizer.from_pretrained(snapshot).save_pretrained(folder)


_RENAMED = (
    ("transformer.layers.", "model.decoder.layers."),
    ("cross_attention.", "encoder_attn."),
    ("linear1", "fc1"),
    ("linear2", "fc2"),
    ("norm_cross", "encoder_attn_layer_norm"),
    ("norm1", "self_attn_layer_norm"),
    ("norm2", "final_layer_norm"),
    ("out_norm", "model.decoder.layer_norm"),
    ("linears.", "lm_heads."),
    ("emb.", "model.decoder.embed_tokens."),
)


def renamed(state: Mapping[str, Any], dim: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """An audiocraft language model's weights under transformers' names: (of its decoder, of the text's projection)."""
    decoder, projection = {}, {}
    for key, value in state.items():
        if key.startswith("condition_provider."):
            projection[key.rpartition("output_proj.")[2]] = value
            continue
        for old, new in _RENAMED:
            key = key.replace(old, new, 1)
        if key.endswith("in_proj_weight"):
            for index, part in enumerate("qkv"):
                name = key.replace("in_proj_weight", f"{part}_proj.weight")
                decoder[name] = value[index * dim : (index + 1) * dim]
        else:
            decoder[key] = value
    return decoder, projection


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.generation.checkpoints")
    parser.add_argument("root", type=Path)
    parser.add_argument("name", choices=SIZES)
    arguments = parser.parse_args(argv)
    write(arguments.root, arguments.name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
