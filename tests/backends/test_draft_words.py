"""Prompts mean to the draft backend what they mean to a reader, as far as its word table goes."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import soundgraph.backends.draft
from soundgraph.backends.draft.vocabulary import THEMES
from soundgraph.backends.draft.vocabulary.lines import acts, things
from soundgraph.backends.draft.words import Character, read

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("prompt", "sounds"),
    [
        ("rain", ["rain"]),
        ("Raining", ["rain"]),
        ("a thunderstorm", ["rain", "thunder"]),
        ("Crackling campfire, birds and a river.", ["fire", "birds", "stream"]),
        ("water dripping in a cave", ["drip"]),
        ("a cave", ["drip"]),
        ("forest", ["birds", "wind"]),
        ("rainy forest", ["rain"]),
        ("running water", ["stream"]),
        ("running", ["footsteps"]),
        ("machine gun", ["gunshot"]),
        ("wind chimes", ["chime"]),
        ("ui error", ["error"]),
        ("ui", ["click"]),
        ("footsteps in the water", ["footsteps"]),
        ("the dog barked", ["bark"]),
        ("crickets chirping", ["crickets"]),
        ("waves crashing", ["ocean"]),
        ("a rumble", ["thunder"]),
        ("the rumble of an engine", ["engine"]),
        ("howling wind", ["wind"]),
        ("rain, no thunder", ["rain"]),
        ("wind without rain, but with birds", ["wind", "birds"]),
        ("flies", []),
        ("terrain", []),
        ("xyzzy plugh", []),
        ("", []),
        ("!!! 123 雨", []),
    ],
)
def test_sounds_are_found(prompt, sounds):
    assert [asked.sound for asked in read(prompt)] == sounds


SOUNDS = {sound: text for sounds in THEMES.values() for sound, text in sounds.items()}


@pytest.mark.parametrize("sound", SOUNDS)
def test_each_word_of_the_table_means_its_sound(sound):
    for word in [*acts(SOUNDS[sound]), *things(SOUNDS[sound])]:
        assert sound in [asked.sound for asked in read(f"the {word} here")], word


@pytest.mark.parametrize(
    ("prompt", "character"),
    [
        ("rain", Character()),
        ("heavy rain", Character(force=1.0)),
        ("rain, soft", Character(force=-1.0)),
        ("gentle slow rain", Character(force=-1.0, pace=-1.0)),
        ("footsteps on gravel", Character(many=True, surface="gravel")),
        ("fast footsteps on a wooden floor", Character(pace=1.0, many=True, surface="wood")),
        ("a single gunshot", Character(many=False)),
        ("gunshots", Character(many=True)),
        ("glass shatters", Character()),
        ("a deep bell", Character(pitch=-1.0)),
        ("distant bell", Character(force=-0.3, distance=1.0)),
        ("heavy loud violent rain", Character(force=1.0)),
    ],
)
def test_describing_words_give_a_sound_its_character(prompt, character):
    assert read(prompt)[0].character == character


def test_a_describing_word_goes_with_the_nearest_sound():
    rain, thunder = read("soft rain with deep distant thunder")
    assert (rain.character.force, rain.character.distance) == (-1.0, 0.0)
    assert (thunder.character.pitch, thunder.character.distance) == (-1.0, 1.0)


def test_a_part_without_a_sound_describes_all_of_them():
    assert all(asked.character.distance == 1.0 for asked in read("far away: rain, thunder and wind"))


def test_nothing_is_asked_of_a_library_that_may_answer_differently_elsewhere():
    # These depend on the CPU, the C library or the BLAS. The grid would hide most of it, most of the time.
    refused = re.compile(
        r"\b(np|math)\.(sin|cos|tan|exp|exp2|expm1|log\w*|power|pow|float_power|tanh|sinh|cosh|arc\w+|interp|dot|matmul|"
        r"convolve|correlate|einsum|hypot|fft|random|linalg|hanning|hamming|blackman|geomspace|logspace|sum|mean)\b"
    )
    for path in Path(soundgraph.backends.draft.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                assert not refused.fullmatch(ast.unparse(node)), f"{path.name}:{node.lineno}"
            if isinstance(node, ast.BinOp):
                assert not isinstance(node.op, ast.MatMult), f"{path.name}:{node.lineno}"
                # What Python works out itself is fine: a power of two.
                of_two = ast.unparse(node).startswith(("2.0 ** -", "2.0 ** (-"))
                assert not isinstance(node.op, ast.Pow) or of_two, f"{path.name}:{node.lineno}"
