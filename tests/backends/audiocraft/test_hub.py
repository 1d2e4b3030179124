"""Fetching weights from a stub hub on loopback, by the real library."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from soundgraph import backends
from soundgraph.backends import Pin, Sources
from soundgraph.backends.audiocraft import catalogue, digests, hub, repositories, weights
from soundgraph.core.errors import NodeError
from tests.backends.audiocraft import stub_hub
from tests.backends.audiocraft.stub_hub import StubHub, checkpoint, encodec, lm_config, text_encoder, write

BACKEND = backends.get("audiocraft")
SMALL, T5, CODEC = "facebook/musicgen-small", "google-t5/t5-base", "facebook/encodec_32khz"


@pytest.fixture
def served(tmp_path, monkeypatch) -> Iterator[StubHub]:
    """An empty hub, and an empty cache for what comes from it."""
    with stub_hub.alone(tmp_path / "caches", monkeypatch) as running:
        yield running


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "caches" / "huggingface" / "hub"


def publish(served: StubHub) -> str:
    """A MusicGen, and what else is on such a hub. Returns its commit."""
    served.publish(T5, text_encoder())
    served.publish(CODEC, encodec())
    return served.publish(SMALL, checkpoint())


def find(model_id: str = SMALL, sources: Sources | None = None) -> backends.Model:
    model = BACKEND.find(model_id, sources or Sources())
    assert model is not None
    return model


def pull(model_id: str = SMALL, sources: Sources | None = None, seen: list[tuple[int, int]] | None = None) -> Pin:
    sources = sources or Sources()
    told = seen if seen is not None else []
    return BACKEND.pull(find(model_id, sources), sources, lambda done, whole: told.append((done, whole)))


def refused(model_id: str = SMALL, sources: Sources | None = None) -> str:
    with pytest.raises(NodeError) as caught:
        pull(model_id, sources)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_pull_fetches_what_a_model_is_made_of_and_no_more(served, cache):
    sha = publish(served)
    assert not find().here
    pin = pull()
    model = find()
    assert model.here
    assert pin == Pin(sha, model.identity, (f"{T5}@{served.repositories[T5][0][0]}",))
    assert sorted(served.fetched()) == [
        "compression_state_dict.bin", "config.json", "model.safetensors", "spiece.model", "state_dict.bin",
        "tokenizer.json",
    ]  # fmt: skip
    assert (cache / "models--facebook--musicgen-small/refs/main").read_text() == sha
    assert weights.locate(model, Sources()).lm.read_bytes() == checkpoint()["state_dict.bin"]


def test_a_pull_of_what_is_here_asks_nobody(served):
    publish(served)
    first = pull()
    served.requests.clear()
    assert pull() == first
    assert served.requests == []


def test_a_pull_gives_the_identity_that_a_folder_with_the_same_weights_has(served, tmp_path):
    publish(served)
    write(tmp_path / "mine", checkpoint())
    write(tmp_path / "mine" / "t5-base", text_encoder())
    assert pull().digest == find("./mine", Sources(tmp_path)).identity


@pytest.mark.parametrize("how", ["altered", "cut short", "empty"])
@pytest.mark.parametrize(
    ("repository", "name"),
    [
        (SMALL, "state_dict.bin"), (SMALL, "compression_state_dict.bin"), (T5, "model.safetensors"),
        (T5, "config.json"), (T5, "tokenizer.json"), (CODEC, "model.safetensors"),
    ],
)  # fmt: skip
def test_a_pull_mends_what_is_damaged_in_the_cache_and_fetches_nothing_else(served, cache, repository, name, how):
    served.publish(T5, text_encoder())
    served.publish(CODEC, encodec())
    served.publish(SMALL, checkpoint(codec=CODEC))
    pin = pull()
    (snapshot,) = (cache / f"models--{repository.replace('/', '--')}" / "snapshots").iterdir()
    content = (snapshot / name).read_bytes()
    damaged = {"altered": bytes([content[0] ^ 1]) + content[1:], "cut short": content[:-1], "empty": b""}[how]
    (snapshot / name).resolve().write_bytes(damaged)
    served.requests.clear()
    assert BACKEND.missing(find())

    assert BACKEND.download_size(find(), Sources()) == len(content)
    assert pull() == pin

    assert served.fetched() == [name]
    assert (snapshot / name).read_bytes() == content
    assert BACKEND.missing(find()) == ""


def test_what_is_damaged_stays_and_is_told_of_where_the_hub_cannot_be_asked(served, cache, monkeypatch):
    publish(served)
    pull()
    (blob,) = {path.resolve() for path in cache.glob("models--facebook*/snapshots/*/state_dict.bin")}
    blob.write_bytes(b"PK" + bytes(100))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE" in refused()
    assert blob.exists()
    assert "is damaged" in BACKEND.missing(find())


def test_progress_ends_at_the_size_that_was_announced(served):
    publish(served)
    size = BACKEND.download_size(find(), Sources())
    files = {**checkpoint(), **{f"t5/{name}": content for name, content in text_encoder().items()}}
    wanted = ("state_dict.bin", "compression_state_dict.bin", "t5/config.json", "t5/model.safetensors",
              "t5/spiece.model", "t5/tokenizer.json")  # fmt: skip
    assert size == sum(len(files[name]) for name in wanted)
    seen: list[tuple[int, int]] = []
    pull(seen=seen)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert {whole for _, whole in seen} == {size}
    assert seen[-1] == (size, size)
    assert BACKEND.download_size(find(), Sources()) == 0


def test_a_codec_that_the_checkpoint_points_at_comes_along(served):
    publish(served)
    stereo = "facebook/musicgen-stereo-small"
    config = lm_config(channels=2, interleave_stereo_codebooks={"use": True})
    served.publish(stereo, checkpoint(config, codec=CODEC))
    pin = pull(stereo)
    assert {other.partition("@")[0] for other in pin.others} == {T5, CODEC}
    assert served.fetched().count("model.safetensors") == 2
    assert "pytorch_model.bin" not in served.fetched()


def test_a_checkpoint_that_is_made_otherwise_than_expected_is_followed(served):
    """The catalogue is wrong about its text encoder and its codec: what the file says counts."""
    served.publish("google-t5/t5-small", text_encoder())
    served.publish(CODEC, encodec())
    served.publish(T5, text_encoder())
    config = lm_config(conditioners={"description": stub_hub.t5("t5-small")})
    served.publish(SMALL, checkpoint(config, codec=CODEC))
    seen: list[tuple[int, int]] = []
    pin = pull(seen=seen)
    assert {other.partition("@")[0] for other in pin.others} == {"google-t5/t5-small", CODEC}
    assert find().here
    assert seen[-1][0] == seen[-1][1]


def test_what_a_folder_lacks_is_fetched(served, tmp_path):
    publish(served)
    write(tmp_path / "mine", checkpoint())
    sources = Sources(tmp_path)
    assert not find("./mine", sources).here
    pin = pull("./mine", sources)
    assert find("./mine", sources).identity == pin.digest
    assert "state_dict.bin" not in served.fetched()


def test_the_pinned_revision_is_fetched_when_there_is_a_newer_one(served):
    publish(served)
    pin = pull()
    shutil.rmtree(repositories.caches()[0])
    served.publish(SMALL, checkpoint(seed="newer"))
    served.publish(T5, text_encoder("newer"))
    sources = Sources(pins={SMALL: pin})
    assert not find(sources=sources).here
    assert pull(sources=sources) == pin
    assert (find(sources=sources).here, find(sources=sources).trouble) == (True, "")
    # Which leaves the newest one to whoever has no pin.
    assert not find().here
    assert pull().digest != pin.digest


def test_weights_of_the_hub_that_are_not_the_pinned_ones_are_noticed(served):
    sha = publish(served)
    sources = Sources(pins={SMALL: Pin(sha, "f" * 64)})
    pull(sources=sources)
    assert "has other weights here than soundgraph.lock says" in BACKEND.missing(find(sources=sources))


def test_a_connection_that_breaks_is_taken_up_where_it_broke(served, monkeypatch, capfd):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", 50)  # what has arrived is written by these
    publish(served)
    served.cut = {"state_dict.bin": 100}
    seen: list[tuple[int, int]] = []
    pull(seen=seen)
    assert find().here
    ranges = [asked for method, path, asked in served.requests if method == "GET" and path.endswith("/state_dict.bin")]
    assert ranges == ["", "bytes=100-"]
    assert seen[-1][0] == seen[-1][1]
    assert capfd.readouterr() == ("", "")


def test_after_a_pull_that_failed_half_way_the_next_fetches_only_the_rest(served):
    publish(served)
    served.forged = {"spiece.model"}
    assert "arrived damaged" in refused()
    served.requests.clear()
    served.forged = set()
    rest = ("spiece.model", "tokenizer.json")
    assert BACKEND.download_size(find(), Sources()) == sum(len(text_encoder()[name]) for name in rest)
    pull()
    assert sorted(served.fetched()) == sorted(rest)
    assert find().here


@pytest.mark.parametrize("name", ["state_dict.bin", "tokenizer.json"])
def test_a_file_with_a_wrong_checksum_is_removed_and_can_be_fetched_again(served, name):
    publish(served)
    served.forged = {name}
    owner = SMALL if name == "state_dict.bin" else T5
    assert refused() == (f'{name} of "{owner}" arrived damaged (its checksum is wrong) and is removed; pull it again')
    assert not find().here
    served.forged = set()
    pull()
    assert find().here


def test_interrupting_a_pull_leaves_nothing_half(served, cache):
    publish(served)

    def stop(done: int, whole: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        BACKEND.pull(find(), Sources(), stop)
    assert not list(cache.rglob("state_dict.bin"))
    assert not list(cache.rglob("*.incomplete"))
    pull()
    assert find().here


# What can go wrong


def test_a_repository_that_does_not_exist(served):
    assert refused() == f'{served.url} has no "{SMALL}", or not for you: a private one needs HF_TOKEN'


def test_a_repository_with_terms_to_accept(served):
    publish(served)
    served.closed = {SMALL: (403, "GatedRepo")}
    assert refused() == (
        f'"{SMALL}" is only for those who accepted its terms: do so on {served.url}/{SMALL}, and set HF_TOKEN'
    )


def test_a_hub_that_wants_to_know_who_asks(served, monkeypatch):
    publish(served)
    served.closed = {SMALL: (401, "")}
    assert refused() == f"{served.url} wants to know who asks: set HF_TOKEN"
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert refused() == f"{served.url} does not accept HF_TOKEN"


def test_a_hub_that_is_broken(served):
    publish(served)
    served.closed = {SMALL: (500, "")}
    assert refused() == f'cannot fetch "{SMALL}": {served.url} answered 500'


def test_an_answer_that_is_none(served):
    publish(served)
    served.closed = {SMALL: (200, "")}
    assert refused() == f'{served.url} is no hub: it does not list the files of "{SMALL}"'


def test_a_user_without_a_home(served, monkeypatch):
    publish(served)
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 54321)  # whom the system does not know
    assert not find().here
    assert refused() == f'there is no home folder to keep "{SMALL}" in: say with HF_HOME where it belongs'
    assert digests.of(Path(__file__)) == hashlib.sha256(Path(__file__).read_bytes()).hexdigest()


def test_a_revision_that_is_gone(served):
    publish(served)
    assert "does not have the revision" in refused(sources=Sources(pins={SMALL: Pin("e" * 40, "f" * 64)}))


def test_a_repository_without_a_checkpoint(served):
    publish(served)
    served.publish(SMALL, {"config.json": b"{}", "model.safetensors": b"x"})
    expected = f'"{SMALL}" at {served.url} does not have what is needed: state_dict.bin and compression_state_dict.bin'
    assert refused() == expected


def test_no_network(served, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert refused().startswith(f'cannot reach http://127.0.0.1:9 for "{SMALL}": ')


def test_no_network_wanted(served, monkeypatch):
    publish(served)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert refused() == f'"{SMALL}" is not on this machine, and HF_HUB_OFFLINE is set'
    with pytest.raises(NodeError, match="HF_HUB_OFFLINE"):
        BACKEND.download_size(find(), Sources())
    assert served.requests == []


def test_a_connection_that_keeps_breaking(served, monkeypatch):
    publish(served)

    class Always(dict):  # type: ignore[type-arg]
        def pop(self, name: str, default: object = None) -> object:
            return 0 if name == "state_dict.bin" else default

    served.cut = Always()
    assert refused().startswith(f'cannot reach {served.url} for "{SMALL}": ')
    assert not find().here


def test_a_disk_without_room_is_told_before_anything_is_fetched(served, monkeypatch):
    publish(served)
    monkeypatch.setattr(hub.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 0))  # type: ignore[attr-defined]
    assert refused().startswith("the disk has no room: 0.0 GB to fetch, 0.0 GB free in ")
    assert served.fetched() == []


def test_a_disk_that_fills_up_meanwhile(served, monkeypatch):
    import huggingface_hub

    publish(served)

    def full(*args: object, **kwargs: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device", "/full/blob")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", full)
    assert refused() == f'cannot fetch "{SMALL}": the disk is full (/full/blob)'


def test_a_token_is_sent_to_the_hub(served, monkeypatch):
    """HF_TOKEN is honoured: without it a closed repository does not open."""
    publish(served)
    sent: list[str | None] = []
    original = hub._token
    monkeypatch.setattr(hub, "_token", lambda: sent.append(original()) or original())
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    pull()
    assert set(sent) == {"hf_secret"}


# demucs


def test_demucs_is_fetched_for_a_melody_model(served, tmp_path, monkeypatch):
    publish(served)
    both = {"description": stub_hub.t5(), "self_wav": stub_hub.MELODY}
    melody = "facebook/musicgen-melody"
    served.publish(melody, checkpoint(lm_config(conditioners=both)))
    sha = served.publish("demucs", {weights.STEMS_FILE: b"stems"})
    monkeypatch.setattr(hub, "STEMS_URL", f"{served.url}/demucs/resolve/{sha}/{weights.STEMS_FILE}")
    monkeypatch.setattr(weights, "STEMS_SHA256", hashlib.sha256(b"stems").hexdigest())
    monkeypatch.setattr(catalogue, "STEMS_BYTES", 5)
    monkeypatch.setattr(urllib.request, "getproxies", dict)
    served.forged = {weights.STEMS_FILE}
    assert "of demucs arrived damaged" in refused(melody)
    served.forged = set()
    pull(melody)
    assert weights.locate(find(melody), Sources()).stems == repositories.stems_folder() / weights.STEMS_FILE
    before = BACKEND.missing(find(melody))  # perhaps of packages
    assert [path.name for path in repositories.stems_folder().iterdir()] == [weights.STEMS_FILE]
    (repositories.stems_folder() / weights.STEMS_FILE).write_bytes(b"stemz")
    assert "is damaged; soundgraph models pull mends it" in BACKEND.missing(find(melody))
    pull(melody)
    assert BACKEND.missing(find(melody)) == before
