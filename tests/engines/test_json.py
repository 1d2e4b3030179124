"""json: against its own schema, with an independent validator."""

import json

import jsonschema
import pytest

from soundgraph.engines.json import SCHEMA
from tests.engines.sounds import HOSTILE, deliver, sound, takes, text


def manifest(path="manifest", sounds=None, **params):
    found = json.loads(text("json", path, sounds or [sound()], f"{path}.json", **params))
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    return found


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_format_and_every_fact_is_listed():
    both = [sound("theme.wav", loop={"start": 10, "end": 99}, title="A"), sound("theme.ogg", remarks=["quiet"])]
    (entry,) = manifest(sounds=both)["sounds"]
    assert entry["name"] == "theme"
    assert [each["format"] for each in entry["files"]] == ["wav", "ogg"]
    assert [each["facts"] for each in entry["files"]] == [dict(each.facts) for each in both]


def test_takes_are_files_of_one_sound():
    (entry,) = manifest(sounds=takes())["sounds"]
    assert [(each["take"], each["file"]) for each in entry["files"]] == [
        (number, f"footsteps/gravel_{number:02}.wav") for number in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("path", "file"),
    [("footsteps/all", "gravel_01.wav"), ("other/deep/all", "../../footsteps/gravel_01.wav")],
)
def test_paths_are_seen_from_the_manifest(path, file):
    assert manifest(path, takes(1))["sounds"][0]["files"][0]["file"] == file


def test_text_comes_back_as_it_was():
    (entry,) = manifest(sounds=[sound(name=HOSTILE, comment=HOSTILE)])["sounds"]
    assert entry["name"] == entry["files"][0]["facts"]["comment"] == HOSTILE


def test_the_schema_is_written_on_request():
    files = deliver("json", "all", [sound()], with_schema=True)
    assert json.loads(files["all.schema.json"]) == SCHEMA
    assert list(deliver("json", "all", [sound()])) == ["all.json"]


@pytest.mark.parametrize("broken", [{}, {"soundgraph_manifest": 2, "sounds": []}, {"soundgraph_manifest": 1}])
def test_the_schema_refuses_what_is_not_a_manifest(broken):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, SCHEMA)
