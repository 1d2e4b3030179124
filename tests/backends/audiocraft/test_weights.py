"""Where weights are found, what they are called by, and what is said when they are not there."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from soundgraph import backends
from soundgraph.backends import Pin, Sources
from soundgraph.backends.audiocraft import catalogue, digests, repositories, weights
from soundgraph.core.errors import NodeError
from soundgraph.core.files import digest_if_readable
from tests.backends.audiocraft import stub_hub
from tests.backends.audiocraft.stub_hub import checkpoint, encodec, lm_config, text_encoder, write, write_cache

BACKEND = backends.get("audiocraft")
SMALL = "facebook/musicgen-small"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    """Nothing of the user's own caches is looked at."""
    for name in stub_hub.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return tmp_path


@pytest.fixture
def cache(home: Path) -> Path:
    return home / "caches" / "huggingface" / "hub"


def find(model_id: str, sources: Sources | None = None) -> backends.Model:
    model = BACKEND.find(model_id, sources or Sources())
    assert model is not None
    return model


def fill(cache: Path) -> None:
    """A whole MusicGen in a cache of the hub."""
    write_cache(cache, SMALL, checkpoint())
    write_cache(cache, "t5-base", text_encoder())


# Published models


def test_without_weights_everything_is_known_but_what_they_are():
    model = find(SMALL)
    assert (model.here, model.identity, model.read) == (False, "", ())
    assert model.sample_rate == 32000
    assert BACKEND.find("facebook/musicgen", Sources()) is None


def test_weights_in_the_cache_of_the_hub_are_found(cache):
    fill(cache)
    model = find(SMALL)
    assert model.here
    assert len(model.identity) == 64
    assert model.revision == "1" * 40
    assert cache / "models--facebook--musicgen-small/refs/main" in model.read
    files = weights.locate(model, Sources())
    assert files.lm.read_bytes() == checkpoint()["state_dict.bin"]
    assert files.text_encoder == cache / "models--t5-base" / "snapshots" / ("1" * 40)
    assert files.codec_folder is None


@pytest.mark.parametrize(
    ("variable", "below"),
    [("HF_HOME", "hub"), ("HF_HUB_CACHE", "."), ("AUDIOCRAFT_CACHE_DIR", "."), ("HUGGINGFACE_HUB_CACHE", ".")],
)
def test_the_variables_of_the_libraries_say_where_the_cache_is(tmp_path, monkeypatch, variable, below):
    monkeypatch.setenv(variable, str(tmp_path / "elsewhere"))
    fill(tmp_path / "elsewhere" / below)
    assert find(SMALL).here


def test_a_folder_of_weights_comes_before_the_cache_and_has_the_same_identity(tmp_path, cache):
    fill(cache)
    pulled = find(SMALL)
    write(tmp_path / "weights" / SMALL, checkpoint())
    write(tmp_path / "weights" / "t5-base", text_encoder())
    sources = Sources(weights_dir=tmp_path / "weights")
    model = find(SMALL, sources)
    assert model.identity == pulled.identity
    assert weights.locate(model, sources).lm == tmp_path / "weights" / SMALL / "state_dict.bin"
    # The same again as the folder of a checkpoint, with its text encoder in it.
    write(tmp_path / "mine", checkpoint())
    write(tmp_path / "mine" / "t5-base", text_encoder())
    assert find("./mine", Sources(tmp_path)).identity == pulled.identity


def test_every_part_that_makes_the_sound_is_in_the_identity(tmp_path):
    folder = write(tmp_path / "mine", checkpoint(codec="facebook/encodec_32khz"))
    write(folder / "facebook/encodec_32khz", encodec())
    write(folder / "t5-base", text_encoder())
    sources = Sources(tmp_path)
    seen = {find("./mine", sources).identity}
    for place, files in (
        (folder, checkpoint(codec="facebook/encodec_32khz", seed="other")),
        (folder / "facebook/encodec_32khz", encodec("other")),
        (folder / "t5-base", text_encoder("other")),
        (folder / "t5-base", {"config.json": b'{"model_type": "t5", "d_ff": 1}'}),
        (folder / "t5-base", {"tokenizer.json": b'{"model": {"x": 1}}'}),
        (folder / "facebook/encodec_32khz", {"config.json": b"{}"}),
    ):
        write(place, files)
        seen.add(find("./mine", sources).identity)
    assert len(seen) == 7
    assert "" not in seen
    # And nothing else is.
    before = find("./mine", sources).identity
    write(folder, {"README.md": b"another card"})
    write(folder / "t5-base", {"tf_model.h5": b"for another library, altered"})
    write(folder / "facebook/encodec_32khz", {"pytorch_model.bin": b"not loaded where there are safetensors"})
    assert find("./mine", sources).identity == before


def test_large_files_of_the_cache_are_known_by_name_and_not_read(cache):
    fill(cache)
    before = find(SMALL).identity
    text = cache / "models--t5-base" / "blobs" / hashlib.sha256(b"t5").hexdigest()
    text.write_bytes(b"xx")  # never so, but by this it shows that nobody looks
    assert find(SMALL).identity == before


def damaged(blob: Path) -> None:
    """As long as it was, and not what it was."""
    content = bytearray(blob.read_bytes())
    content[-1] ^= 1
    blob.write_bytes(content)


CACHED = [
    *(("models--facebook--musicgen-small", name) for name in ("state_dict.bin", "compression_state_dict.bin")),
    *(("models--t5-base", name) for name in ("config.json", "model.safetensors", "spiece.model", "tokenizer.json")),
]


@pytest.mark.parametrize(("repository", "name"), CACHED)
def test_a_file_of_the_cache_that_is_not_what_it_is_called_is_refused(cache, repository, name):
    fill(cache)
    model = find(SMALL)
    path = cache / repository / "snapshots" / ("1" * 40) / name
    assert BACKEND.missing(model) == ""
    damaged(path.resolve())
    words = f"{path} is damaged: it is not what the hub's cache calls it; soundgraph models pull {SMALL}"
    assert BACKEND.missing(find(SMALL)) == f'model "{SMALL}" cannot be used: {words}'
    with pytest.raises(NodeError, match="is damaged" if name.endswith((".bin", ".safetensors")) else "other weights"):
        weights.locate(model, Sources())


def test_what_a_name_says_is_compared_with_the_bytes_once(cache, monkeypatch):
    fill(cache)
    read: list[str] = []
    real = digest_if_readable
    monkeypatch.setattr(digests, "recent_ns", lambda: 2**62)  # files need not age for a test
    monkeypatch.setattr(digests, "_MARGIN_NS", -(10**15))
    monkeypatch.setattr(digests, "digest_if_readable", lambda path: read.append(Path(path).name) or real(path))
    model = find(SMALL)
    assert not {name for _, name in CACHED if name.endswith((".bin", ".safetensors"))} & set(read)
    weights.locate(model, Sources())
    assert set(read) == {name for _, name in CACHED}
    once = len(read)
    weights.locate(model, Sources())
    digests._remembered.clear()  # as another process
    weights.locate(model, Sources())
    assert len(read) == once


def test_a_checkpoint_of_ones_own_is_known_by_its_bytes_whatever_it_links_to(cache, tmp_path):
    """A stranger's repository may look as the hub's cache does. Its weights must not pass for others by a name."""
    theirs = checkpoint()
    theirs["state_dict.bin"] = checkpoint(seed="theirs")["state_dict.bin"]
    ours = {name: hashlib.sha256(content).hexdigest() for name, content in checkpoint().items()}
    identities = set()
    for place in ("a", "b/models--facebook--musicgen-small/snapshots/1", f"c/hub/{SMALL}"):
        folder = write(tmp_path / place, theirs)
        write(folder / "t5-base", text_encoder())
        blobs = folder.parent.parent / "blobs"
        blobs.mkdir(exist_ok=True)
        (folder / "state_dict.bin").rename(blobs / ours["state_dict.bin"])
        (folder / "state_dict.bin").symlink_to(blobs / ours["state_dict.bin"])
        identities.add(find(f"./{place}", Sources(tmp_path)).identity)
    write(tmp_path / "plain" / "t5-base", text_encoder())
    write(tmp_path / "plain", theirs)
    identities.add(find("./plain", Sources(tmp_path)).identity)
    fill(cache)
    assert len(identities) == 1
    assert find(SMALL).identity not in identities


@pytest.mark.parametrize("how", ["elsewhere", "another repository's", "a link to elsewhere", "not a digest"])
def test_in_the_hub_s_cache_a_name_counts_as_far_as_its_layout_proves_it(cache, tmp_path, how):
    fill(cache)
    before = find(SMALL).identity
    path = cache / "models--facebook--musicgen-small/snapshots" / ("1" * 40) / "state_dict.bin"
    blob = path.resolve()
    other = checkpoint(seed="other")["state_dict.bin"]
    if how == "a link to elsewhere":
        (tmp_path / "other").write_bytes(other)
        blob.unlink()
        blob.symlink_to(tmp_path / "other")
    else:
        place = {
            "elsewhere": tmp_path / "blobs" / blob.name,
            "another repository's": cache / "models--x--y/blobs" / blob.name,
            "not a digest": blob.parent / ("g" * 64),
        }[how]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(other)
        path.unlink()
        path.symlink_to(place)
    assert find(SMALL).identity != before
    assert BACKEND.missing(find(SMALL)) == ""


def test_a_link_that_leads_nowhere_is_no_file(cache):
    fill(cache)
    blob = (cache / "models--facebook--musicgen-small/snapshots" / ("1" * 40) / "state_dict.bin").resolve()
    blob.unlink()
    assert not find(SMALL).here


def test_a_model_without_its_text_encoder_is_not_here_and_says_what_is_missing(cache):
    write_cache(cache, SMALL, checkpoint())
    model = find(SMALL)
    assert (model.here, model.trouble, model.identity) == (False, "t5-base", "")
    with pytest.raises(NodeError, match=r"is not on this machine \(t5-base\): soundgraph models pull facebook/m"):
        weights.locate(model, Sources())


def test_a_text_encoder_without_a_tokenizer_is_not_whole(cache):
    write_cache(cache, SMALL, checkpoint())
    only_weights = {name: text_encoder()[name] for name in ("config.json", "model.safetensors")}
    write_cache(cache, "t5-base", only_weights)
    assert not find(SMALL).here
    write_cache(cache, "google-t5/t5-base", text_encoder())  # the name that it goes by now
    assert find(SMALL).here


def test_a_codec_that_the_checkpoint_points_at_is_looked_for(cache):
    stereo = "facebook/musicgen-stereo-small"
    config = lm_config(channels=2, interleave_stereo_codebooks={"use": True})
    write_cache(cache, stereo, checkpoint(config, codec="facebook/encodec_32khz"))
    write_cache(cache, "t5-base", text_encoder())
    assert find(stereo).trouble == "facebook/encodec_32khz"
    snapshot = write_cache(cache, "facebook/encodec_32khz", encodec())
    model = find(stereo)
    assert model.here
    assert weights.locate(model, Sources()).codec_folder == snapshot
    assert {snapshot / "model.safetensors", snapshot / "config.json"} <= set(model.read)
    assert snapshot / "pytorch_model.bin" not in model.read


def test_a_melody_model_needs_the_demucs_that_has_the_right_content(cache, home, monkeypatch):
    melody = "facebook/musicgen-melody"
    both = {"description": stub_hub.t5(), "self_wav": stub_hub.MELODY}
    write_cache(cache, melody, checkpoint(lm_config(conditioners=both)))
    write_cache(cache, "t5-base", text_encoder())
    assert find(melody).trouble == "demucs"
    stems = home / "caches/torch/hub/checkpoints" / weights.STEMS_FILE
    write(stems.parent, {stems.name: b"half of it"})
    model = find(melody)
    assert model.here
    assert model.trouble == f"cannot be used: {stems} is damaged; soundgraph models pull mends it"
    assert BACKEND.missing(model) == f'model "{melody}" {model.trouble}'
    monkeypatch.setattr(weights, "STEMS_SHA256", hashlib.sha256(b"half of it").hexdigest())
    model = find(melody)
    assert (model.here, model.trouble) == (True, "")
    assert weights.locate(model, Sources()).stems == stems


def test_damaged_weights_of_a_published_model_are_told_when_they_are_needed(cache):
    write_cache(cache, SMALL, {**checkpoint(), "state_dict.bin": b"PK\x03\x04 and no more"})
    model = find(SMALL)
    path = cache / "models--facebook--musicgen-small/snapshots" / ("1" * 40) / "state_dict.bin"
    why = f"{path} is damaged: it was cut short, or altered; soundgraph models pull {SMALL}"
    expected = f'model "{SMALL}" cannot be used: {why}'
    assert BACKEND.missing(model) == expected
    with pytest.raises(NodeError) as caught:
        weights.locate(model, Sources())
    assert str(caught.value) == expected


# Pins


def test_a_pin_says_what_weights_are_that_are_not_here():
    sources = Sources(pins={SMALL: Pin("abc", "f" * 64)})
    model = find(SMALL, sources)
    assert (model.here, model.identity, model.revision) == (False, "f" * 64, "abc")


def test_a_pin_chooses_among_the_revisions_in_the_cache(cache):
    write_cache(cache, "t5-base", text_encoder())
    old = write_cache(cache, SMALL, checkpoint(seed="old"), "a" * 40)
    write_cache(cache, SMALL + "-new", checkpoint(seed="new"), "b" * 40)
    new = old.parent / ("b" * 40)
    new.mkdir()
    for name, content in checkpoint(seed="new").items():
        (new / name).write_bytes(content)
    reference = old.parent.parent / "refs" / "main"
    reference.write_text("a" * 40)
    first = find(SMALL)
    reference.write_text("b" * 40)
    second = find(SMALL)
    assert first.identity != second.identity
    assert (first.revision, second.revision) == ("a" * 40, "b" * 40)
    pinned = find(SMALL, Sources(pins={SMALL: Pin("a" * 40, first.identity)}))
    assert pinned == first


def test_another_revision_with_the_pinned_weights_will_do(cache):
    """A repository's card changes more often than its weights."""
    fill(cache)
    model = find(SMALL)
    pinned = find(SMALL, Sources(pins={SMALL: Pin("c" * 40, model.identity)}))
    assert (pinned.here, pinned.trouble) == (True, "")


def test_another_revision_with_other_weights_will_not_do(cache):
    fill(cache)
    pinned = find(SMALL, Sources(pins={SMALL: Pin("c" * 40, "f" * 64)}))
    assert (pinned.here, pinned.identity) == (False, "f" * 64)


def test_weights_that_are_not_the_pinned_ones_are_refused_with_both_digests(cache):
    fill(cache)
    identity = find(SMALL).identity
    sources = Sources(pins={SMALL: Pin("1" * 40, "f" * 64)})
    model = find(SMALL, sources)
    # What was made of the pinned weights is still in the cache of results: the key does not change.
    assert (model.here, model.identity) == (True, "f" * 64)
    assert BACKEND.missing(model) == (
        f'model "{SMALL}" has other weights here than soundgraph.lock says ({identity[:12]}, not ffffffffffff): '
        f"soundgraph models pull {SMALL}, or remove the line"
    )
    with pytest.raises(NodeError, match="has other weights than planned for"):
        weights.locate(model, sources)


def test_a_part_at_another_revision_than_pinned_is_to_be_fetched_not_blamed(cache):
    fill(cache)
    model = find(SMALL)
    pin = Pin("1" * 40, "f" * 64, ("t5-base@" + "9" * 40,))
    pinned = find(SMALL, Sources(pins={SMALL: pin}))
    assert (pinned.here, pinned.trouble) == (False, "t5-base")
    same = replace(pin, digest=model.identity)
    assert find(SMALL, Sources(pins={SMALL: same})).here


# The folder of a checkpoint


def of_folder(tmp_path: Path, config: dict | None = None) -> backends.Model:
    write(tmp_path / "mine", checkpoint(config))
    return find("./mine", Sources(tmp_path))


LUT = {"conditioners": {"description": stub_hub.LUT}}


def test_what_a_folder_makes_is_read_from_its_checkpoint(musicgen, audiogen, stereo, magnet):
    def facts(folder: Path) -> tuple[object, ...]:
        model = find(str(folder))
        return model.family, model.sample_rate, model.channels, model.max_duration_s, model.longer, model.here

    assert facts(musicgen) == ("music", 32000, 1, 30.0, True, True)
    assert facts(audiogen) == ("audio", 16000, 1, 10.0, True, True)
    assert facts(stereo) == ("music", 32000, 2, 30.0, True, True)
    assert facts(magnet) == ("music", 32000, 1, 10.0, False, True)
    assert find(str(magnet)).defaults == catalogue.MAGNET_DEFAULTS
    assert find(str(musicgen)).conditioning == ("text", "continuation")


def test_the_memory_of_a_folder_follows_from_its_tensors(musicgen_t5):
    model = find(str(musicgen_t5))
    found = weights.look(model.id, Sources())
    encoder = musicgen_t5 / "t5-small"
    names = repositories.text_files(path.name for path in encoder.iterdir())
    text = sum((encoder / name).stat().st_size for name in names)
    assert dict(model.memory)["float32"] == 4 * (found.lm.parameters + found.codec.parameters) + text
    assert dict(model.memory)["int8"] == found.lm.parameters + 4 * found.codec.parameters + text


def test_a_melody_folder_may_bring_its_own_demucs(tmp_path):
    both = {"description": stub_hub.LUT, "self_wav": stub_hub.MELODY}
    model = of_folder(tmp_path, lm_config(conditioners=both))
    assert "melody" in model.conditioning
    assert model.here
    assert weights.locate(model, Sources(tmp_path)).stems is None
    own = tmp_path / "mine" / "demucs.th"
    own.write_bytes(b"own")
    other = find("./mine", Sources(tmp_path))
    assert other.identity != model.identity
    assert weights.locate(other, Sources(tmp_path)).stems == own


def test_a_folder_whose_text_encoder_is_not_here_is_known_but_not_here(tmp_path):
    model = of_folder(tmp_path)
    assert (model.here, model.identity, model.trouble) == (False, "", "t5-base")
    assert model.sample_rate == 32000


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "state_dict.bin").unlink(), "is no checkpoint: it has no state_dict.bin"),
        (
            lambda folder: (folder / "compression_state_dict.bin").unlink(),
            "is no checkpoint: it has no compression_state_dict.bin",
        ),
        (
            lambda folder: (folder / "state_dict.bin").write_bytes(b"PK\x03\x04"),
            "cannot be used: its state_dict.bin is damaged: it was cut short, or altered",
        ),
        (
            lambda folder: (folder / "compression_state_dict.bin").write_text("x"),
            "cannot be used: its compression_state_dict.bin is no checkpoint: it is not a zip, which torch.save writes",
        ),
        (
            lambda folder: write(folder, checkpoint(lm_config(dataset={}, **LUT))),
            "cannot be used: its state_dict.bin does not say how long a piece it makes",
        ),
        (
            lambda folder: write(folder, checkpoint(lm_config(**LUT), codec="dac_44khz")),
            'cannot be used: its codec is "dac_44khz", which is no EnCodec of the hub',
        ),
        (
            lambda folder: write(folder, checkpoint(lm_config(**LUT), codec="../../etc")),
            'cannot be used: its codec is "../../etc", which is no EnCodec of the hub',
        ),
        (
            lambda folder: write(folder, checkpoint(lm_config(conditioners={"x": stub_hub.t5("../t5")}))),
            'cannot be used: its text encoder is called "../t5"',
        ),
        (
            lambda folder: write(
                folder, {"state_dict.bin": checkpoint(codec="facebook/x")["compression_state_dict.bin"]}
            ),
            'cannot be used: its state_dict.bin points at "facebook/x", and has no weights itself',
        ),
    ],
)
def test_what_is_wrong_with_a_folder_is_told_in_a_line(tmp_path, spoil, words):
    spoil(write(tmp_path / "mine", checkpoint(lm_config(**LUT))))
    with pytest.raises(ValueError) as caught:
        find("./mine", Sources(tmp_path))
    assert str(caught.value) == words


def test_an_altered_list_of_members_is_told_as_damage(tmp_path, musicgen):
    folder = tmp_path / "mine"
    shutil.copytree(musicgen, folder)
    path = folder / "state_dict.bin"
    whole = path.read_bytes()
    last = whole.rfind(b"PK\x01\x02")
    for at, bits in ((8, 0x01), (46, 0xFF)):  # says that the member is encrypted; a name that is no text
        altered = bytearray(whole)
        altered[last + at] ^= bits
        path.write_bytes(altered)
        with pytest.raises(ValueError, match=r"damaged"):
            weights.find(str(folder), Sources())


def test_a_folder_that_is_none(tmp_path):
    (tmp_path / "file").touch()
    for name, words in (("./absent", "does not exist"), ("./file", "is a file")):
        with pytest.raises(ValueError, match=words):
            find(name, Sources(tmp_path))


# Digests


def age(path: Path, monkeypatch) -> None:
    """As if a while had passed since the file was written."""
    monkeypatch.setattr(digests, "now_ns", lambda: path.stat().st_ctime_ns + 10_000_000_000)


def test_a_digest_is_remembered_across_processes_and_taken_anew_for_another_content(tmp_path, monkeypatch):
    path = write(tmp_path / "mine", {"weights": b"one"}) / "weights"
    age(path, monkeypatch)
    assert digests.of(path) == hashlib.sha256(b"one").hexdigest()
    kept = tmp_path / "caches" / "soundgraph" / "weights"
    assert str(path) in kept.read_text()

    def unread(name: str) -> str:
        raise AssertionError(f"{name} is read again")

    monkeypatch.setattr(digests, "digest_if_readable", unread)
    monkeypatch.setattr(digests, "_remembered", {})  # what another process begins with
    assert digests.of(path) == hashlib.sha256(b"one").hexdigest()
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    path.write_bytes(b"two")
    assert digests.of(path) == hashlib.sha256(b"two").hexdigest()


def test_a_file_as_young_as_the_look_at_it_is_not_remembered(tmp_path):
    """It may change once more without its size or time telling: two edits of one length within a tick."""
    path = write(tmp_path / "mine", {"weights": b"one"}) / "weights"
    assert digests.of(path) == hashlib.sha256(b"one").hexdigest()
    stat = path.stat()
    with path.open("r+b") as file:
        file.write(b"two")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert digests.of(path) == hashlib.sha256(b"two").hexdigest()
    assert not (tmp_path / "caches" / "soundgraph").exists()


@pytest.mark.parametrize("content", ["", "nonsense", "soundgraph-digests 1\nx\ty", "soundgraph-digests 1\n\x00\xff"])
def test_a_memory_that_is_damaged_is_as_good_as_none(tmp_path, monkeypatch, content):
    kept = write(tmp_path / "caches" / "soundgraph", {"weights": content.encode("latin-1")}) / "weights"
    path = write(tmp_path / "mine", {"weights": b"one"}) / "weights"
    age(path, monkeypatch)
    assert digests.of(path) == hashlib.sha256(b"one").hexdigest()
    assert str(path) in kept.read_text()


def test_a_home_that_cannot_be_written_to_costs_only_time(tmp_path, monkeypatch):
    (tmp_path / "caches").write_text("a file where a folder should be")
    path = write(tmp_path / "mine", {"weights": b"one"}) / "weights"
    age(path, monkeypatch)
    assert digests.of(path) == hashlib.sha256(b"one").hexdigest()


# The backend


def test_weights_that_are_not_here_are_missing_only_where_nothing_may_be_fetched(monkeypatch):
    assert BACKEND.missing(find(SMALL)) == ""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert BACKEND.missing(find(SMALL)) == (
        f'model "{SMALL}" is not on this machine (facebook/musicgen-small, t5-base), '
        "and HF_HUB_OFFLINE keeps it from being fetched"
    )


def test_planning_imports_no_torch_and_no_library_of_the_hub(tmp_path):
    """With everything here: the checkpoint is read, its parts are looked for and digested."""
    fill(tmp_path / "caches" / "huggingface" / "hub")
    code = (
        "import sys\n"
        "from soundgraph import backends\n"
        f"model = backends.find('{SMALL}')\n"
        "assert model.here and model.identity, model\n"
        "backends.get('audiocraft').missing(model)\n"
        "heavy = {'torch', 'audiocraft', 'transformers', 'huggingface_hub', 'omegaconf', 'numpy', 'httpx', 'rich'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "caches")}
    subprocess.run([sys.executable, "-c", code], check=True, env=env)
