"""From the files of a checkpoint to audiocraft's live models, and their end."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch.nn.modules import activation

from soundgraph.backends import Model
from soundgraph.backends.audiocraft import archive, companions, compat, devices
from soundgraph.backends.audiocraft.devices import choose_device, dtype_for
from soundgraph.core.errors import NodeError, first_line, quote

if TYPE_CHECKING:
    from soundgraph.backends.audiocraft.weights import WeightFiles

__all__ = ["Loaded", "attention", "choose_device", "dtype_for", "free", "load"]

_MAGNET = "transformer_lm_magnet"
_LONGEST_DELAY = 10_000
"""Of a codebook, in steps: each is a step more to make. Published models have 3, and 30 s have 1,500 steps."""

_CONDITIONERS = ("t5", "lut", "chroma_stem")


@dataclass
class Loaded:
    """A model on a device."""

    lm: Any
    """audiocraft's LMModel or MagnetLMModel, in eval mode. As audiocraft builds it, `dtype` is that of the transformer;
    embeddings, output heads, last norm and conditioners are in float32."""
    codec: Any
    """audiocraft's CompressionModel, in eval mode and float32, with the number of codebooks that the lm uses; for two
    channels it is wrapped, so that codes and samples are those of both."""
    max_duration_s: float
    """How long a piece the lm was trained on, in seconds."""
    kind: Literal["lm", "magnet"]
    device: str
    dtype: torch.dtype


def load(files: WeightFiles, model: Model, device: str, dtype: torch.dtype) -> Loaded:
    """Puts a model on a device. device: "cuda", "mps" or "cpu". dtype: of its transformer, see `devices.dtype_for`.

    Nothing in the files is run and no network is asked. Memory stays near what the model itself takes: the files are
    mapped, and each weight is copied once.

    Raises NodeError, one line that names the file and what to do, for files that cannot be used; OutOfMemoryError.
    """
    compat.prepare()
    hint = f"fetch it again: soundgraph models pull {model.id}" if _is_published(model) else "copy or export it again"
    with devices.room_for(f"model {quote(model.id)}", device), _quiet():
        return _load(files, model, device, dtype, hint)


def free(loaded: Loaded) -> None:
    """Gives the memory of a model back to the device and to the system. `loaded` is empty afterwards.

    Whoever else holds its lm or codec, or a tensor of them, keeps it alive: let go of those first.
    """
    # Dropped whole, never moved off the device first: T5 and demucs are outside the tree of modules (in the `__dict__`
    # of a conditioner, so as not to be saved with a checkpoint), and moving the rest would leave them there.
    loaded.lm = loaded.codec = None
    devices.give_back()


@contextmanager
def attention(kind: Literal["lm", "magnet"]) -> Iterator[None]:
    """While this lasts, audiocraft computes attention in the way that a model of this kind was made for.

    It is a global of audiocraft's, read each time a model runs, and only one of its two values heeds MAGNeT's masks.
    audiocraft sets that one for good when it loads a MAGNeT, and every other model of the process is computed
    differently from then on.
    """
    from audiocraft.modules import transformer

    before = transformer._efficient_attention_backend
    transformer.set_efficient_attention_backend("xformers" if kind == "magnet" else "torch")
    try:
        yield
    finally:
        transformer.set_efficient_attention_backend(before)


def _load(files: WeightFiles, model: Model, device: str, dtype: torch.dtype, hint: str) -> Loaded:
    from audiocraft.models import builders

    package = archive.read(files.lm, hint)
    cfg = _settings(package, files.lm, "lm_model", "a language model", hint)
    state = package.pop("best_state")
    magnet = cfg.get("lm_model") == _MAGNET
    with _usable(files.lm, hint):
        _check_rate(files.lm, cfg.get("sample_rate"), model, cfg.get("solver"))
    # A MAGNeT is laid out by the rate of its codec's frames. Otherwise the codec waits until the language model's file
    # is closed: the pages read of it, half the size of the weights made of them, count as memory until then.
    codec = _codec(files, model, device, hint) if magnet else None
    with _usable(files.lm, hint):
        _adapt(cfg, codec, device, dtype)
        text, separator = _conditioners(cfg, files, model, device, hint)
        with companions.handed_over(text, separator), _uninitialised():
            lm = builders.get_lm_model(cfg)
        seconds = float(cfg.dataset.segment_duration)
    _fill(lm, state, files.lm, hint)
    del package, state
    codec = codec or _codec(files, model, device, hint)
    with _usable(files.lm, hint):
        codec = builders.get_wrapped_compression_model(codec, cfg).eval()
    _fit(lm, codec, model, files)
    with _usable(files.codec, hint):
        _try(codec)
    longest = max(getattr(lm.pattern_provider, "delays", [0]))
    if longest > _LONGEST_DELAY:
        raise NodeError(f"{files.lm}: its settings cannot be used (a codebook is delayed by {longest} steps); {hint}")
    lm.eval()
    lm.cfg = cfg  # where stock code looks for it
    for conditioner in lm.condition_provider.conditioners.values():
        if hasattr(conditioner, "match_len_on_eval"):  # as MusicGen.get_pretrained sets it: a melody fills the window
            conditioner.match_len_on_eval, conditioner._use_masking = True, False
    return Loaded(lm, codec, seconds, "magnet" if magnet else "lm", device, dtype)


def _codec(files: WeightFiles, model: Model, device: str, hint: str) -> Any:
    codec = _read_codec(files, device, hint)
    _check_rate(files.codec, codec.sample_rate, model)
    return codec


def _read_codec(files: WeightFiles, device: str, hint: str) -> Any:
    from audiocraft.models import builders

    package = archive.read(files.codec, hint)
    if "pretrained" in package:
        if files.codec_folder is None:
            name = str(package["pretrained"])[:80]
            raise NodeError(f"{files.codec} points at the codec {quote(name)}, which is not on this machine")
        codec = companions.encodec(files.codec_folder, hint)
        return codec.to(device).eval()
    cfg = _settings(package, files.codec, "compression_model", "a codec", hint)
    state = package.pop("best_state")
    with _usable(files.codec, hint):
        cfg.device = device
        with _uninitialised():
            codec = builders.get_compression_model(cfg)
    _fill(codec, state, files.codec, hint)
    return codec.eval()


def _settings(package: Mapping[Any, Any], path: Path, key: str, wanted: str, hint: str) -> Any:
    """The configuration in a checkpoint. key: what such a model's has and the other's has not."""
    from omegaconf import DictConfig, OmegaConf

    if "xp.cfg" not in package or "best_state" not in package:
        raise NodeError(
            f'{path} is no checkpoint of audiocraft\'s export: "xp.cfg" or "best_state" is not in it; {hint}'
        )
    if not isinstance(package["best_state"], Mapping):
        raise NodeError(f'{path} is no checkpoint of audiocraft\'s export: its "best_state" is no table; {hint}')
    if set(package["best_state"]) == {"model"}:
        raise NodeError(f"{path} is a checkpoint of training: export it with audiocraft.utils.export")
    try:
        cfg = OmegaConf.create(package["xp.cfg"])
    except Exception as error:  # YAML's errors and omegaconf's have no base of their own
        raise NodeError(f'{path}: its "xp.cfg" cannot be read ({first_line(error)}); {hint}') from None
    if not isinstance(cfg, DictConfig) or key not in cfg:
        other_sorts = {"compression_model": "a codec", "lm_model": "a language model"}
        held = next(
            (name for at, name in other_sorts.items() if isinstance(cfg, DictConfig) and at in cfg), "something else"
        )
        raise NodeError(f"{path} holds {held} where {wanted} belongs; {hint}")
    OmegaConf.set_struct(cfg, False)
    return cfg


def _adapt(cfg: Any, codec: Any, device: str, dtype: torch.dtype) -> None:
    """The changes that audiocraft/models/loaders.py makes: from training, wherever that was, to here."""
    from audiocraft.models.loaders import _delete_param

    cfg.device = device
    cfg.dtype = str(dtype).removeprefix("torch.")
    _delete_param(cfg, "conditioners.self_wav.chroma_stem.cache_path")
    _delete_param(cfg, "conditioners.args.merge_text_conditions_p")
    _delete_param(cfg, "conditioners.args.drop_desc_p")
    if cfg.lm_model == _MAGNET:
        cfg.transformer_lm.compression_model_framerate = int(codec.frame_rate)
        cfg.transformer_lm.segment_duration = cfg.dataset.segment_duration
        cfg.transformer_lm.span_len = cfg.masking.span_len


def _check_rate(path: Path, rate: int | None, model: Model, solver: str | None = None) -> None:
    """Raises NodeError for a file of another sort than the model that was asked for, before anything is built of it.

    solver: what it calls itself, which is only told, not relied on: a MusicGen trained on effects is a use of its own.
    """
    if rate not in (None, model.sample_rate):
        use = f"is made for {rate} Hz{f', as {solver} is' if solver else ''}"
        raise NodeError(f"{path} {use}, and model {quote(model.id)} for {model.sample_rate} Hz: it is of another")


@torch.inference_mode()
def _try(codec: Any) -> None:
    """Takes one frame through a codec and back: what its settings make of it shows at once, and not at the first take.

    Raises whatever that leads to.
    """
    steps = round(getattr(codec, "num_virtual_steps", 1))
    hop = round(codec.sample_rate / codec.frame_rate)
    device = next(codec.parameters()).device
    sound = codec.decode(torch.zeros(1, codec.num_codebooks, steps, dtype=torch.int64, device=device))
    if sound.shape[1] != codec.channels or sound.shape[2] < steps * hop:
        raise ValueError(f"a frame of {steps * hop} samples comes out as {sound.shape[2]}")
    codes, _scale = codec.encode(torch.zeros(1, codec.channels, steps * hop, device=device))
    if codes.shape[1:] != (codec.num_codebooks, steps):
        raise ValueError(f"a frame of {codec.num_codebooks} codes comes out as {tuple(codes.shape[1:])}")


def _fit(lm: Any, codec: Any, model: Model, files: WeightFiles) -> None:
    """Raises NodeError for a language model and a codec that do not belong together."""
    for property_name, ours, theirs in (
        ("codebooks", lm.n_q, codec.num_codebooks),
        ("codes in a codebook", lm.card, codec.cardinality),
        ("channels", model.channels, codec.channels),
    ):
        if ours != theirs:
            raise NodeError(f"{files.lm} and {files.codec} do not belong together: {ours} and {theirs} {property_name}")


def _conditioners(cfg: Any, files: WeightFiles, model: Model, device: str, hint: str) -> tuple[Any, Any]:
    """The text encoder and demucs, as far as a model asks for them. Raises NodeError for what it cannot be given."""
    from audiocraft.modules.conditioners import T5Conditioner

    text = separator = None
    for name, settings in (cfg.get("conditioners") or {}).items():
        if name == "args":
            continue
        kind = settings.model
        if kind not in _CONDITIONERS:
            raise NodeError(f"{files.lm} is conditioned by {quote(kind)}, which soundgraph cannot do")
        if settings[kind].get("tokenizer") == "whitespace" or settings[kind].get("normalize_text"):
            # It would fetch a dictionary for spacy. No published model has it.
            raise NodeError(f"{files.lm} takes texts apart with spacy, which soundgraph cannot do")
        if kind == "t5" and text is None:
            wanted = settings.t5.name
            if wanted not in T5Conditioner.MODELS_DIMS:
                raise NodeError(f"{files.lm} wants the text encoder {quote(wanted)}, which audiocraft does not know")
            if files.text_encoder is None:
                raise NodeError(f"{files.lm} needs the text encoder {quote(wanted)}, which is not on this machine")
            text = companions.text_encoder(files.text_encoder, hint)
            width = text[0].config.d_model
            if width != T5Conditioner.MODELS_DIMS[wanted]:
                raise NodeError(f"{files.text_encoder} is not {quote(wanted)}: its width is {width}; {hint}")
        if kind == "chroma_stem":
            separator = companions.stems(files.stems, hint)
            separator.to(device)
    return text, separator


def _fill(module: Any, state: Mapping[str, Any], path: Path, hint: str) -> None:
    """Copies weights into a model, each straight from the mapped file to where it stays."""
    for name, tensor in module.state_dict().items():
        # torch would drop what is imaginary, and take whole numbers, whose scale is elsewhere, for weights.
        if unlike := _unlike(state.get(name), tensor):
            raise NodeError(f'{path}: its weights do not fit its settings ("{name}" is {unlike}); {hint}')
    try:
        module.load_state_dict(state)
    except (RuntimeError, TypeError, AttributeError) as error:
        if devices.is_out_of_memory(error):
            raise
        lines = [line.strip() for line in str(error).splitlines()[1:]] or [str(error)]
        raise NodeError(
            f"{path}: its weights do not fit its settings ({lines[0][:160].rstrip('. ')}); {hint}"
        ) from None


def _unlike(given: Any, tensor: torch.Tensor) -> str:
    """What sort of numbers a weight has where a model has another; "" where it fits, or is absent."""
    if not isinstance(given, torch.Tensor):
        return ""
    sort = str(given.dtype).removeprefix("torch.")
    if given.is_quantized or given.layout != torch.strided or given.is_meta or given.is_nested:
        return f"no plain tensor: {sort}, {'meta' if given.is_meta else str(given.layout).removeprefix('torch.')}"
    if tensor.is_floating_point() and not given.is_floating_point():
        return f"{sort}, and no float"
    return ""


@contextmanager
def _usable(path: Path, hint: str) -> Iterator[None]:
    """Turns what audiocraft raises about a configuration into words."""
    try:
        yield
    except (NodeError, MemoryError):
        raise
    except Exception as error:  # KeyError, AssertionError, TypeError, ConfigAttributeError …
        if devices.is_out_of_memory(error):
            raise
        raise NodeError(f"{path}: its settings cannot be used ({first_line(error)}); {hint}") from None


@contextmanager
def _uninitialised() -> Iterator[None]:
    """While this lasts, new layers are not filled with random numbers, which a checkpoint would overwrite anyway.

    That takes longer than reading the checkpoint, and touches memory twice. `load_state_dict` sees to it that nothing
    is left as it was.
    """

    def leave(tensor: Any, *args: Any, **kwargs: Any) -> Any:
        return tensor

    filling = ("uniform_", "normal_", "trunc_normal_", "kaiming_uniform_", "kaiming_normal_", "xavier_uniform_")
    nothing = dict.fromkeys(filling, leave)
    # MultiheadAttention has its own reference. audiocraft's layers make one each before they replace it by their own.
    with compat.replaced(torch.nn.init, **nothing), compat.replaced(activation, xavier_uniform_=leave):
        yield


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what torch has to say about how audiocraft was written."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _is_published(model: Model) -> bool:
    return model.id.startswith("facebook/")
