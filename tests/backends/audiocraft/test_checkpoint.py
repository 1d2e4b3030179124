"""From files to models: what is loaded, and what is said of files that cannot be."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from soundgraph.backends import OutOfMemoryError
from soundgraph.backends.audiocraft import archive, checkpoint, compat, devices, installed
from soundgraph.backends.audiocraft.checkpoint import Loaded
from soundgraph.core.errors import NodeError

from . import tiny

HINT = "copy or export it again"
MAPS = Path("/proc/self/maps")


def load(folder: Path, dtype: torch.dtype = torch.float32, **others: Any) -> Loaded:
    return checkpoint.load(tiny.files(folder, **others), tiny.model(folder), "cpu", dtype)


def refusal(folder: Path, **others: Any) -> str:
    """What loading says: one line, with the folder as "."."""
    with pytest.raises(NodeError) as caught:
        load(folder, **others)
    words = str(caught.value)
    assert "\n" not in words
    return words.replace(str(folder), ".")


@pytest.fixture
def copy(musicgen: Path, tmp_path: Path) -> Path:
    """A MusicGen of its own for a test to break."""
    return Path(shutil.copytree(musicgen, tmp_path / "musicgen"))


def package(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = torch.load(path, weights_only=True)
    return found


class TestLoads:
    @pytest.mark.parametrize(
        ("name", "kind", "seconds", "codebooks", "channels", "rate"),
        [
            ("musicgen", "lm", 30, 4, 1, 32000),
            ("audiogen", "lm", 10, 4, 1, 16000),
            ("musicgen_t5", "lm", 30, 4, 1, 32000),
            ("stereo", "lm", 30, 8, 2, 32000),
            ("magnet", "magnet", 10, 4, 1, 32000),
        ],
    )
    def test_a_checkpoint_of_each_sort(
        self, name: str, kind: str, seconds: float, codebooks: int, channels: int, rate: int,
        request: pytest.FixtureRequest,
    ):  # fmt: skip
        loaded = load(request.getfixturevalue(name))
        assert (loaded.kind, loaded.max_duration_s) == (kind, seconds)
        assert (loaded.lm.n_q, loaded.codec.num_codebooks) == (codebooks, codebooks)
        assert (loaded.codec.channels, loaded.codec.sample_rate, loaded.codec.frame_rate) == (channels, rate, 50)
        assert not loaded.lm.training
        assert not loaded.codec.training
        assert {parameter.device.type for parameter in loaded.lm.parameters()} == {"cpu"}

    def test_the_weights_are_those_in_the_files(self, musicgen: Path):
        loaded = load(musicgen)
        for name, model in (("state_dict.bin", loaded.lm), ("compression_state_dict.bin", loaded.codec)):
            for key, value in package(musicgen / name)["best_state"].items():
                assert torch.equal(model.state_dict()[key], value), key

    def test_a_magnet_is_what_audiocraft_makes_of_it(self, magnet: Path):
        loaded = load(magnet)
        compat.prepare()
        from audiocraft.models.loaders import load_lm_model_magnet
        from audiocraft.modules import transformer

        with checkpoint.attention("magnet"):  # sees to it that what audiocraft sets does not stay
            stock = load_lm_model_magnet(str(magnet), 50)
            assert transformer._efficient_attention_backend == "xformers"
        assert loaded.lm.span_len == stock.span_len
        assert len(loaded.lm.attn_mask_per_stage) == len(stock.attn_mask_per_stage)
        for ours, theirs in zip(loaded.lm.attn_mask_per_stage, stock.attn_mask_per_stage, strict=True):
            assert (ours is None) == (theirs is None)
            assert ours is None or torch.equal(ours, theirs)
        assert torch.equal(loaded.lm.state_dict()["out_norm.weight"], stock.state_dict()["out_norm.weight"])

    def test_a_magnet_leaves_other_models_as_they_are(self, magnet: Path):
        load(magnet)
        from audiocraft.modules import transformer

        assert transformer._efficient_attention_backend == "torch"
        with checkpoint.attention("magnet"):
            assert transformer._efficient_attention_backend == "xformers"
            with checkpoint.attention("lm"):
                assert transformer._efficient_attention_backend == "torch"
        with pytest.raises(RuntimeError, match="stop"), checkpoint.attention("magnet"):
            raise RuntimeError("stop")
        assert transformer._efficient_attention_backend == "torch"

    def test_bfloat16_is_for_the_transformer_only(self, musicgen: Path):
        loaded = load(musicgen, torch.bfloat16)
        assert loaded.dtype == torch.bfloat16
        assert {p.dtype for p in loaded.lm.transformer.parameters()} == {torch.bfloat16}
        assert {p.dtype for p in loaded.lm.linears.parameters()} == {torch.float32}
        assert {p.dtype for p in loaded.codec.parameters()} == {torch.float32}

    def test_loading_draws_no_random_numbers(self, musicgen_t5: Path):
        before = torch.get_rng_state()
        load(musicgen_t5)
        assert torch.equal(torch.get_rng_state(), before)
        # ... and afterwards layers are filled as ever.
        assert torch.nn.Linear(8, 8).weight.abs().sum() > 0
        assert torch.nn.init.normal_(torch.zeros(9)).abs().sum() > 0

    @pytest.mark.skipif(not MAPS.exists(), reason="asks Linux which files are mapped")
    def test_the_file_of_the_language_model_is_closed_before_the_codec_is_read(
        self, musicgen_t5: Path, monkeypatch: pytest.MonkeyPatch
    ):
        mapped: dict[str, bool] = {}
        read = archive.read

        def spy(path: Path, *others: Any) -> Any:
            found = read(path, *others)
            mapped[path.name] = str(musicgen_t5 / "state_dict.bin") in MAPS.read_text()
            return found

        monkeypatch.setattr(archive, "read", spy)
        load(musicgen_t5)
        assert mapped == {"state_dict.bin": True, "compression_state_dict.bin": False}

    def test_settings_may_be_an_omegaconf(self, copy: Path):
        from omegaconf import OmegaConf

        path = copy / "state_dict.bin"
        found = package(path)
        torch.save({**found, "xp.cfg": OmegaConf.create(found["xp.cfg"])}, path)
        assert load(copy).lm.n_q == 4

    def test_weights_of_training_in_half_precision_are_loaded_in_full(self, copy: Path):
        path = copy / "state_dict.bin"
        found = package(path)
        half = {key: value.half() for key, value in found["best_state"].items()}
        torch.save({**found, "best_state": half}, path)
        loaded = load(copy)
        for key, value in loaded.lm.state_dict().items():
            assert value.dtype == torch.float32
            assert torch.equal(value, half[key].float())

    def test_no_network_is_asked(self, musicgen_t5: Path, monkeypatch: pytest.MonkeyPatch):
        def refuse(*args: Any, **kwargs: Any) -> None:
            raise AssertionError("a socket was opened")

        monkeypatch.setattr(socket, "socket", refuse)
        monkeypatch.setattr(socket, "create_connection", refuse)
        assert load(musicgen_t5).lm.n_q == 4


class TestTextEncoder:
    def test_is_the_one_in_the_folder(self, musicgen_t5: Path):
        from transformers import T5EncoderModel

        conditioner = load(musicgen_t5).lm.condition_provider.conditioners["description"]
        expected = T5EncoderModel.from_pretrained(musicgen_t5 / tiny.T5_NAME)
        tokens = conditioner.tokenize(["rain on a roof"])
        assert tokens["input_ids"].shape == (1, 16)  # the beginning of a word, 14 characters, an end
        with torch.no_grad():
            ours = conditioner.t5(**tokens).last_hidden_state
            assert torch.equal(ours, expected(**tokens).last_hidden_state)

    def test_may_be_a_whole_t5_with_its_decoder(self, musicgen_t5: Path, tmp_path: Path):
        from transformers import T5ForConditionalGeneration

        folder = Path(shutil.copytree(musicgen_t5 / tiny.T5_NAME, tmp_path / "t5"))
        config = json.loads((folder / "config.json").read_text())
        from transformers import T5Config

        torch.manual_seed(3)
        whole = T5ForConditionalGeneration(T5Config(**{**config, "is_encoder_decoder": True})).half()
        whole.save_pretrained(folder)
        conditioner = load(musicgen_t5, text_encoder=folder).lm.condition_provider.conditioners["description"]
        key = "encoder.block.0.layer.0.SelfAttention.q.weight"
        assert conditioner.t5.dtype == torch.float32  # whatever the file has
        assert torch.equal(conditioner.t5.state_dict()[key], whole.state_dict()[key].float())

    def test_is_asked_for_by_name(self, musicgen_t5: Path):
        words = refusal(musicgen_t5, text_encoder=None)
        assert words == './state_dict.bin needs the text encoder "t5-small", which is not on this machine'

    def test_of_another_size_is_refused(self, musicgen_t5: Path, tmp_path: Path):
        other = tiny.make_t5(tmp_path / "t5", d_model=256)
        assert refusal(musicgen_t5, text_encoder=other) == f'{other} is not "t5-small": its width is 256; {HINT}'

    @pytest.mark.parametrize("broken", ["missing", "empty", "truncated", "no weights", "no tokenizer", "bad config"])
    def test_that_cannot_be_loaded_is_named(self, broken: str, musicgen_t5: Path, tmp_path: Path):
        folder = Path(shutil.copytree(musicgen_t5 / tiny.T5_NAME, tmp_path / "t5"))
        weights = folder / "model.safetensors"
        if broken == "missing":
            shutil.rmtree(folder)
        elif broken == "empty":
            weights.write_bytes(b"")
        elif broken == "truncated":
            weights.write_bytes(weights.read_bytes()[:5000])
        elif broken == "no weights":
            weights.unlink()
        elif broken == "no tokenizer":
            (folder / "tokenizer.json").unlink()
        else:
            (folder / "config.json").write_text("{")
        words = refusal(musicgen_t5, text_encoder=folder)
        assert words.startswith(f"{folder} ")
        assert words.endswith(HINT)

    def test_without_some_weights_is_refused_rather_than_filled_at_random(self, musicgen_t5: Path, tmp_path: Path):
        from safetensors.torch import load_file, save_file

        folder = Path(shutil.copytree(musicgen_t5 / tiny.T5_NAME, tmp_path / "t5"))
        state = load_file(folder / "model.safetensors")
        lost = "encoder.block.0.layer.1.DenseReluDense.wi.weight"
        save_file({key: value for key, value in state.items() if key != lost}, folder / "model.safetensors")
        words = refusal(musicgen_t5, text_encoder=folder)
        assert words == f"{folder} holds a T5 that lacks weights ({lost}); {HINT}"

    def test_is_what_it_was_when_it_was_loaded_whatever_becomes_of_its_file(self, musicgen_t5: Path, tmp_path: Path):
        folder = Path(shutil.copytree(musicgen_t5 / tiny.T5_NAME, tmp_path / "t5"))
        loaded = load(musicgen_t5, text_encoder=folder).lm.condition_provider.conditioners["description"].t5
        before = {name: tensor.clone() for name, tensor in loaded.state_dict().items()}
        weights = folder / "model.safetensors"
        with weights.open("r+b") as file:  # in place: the file that was mapped
            file.seek(weights.stat().st_size // 2)
            file.write(b"\x11" * (weights.stat().st_size // 2))
        assert all(torch.equal(tensor, before[name]) for name, tensor in loaded.state_dict().items())

    def test_is_made_of_no_file_but_those_that_it_is_known_by(self, musicgen_t5: Path, tmp_path: Path):
        """A configuration can name another file of weights, and an index of several any. Those have no digest."""
        folder = Path(shutil.copytree(musicgen_t5 / tiny.T5_NAME, tmp_path / "t5"))
        shutil.copy(folder / "model.safetensors", folder / "other.safetensors")
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, "transformers_weights": "other.safetensors"}))
        assert "other.safetensors" in refusal(musicgen_t5, text_encoder=folder)

        (folder / "config.json").write_text(json.dumps(config))
        (folder / "model.safetensors").unlink()
        for strange in ("other.safetensors", str(folder / "other.safetensors"), "../t5/other.safetensors"):
            index = {"metadata": {}, "weight_map": {"shared.weight": strange}}
            (folder / "model.safetensors.index.json").write_text(json.dumps(index))
            assert f"names {strange[:80]}, which is none of its weights" in refusal(musicgen_t5, text_encoder=folder)

    def test_may_be_in_several_files(self, musicgen_t5: Path, tmp_path: Path):
        from safetensors.torch import load_file, save_file

        folder = Path(shutil.copytree(musicgen_t5 / tiny.T5_NAME, tmp_path / "t5"))
        state = load_file(folder / "model.safetensors")
        (folder / "model.safetensors").unlink()
        shards = {name: f"model-0000{n % 2 + 1}-of-00002.safetensors" for n, name in enumerate(state)}
        for shard in set(shards.values()):
            part = {name: state[name] for name in state if shards[name] == shard}
            save_file(part, folder / shard, metadata={"format": "pt"})
        index = {"metadata": {}, "weight_map": shards}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
        loaded = load(musicgen_t5, text_encoder=folder).lm.condition_provider.conditioners["description"].t5
        assert all(torch.equal(loaded.state_dict()[name], tensor) for name, tensor in state.items())


class TestCodecFolder:
    @pytest.fixture
    def codec_folder(self, tmp_path: Path) -> Path:
        """An EnCodec in the form of transformers, with the tiny checkpoints' rates and codebooks."""
        from transformers import EncodecConfig, EncodecModel

        torch.manual_seed(0)
        config = EncodecConfig(
            target_bandwidths=[1.6], sampling_rate=32000, audio_channels=1, normalize=False, num_filters=4,
            num_residual_layers=1, upsampling_ratios=[8, 5, 4, 4], hidden_size=32, codebook_size=tiny.CARD,
            codebook_dim=32, use_causal_conv=False, num_lstm_layers=1, chunk_length_s=None,
        )  # fmt: skip
        EncodecModel(config).save_pretrained(tmp_path / "encodec")
        return tmp_path / "encodec"

    @pytest.fixture
    def pointing(self, copy: Path) -> Path:
        path = copy / "compression_state_dict.bin"
        torch.save({"pretrained": "facebook/encodec_32khz", "exported": True, "version": "1.3.0"}, path)
        return copy

    def test_is_used_where_the_checkpoint_points_at_it(self, pointing: Path, codec_folder: Path):
        from transformers import EncodecModel

        loaded = load(pointing, codec_folder=codec_folder)
        assert (loaded.codec.num_codebooks, loaded.codec.frame_rate, loaded.codec.channels) == (4, 50, 1)
        expected = EncodecModel.from_pretrained(codec_folder)
        samples = torch.sin(torch.arange(32000) * 0.05)[None, None]
        with torch.no_grad():
            codes, scale = loaded.codec.encode(samples)
            assert torch.equal(codes, expected.encode(samples, None, 1.6).audio_codes[0])
            assert loaded.codec.decode(codes, scale).shape == (1, 1, 32000)

    def test_that_is_not_here_is_named(self, pointing: Path, codec_folder: Path):
        assert refusal(pointing) == (
            './compression_state_dict.bin points at the codec "facebook/encodec_32khz", which is not on this machine'
        )
        shutil.rmtree(codec_folder)
        assert refusal(pointing, codec_folder=codec_folder) == f"{codec_folder} is not there; {HINT}"


class TestMelody:
    def test_models_run_audiocrafts_own_conditioner_on_demucs_of_the_file(self, melody: Path, melody_libraries: None):
        from audiocraft.modules.conditioners import ChromaStemConditioner, WavCondition

        loaded = load(melody)
        conditioner = loaded.lm.condition_provider.conditioners["self_wav"]
        assert isinstance(conditioner, ChromaStemConditioner)
        assert conditioner.match_len_on_eval
        assert conditioner.demucs.segment == Fraction(39, 5)
        samples = torch.sin(2 * torch.pi * 440 * torch.arange(64000) / 32000)[None, None]
        wav = WavCondition(samples, torch.tensor([64000]), [32000], [None], [None])
        chroma = conditioner._get_wav_embedding(conditioner.tokenize(wav))
        assert chroma.shape == (1, 235, 12)  # the 30 seconds of the window, at 32000 / 4096 frames a second
        assert (chroma[0, 2:12].argmax(-1) == 9).all()  # an A

    def test_models_can_be_used_without_demucs_weights_until_there_is_a_melody(
        self, melody: Path, melody_libraries: None
    ):
        from audiocraft.modules.conditioners import WavCondition

        conditioner = load(melody, stems=None).lm.condition_provider.conditioners["self_wav"]
        silence = WavCondition(torch.zeros(1, 1, 1), torch.tensor([0]), [32000], [None], [None])
        assert conditioner._get_wav_embedding(silence).shape == (1, 235, 12)
        sound = WavCondition(torch.zeros(1, 1, 32000), torch.tensor([32000]), [32000], [None], [None])
        with pytest.raises(
            NodeError, match="demucs' weights, which find the melody in a sound, are not on this machine"
        ):
            conditioner._get_wav_embedding(sound)

    def test_needs_the_melody_extra(self, melody: Path):
        assert refusal(melody) == (
            "melody models need torchaudio, librosa, demucs, which cannot be imported here: "
            f"{installed.PIP} 'soundgraph[melody]'"
        )

    def test_demucs_file_may_be_safetensors(self, melody: Path, melody_libraries: None, tmp_path: Path):
        path = self.safetensors(tmp_path, "demucs.htdemucs.HTDemucs", gain=0.7)
        conditioner = load(melody, stems=path).lm.condition_provider.conditioners["self_wav"]
        assert conditioner.demucs.gains.tolist() == pytest.approx([0.7] * 4)
        assert conditioner.demucs.segment == Fraction(39, 5)

    def test_demucs_file_calls_no_class_but_its_own(self, melody: Path, melody_libraries: None, tmp_path: Path):
        path = self.safetensors(tmp_path, "os.system", gain=0.7)
        assert refusal(melody, stems=path) == f"{path} is not demucs' model htdemucs; {HINT}"

    def test_numpy_numbers_in_demucs_settings_are_read(self, melody: Path, melody_libraries: None, tmp_path: Path):
        found = torch.load(melody / tiny.STEMS_FILE, weights_only=False)  # type: ignore[attr-defined]
        found["training_args"] = {"lr": np.float64(3e-4), "seed": np.int64(42)}
        torch.save(found, tmp_path / "other.th")
        conditioner = load(melody, stems=tmp_path / "other.th").lm.condition_provider.conditioners["self_wav"]
        assert conditioner.demucs.segment == Fraction(39, 5)

    @staticmethod
    def safetensors(folder: Path, klass: str, gain: float) -> Path:
        from safetensors.torch import save_file

        segment = {"_type": "fraction", "numerator": 39, "denominator": 5}
        kwargs = {"sources": ["drums", "bass", "other", "vocals"], "segment": segment}
        said = {"klass": klass, "args": "[]", "kwargs": json.dumps(kwargs)}
        save_file({"gains": torch.full((4,), gain)}, folder / "955717e8.safetensors", said)
        return folder / "955717e8.safetensors"


class Runs:
    """A pickle of this leaves a file behind if it is run."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return open, (str(self.path), "w")


FILES = pytest.mark.parametrize("name", ["state_dict.bin", "compression_state_dict.bin"])


class TestBadFiles:
    @FILES
    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            (None, "is not there"),
            (b"", "is empty"),
            (b"# weights\nto be added\n", "is no checkpoint: it is not a zip archive, which torch.save writes"),
            (b"RIFF\x24\x00\x00\x00WAVEfmt ", "is no checkpoint: it is not a zip archive, which torch.save writes"),
            (
                b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 841\n",
                "only says where Git LFS keeps the file (git lfs pull fetches it)",
            ),
            (b"PK\x03\x04" + bytes(2000), "is damaged: it was cut short, or altered"),
        ],
    )
    def test_that_are_no_checkpoints(self, name: str, content: bytes | None, problem: str, copy: Path):
        if content is None:
            (copy / name).unlink()
        else:
            (copy / name).write_bytes(content)
        assert refusal(copy) == f"./{name} {problem}; {HINT}"

    @FILES
    @pytest.mark.parametrize("share", [0.01, 0.5, 0.9, 0.999])
    def test_that_were_cut_short(self, name: str, share: float, copy: Path):
        content = (copy / name).read_bytes()
        (copy / name).write_bytes(content[: int(len(content) * share)])
        assert refusal(copy) == f"./{name} is damaged: it was cut short, or altered; {HINT}"

    @FILES
    def test_whose_table_was_altered(self, name: str, copy: Path):
        content = bytearray((copy / name).read_bytes())
        start = content.index(b"best_state")
        content[start - 40 : start + 40] = b"\xff" * 80
        (copy / name).write_bytes(bytes(content))
        words = refusal(copy)
        assert words.startswith(f"./{name} ")
        assert "damaged" in words

    @FILES
    @pytest.mark.parametrize("inside", ["beside", "settings", "weights"])
    def test_with_a_pickle_that_runs_code_are_not_run(self, name: str, inside: str, copy: Path, tmp_path: Path):
        found = package(copy / name)
        ran = tmp_path / "ran"
        if inside == "beside":
            found["extra"] = Runs(ran)
        elif inside == "settings":
            found["xp.cfg"] = Runs(ran)
        else:
            found["best_state"]["emb.0.weight"] = Runs(ran)
        torch.save(found, copy / name)
        assert refusal(copy) == (
            f"./{name} holds a pickle that asks for io.open, which could run code: it was not run; {HINT}"
        )
        assert not ran.exists()

    def test_with_a_pickle_that_runs_code_beside_the_text_encoder(self, musicgen_t5: Path, tmp_path: Path):
        folder = Path(shutil.copytree(musicgen_t5 / tiny.T5_NAME, tmp_path / "t5"))
        (folder / "model.safetensors").unlink()
        ran = tmp_path / "ran"
        torch.save({"shared.weight": Runs(ran)}, folder / "pytorch_model.bin")
        words = refusal(musicgen_t5, text_encoder=folder)
        assert words.startswith(f"{folder} does not hold a T5 that can be loaded")
        assert not ran.exists()

    def test_with_a_pickle_that_runs_code_for_demucs(self, melody: Path, melody_libraries: None, tmp_path: Path):
        ran = tmp_path / "ran"
        torch.save({"klass": Runs(ran), "args": (), "kwargs": {}, "state": {}}, tmp_path / "stems.th")
        words = refusal(melody, stems=tmp_path / "stems.th")
        assert words.startswith(f"{tmp_path / 'stems.th'} holds a pickle that asks for io.open")
        assert not ran.exists()

    @FILES
    def test_of_something_else(self, name: str, copy: Path):
        torch.save([1, 2], copy / name)
        assert refusal(copy) == f"./{name} is no checkpoint: it holds a list; {HINT}"
        torch.save({"model": {}, "optimizer": {}}, copy / name)
        assert refusal(copy) == (
            f'./{name} is no checkpoint of audiocraft\'s export: "xp.cfg" or "best_state" is not in it; {HINT}'
        )

    def test_of_training_say_how_to_export_them(self, copy: Path):
        path = copy / "state_dict.bin"
        found = package(path)
        torch.save({**found, "best_state": {"model": found["best_state"]}}, path)
        assert refusal(copy) == ("./state_dict.bin is a checkpoint of training: export it with audiocraft.utils.export")

    def test_in_one_anothers_place(self, copy: Path):
        lm, codec = copy / "state_dict.bin", copy / "compression_state_dict.bin"
        shutil.copy(lm, copy / "lm")
        shutil.copy(codec, lm)
        assert refusal(copy) == f"./state_dict.bin holds a codec where a language model belongs; {HINT}"
        shutil.copy(copy / "lm", codec)
        shutil.copy(copy / "lm", lm)
        assert refusal(copy) == f"./compression_state_dict.bin holds a language model where a codec belongs; {HINT}"

    def test_of_the_other_family(self, copy: Path, audiogen: Path):
        for name in ("state_dict.bin", "compression_state_dict.bin"):
            shutil.copy(audiogen / name, copy / name)
        model = f'model "{copy}" for 32000 Hz: it is of another'.replace(str(copy), ".")
        assert refusal(copy) == f"./state_dict.bin is made for 16000 Hz, as audiogen is, and {model}"

    def test_of_two_models(self, copy: Path, audiogen: Path, stereo: Path):
        shutil.copy(copy / "state_dict.bin", copy / "lm")
        shutil.copy(audiogen / "state_dict.bin", copy / "state_dict.bin")
        model = f'model "{copy}" for 32000 Hz: it is of another'.replace(str(copy), ".")
        assert refusal(copy) == f"./state_dict.bin is made for 16000 Hz, as audiogen is, and {model}"
        shutil.copy(copy / "lm", copy / "state_dict.bin")
        shutil.copy(copy / "compression_state_dict.bin", copy / "codec")
        shutil.copy(audiogen / "compression_state_dict.bin", copy / "compression_state_dict.bin")
        assert refusal(copy) == f"./compression_state_dict.bin is made for 16000 Hz, and {model}"
        shutil.copy(copy / "codec", copy / "compression_state_dict.bin")
        found = package(stereo / "state_dict.bin")
        mono = found["xp.cfg"].replace("use: true", "use: false")
        torch.save({**found, "xp.cfg": mono}, copy / "state_dict.bin")
        assert refusal(copy) == (
            "./state_dict.bin and ./compression_state_dict.bin do not belong together: 8 and 4 codebooks"
        )

    @FILES
    def test_whose_weights_do_not_fit_their_settings(self, name: str, copy: Path):
        found = package(copy / name)
        lost = next(iter(found["best_state"]))
        kept = {key: value for key, value in found["best_state"].items() if key != lost}
        torch.save({**found, "best_state": kept}, copy / name)
        words = refusal(copy)
        assert words.startswith(
            f'./{name}: its weights do not fit its settings (Missing key(s) in state_dict: "{lost}"'
        )
        found["best_state"][lost] = torch.zeros(3, 3)
        torch.save(found, copy / name)
        assert refusal(copy).startswith(f"./{name}: its weights do not fit its settings (size mismatch for {lost}")
        found["best_state"][lost] = "text"
        torch.save(found, copy / name)
        assert refusal(copy).startswith(f"./{name}: its weights do not fit its settings (")

    @pytest.mark.parametrize(
        ("old", "new", "problem"),
        [
            ("lm_model: transformer_lm", "lm_model: gpt", ": its settings cannot be used (KeyError: "),
            ("num_heads: 4", "num_heads: 5", ": its settings cannot be used ("),
            ("segment_duration: 30", "other: 30", ": its settings cannot be used (ConfigAttributeError: "),
            ("dim: 64", "dim: 64\n  strange: 1", ": its settings cannot be used (TypeError: "),
            ("solver: musicgen", "solver: [", ': its "xp.cfg" cannot be read ('),
            (
                "model: lut\n    lut:",
                "model: clap\n    clap:",
                ' is conditioned by "clap", which soundgraph cannot do',
            ),
            ("tokenizer: noop", "tokenizer: whitespace", " takes texts apart with spacy, which soundgraph cannot do"),
        ],
    )
    def test_with_settings_that_cannot_be_used(self, old: str, new: str, problem: str, copy: Path):
        path = copy / "state_dict.bin"
        found = package(path)
        assert old in found["xp.cfg"]
        torch.save({**found, "xp.cfg": found["xp.cfg"].replace(old, new, 1)}, path)
        words = refusal(copy)
        assert words.startswith(f"./state_dict.bin{problem}")

    def test_of_a_published_model_are_fetched_again(self, copy: Path):
        (copy / "state_dict.bin").write_bytes(b"")
        model = replace(tiny.model(copy), id="facebook/musicgen-small")
        with pytest.raises(NodeError) as caught:
            checkpoint.load(tiny.files(copy), model, "cpu", torch.float32)
        assert str(caught.value).endswith("is empty; fetch it again: soundgraph models pull facebook/musicgen-small")


class TestOutOfMemory:
    @pytest.mark.parametrize(
        "error",
        [
            MemoryError(),
            RuntimeError("[enforce fail at alloc_cpu.cpp:75] DefaultCPUAllocator: can't allocate memory: you tried"),
            torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."),
            RuntimeError("unable to mmap 840840637 bytes from file <state_dict.bin>: Cannot allocate memory (12)"),
        ],
    )
    @pytest.mark.parametrize("where", ["file", "codec", "text encoder", "model", "weights"])
    def test_while_loading_is_told_apart(
        self, error: Exception, where: str, musicgen_t5: Path, monkeypatch: pytest.MonkeyPatch
    ):
        compat.prepare()
        from audiocraft.models import builders
        from transformers import T5EncoderModel

        def fail(*args: Any, **kwargs: Any) -> None:
            raise error

        owner, name = {
            "file": (torch, "load"),
            "codec": (builders, "get_compression_model"),
            "text encoder": (T5EncoderModel, "from_pretrained"),
            "model": (builders, "get_lm_model"),
            "weights": (torch.nn.Module, "load_state_dict"),
        }[where]
        monkeypatch.setattr(owner, name, fail)
        with pytest.raises(OutOfMemoryError) as caught:
            load(musicgen_t5)
        assert str(caught.value) == f'model "{musicgen_t5}" does not fit into this machine\'s memory'

    def test_an_error_keeps_nothing_of_what_was_loaded(self, musicgen: Path, monkeypatch: pytest.MonkeyPatch):
        import weakref

        compat.prepare()
        from audiocraft.models import builders

        made = []

        def fail(codec: Any, cfg: Any) -> None:
            made.append(weakref.ref(codec))
            raise MemoryError

        monkeypatch.setattr(builders, "get_wrapped_compression_model", fail)
        with pytest.raises(OutOfMemoryError) as caught:
            load(musicgen)
        assert made[0]() is None
        assert caught.value.__cause__ is None

    def test_on_a_gpu_names_the_device(self):
        with pytest.raises(OutOfMemoryError) as caught, devices.room_for('model "a"', "cuda"):
            raise torch.OutOfMemoryError("CUDA out of memory")
        assert str(caught.value) == 'model "a" does not fit into the memory of the device (cuda)'

    def test_other_errors_pass(self):
        with pytest.raises(RuntimeError, match="else"), devices.room_for("it", "cpu"):
            raise RuntimeError("something else")


class TestDevices:
    def there(self, monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    @pytest.mark.parametrize(
        ("cuda", "mps", "chosen"), [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")]
    )
    def test_auto_takes_the_best_there_is(self, cuda: bool, mps: bool, chosen: str, monkeypatch: pytest.MonkeyPatch):
        self.there(monkeypatch, cuda, mps)
        assert checkpoint.choose_device("auto") == chosen

    def test_what_is_asked_for_is_taken_or_told_to_be_absent(self, monkeypatch: pytest.MonkeyPatch):
        self.there(monkeypatch, True, False)
        assert checkpoint.choose_device("cpu") == "cpu"
        monkeypatch.setattr(torch.backends.mps, "is_built", lambda: False)
        with pytest.raises(NodeError) as caught:
            checkpoint.choose_device("mps")
        assert str(caught.value) == (
            "there is no mps here (this torch was built without it): use --device cuda or --device cpu"
        )
        self.there(monkeypatch, False, False)
        monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: True)
        with pytest.raises(NodeError) as caught:
            checkpoint.choose_device("cuda")
        assert str(caught.value) == "there is no cuda here (torch finds no such device): use --device cpu"

    @pytest.mark.parametrize(
        ("device", "precision", "dtype"),
        [
            ("cpu", None, torch.float32),
            ("cpu", "float32", torch.float32),
            ("cpu", "bfloat16", torch.bfloat16),
            ("cpu", "int8", torch.float32),
            ("cuda", None, torch.float16),
            ("cuda", "bfloat16", torch.bfloat16),
            ("cuda", "float32", torch.float32),
            ("mps", None, torch.float16),
        ],
    )
    def test_each_has_its_numbers(self, device: str, precision: Any, dtype: torch.dtype):
        assert checkpoint.dtype_for(device, precision) == dtype

    @pytest.mark.parametrize(
        ("device", "precision", "words"),
        [
            ("cpu", "float16", 'precision "float16" is for GPUs; on a CPU use "float32", "bfloat16" or "int8"'),
            ("cuda", "int8", 'precision "int8" is for CPUs; on cuda use "float16", "bfloat16" or "float32"'),
        ],
    )
    def test_a_precision_that_a_device_has_no_use_for(self, device: str, precision: Any, words: str):
        with pytest.raises(NodeError) as caught:
            checkpoint.dtype_for(device, precision)
        assert str(caught.value) == words


def test_progress_bars_of_others_are_left_as_they_were(musicgen_t5: Path, capfd: pytest.CaptureFixture[str]):
    from transformers.utils import logging

    assert logging.is_progress_bar_enabled()
    load(musicgen_t5)
    assert logging.is_progress_bar_enabled()
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""
