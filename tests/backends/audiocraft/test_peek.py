"""Reading what a checkpoint says, without torch and without running it."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from soundgraph.backends.audiocraft.peek import peek
from tests.backends.audiocraft import stub_hub, tiny


def write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "state_dict.bin"
    path.write_bytes(content)
    return path


def wrong(path: Path) -> str:
    with pytest.raises(ValueError) as caught:
        peek(path)
    return str(caught.value)


def test_it_reads_what_torch_reads(musicgen):
    import torch

    for name in ("state_dict.bin", "compression_state_dict.bin"):
        package = torch.load(musicgen / name, weights_only=True)
        found = peek(musicgen / name)
        assert found.parameters == sum(tensor.numel() for tensor in package["best_state"].values())
        assert found.pretrained == ""
    assert peek(musicgen / "state_dict.bin").config == tiny.lm_config()
    assert peek(musicgen / "compression_state_dict.bin").config == tiny.codec_config(32000)


def test_an_omegaconf_is_read_like_the_yaml_that_audiocraft_exports(tmp_path):
    import torch
    from omegaconf import OmegaConf

    settings = {**tiny.lm_config(), "rate": "${sample_rate}"}
    torch.save({"best_state": {}, "xp.cfg": OmegaConf.create(settings)}, tmp_path / "x.bin")
    found = peek(tmp_path / "x.bin")
    assert found.config == settings
    assert found.get("rate") == 32000


def test_a_codec_that_is_elsewhere_is_named(tmp_path):
    path = write(tmp_path, stub_hub.checkpoint(codec="facebook/encodec_32khz")["compression_state_dict.bin"])
    assert peek(path).pretrained == "facebook/encodec_32khz"


def test_references_lead_to_values_and_circles_to_none(tmp_path):
    config = {"a": "${b.c}", "b": {"c": "${d}"}, "d": 7, "x": "${y}", "y": "${x}", "missing": "???"}
    path = write(tmp_path, stub_hub.checkpoint({**stub_hub.lm_config(), **config})["state_dict.bin"])
    found = peek(path)
    assert [found.get(name, "none") for name in ("a", "x", "missing", "b.z", "d.e")] == [
        7,
        "none",
        "none",
        "none",
        "none",
    ]


class Runs:
    """A pickle of this runs a command when it is read."""

    def __init__(self, command: str):
        self.command = command

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (self.command,)


def test_a_pickle_that_would_run_code_is_named_and_not_run(tmp_path):
    trace = tmp_path / "trace"
    package = {"best_state": {}, "xp.cfg": "{}", "x": Runs(f"touch {trace}")}
    path = write(tmp_path, stub_hub.package(package))
    assert wrong(path) == "holds a pickle that asks for posix.system, which could run code; it is not used"
    assert not trace.exists()
    # That it would have: the test is worth something.
    pickle.loads(pickle.dumps(Runs(f"touch {trace}")))
    assert trace.exists()


def program(*lines: bytes) -> bytes:
    """A pickle, opcode by opcode, in the zip of a checkpoint."""
    import io

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("archive/data.pkl", b"".join(lines))
    return stream.getvalue()


@pytest.mark.parametrize(
    "name",
    [b"builtins\neval", b"builtins\ngetattr", b"torch.hub\nload", b"torch\nload", b"os\nsystem"],
)
def test_names_outside_the_known_ones_are_refused(tmp_path, name):
    assert "could run code" in wrong(write(tmp_path, program(b"c", name, b"\n(S'1'\ntR.")))


def test_known_names_are_not_called_either(tmp_path):
    """`torch.FloatStorage` and its like are answered with stand-ins: nothing imports torch, nothing allocates."""
    calls = program(b"(dS'best_state'\n(dsS'xp.cfg'\nctorch._utils\n_rebuild_tensor_v2\n(I1\ntRs.")
    assert wrong(write(tmp_path, calls)) == 'is no checkpoint of audiocraft: its "xp.cfg" is not a table'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"hello", "is no checkpoint: it is not a zip, which torch.save writes"),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "only says where Git LFS keeps the file; git lfs pull fetches it",
        ),
        (b"PK\x03\x04 and then nothing", "is damaged: it was cut short, or altered"),
        (stub_hub.package([1, 2]), "is no checkpoint of audiocraft: it does not hold a table"),
        (stub_hub.package({"best_state": {}}), 'is no checkpoint of audiocraft\'s export: it has no "xp.cfg"'),
        (stub_hub.package({"xp.cfg": "{}"}), 'is no checkpoint of audiocraft\'s export: it has no "best_state"'),
        (
            stub_hub.package({"best_state": {}, "xp.cfg": "a: [1"}),
            'is no checkpoint of audiocraft: its "xp.cfg" is not YAML',
        ),
        (
            stub_hub.package({"best_state": {}, "xp.cfg": "!!python/object/apply:os.system [x]"}),
            'is no checkpoint of audiocraft: its "xp.cfg" is not YAML',
        ),
    ],
)
def test_what_is_no_checkpoint_is_told_in_a_line(tmp_path, content, words):
    assert wrong(write(tmp_path, content)) == words


def test_the_form_before_zips_is_told_apart(tmp_path):
    import torch

    torch.save({"best_state": {}}, tmp_path / "old.bin", _use_new_zipfile_serialization=False)
    assert wrong(tmp_path / "old.bin").startswith("is in the form that torch wrote before version 1.6")


def test_every_truncation_and_many_alterations_end_in_words(tmp_path):
    """Never a traceback, whatever the bytes; a change that leaves the table as it was may pass."""
    whole = stub_hub.checkpoint()["state_dict.bin"]
    for length in range(0, len(whole), 7):
        wrong(write(tmp_path, whole[:length]))
    for place in range(0, len(whole), 5):
        path = write(tmp_path, whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        with suppress(ValueError):
            assert peek(path).get("sample_rate") == 32000


def test_settings_that_hold_the_same_table_twice_and_so_on_are_refused_soon(tmp_path):
    tables = ["a0: &a0 {x: 1}", *(f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}}}" for n in range(1, 40))]
    package = {"best_state": {}, "xp.cfg": "\n".join(tables)}
    path = write(tmp_path, b"")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/data.pkl", pickle.dumps(package, protocol=2))
    assert wrong(path) == 'is no checkpoint of audiocraft: its "xp.cfg" is far too large'


@pytest.mark.parametrize("place", [10**6, 2**31 - 1, 2**32 - 1])
def test_a_pickle_that_remembers_at_a_far_place_is_not_read(tmp_path, place):
    """The reader of the standard library makes room for all places before it: up to 32 GB."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}r" + place.to_bytes(4, "little") + b".")
    assert wrong(write(tmp_path, content.getvalue())) == "is damaged: its table cannot be read"
