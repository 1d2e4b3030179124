"""Repositories of the Hugging Face hub: what their files are called, and in which folders of this machine they lie."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from soundgraph.backends import Pin, Sources
from soundgraph.backends.audiocraft import digests

LM_FILE = "state_dict.bin"
CODEC_FILE = "compression_state_dict.bin"
_TOKENIZER = ("added_tokens.json", "special_tokens_map.json", "spiece.model", "tokenizer.json", "tokenizer_config.json")


@dataclass(frozen=True)
class Place:
    """A folder with files of a repository."""

    folder: Path
    repository: str = ""
    """Of the hub's cache; "" for any other folder."""
    revision: str = ""
    """Of the hub's cache; "" for any other folder."""
    read: tuple[Path, ...] = ()


def caches() -> list[Path]:
    """The folders that may hold repositories of the hub, as audiocraft and huggingface_hub look for them."""
    home = _directory("HF_HOME") or digests.user_cache() / "huggingface"
    hub = _directory("HF_HUB_CACHE") or _directory("HUGGINGFACE_HUB_CACHE") or home / "hub"
    return list(dict.fromkeys([_directory("AUDIOCRAFT_CACHE_DIR") or hub, hub]))


def stems_folder() -> Path:
    """Where torch.hub, through which demucs fetches its model, puts it."""
    return (_directory("TORCH_HOME") or digests.user_cache() / "torch") / "hub" / "checkpoints"


def _directory(variable: str) -> Path | None:
    given = os.environ.get(variable)
    return digests.expanded(given) if given else None


def storage(cache: Path, repository: str) -> Path:
    """The folder of a repository in a cache of the hub."""
    return cache / f"models--{repository.replace('/', '--')}"


def storage_of(path: Path) -> Path | None:
    """The folder of the repository, in one of the hub's own caches, whose snapshot holds a file; None for any other."""
    parents = path.parents
    in_cache = len(parents) > 3 and parents[1].name == "snapshots" and parents[3] in caches()
    return parents[2] if in_cache and parents[2].name.startswith("models--") else None


def other_revision(repository: str, pin: Pin | None) -> str:
    """The revision that a model's pin names of a repository other than the model's own; "" for none."""
    others = dict(other.rsplit("@", 1) for other in pin.others if "@" in other) if pin is not None else {}
    return next((others[name] for name in names_of(repository) if name in others), "")


def names_of(repository: str) -> tuple[str, ...]:
    """The names that a repository goes by, the published one first: T5 had none with an owner at first."""
    if "/" not in repository and repository.startswith("t5-"):
        return (f"google-t5/{repository}", repository)
    return (repository,)


def codec_files(names: Iterable[str]) -> list[str]:
    """Those of a repository's files that are its EnCodec; none if it has no whole one."""
    present = sorted(names)
    weights = _weights(present)
    return ["config.json", *weights] if weights and "config.json" in present else []


def text_files(names: Iterable[str]) -> list[str]:
    """Those of a repository's files that are its text encoder with its tokenizer; none if it has no whole one."""
    present = sorted(names)
    tokenizer = [name for name in present if name in _TOKENIZER]
    files = codec_files(present)
    return [*files, *tokenizer] if files and {"spiece.model", "tokenizer.json"} & set(tokenizer) else []


def checkpoint_files(names: Iterable[str]) -> list[str]:
    """The two files of a checkpoint, or none."""
    return [LM_FILE, CODEC_FILE] if {LM_FILE, CODEC_FILE} <= set(names) else []


def _weights(names: list[str]) -> list[str]:
    """What transformers loads from such a folder: safetensors before pickles, one file before several."""
    for stem, suffix in (("model", ".safetensors"), ("pytorch_model", ".bin")):
        if f"{stem}{suffix}" in names:
            return [f"{stem}{suffix}"]
        index = f"{stem}{suffix}.index.json"
        if index in names:
            return [index, *(name for name in names if re.fullmatch(rf"{stem}-\d+-of-\d+\{suffix}", name))]
    return []


def places(
    repository: str,
    sources: Sources,
    pinned: str,
    choose: Callable[[Iterable[str]], list[str]],
    beside: Path | None = None,
) -> Iterator[Place]:
    """The folders that hold what `choose` wants of a repository, the first to be used first.

    pinned: the revision that a lock names, "" for none. beside: the folder of a checkpoint, which may hold what it
    needs.
    """
    names = names_of(repository)
    for parent in (beside, sources.weights_dir):
        for name in names if parent is not None else ():
            folder = parent / name  # type: ignore[operator]
            if choose(file_names(folder)):
                yield Place(folder)
    for cache in caches():
        for name in names:
            kept = storage(cache, name)
            if pinned and choose(file_names(kept / "snapshots" / pinned)):
                yield Place(kept / "snapshots" / pinned, name, pinned)
            reference = kept / "refs" / "main"
            revision = _reference(reference)
            if revision and revision != pinned and choose(file_names(kept / "snapshots" / revision)):
                yield Place(kept / "snapshots" / revision, name, revision, (reference,))


def passed_over(
    chosen: Place, repository: str, sources: Sources, pinned: str, beside: Path | None = None
) -> Iterator[Path]:
    """Where `places` looked before it came to the one that was chosen; the parameters are those of it."""
    names = names_of(repository)
    for folder in (parent / name for parent in (beside, sources.weights_dir) if parent is not None for name in names):
        if folder == chosen.folder:
            return
        yield folder
    for kept in (storage(cache, name) for cache in caches() for name in names):
        if pinned and chosen.folder != kept / "snapshots" / pinned:
            yield kept / "snapshots" / pinned
        if kept in chosen.folder.parents:
            return
        yield kept / "refs" / "main"


def _reference(path: Path) -> str:
    try:
        revision = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return revision if re.fullmatch(r"[\w.-]+", revision) and revision.strip(".") else ""


def file_names(folder: Path | None) -> list[str]:
    """The files of a folder; none if there is none. A link that leads nowhere is no file."""
    try:
        return sorted(path.name for path in folder.iterdir() if path.is_file()) if folder is not None else []
    except OSError:
        return []
