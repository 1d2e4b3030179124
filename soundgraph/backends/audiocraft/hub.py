"""Fetching weights from the Hugging Face hub, into the cache that all its libraries share.

huggingface_hub does the fetching: a connection that breaks is taken up again where it broke, and files that are whole
are not fetched again. Added is what a build needs: which files a model is made of, one progress for all of them,
a check of their content, and errors in words. Nothing else in soundgraph opens a connection.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from soundgraph.backends import Model, Pin, Sources
from soundgraph.backends.audiocraft import catalogue, digests, repositories, weights
from soundgraph.backends.audiocraft.weights import WeightPart
from soundgraph.core.errors import NodeError, quote
from soundgraph.core.files import digest_if_readable, write_atomically

Report = Callable[[int, int], None]
"""Called with the bytes fetched so far, and all that are to be fetched. It may raise, to stop."""

STEMS_URL = f"https://dl.fbaipublicfiles.com/demucs/hybrid_transformer/{weights.STEMS_FILE}"
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class _Item:
    """A file to fetch."""

    name: str
    size: int
    """In bytes; -1 if unknown."""
    sha256: str = ""
    """Of its content; "" where nobody says."""
    git_digest: str = ""
    """Of its content; "" where nobody says."""
    again: bool = False
    """Whether there is one, which is damaged."""


@dataclass(frozen=True)
class _Batch:
    """What is to be fetched of a part."""

    part: WeightPart
    repository: str
    revision: str = ""
    """A commit of the repository."""
    newest: bool = False
    """Whether the newest one was asked for."""
    items: tuple[_Item, ...] = ()
    """Empty if all the files are in the cache already."""


class _Tally:
    """How far all of it is."""

    def __init__(self, report: Report):
        self._report, self._finished, self._whole = report, 0, 0

    def expect(self, batches: list[_Batch]) -> None:
        self._whole += sum(max(item.size, 0) for batch in batches for item in batch.items)

    def within(self, size: int) -> None:
        """That much of a file has arrived."""
        self._report(min(self._finished + size, self._whole), self._whole)

    def finish(self, item: _Item) -> None:
        self._finished += max(item.size, 0)
        self.within(0)


def offline() -> bool:
    """Whether the user keeps the libraries of the hub from the network."""
    given = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or ""
    return given.upper() in ("1", "ON", "YES", "TRUE")


def unreachable(model: Model) -> str:
    """Why weights that are not here cannot be fetched, as one line; "" if nothing speaks against it."""
    if not offline():
        return ""
    absent = f" ({model.trouble})" if model.trouble not in ("", model.id) else ""
    return f"model {quote(model.id)} is not on this machine{absent}, and HF_HUB_OFFLINE keeps it from being fetched"


def size_of(model: Model, sources: Sources) -> int | None:
    """How many bytes `pull` would fetch, asked of the hub; None where it does not say.

    Raises NodeError if it cannot be asked.
    """
    sizes = [item.size for part in _look(model, sources).absent for item in _batch(part, model, sources).items]
    return None if -1 in sizes else sum(sizes)


def pull(model: Model, sources: Sources, revision: str, report: Report) -> Pin:
    """Fetches what of a model is not on this machine, or damaged in the hub's cache, and says what is now.

    revision: of its repository; "" for the pinned one, or the newest if none is. What belongs to it in other
    repositories is fetched at the revision that its pin names, else the newest.
    Raises NodeError, in words, for whatever keeps it from being fetched.
    """
    pin = sources.pins.get(model.id)
    if revision and (pin is None or pin.revision != revision):
        sources = replace(sources, pins={**sources.pins, model.id: Pin(revision, "")})
    tally = _Tally(report)
    # What a checkpoint points at is known for sure when it is here: what the catalogue expects may be another codec.
    for _ in range(4):
        state = _look(model, sources)
        if not state.absent:
            return Pin(state.revision, state.identity, state.others)
        batches = [_batch(part, model, sources) for part in state.absent]
        _check_space(batches)
        tally.expect(batches)
        for batch in batches:
            for item in batch.items:
                _fetch(batch, item, tally.within)
                tally.finish(item)
            _refer(batch)
    raise NodeError(f"model {quote(model.id)} is still not whole: {weights.absent_words(_look(model, sources).absent)}")


def _look(model: Model, sources: Sources) -> weights.FoundWeights:
    try:
        return weights.look(model.id, sources, thorough=True)
    except (ValueError, OSError) as error:
        raise NodeError(f"model {quote(model.id)} {error}") from error


def _batch(part: WeightPart, model: Model, sources: Sources) -> _Batch:
    """What the hub lists of a part, and is not in the cache."""
    if offline():
        raise NodeError(f"{quote(part.repository)} is not on this machine, and HF_HUB_OFFLINE is set")
    variable, folder = ("TORCH_HOME", repositories.stems_folder()) if part.role == "stems" else ("HF_HOME", _cache())
    if digests.NO_HOME in folder.parents:
        trouble = f"there is no home folder to keep {quote(part.repository)} in"
        raise NodeError(f"{trouble}: say with {variable} where it belongs")
    if part.role == "stems":
        item = _Item(weights.STEMS_FILE, catalogue.STEMS_BYTES, weights.STEMS_SHA256)
        return _Batch(part, part.repository, items=(item,))
    repository, pin = repositories.names_of(part.repository)[0], sources.pins.get(model.id)
    if part.role == "checkpoint":
        revision = pin.revision if pin is not None else ""
    else:
        revision = repositories.other_revision(part.repository, pin)
    with _in_words(repository):
        from huggingface_hub import HfApi

        api = HfApi(endpoint=_endpoint(), token=_token())
        try:
            info = api.model_info(repository, revision=revision or "main", files_metadata=True, timeout=30)
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            # Such as the page of a network that wants a password first.
            raise NodeError(f"{_endpoint()} is no hub: it does not list the files of {quote(repository)}") from error
        if not info.sha:
            raise NodeError(f"{_endpoint()} does not say which revision of {quote(repository)} it has")
    listed = {sibling.rfilename: sibling for sibling in info.siblings or ()}
    choose, needed = {
        "checkpoint": (repositories.checkpoint_files, f"{repositories.LM_FILE} and {repositories.CODEC_FILE}"),
        "codec": (repositories.codec_files, "config.json and weights"),
        "text": (repositories.text_files, "config.json, weights and a tokenizer"),
    }[part.role]
    names = choose(name for name in listed if "/" not in name)
    if not names:
        raise NodeError(f"{quote(repository)} at {_endpoint()} does not have what is needed: {needed}")
    snapshot = repositories.storage(_cache(), repository) / "snapshots" / str(info.sha)
    items = [_item(listed[name], snapshot / name) for name in names if not _is_whole(snapshot / name)]
    return _Batch(part, repository, str(info.sha), not revision, tuple(items))


def _is_whole(path: Path) -> bool:
    return path.is_file() and not digests.damage(path, repositories.storage_of(path))


def _item(sibling: Any, path: Path) -> _Item:
    """A file as the hub lists it. It knows large files by their SHA-256, and small ones as git does.

    path: where it belongs.
    """
    size = -1 if sibling.size is None else sibling.size
    if sibling.lfs is not None:
        return _Item(sibling.rfilename, size, sha256=sibling.lfs.sha256, again=path.is_file())
    return _Item(sibling.rfilename, size, git_digest=sibling.blob_id or "", again=path.is_file())


def _fetch(batch: _Batch, item: _Item, tell: Callable[[int], None]) -> None:
    """Fetches a file. One whose content is not what the hub said is removed."""
    if batch.part.role == "stems":
        _fetch_stems(item, tell)
        return
    with _in_words(batch.repository), _quietly():
        import inspect

        from huggingface_hub import hf_hub_download

        # Versions before 1.0 cannot tell how far they are within a file.
        bar = {"tqdm_class": _bar(tell)} if "tqdm_class" in inspect.signature(hf_hub_download).parameters else {}
        path = Path(
            hf_hub_download(
                batch.repository,
                item.name,
                revision=batch.revision,
                cache_dir=_cache(),
                # One that is there would be taken for whole. Else not: it gives up what arrived of a file before.
                force_download=item.again,
                endpoint=_endpoint(),
                token=_token(),
                **bar,
            )
        )
        is_whole = (not item.sha256 or digest_if_readable(str(path)) == item.sha256) and (
            not item.git_digest or digests.git_digest(path) == item.git_digest
        )
    if not is_whole:
        path.resolve().unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        trouble = f"{item.name} of {quote(batch.repository)} arrived damaged"
        raise NodeError(f"{trouble} (its checksum is wrong) and is removed; pull it again")


def _fetch_stems(item: _Item, tell: Callable[[int], None]) -> None:
    """demucs' own model, put where demucs looks for it."""
    folder = repositories.stems_folder()
    temporary = folder / f".{item.name}.{os.getpid()}.tmp"
    hasher, size = hashlib.sha256(), 0
    with _in_words("demucs"):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with urllib.request.urlopen(STEMS_URL, timeout=30) as answer, temporary.open("wb") as file:
                while chunk := answer.read(_CHUNK_BYTES):
                    file.write(chunk)
                    hasher.update(chunk)
                    size += len(chunk)
                    tell(size)
            if hasher.hexdigest() != item.sha256:
                raise NodeError(f"{item.name} of demucs arrived damaged (its checksum is wrong); pull it again")
            temporary.replace(folder / item.name)
        finally:
            temporary.unlink(missing_ok=True)


def _refer(batch: _Batch) -> None:
    """Notes which commit was the newest, for whoever looks without a pin. The library does so only for branches."""
    if not batch.newest:
        return
    reference = repositories.storage(_cache(), batch.repository) / "refs" / "main"
    with _in_words(batch.repository):
        reference.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(str(reference), batch.revision.encode())


def _check_space(batches: list[_Batch]) -> None:
    """Better said before an hour of fetching than after it."""
    folder = _cache()
    needed = sum(max(item.size, 0) for batch in batches for item in batch.items)
    free = needed
    with suppress(OSError):  # a cache that cannot be looked at cannot be written to either, which says why
        while not folder.exists():
            folder = folder.parent
        free = shutil.disk_usage(folder).free
    if needed > free:
        raise NodeError(f"the disk has no room: {needed / 1e9:.1f} GB to fetch, {free / 1e9:.1f} GB free in {folder}")


def _bar(tell: Callable[[int], None]) -> type:
    """What the library takes for a progress bar on a terminal."""

    class Bar:
        def __init__(self, *args: Any, initial: int = 0, **kwargs: Any):
            self.n = initial

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *error: object) -> None:
            return

        def update(self, n: float = 1) -> None:
            self.n += int(n)
            tell(self.n)

        def __getattr__(self, name: str) -> Callable[..., None]:
            if name.startswith("_") or name == "update_transfer":
                raise AttributeError(name)
            return lambda *args, **kwargs: None  # close, refresh, set_description and the like

    return Bar


def _endpoint() -> str:
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def _token() -> str | None:
    """None lets the library look where `hf auth login` keeps one."""
    return os.environ.get("HF_TOKEN") or None


def _cache() -> Path:
    return repositories.caches()[0]


@contextmanager
def _quietly() -> Iterator[None]:
    """Keeps the library from telling of every connection that broke and was taken up: a progress is being shown."""
    import logging

    logger = logging.getLogger("huggingface_hub")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


@contextmanager
def _in_words(repository: str) -> Iterator[None]:
    """Turns what the library and the network raise into a NodeError."""
    try:
        yield
    except NodeError:
        raise
    except Exception as error:
        words = _words(error, repository)
        if not words:
            raise
        raise NodeError(words) from error


def _words(error: Exception, repository: str) -> str:
    """What went wrong; "" for what is no error of the network or the disk."""
    name, where = quote(repository), STEMS_URL if repository == "demucs" else _endpoint()
    kinds = {kind.__name__ for kind in type(error).__mro__}
    status = getattr(getattr(error, "response", None), "status_code", None) or getattr(error, "code", None)
    chain, cause = [str(error)], error.__cause__
    while cause is not None and len(chain) < 5:
        chain.append(str(cause))
        cause = cause.__cause__
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"cannot fetch {name}: the disk is full ({error.filename or _cache()})"
    if isinstance(error, PermissionError | IsADirectoryError | NotADirectoryError) and error.filename:
        return f"cannot fetch {name}: {error.filename}: {error.strerror}"
    if isinstance(error, ImportError):
        return "fetching weights needs huggingface_hub: pip install huggingface_hub"
    if "GatedRepoError" in kinds:
        return f"{name} is only for those who accepted its terms: do so on {where}/{repository}, and set HF_TOKEN"
    if "RevisionNotFoundError" in kinds:
        return f"{name} at {where} does not have the revision that is asked for; is it the one in soundgraph.lock?"
    if "RepositoryNotFoundError" in kinds:
        return f"{where} has no {name}, or not for you: a private one needs HF_TOKEN"
    if status == 401:
        token = os.environ.get("HF_TOKEN")
        return f"{where} does not accept HF_TOKEN" if token else f"{where} wants to know who asks: set HF_TOKEN"
    if status is not None:
        return f"cannot fetch {name}: {where} answered {status}"
    if "Consistency check failed" in chain[0]:
        return f"cannot fetch {name}: the connection broke before all had arrived; pull it again"
    modules = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    if modules & {"httpx", "httpx2", "httpcore", "httpcore2", "requests", "urllib3", "hf_xet"}:
        return f"cannot reach {where} for {name}: {_reason(chain)}"
    if isinstance(error, OSError | urllib.error.URLError) or "EntryNotFoundError" in kinds:
        return f"cannot fetch {name} from {where}: {_reason(chain)}"
    return ""


def _reason(chain: list[str]) -> str:
    """The innermost reason, in one line."""
    lines = [line for text in reversed(chain) for line in text.splitlines() if line.strip()]
    return lines[0].strip().rstrip(".") if lines else "no reason given"
