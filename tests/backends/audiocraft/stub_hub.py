"""A hub on loopback: the few routes of the Hugging Face hub that fetching weights goes through, and faults to order.

And checkpoints without torch: what a plan reads of one is a zip with a pickle of plain values in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import re
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

_INFO = re.compile(r"/api/models/(.+)/revision/([^/]+)")
_FILE = re.compile(r"/(.+)/resolve/([^/]+)/([^/]+)")
_LARGE = (".bin", ".safetensors", ".th")

_SMALL_BYTES = 10_000


class StubHub:
    """repositories: by name, the commits of each, the newest last, as (sha, files).

    closed: repositories by the status that they answer with, and the hub's code for the reason.
    cut: file names whose first answer breaks off after so many bytes. forged: names served with other content.
    requests: (method, path, Range header) of each. falls_silent: whether it stops in the middle of each file that is
    not small, says so in `is_silent`, and goes away once it `speaks_again`.
    """

    def __init__(self) -> None:
        self.repositories: dict[str, list[tuple[str, dict[str, bytes]]]] = {}
        self.closed: dict[str, tuple[int, str]] = {}
        self.cut: dict[str, int] = {}
        self.forged: set[str] = set()
        self.requests: list[tuple[str, str, str]] = []
        self.url = ""
        self.falls_silent = False
        self.is_silent, self.speaks_again = threading.Event(), threading.Event()

    def publish(self, repository: str, files: Mapping[str, bytes]) -> str:
        """A new commit with these files; returns its name."""
        commits = self.repositories.setdefault(repository, [])
        sha = hashlib.sha1(f"{repository} {len(commits)}".encode()).hexdigest()
        commits.append((sha, dict(files)))
        return sha

    def publish_folder(self, repository: str, folder: Path) -> str:
        return self.publish(repository, {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()})

    def fetched(self) -> list[str]:
        """The files whose content was asked for, in order."""
        return [path.rpartition("/")[2] for method, path, _ in self.requests if method == "GET" and "/resolve/" in path]

    def commit(self, repository: str, revision: str) -> tuple[str, dict[str, bytes]] | None:
        commits = self.repositories.get(repository, [])
        if revision == "main":
            return commits[-1] if commits else None
        return next((commit for commit in commits if commit[0] == revision), None)


@contextmanager
def serve(hub: StubHub) -> Iterator[StubHub]:  # noqa: C901 - the class in it
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            return

        def do_HEAD(self) -> None:
            self.answer(False)

        def do_GET(self) -> None:
            self.answer(True)

        def answer(self, with_body: bool) -> None:
            path = unquote(urlsplit(self.path).path)
            asked = self.headers.get("Range", "")
            hub.requests.append((self.command, path, asked))
            info, file = _INFO.fullmatch(path), _FILE.fullmatch(path)
            match = info or file
            if match is None:
                return self.refuse(404, "")
            repository, revision = match[1], match[2]
            if repository in hub.closed:
                return self.refuse(*hub.closed[repository])
            commit = hub.commit(repository, revision)
            if commit is None:
                known = repository in hub.repositories
                return self.refuse(404, "RevisionNotFound" if known else "RepoNotFound")
            sha, files = commit
            if info is not None:
                return self.send(json.dumps(_listing(repository, sha, files)).encode(), {}, with_body)
            name = match[3]
            if name not in files:
                return self.refuse(404, "EntryNotFound")
            return self.send_file(name, files[name], sha, asked, with_body)

        def send_file(self, name: str, content: bytes, sha: str, asked: str, with_body: bool) -> None:
            large = name.endswith(_LARGE)
            tag = hashlib.sha256(content).hexdigest() if large else _git_digest(content)
            headers = {"ETag": f'"{tag}"', "X-Repo-Commit": sha, "Accept-Ranges": "bytes"}
            if large:
                headers |= {"X-Linked-Etag": f'"{tag}"', "X-Linked-Size": str(len(content))}
            start, status = 0, 200
            if asked:
                start, status = int(asked.removeprefix("bytes=").rstrip("-")), 206
                headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            body = bytes(byte ^ 1 for byte in content) if name in hub.forged else content
            cut = hub.cut.pop(name, None) if with_body else None
            self.send(body[start:], headers, with_body, status, cut)

        def send(
            self, body: bytes, headers: dict[str, str], with_body: bool, status: int = 200, cut: int | None = None
        ) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if with_body and hub.falls_silent and len(body) > _SMALL_BYTES:
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                hub.is_silent.set()
                hub.speaks_again.wait(60)
                self.close_connection = True
            elif with_body:
                self.wfile.write(body[:cut])
            if cut is not None:
                self.close_connection = True

        def refuse(self, status: int, code: str) -> None:
            self.send(b"{}", {"X-Error-Code": code} if code else {}, self.command == "GET", status)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def alone(caches: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StubHub]:
    """A running hub that is the only one, with empty caches."""
    import huggingface_hub.constants
    import huggingface_hub.file_download

    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(caches))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)  # as it was imported, for other tests
    # The library waits a second before it takes a broken connection up again.
    monkeypatch.setattr(huggingface_hub.file_download.time, "sleep", lambda seconds: None)
    with serve(StubHub()) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running


def _listing(repository: str, sha: str, files: Mapping[str, bytes]) -> dict[str, Any]:
    siblings = []
    for name, content in files.items():
        sibling: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": _git_digest(content)}
        if name.endswith(_LARGE):
            digest = hashlib.sha256(content).hexdigest()
            sibling["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 134}
        siblings.append(sibling)
    return {"id": repository, "modelId": repository, "sha": sha, "siblings": siblings, "tags": [], "private": False}


def _git_digest(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


# Checkpoints

LUT = {"model": "lut", "lut": {"n_bins": 256, "dim": 32, "tokenizer": "noop"}}
MELODY = {"model": "chroma_stem", "chroma_stem": {"sample_rate": "${sample_rate}", "n_chroma": 12}}


def t5(name: str = "t5-base") -> dict[str, Any]:
    return {"model": "t5", "t5": {"name": name, "finetune": False}}


def lm_config(**changes: Any) -> dict[str, Any]:
    """What a plan reads of the configuration of a MusicGen."""
    return {
        "solver": "musicgen",
        "sample_rate": 32000,
        "channels": 1,
        "dataset": {"segment_duration": 30},
        "lm_model": "transformer_lm",
        "conditioners": {"description": t5()},
        **changes,
    }


def package(content: Any, protocol: int = 2) -> bytes:
    """The bytes of a file such as torch.save writes, of plain values."""
    import io

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        # A fixed time: the same content has the same bytes.
        archive.writestr(zipfile.ZipInfo("archive/data.pkl"), pickle.dumps(content, protocol))
        archive.writestr(zipfile.ZipInfo("archive/version"), "3\n")
    return stream.getvalue()


def checkpoint(config: Mapping[str, Any] | None = None, codec: str = "", seed: str = "") -> dict[str, bytes]:
    """The files of a checkpoint. codec: a repository to point at instead of holding one. seed: tells weights apart."""
    import yaml

    def export(settings: Mapping[str, Any]) -> bytes:
        state = OrderedDict(weight=seed)
        return package({"best_state": state, "xp.cfg": yaml.safe_dump(dict(settings)), "version": "1.3.0"})

    config = config or lm_config()
    rate, channels = config["sample_rate"], 1
    codec_config = {"compression_model": "encodec", "sample_rate": rate, "channels": channels}
    pointer = package({"pretrained": codec, "exported": True, "version": "1.3.0"})
    return {
        "state_dict.bin": export(config),
        "compression_state_dict.bin": pointer if codec else export(codec_config),
        "README.md": b"a card",
    }


def encodec(seed: str = "") -> dict[str, bytes]:
    return {
        "config.json": b'{"model_type": "encodec", "sampling_rate": 32000}',
        "model.safetensors": b"encodec" + seed.encode(),
        "pytorch_model.bin": b"the same as a pickle",
        "preprocessor_config.json": b"{}",
    }


def text_encoder(seed: str = "") -> dict[str, bytes]:
    return {
        "config.json": b'{"model_type": "t5"}',
        "model.safetensors": b"t5" + seed.encode(),
        "tf_model.h5": b"for another library",
        "spiece.model": b"pieces",
        "tokenizer.json": b'{"model": {}}',
        "README.md": b"a card",
    }


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def write_cache(cache: Path, repository: str, files: Mapping[str, bytes], revision: str = "1" * 40) -> Path:
    """A repository in a cache of the hub, as its library leaves it: links to blobs. Returns the snapshot."""
    storage = cache / f"models--{repository.replace('/', '--')}"
    snapshot = storage / "snapshots" / revision
    snapshot.mkdir(parents=True)
    (storage / "blobs").mkdir(exist_ok=True)
    (storage / "refs").mkdir(exist_ok=True)
    (storage / "refs" / "main").write_text(revision)
    for name, content in files.items():
        blob = hashlib.sha256(content).hexdigest() if name.endswith(_LARGE) else _git_digest(content)
        (storage / "blobs" / blob).write_bytes(content)
        (snapshot / name).symlink_to(Path(os.path.relpath(storage / "blobs" / blob, snapshot)))
    return snapshot


VARIABLES = (
    "HF_ENDPOINT", "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE",
    "HF_TOKEN", "AUDIOCRAFT_CACHE_DIR", "TORCH_HOME", "XDG_CACHE_HOME", "SOUNDGRAPH_CACHE_HOME",
    "SOUNDGRAPH_WEIGHTS_DIR",
)  # fmt: skip
"""What decides where weights are looked for, and fetched from."""
