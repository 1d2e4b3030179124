"""Manifests: what is in them, and the difference between two in words."""

from __future__ import annotations

from typing import Any

import pytest

from soundgraph.cache.action_key import action_key
from soundgraph.planning.action import action_of, differences
from tests.planning.test_keys import of

RAIN = {"model": "draft/audio", "prompt": "rain"}
TAKE = {"model": "facebook/audiogen-medium", "prompt": "rain"}


def made(kind_name: str, table: dict[str, Any], **more: Any) -> dict[str, Any]:
    found = action_of(of(kind_name, table), **{"inputs": {}, **more})
    assert found is not None
    return found


def test_a_manifest_says_what_differs_from_the_defaults_and_no_name() -> None:
    assert made("generate", {**RAIN, "temperature": 1.0, "seed": 3}) == {
        "schema": 1,
        "kind": "generate",
        "version": 1,
        "params": {"prompt": "rain", "seed": 3},
        "model": {"backend": "draft", "version": 2, "identity": "draft/audio@16000x1"},
    }


def test_inputs_are_there_by_role_and_digest() -> None:
    table = {"inputs": [{"node": "some name", "weight": 0.5}, {"node": "another"}]}
    found = made("mix", table, inputs={"inputs[0].node": "x", "inputs[1].node": "y"}, salt="s")
    assert found["params"] == {"inputs": [{"weight": 0.5}, {}]}
    assert found["inputs"] == {"inputs[0].node": "x", "inputs[1].node": "y"}
    assert found["salt"] == "s"
    assert "some name" not in str(found)


def test_a_manifest_has_a_canonical_form_after_a_trip_through_json() -> None:
    import json

    found = made("mix", {"inputs": [{"node": "a", "weight": 0.5}]}, inputs={"inputs[0].node": "x"})
    assert action_key(json.loads(json.dumps(found))) == action_key(found)


@pytest.mark.parametrize(
    ("kind_name", "old", "new", "words"),
    [
        ("generate", RAIN, {**RAIN, "prompt": "wind"}, ['prompt: "rain" -> "wind"']),
        ("generate", RAIN, {**RAIN, "prompt": 'Ä "x"'}, ['prompt: "rain" -> "Ä \\"x\\""']),
        ("generate", RAIN, {**RAIN, "seed": 3}, ["seed: 0 (default) -> 3"]),
        ("generate", TAKE, {**TAKE, "top_k": 100}, ["top_k: 250 (default) -> 100"]),
        ("generate", {**TAKE, "top_p": 0.5}, TAKE, ["top_p: 0.5 -> 0.0 (default)"]),
        ("trim", {"input": "a", "duration": 1.0}, {"input": "a"}, ["duration: 1.0 removed"]),
        ("trim", {"input": "a"}, {"input": "a", "pad": True}, ["pad: false (default) -> true"]),
        ("gain", {"input": "a", "gain_db": 1}, {"input": "a", "gain_db": 1.0}, []),
        (
            "eq",
            {"input": "a", "bands": [{"type": "notch", "freq_hz": 50}]},
            {"input": "a", "bands": [{"type": "notch", "freq_hz": 60, "q": 2.0}]},
            ["bands[0].freq_hz: 50.0 -> 60.0", "bands[0].q: 2.0 added"],
        ),
        (
            "eq",
            {"input": "a", "bands": [{"type": "notch", "freq_hz": 50}, {"type": "lowpass", "freq_hz": 70}]},
            {"input": "a", "bands": [{"type": "lowpass", "freq_hz": 70}]},
            [
                'bands[0].type: "notch" -> "lowpass"',
                "bands[0].freq_hz: 50.0 -> 70.0",
                'bands[1].type: "lowpass" removed',
                "bands[1].freq_hz: 70.0 removed",
            ],
        ),
    ],
)
def test_a_difference_names_the_field_as_the_user_writes_it(
    kind_name: str, old: dict[str, Any], new: dict[str, Any], words: list[str]
) -> None:
    assert [str(change) for change in differences(made(kind_name, old), made(kind_name, new))] == words


def test_a_default_that_an_older_manifest_spells_out_is_told_as_added_or_removed() -> None:
    old = made("generate", TAKE)
    new = {**old, "params": {**old["params"], "top_k": 250}}
    assert [str(change) for change in differences(old, new)] == ["top_k: 250 added"]
    assert [str(change) for change in differences(new, old)] == ["top_k: 250 removed"]


def test_there_is_a_difference_exactly_if_the_key_differs() -> None:
    tables = [
        {"input": "a", "bands": [{"type": "notch", "freq_hz": 50, **more}, *rest]}
        for more in ({}, {"q": 1.0}, {"q": 2.0})
        for rest in ([], [{"type": "notch", "freq_hz": 50}], [{"type": "lowpass", "freq_hz": 50}])
    ]
    for one in tables:
        for other in tables:
            a, b = made("eq", one), made("eq", other)
            assert bool(differences(a, b)) == (action_key(a) != action_key(b))


def test_another_kind_weights_salt_and_version_are_told() -> None:
    old = made("generate", RAIN)
    new = {**old, "version": 2, "salt": "x", "model": {**old["model"], "identity": "other"}}
    words = [str(change) for change in differences(old, new)]
    assert words == ["version: 1 -> 2", 'model.identity: "draft/audio@16000x1" -> "other"', 'salt: "x" added']


def test_a_manifest_of_a_kind_that_is_no_more_can_still_be_compared() -> None:
    old = {**made("gain", {"input": "a", "gain_db": 1.0}), "kind": "reverb", "params": {"decay": 2.0}}
    words = [str(change) for change in differences(old, made("gain", {"input": "a", "gain_db": 1.0}))]
    assert words == ['kind: "reverb" -> "gain"', "decay: 2.0 removed", "gain_db: 1.0 added"]
