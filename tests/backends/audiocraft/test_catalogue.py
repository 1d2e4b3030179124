"""What is known by heart of the published models, against what is on record elsewhere."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

from soundgraph import backends
from soundgraph.backends.audiocraft import catalogue
from soundgraph.project import model_names

BACKEND = backends.get("audiocraft")
PUBLISHED = {entry.id: entry for entry in catalogue.PUBLISHED}


def source(name: str) -> str:
    """A file of audiocraft's models, without importing it."""
    spec = find_spec("audiocraft")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return (Path(spec.submodule_search_locations[0]) / "models" / f"{name}.py").read_text("utf-8")


def test_every_model_of_audiocraft_1_3_0_is_there():
    sizes = ("small", "medium", "large", "melody", "melody-large")
    music = {f"facebook/musicgen-{stereo}{size}" for stereo in ("", "stereo-") for size in sizes}
    magnet = {f"facebook/magnet-{size}-{seconds}secs" for size in ("small", "medium") for seconds in (10, 30)}
    sounds = {"facebook/audiogen-medium", "facebook/audio-magnet-small", "facebook/audio-magnet-medium"}
    assert set(PUBLISHED) == music | magnet | sounds
    assert [model.id for model in BACKEND.models()] == list(PUBLISHED)


def test_each_is_named_in_audiocraft_itself():
    text = "".join(map(source, ("musicgen", "audiogen", "magnet")))
    # Stereo and melody-large came after these docstrings.
    for model_id in PUBLISHED:
        assert model_id in text or "stereo" in model_id or "melody-large" in model_id


def test_parameters_agree_with_the_sizes_of_published_files():
    """A published `state_dict.bin` is its parameters in float16, and little else."""
    known = [entry for entry in PUBLISHED.values() if entry.lm_bytes is not None]
    assert len(known) >= 13
    for entry in known:
        assert entry.lm_bytes == pytest.approx(2 * entry.lm_parameters, rel=0.005), entry.id


@pytest.mark.parametrize(("melody", "channels"), [(False, 1), (False, 2), (True, 1)])
def test_parameters_follow_from_the_architecture(melody, channels):
    """Counted in audiocraft's own model, on torch's device for shapes without content."""
    import torch

    from soundgraph.backends.audiocraft import compat
    from tests.backends.audiocraft import tiny

    compat.prepare()
    from audiocraft.models import builders
    from omegaconf import OmegaConf

    config = tiny.lm_config(n_q=4 * channels, dim=64, num_layers=3, card=2048)
    config |= {"device": "cpu", "dtype": "float32"}
    del config["conditioners"]["args"]
    if melody:  # everything is a prefix: no cross-attention
        config["fuser"] |= {"cross": [], "prepend": ["description"]}
    lm = builders.get_lm_model(OmegaConf.create(config))
    own = sum(tensor.numel() for name, tensor in lm.state_dict().items() if "condition_provider" not in name)
    entry = catalogue.CatalogueEntry("x", "music", (64, 3), "t5-base", 32000, 30.0, channels, melody)
    conditions = (768 + (12 if melody else 0)) * 64
    assert torch.is_tensor(lm.emb[0].weight)
    assert entry.lm_parameters - conditions == pytest.approx(own, abs=4 * 64)


def test_text_encoders_have_the_parameters_of_t5():
    import torch
    from transformers import T5Config, T5EncoderModel

    sizes = {"t5-base": (768, 3072, 12, 12), "t5-large": (1024, 4096, 24, 16)}
    for name, (width, inner, layers, heads) in sizes.items():
        config = T5Config(d_model=width, d_ff=inner, num_layers=layers, num_heads=heads, d_kv=64, vocab_size=32128)
        with torch.device("meta"):
            encoder = T5EncoderModel(config)
        assert catalogue.TEXT_ENCODER_PARAMETERS[name] == sum(tensor.numel() for tensor in encoder.parameters())


def test_what_they_make():
    for model in BACKEND.models():
        music = model.family == "music"
        assert model.sample_rate == (32000 if music else 16000)
        assert model.channels == (2 if "stereo" in model.id else 1)
        assert model.max_duration_s == (10 if not music or "10secs" in model.id else 30)
        assert model.licence == "CC-BY-NC-4.0"
        assert ("melody" in model.conditioning) == ("melody" in model.id)
        memory = dict(model.memory)
        assert memory["float32"] > memory["float16"] == memory["bfloat16"] > memory["int8"] > 0


def test_magnet_has_settings_of_its_own_and_makes_one_window_at_a_time():
    """audiocraft's own defaults, read out of its source."""
    tree = ast.parse(source("magnet"))
    (function,) = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "set_generation_params"
    ]
    names = [argument.arg for argument in function.args.args][-len(function.args.defaults) :]
    stock = dict(zip(names, map(ast.literal_eval, function.args.defaults), strict=True))
    for model in BACKEND.models():
        magnet = "magnet" in model.id
        assert (model.longer, model.batches) == (not magnet, not magnet)
        expected = [stock[name] for name in ("temperature", "top_k", "top_p", "max_cfg_coef")] if magnet else []
        assert [value for _, value in model.defaults] == expected
        assert magnet == ("continuation" not in model.conditioning)


@pytest.mark.parametrize("name", ["facebook/audiogen-small", "audiogen-large", "AudioGen"])
def test_an_audiogen_that_does_not_exist_is_answered_with_the_one_that_does(name):
    with pytest.raises(model_names.UnknownModelError) as caught:
        model_names.resolve(name, model_names.BUILT_IN)
    assert str(caught.value) == f'"{name}" does not exist: the only AudioGen is "facebook/audiogen-medium"'


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("facebook/musicgen-smal", "facebook/musicgen-small"),
        ("musicgen-stereo-melody", "facebook/musicgen-stereo-melody"),
        ("magnet-small-30secs", "facebook/magnet-small-30secs"),
        ("facebook/audio-magnet-larg", "facebook/audio-magnet-small"),
    ],
)
def test_a_slip_is_answered_with_the_nearest_name(name, meant):
    with pytest.raises(model_names.UnknownModelError) as caught:
        model_names.resolve(name, model_names.BUILT_IN)
    assert "did you mean" in str(caught.value)
    assert meant.rpartition("-")[0] in str(caught.value)
