"""Action keys: every field that matters changes the key, nothing else does, and those of the examples are pinned.

After a change that is meant to change keys (a kind's version, a default, an example), write the new ones with

    python -m tests.planning.test_keys

and look at the difference in review: each key that changed is a result that everybody has to make again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import pytest
from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from soundgraph import backends
from soundgraph.audio.containers import decode
from soundgraph.cache.action_key import action_key
from soundgraph.core.params import Params, references
from soundgraph.nodes import Form, get_kind, kind_names
from soundgraph.planning import action, scene_graph
from soundgraph.planning.action import action_of
from soundgraph.project import node_fields, targets
from soundgraph.scene.tables.scene import Node, Origin
from soundgraph.session import opening
from tests.helpers import CHAIN, Space, changed, export, generate, node, noise

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "keys.json"

# One valid table for each kind; references are to nodes that need not exist, files to one that does.
EXAMPLES: dict[str, dict[str, Any]] = {
    "compressor": {"input": "a", "threshold_db": -20.0},
    "convolve": {"input": "a", "impulse": "b"},
    "crossfade": {"input": "a", "to": "b", "duration": 0.5},
    "delay": {"input": "a"},
    "duck": {"input": "a", "sidechain": "b"},
    "envelope": {"input": "a", "points": [{"at": 0.0, "gain_db": -6.0}, {"at": 36000.0, "gain_db": 0.0}]},
    "eq": {"input": "a", "bands": [{"type": "peaking", "freq_hz": 1000, "gain_db": -3.0}]},
    "fade": {"input": "a", "fade_in": 0.5},
    "file": {"path": "FILE"},
    "gain": {"input": "a", "gain_db": 3.0},
    "gate": {"input": "a", "threshold_db": -50.0},
    "generate": {"model": "facebook/audiogen-medium", "prompt": "rain"},
    "level": {"input": "a"},
    "limiter": {"input": "a"},
    "loop": {"input": "a", "duration": 100.0},
    "match": {"input": "a", "to": "b"},
    "mix": {"inputs": [{"node": "a", "pan": 0.5}, {"node": "b"}]},
    "mono": {"input": "a"},
    "noise": {},
    "normalize": {"input": "a", "lufs": -20.0},
    "pad": {"input": "a", "before": 0.5},
    "pan": {"input": "a", "pan": 0.5},
    "pitch": {"input": "a", "semitones": 2.0},
    "resample": {"input": "a", "sample_rate": 44100},
    "reverb": {"input": "a"},
    "reverse": {"input": "a"},
    "sequence": {"inputs": [{"node": "a"}, {"node": "b"}]},
    "silence_trim": {"input": "a"},
    "speech": {"text": "hello"},
    "stereo": {"input": "a"},
    "stretch": {"input": "a", "factor": 1.5},
    "tone": {"freq_hz": 440.0},
    "trim": {"input": "a", "start": 0.5},
    "width": {"input": "a", "width": 0.5},
}
# What a field needs around it, where the example does not allow another value of it.
_REFERENCES = ("input", "inputs[].node", "melody", "continue_from", "to", "sidechain", "impulse")
_PROMPTS = {"prompt": None, "prompts": [{"at": 0.0, "text": "rain"}, {"at": 3.0, "text": "wind"}]}
CONTEXT: dict[str, dict[str, Any]] = {
    "eq.bands[].slope_db_per_octave": {"bands": [{"type": "highpass", "freq_hz": 100}]},
    **{f"normalize.{field}": {"lufs": None, field: -7.0} for field in ("true_peak_dbtp", "rms_dbfs", "peak_dbfs")},
    "stretch.duration": {"factor": None, "duration": 2.5},
    "mix.channels": {"inputs": [{"node": "a"}, {"node": "b"}]},
    "generate.prompts": {"prompt": None, "prompts": [{"at": 0.0, "text": "rain"}]},
    "generate.melody": {"melody": "a"},
    "generate.continue_from": {"continue_from": "a"},
    "generate.prompts[].at": _PROMPTS,
    "generate.prompts[].text": _PROMPTS,
}


def of(kind_name: str, table: Mapping[str, Any], name: str = "n") -> Node:
    """A node as the loader makes it, with its model resolved, whose weights are as if they were here."""
    kind = get_kind(kind_name)
    model = backends.find(table["model"]) if kind_name == "generate" else None
    if model is not None and not model.here:
        model = dataclasses.replace(model, identity="its weights")
    params = node_fields.params_for(kind_name, model).model_validate(dict(table))
    return Node(name, kind_name, kind, params, Origin("graphs/a.toml", ("nodes", name)), model)


def key_of(kind_name: str, table: Mapping[str, Any], inputs: Mapping[str, str] | None = None, salt: str = "") -> str:
    found = of(kind_name, table)
    known = {role: f"digest of {other}" for role, other in references(found.params)}
    made = action_of(found, known if inputs is None else inputs, salt)
    assert made is not None
    return action_key(made)


@pytest.fixture
def examples(tmp_path: Path) -> dict[str, dict[str, Any]]:
    path = tmp_path / "door.wav"
    path.write_bytes(noise().to_wav())
    return {**EXAMPLES, "file": {"path": str(path)}}


def test_every_kind_has_an_example_here() -> None:
    assert sorted(EXAMPLES) == list(kind_names()), "a kind's smallest table belongs in EXAMPLES"


# Every field


def _fields(params: type[Params], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """(path, field) of every field of a model, and of the models in its lists."""
    for name, info in params.model_fields.items():
        yield f"{prefix}{name}", info
        for option in (info.annotation, *get_args(info.annotation)):
            for item in get_args(option):
                if isinstance(item, type) and issubclass(item, Params):
                    yield from _fields(item, f"{prefix}{name}[].")


def _params(kind: str) -> type[Params]:
    """What the table of an example is checked by; of a generate node, by a model that takes much."""
    return node_fields.params_for(kind, backends.find(EXAMPLES["generate"]["model"]) if kind == "generate" else None)


ALL_FIELDS = [(kind, path) for kind in EXAMPLES for path, _ in _fields(_params(kind))]


def _other_values(info: FieldInfo) -> Iterator[Any]:
    """Values a field might take, from its type and bounds; some may be refused by a rule of the whole table."""
    bounds = list(info.metadata)
    for annotation in (info.annotation, *get_args(info.annotation)):
        bounds += getattr(annotation, "__metadata__", ())
    low = next((b.ge if isinstance(b, Ge) else b.gt for b in bounds if isinstance(b, Ge | Gt)), 0)
    high = next((b.le if isinstance(b, Le) else b.lt for b in bounds if isinstance(b, Le | Lt)), 100)
    options = [info.annotation]
    if get_origin(info.annotation) in (Union, types.UnionType):
        options = list(get_args(info.annotation))
    for option in options:
        if option is bool:
            yield from (True, False)
        elif option is int:
            yield from (int(low), int(low) + 1, int(high))
        elif option is float:
            yield from (low + (high - low) * part for part in (0.3, 0.01, 0.0001, 0.6))
        elif option is str:
            yield from ("other", "draft/music")
        elif get_origin(option) is Literal:
            yield from get_args(option)


def _put(table: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of the table with another value at "bands[].q": in the first table of the list."""
    first, _, rest = path.partition("[].")
    if not rest:
        return {**table, first: value}
    return {**table, first: [_put(table[first][0], rest, value), *table[first][1:]]}


@pytest.mark.parametrize(("kind_name", "path"), ALL_FIELDS, ids=lambda value: value)
def test_another_value_in_any_field_gives_another_key(
    kind_name: str, path: str, examples: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    """A field is a reference, a file, a list of tables, or has some other value that changes the key."""
    info = dict(_fields(_params(kind_name)))[path]
    table = {**examples[kind_name], **CONTEXT.get(f"{kind_name}.{path}", {})}
    before = key_of(kind_name, table)
    if path == "path":
        other = tmp_path / "other.wav"
        other.write_bytes(noise(seed=1).to_wav())
        assert key_of(kind_name, {"path": str(other)}) != before
        return
    if path in _REFERENCES:
        (role, _), *_ = references(of(kind_name, table).params)
        inputs = {role: f"digest of {other}" for role, other in references(of(kind_name, table).params)}
        assert key_of(kind_name, table, {**inputs, role: "another digest"}) != before
        return
    if path == "prompts":
        assert key_of(kind_name, {**table, path: [*table[path], {"at": 5.0, "text": "rain"}]}) != before
        return
    if path == "points":
        assert key_of(kind_name, {**table, path: table[path][:1]}) != before
        return
    if path == "inputs[].crossfade":  # of the second: nothing comes before the first
        later = [table["inputs"][0], {**table["inputs"][1], "crossfade": 0.5}]
        assert key_of(kind_name, {**table, "inputs": later}) != before
        return
    if path == "prompts[].at":  # of the second: the first begins at 0
        later = [table["prompts"][0], {**table["prompts"][1], "at": 4.0}]
        assert key_of(kind_name, {**table, "prompts": later}) != before
        return
    if path in ("inputs", "bands"):
        assert key_of(kind_name, {**table, path: table[path] * 2}) != before
        return
    keys = set()
    for value in _other_values(info):
        with contextlib.suppress(ValueError, AttributeError):
            keys.add(key_of(kind_name, _put(table, path, value)))
    assert len(keys - {before}) >= 1, f"no value of {path} changed the key"


def test_a_field_that_takes_another_value_never_keeps_the_key(examples: dict[str, dict[str, Any]]) -> None:
    """All values of all fields, of all kinds: no two different tables share a key."""
    seen: dict[str, str] = {}
    for kind_name, path in ALL_FIELDS:
        info = dict(_fields(_params(kind_name)))[path]
        if path in ("path", "inputs", "bands", "prompts", "model") or path in _REFERENCES:
            continue
        table = {**examples[kind_name], **CONTEXT.get(f"{kind_name}.{path}", {})}
        for value in _other_values(info):
            with contextlib.suppress(ValueError):
                found = of(kind_name, _put(table, path, value))
                spelled = f"{kind_name} {json.dumps(found.params.model_dump(), sort_keys=True)}"
                key = key_of(kind_name, _put(table, path, value))
                assert seen.setdefault(key, spelled) == spelled


@pytest.mark.parametrize("kind_name", sorted(EXAMPLES))
def test_a_default_that_is_written_out_is_the_same_as_one_that_is_not(
    kind_name: str, examples: dict[str, dict[str, Any]]
) -> None:
    before = key_of(kind_name, examples[kind_name])
    for path, info in _fields(_params(kind_name)):
        outer, _, field = path.rpartition("[].")
        if outer and outer not in examples[kind_name]:
            continue
        stated = examples[kind_name][outer][0] if outer else examples[kind_name]
        # TOML has no null: a default of none cannot be written out.
        if not info.is_required() and info.default is not None and field not in stated:
            assert key_of(kind_name, _put(examples[kind_name], path, info.default)) == before, path


@pytest.mark.parametrize(
    ("kind_name", "one", "other"),
    [
        ("fade", {"input": "a", "fade_in": 0.5}, {"input": "a", "fade_out": 0.5}),
        ("trim", {"input": "a", "duration": 0.5}, {"input": "a", "end": 0.5}),
        ("trim", {"input": "a", "start": 0.5}, {"input": "a", "duration": 0.5}),
        (
            "generate",
            {"model": "facebook/audiogen-medium", "prompt": "a", "top_k": 1},
            {"model": "facebook/audiogen-medium", "prompt": "a", "seed": 1},
        ),
        ("mix", {"inputs": [{"node": "a", "at": 0.5}]}, {"inputs": [{"node": "a", "pan": 0.5}]}),
        (
            "mix",
            {"inputs": [{"node": "a", "weight": 0.5}, {"node": "b"}]},
            {"inputs": [{"node": "a"}, {"node": "b", "weight": 0.5}]},
        ),
        (
            "eq",
            {"input": "a", "bands": [{"type": "highpass", "freq_hz": 100}, {"type": "lowpass", "freq_hz": 100}]},
            {"input": "a", "bands": [{"type": "lowpass", "freq_hz": 100}, {"type": "highpass", "freq_hz": 100}]},
        ),
    ],
)
def test_a_value_that_moves_to_another_field_gives_another_key(
    kind_name: str, one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert key_of(kind_name, one) != key_of(kind_name, other)


# What else is part of it


def test_swapping_the_inputs_of_a_mix_gives_another_key() -> None:
    table = {"inputs": [{"node": "a"}, {"node": "b"}]}
    one = key_of("mix", table, {"inputs[0].node": "x", "inputs[1].node": "y"})
    assert one != key_of("mix", table, {"inputs[0].node": "y", "inputs[1].node": "x"})


def test_version_backend_weights_decoder_salt_and_schema_are_part_of_the_key(
    examples: dict[str, dict[str, Any]],
) -> None:
    take = of("generate", examples["generate"])
    assert take.model is not None
    recording = of("file", examples["file"])

    def key(found: Node, salt: str = "") -> str:
        made = action_of(found, {}, salt)
        assert made is not None
        return action_key(made)

    keys = {key(take), key(recording)}
    keys.add(key(take, "another salt"))
    keys.add(key(dataclasses.replace(take, kind=dataclasses.replace(take.kind, version=2))))
    keys.add(key(dataclasses.replace(take, model=dataclasses.replace(take.model, identity="other weights"))))
    with changed(backends.get("audiocraft"), "version", backends.get("audiocraft").version + 1):
        keys.add(key(take))
    with changed(action, "KEY_SCHEMA", 2):
        keys.add(key(take))
    with changed(decode, "DECODER_VERSION", 2):
        keys.add(key(recording))
    assert len(keys) == 8


@pytest.mark.parametrize(
    ("kind_name", "table", "measures"),
    [
        ("normalize", {"input": "a", "lufs": -20.0}, True),
        ("normalize", {"input": "a", "true_peak_dbtp": -1.0}, False),
        ("normalize", {"input": "a", "rms_dbfs": -20.0}, False),
        ("normalize", {"input": "a", "peak_dbfs": -1.0}, False),
        ("match", {"input": "a", "to": "b"}, True),
        ("match", {"input": "a", "to": "b", "level": False}, False),
        ("level", {"input": "a"}, True),
        ("gain", {"input": "a", "gain_db": -20.0}, False),
    ],
)
def test_where_loudness_is_read_anew_the_key_is_another_and_nowhere_else(
    kind_name: str, table: dict[str, Any], measures: bool
) -> None:
    """Below 32 kHz, and of four, seven and eight channels: what was made there before is not taken for a result."""
    found = of(kind_name, table)
    inputs = dict(references(found.params))
    usual = action_of(found, inputs)

    def is_another(*forms: tuple[int, int]) -> bool:
        return action_of(found, inputs, forms=[Form(*form) for form in forms]) != usual

    for form in [(48000, 2), (32000, 1), (44100, 6), (48000, 5), (96000, 3), (4000, 1)]:
        assert not is_another(form), form
    for form in [(8000, 2), (31999, 1), (22050, 6), (48000, 4), (48000, 7), (96000, 8)]:
        assert is_another(form) is measures, form
    # Of two inputs, either one will do.
    assert is_another((48000, 2), (16000, 1)) is is_another((16000, 1), (48000, 2)) is measures


def test_a_plan_and_a_build_know_the_form_of_an_input_and_agree_about_the_key(space: Space) -> None:
    """The plan has it from a record, the build from what it made: one that forgets would run a node twice."""
    tone = node("tone", "tone", freq_hz=1000, duration=1.0, sample_rate=16000)
    space.scene(tone + node("loud", "normalize", input="tone", lufs=-20) + export("a", "loud"))
    assert space.build().ran == ["a:loud", "a:tone"]
    (space.root / "build" / "a.wav").unlink()
    space.replace("[nodes.tone]", "# another look\n[nodes.tone]")
    assert space.build().ran == []
    facts = json.loads((space.root / "build" / "a.wav.json").read_bytes())
    loud, inputs = of("normalize", {"input": "tone", "lufs": -20}), {"input": facts["nodes"]["tone"]["digest"]}
    found = action_of(loud, inputs, forms=[Form(16000, 1)])
    assert found is not None
    assert facts["nodes"]["loud"]["action_key"] == action_key(found)
    assert "loud  hit" in space.run("explain", "a").out


def test_without_known_weights_there_is_no_key(examples: dict[str, dict[str, Any]]) -> None:
    take = of("generate", examples["generate"])
    assert take.model is not None
    assert action_of(dataclasses.replace(take, model=dataclasses.replace(take.model, identity="")), {}) is None


def test_a_shorthand_of_a_model_is_the_same_model(examples: dict[str, dict[str, Any]]) -> None:
    short = {"model": "draft/audio", "prompt": "rain"}
    assert key_of("generate", short) == key_of("generate", {**short, "model": "draft/audio@16000x1"})


# What its model takes beyond what every model takes


def test_the_manifests_of_musicgen_and_audiogen_are_as_they_were() -> None:
    """Takes of them cost hours: a key that changes throws them away."""
    said = {"temperature": 0.8, "top_k": 7, "top_p": 0.5, "cfg_coef": 3.0, "seed": 3, "precision": "int8"}
    found = action_of(of("generate", {"model": "facebook/musicgen-small", "prompt": "rain", **said}), {})
    assert json.dumps(found) == (
        '{"schema": 1, "kind": "generate", "version": 1, "params": {"prompt": "rain", "precision": "int8", "seed": 3, '
        '"temperature": 0.8, "top_k": 7, "top_p": 0.5}, "model": {"backend": "audiocraft", "version": 1, '
        '"identity": "its weights"}}'
    )


def stand_in(fields: Mapping[str, Any], model: str = "facebook/audiogen-medium") -> str:
    """The key of a node whose model a draft stands in for."""
    real = of("generate", {"model": model, "prompt": "rain", **fields})
    assert real.model is not None
    found = action_of(dataclasses.replace(real, model=backends.stand_in(real.model)), {})
    assert found is not None
    return action_key(found)


def test_what_a_draft_takes_no_notice_of_is_no_part_of_its_key() -> None:
    plain = key_of("generate", {"model": "draft/audio", "prompt": "rain"})
    assert stand_in({}) == stand_in({"top_k": 7, "top_p": 0.5, "cfg_coef": 1.0}) == plain
    wild = key_of("generate", {"model": "draft/audio", "prompt": "rain", "temperature": 2.0})
    assert stand_in({"temperature": 2.0}) == wild != plain


def test_a_draft_s_key_reckons_with_its_own_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model may have another default for what both take: what it leaves unsaid is said to the draft."""

    class Wilder(Params):
        temperature: float = 2.0

    monkeypatch.setattr(backends.get("audiocraft"), "params", Wilder)
    assert stand_in({}) == key_of("generate", {"model": "draft/audio", "prompt": "rain", "temperature": 2.0})
    assert stand_in({"temperature": 1.0}) == key_of("generate", {"model": "draft/audio", "prompt": "rain"})


def test_what_a_model_takes_of_a_field_and_its_draft_cannot_is_left_out_of_the_draft(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Hotter(Params):
        temperature: float = 100.0

    monkeypatch.setattr(backends.get("audiocraft"), "params", Hotter)
    assert stand_in({}) == key_of("generate", {"model": "draft/audio", "prompt": "rain"})


# What is not


def keys(space: Space, *arguments: str) -> dict[str, str]:
    """The action key of every node, by id, after a build."""
    assert space.build(*arguments).code == 0
    return {
        f"{facts['scene']}:{name}": node["action_key"]
        for path in space.root.glob("build/**/*.json")
        for facts in [json.loads(path.read_bytes())]
        for name, node in facts["nodes"].items()
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[nodes.rain]", "# loud\n[nodes.rain]"),
        ("[exports.theme]", '[exports.theme]\npath = "music/other"'),
        ("[exports.theme]", "[exports.other]"),
        ("[exports.theme]", '[exports.theme]\nformat = ["flac", "ogg"]\nloudness_lufs = -20'),
        ("duration = 0.05", "duration = 5e-2"),
        ('prompt = "soft rain"', "prompt = 'soft rain'\ntemperature = 1"),
        ("gain_db = -3.0", "gain_db = -3"),
        ("[nodes.rain]", '[defaults.generate]\nprompt = "unused"\n[nodes.rain]'),
        ("[nodes.rain]", "[scene]\nsample_rate = 22050\nduration = 3.0\n[nodes.rain]"),  # of nodes that state theirs
    ],
)
def test_what_changes_no_sound_changes_no_key(space: Space, old: str, new: str) -> None:
    space.scene(CHAIN)
    before = keys(space)
    space.replace(old, new)
    assert keys(space) == before


def test_names_order_of_tables_and_the_place_of_the_scene_are_no_part_of_the_key(space: Space) -> None:
    space.scene(CHAIN)
    before = keys(space)
    tables = CHAIN.replace("rain]", "drizzle]").replace('"rain"', '"drizzle"').split("\n\n")
    (space.root / "graphs/a.toml").unlink()
    space.scene("\n\n".join(reversed(tables)), "deep/er")
    found = space.build()
    assert (found.code, found.ran) == (0, [])
    after = keys(space)
    assert sorted(after.values()) == sorted(before.values())


def test_neither_are_jobs_device_and_where_the_project_lies(space: Space) -> None:
    space.scene(CHAIN)
    before = keys(space)
    other = Space(space.root.parent / "elsewhere" / "x")
    other.scene(CHAIN)
    assert keys(other, "-j", "4") == before
    fresh = Space(space.root.parent / "fresh")
    fresh.scene(CHAIN)
    assert fresh.fresh("build", env={"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}).code == 0
    assert (
        json.loads(fresh.read("build/theme.wav.json"))["nodes"]
        == json.loads(space.read("build/theme.wav.json"))["nodes"]
    )


def test_seed_and_length_of_the_scene_are_part_of_the_key_of_nodes_that_state_none(space: Space) -> None:
    space.scene(
        "[scene]\nduration = 0.05\n"
        + node("rain", "generate", model="draft/audio", prompt="rain")
        + export("x", "rain")
    )
    seen = [keys(space), keys(space, "-D", "scene.seed=3"), keys(space, "-D", "scene.duration=0.06")]
    seen.append(keys(space, "-D", "nodes.rain.seed=3"))
    assert seen[3] == seen[1]
    assert len({found["a:rain"] for found in seen}) == 3


def test_elements_are_the_same_as_what_they_stand_for(space: Space) -> None:
    space.scene(
        '[[elements]]\ntype = "audio"\nprompt = "rain"\nweight = 0.5\nduration = 0.05\n'
        '[[elements]]\ntype = "music"\nmodel_size = "small"\nprompt = "piano"\nduration = 0.05\n'
    )
    space.scene(
        generate("rain", model="audio")
        + generate("piano", "piano", "music")
        + node("all", "mix", inputs=[{"node": "rain", "weight": 0.5}, {"node": "piano"}])
        + export("longhand", "all"),
        "b",
    )
    found = space.build("--draft")
    assert found.code == 0, found.err
    assert len(found.ran) == 3
    assert len(found.hits) == 3


# The examples


def golden() -> dict[str, str]:
    """The action key of every node of every scene under graphs/, with stand-ins for models.

    An input is given by its own key, not by its samples: they are the same wherever the keys are, and nothing is run.
    """
    wanted = targets.select(str(ROOT), [])
    opened = opening.open_session(ROOT, wanted, draft=True)
    found: dict[str, str] = {}
    for layer in scene_graph.in_order(opened.graph, set(opened.graph)):
        for name in layer:
            inputs = {role: found[other] for role, other in scene_graph.inputs_of(opened.graph, name)}
            made = action_of(scene_graph.node_of(opened.graph, name), inputs)
            assert made is not None
            if "decoder" in made:
                made["decoder"] = "whichever is installed"
            found[name] = action_key(made)
    return dict(sorted(found.items()))


def test_the_keys_of_the_examples_are_as_they_were() -> None:
    assert golden() == json.loads(GOLDEN.read_text())


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(golden(), indent=1) + "\n")
