"""Drawings of a plan: what they say, that they are valid, and that nothing in them overlaps or overflows."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from soundgraph.backends import Model
from soundgraph.cache.result_record import Record
from soundgraph.core.text import one_line
from soundgraph.nodes import get_kind
from soundgraph.planning import planner, schedule
from soundgraph.planning.planner import Plan, Status
from soundgraph.planning.scene_graph import build_graph
from soundgraph.planning.schedule import Step
from soundgraph.scene.tables.scene import CheckedScene, Node, Origin, SceneSettings
from soundgraph.views import diagram
from soundgraph.views.diagram import layout, measure
from soundgraph.views.diagram.layout import LayoutBox, Spacing
from soundgraph.views.diagram.palette import LOOKS, MUTED

MUSIC = Model("facebook/musicgen-small", "audiocraft", "music", 32000, 1, 30.0, "CC-BY-NC-4.0", "weights")
AUDIO = Model("facebook/audiogen-medium", "audiocraft", "audio", 16000, 1, 10.0, "CC-BY-NC-4.0", "weights")
FORMS = (diagram.text, diagram.mermaid, diagram.dot, diagram.svg)
SVG = "{http://www.w3.org/2000/svg}"


def node(name: str, kind: str, model: Model | None = None, **fields: Any) -> Node:
    found = get_kind(kind)
    if model is not None:
        fields["model"] = model.id
    return Node(name, kind, found, found.params(**fields), Origin("scene.toml"), model)


def mix(*names: str) -> Node:
    return node("master", "mix", inputs=[{"node": name} for name in names])


def scene(scene_id: str, *nodes: Node) -> CheckedScene:
    return CheckedScene(scene_id, None, SceneSettings(), {node.name: node for node in nodes}, {})


def forest(scene_id: str = "forest") -> CheckedScene:
    return scene(
        scene_id,
        node("piano", "generate", MUSIC, prompt="Soft piano"),
        node("rain", "generate", AUDIO, prompt=f"Heavy rain over the {scene_id}"),
        node("thunder", "generate", AUDIO, prompt="Distant thunder"),
        node("dark_rain", "eq", input="rain", bands=[{"type": "lowpass", "freq_hz": 900.0}]),
        node("tail", "trim", input="thunder", start=0.5, fade_out=1.5),
        mix("piano", "dark_rain", "tail"),
    )


@dataclass
class Drawn:
    plan: Plan
    steps: tuple[Step, ...]
    exports: dict[str, list[str]]

    def __call__(self, form: Any, **more: Any) -> str:
        text: str = form(self.plan, self.steps, self.exports, **more)
        return text


def drawn(
    scenes: list[CheckedScene], known: Collection[str] = (), exports: dict[str, list[str]] | None = None
) -> Drawn:
    """known: ids of nodes that are in the cache. exports: the master of each scene, if not given."""
    graph = build_graph(scenes)
    records: dict[str, Record] = {}
    while True:
        plan = planner.plan(graph, list(graph), lambda keys: {key: records[key] for key in keys if key in records})
        new = [name for name, found in plan.decisions.items() if found.status is Status.MISS and name in known]
        if not new:
            break
        for name in new:
            key, manifest = plan.decisions[name].key, plan.decisions[name].action
            assert key is not None
            assert manifest is not None
            records[key] = Record(key, f"digest of {key}", 48000, 2, 1, manifest)
    if exports is None:
        exports = {f"{scene.id}:master": [f"{scene.id}.wav", f"{scene.id}.ogg"] for scene in scenes}
    return Drawn(plan, schedule.loads(plan).steps, exports)


KNOWN = {"forest:piano", "forest:thunder", "forest:tail"}


def test_the_text_form_is_a_tree_from_files_to_sources():
    lines = drawn([forest()], KNOWN)(diagram.text).splitlines()
    assert lines == [
        "forest  6 nodes: 3 hit, 1 miss, 2 maybe",
        "forest.wav",
        "forest.ogg",
        "└─ master         maybe  mix  3 inputs",
        '   ├─ piano       hit    generate  facebook/musicgen-small  "Soft piano"',
        "   ├─ dark_rain   maybe  eq  1 band",
        '   │  └─ rain     miss   generate  facebook/audiogen-medium  "Heavy rain over the forest"',
        "   └─ tail        hit    trim  start 0.5, fade_out 1.5",
        '      └─ thunder  hit    generate  facebook/audiogen-medium  "Distant thunder"',
        "",
        "facebook/musicgen-small, no load",
        "facebook/audiogen-medium, 1 load",
    ]


def test_the_text_form_draws_a_shared_input_once():
    shared = scene(
        "s", node("a", "generate", AUDIO, prompt="a"), node("b", "gain", input="a", gain_db=-3.0), mix("a", "b")
    )
    text = drawn([shared])(diagram.text)
    assert text.count('"a"') == 1
    assert "   │  " not in text
    assert [line for line in text.splitlines() if "see above" in line] == ["      └─ a  miss   see above"]


def test_the_text_form_shows_what_nothing_uses():
    lone = scene("s", node("a", "generate", AUDIO, prompt="a"), node("b", "generate", AUDIO, prompt="b"))
    assert drawn([lone], exports={})(diagram.text).splitlines()[1:3] == [
        'a  miss   generate  facebook/audiogen-medium  "a"',
        'b  miss   generate  facebook/audiogen-medium  "b"',
    ]


def test_colours_add_escapes_and_change_no_word():
    forms = drawn([forest()], KNOWN)
    coloured = forms(diagram.text, colour=True)
    assert coloured != forms(diagram.text)
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == forms(diagram.text)


def test_a_chain_of_a_thousand_nodes_is_drawn():
    nodes = [node("n0", "generate", AUDIO, prompt="a")]
    nodes.extend(node(f"n{i}", "gain", input=f"n{i - 1}", gain_db=-1.0) for i in range(1, 1001))
    forms = drawn([scene("s", *nodes)], exports={"s:n1000": ["s.wav"]})
    assert forms(diagram.text).count("\n") == 1005
    assert len(ET.fromstring(forms(diagram.svg)).findall(f".//{SVG}path")) == 1001 + 1


@pytest.mark.parametrize("form", FORMS)
def test_the_same_plan_gives_the_same_drawing(form):
    assert drawn([forest(), forest("night")], KNOWN)(form) == drawn([forest(), forest("night")], KNOWN)(form)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_names_every_node_status_model_load_and_file(form):
    text = drawn([forest()], KNOWN)(form)
    for word in ("piano", "rain", "thunder", "dark_rain", "tail", "master", "hit", "miss", "maybe"):
        assert word in text
    for word in (
        "facebook/musicgen-small",
        "no load",
        "facebook/audiogen-medium",
        "1 load",
        "forest.wav",
        "forest.ogg",
    ):
        assert word in text


@pytest.mark.parametrize("form", FORMS)
def test_a_load_that_several_scenes_share_is_not_claimed_by_each(form):
    assert "1 load for 2 scenes" in drawn([forest(), forest("night")])(form)


@pytest.mark.parametrize("form", FORMS)
def test_exports_of_nodes_outside_the_plan_are_passed_over(form):
    assert "gone.wav" not in drawn([forest()], exports={"elsewhere:master": ["gone.wav"]})(form)


@pytest.mark.parametrize("form", FORMS)
def test_a_plan_of_nothing_can_be_drawn(form):
    assert drawn([])(form).endswith("\n")


def test_a_node_that_shares_a_take_names_whose():
    twins = scene("s", *(node(name, "generate", AUDIO, prompt="the same") for name in "ab"), mix("a", "b"))
    text = drawn([twins])(diagram.text)
    assert '   └─ b    hit    generate  facebook/audiogen-medium  same as a, "the same"\n' in text


# Prompts that try to break out of each format.
HOSTILE = [
    'a "quoted" word',
    "back\\slash at the end\\",
    "<script>alert(1)</script> & &amp; ]]> -->",
    "[brackets] (round) {curly} |pipes| ;#35;",
    "%%{init: {'theme': 'dark'}}%%",
    "1. a list\n- another\tone",
    '`code` **bold** _em_ style:"a" classDef x:"b" end',
    "esc \x1b[31m red \x00\x08 \x9b \u2028 \u202e turned \ufffe",
    "日本語のプロンプト 🎵 e\u0301 \U0001f468\u200d\U0001f469",
    "a" * 2000,
]


def hostile() -> Drawn:
    nodes = [node(f"n{index}", "generate", AUDIO, prompt=prompt) for index, prompt in enumerate(HOSTILE)]
    odd = [node("größe_日本語", "gain", input="n0", gain_db=-3.0), node("_em_", "gain", input="n1", gain_db=-3.0)]
    odd.append(node("a_name_that_is_much_too_long_for_any_box", "gain", input="n2", gain_db=-3.0))
    both = [scene("it's [a] & #1/{b}", *nodes, *odd), forest()]
    return drawn(both, exports={f"{both[0].id}:n0": ["sfx/[it's] & #1; `x`.wav"], "forest:master": ["f.wav"]})


@pytest.mark.parametrize("form", FORMS)
def test_no_prompt_puts_a_control_character_into_a_drawing(form):
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e\ufffe\ud800-\udfff]", hostile()(form))


def test_the_svg_is_valid_and_holds_prompts_as_text():
    root = ET.fromstring(hostile()(diagram.svg))
    words = "".join(root.itertext())
    assert "<script>alert(1)</script> & &amp; ]]> -->" in words
    assert not [element.tag for element in root.iter() if "script" in element.tag]


def test_every_mermaid_line_has_a_known_form():
    name, label = r"[ns]\d+(?:m\d+)?x?", r'"(?:[^"#%{}\[\]`\\*<>&|;=@$^~:]|#\d+;|<br/>)*"'
    known = re.compile(
        rf"flowchart LR| *subgraph {name}\[{label}\]| *end| *class {name} model| *{name} --> {name}"
        rf"| *{name}\[{label}\]:::(?:hit|miss|maybe)| *{name} --> {name}\(\[{label}\]\):::file"
        r"|  classDef \w+ (?:[\w-]+:[#\w. ]+,?)+"
    )
    lines = hostile()(diagram.mermaid).splitlines()
    assert not [line for line in lines if re.search(r"[\w\W]\d\. |(?<!-)- \w|[\"> ]_\w", line)]  # Markdown
    assert [line for line in lines if not known.fullmatch(line)] == []
    assert sum(line.strip().startswith("subgraph") for line in lines) == sum(line.strip() == "end" for line in lines)


def test_a_mermaid_label_reads_back_as_what_was_written():
    lines = drawn([scene("s", node("a", "generate", AUDIO, prompt='<"1. #x_">'))], exports={})(diagram.mermaid)
    (label,) = re.findall(r'n0\["(.*)"\]', lines)
    decoded = re.sub(r"#(\d+);", lambda match: chr(int(match[1])), label)
    assert decoded.split("<br/>") == ["a", "generate · miss", '"<"1. #x_">"']


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_reads_the_dot_form_as_the_same_graph():
    forms = hostile()
    plain = subprocess.run(
        ["dot", "-Tdot"], input=forms(diagram.dot), capture_output=True, check=True, text=True, encoding="utf-8"
    )
    assert plain.stderr == ""
    graph = subprocess.run(
        ["dot", "-Tsvg"], input=forms(diagram.dot), capture_output=True, check=True, text=True, encoding="utf-8"
    ).stdout
    root = ET.fromstring(graph)
    count = {what: len(root.findall(f".//{SVG}g[@class='{what}']")) for what in ("node", "edge", "cluster")}
    edges = sum(len(set(forms.plan.graph.predecessors(name))) for name in forms.plan.decisions)
    assert count == {"node": len(forms.plan.decisions) + 2, "edge": edges + 2, "cluster": 2 + 1 + 2}
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert '"a "quoted" word"' in texts
    assert '"back\\slash at the end\\"' in texts


# Layout


def random_graph(seed: int) -> tuple[list[LayoutBox], list[tuple[int, int]]]:
    rng = np.random.default_rng(seed)
    columns = [int(rng.integers(1, 9)) for _ in range(int(rng.integers(1, 7)))]
    items, edges, earlier = [], [], []
    for column, many in enumerate(columns):
        new = []
        for _ in range(many):
            group = f"g{rng.integers(3)}" if column == 0 else ""
            items.append(LayoutBox(column, float(90 + 20 * column), float(rng.integers(30, 90)), group))
            new.append(len(items) - 1)
            if earlier:
                picked = rng.choice(earlier, size=min(len(earlier), int(rng.integers(1, 4))), replace=False)
                edges.extend((int(source), new[-1]) for source in picked)
        earlier.extend(new)
    return items, edges


@pytest.mark.parametrize("seed", range(40))
def test_boxes_and_frames_never_overlap(seed):
    items, edges = random_graph(seed)
    placed = layout.lay_out(items, edges, Spacing())
    boxes = [(x, y, x + item.width, y + item.height) for (x, y), item in zip(placed.places, items, strict=True)]
    for (one, a), (other, b) in itertools.combinations(enumerate(boxes), 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (one, other)
    for a, b in itertools.combinations(placed.frames, 2):
        assert a.x + a.width <= b.x or b.x + b.width <= a.x or a.y + a.height <= b.y or b.y + b.height <= a.y  # type: ignore[attr-defined]
    for frame in placed.frames:
        for item, box in zip(items, boxes, strict=True):
            inside = frame.x < box[0] and box[2] < frame.x + frame.width and frame.y < box[1] < frame.y + frame.height
            assert inside == (item.group == frame.group)
    assert all(min(x, y) >= 0 for x, y in placed.places)
    assert all(box[2] <= placed.width + 1e-6 and box[3] <= placed.height + 1e-6 for box in boxes)


@pytest.mark.parametrize("seed", range(40))
def test_lines_pass_no_box_on_their_way(seed):
    items, edges = random_graph(seed)
    placed = layout.lay_out(items, edges, Spacing())
    for (source, user), points in zip(edges, placed.lines, strict=True):
        for (left, y), (right, end_y) in zip(points[1::2], points[2::2], strict=False):
            assert y == end_y
            for index, (item, (x, top)) in enumerate(zip(items, placed.places, strict=True)):
                if index not in (source, user) and x < right and left < x + item.width:
                    assert not top < y < top + item.height, (source, user, index)


def test_a_line_runs_from_the_side_of_its_source_to_the_side_of_its_user():
    items = [LayoutBox(0, 100, 40), LayoutBox(1, 120, 60), LayoutBox(2, 80, 40)]
    placed = layout.lay_out(items, [(0, 1), (1, 2), (0, 2)], Spacing())
    for (source, user), points in zip([(0, 1), (1, 2), (0, 2)], placed.lines, strict=True):
        assert points[0][0] == placed.places[source][0] + items[source].width
        assert points[-1][0] == placed.places[user][0]
        assert placed.places[user][1] < points[-1][1] < placed.places[user][1] + items[user].height


def test_chains_are_drawn_straight():
    items = [LayoutBox(column, 100, 40 + 10 * row) for row in range(3) for column in range(4)]
    edges = [(row * 4 + column, row * 4 + column + 1) for row in range(3) for column in range(3)]
    placed = layout.lay_out(items, edges, Spacing())
    assert all(abs(points[0][1] - points[-1][1]) < 1e-6 for points in placed.lines)


def test_crossings_that_can_be_avoided_are():
    # Written in the order in which every line would cross every other.
    items = [LayoutBox(0, 100, 40) for _ in range(5)] + [LayoutBox(1, 100, 40) for _ in range(5)]
    placed = layout.lay_out(items, [(index, 9 - index) for index in range(5)], Spacing())
    sources = sorted(range(5), key=lambda index: placed.places[index][1])
    users = sorted(range(5), key=lambda index: placed.places[9 - index][1])
    assert sources == users


@pytest.mark.parametrize("seed", range(30))
def test_places_are_the_least_squares_that_keep_order_and_distance(seed):
    from scipy.optimize import minimize

    rng = np.random.default_rng(seed)
    many = int(rng.integers(1, 7))
    wanted, weight = rng.uniform(-50, 50, many), rng.uniform(0.1, 4, many)
    offsets = np.concatenate([[0.0], np.cumsum(rng.uniform(5, 30, many - 1))])
    found = np.array(layout.spread(list(wanted), list(weight), list(offsets)))
    assert np.all(np.diff(found) >= np.diff(offsets) - 1e-9)
    if many == 1:
        assert found[0] == wanted[0]
        return
    gaps = np.diff(offsets)
    best = minimize(
        lambda y: float(np.sum(weight * (y - wanted) ** 2)),
        offsets,
        jac=lambda y: 2 * weight * (y - wanted),
        constraints={
            "type": "ineq",
            "fun": lambda y: np.diff(y) - gaps,
            "jac": lambda y: np.diff(np.eye(many), axis=0),
        },
        method="SLSQP",
    )
    assert np.sum(weight * (found - wanted) ** 2) <= best.fun + 1e-4


# Text in the picture


def test_text_in_the_picture_stays_in_its_box():
    root = ET.fromstring(hostile()(diagram.svg))
    checked = 0
    for group in root.iter(f"{SVG}g"):
        rects, texts = group.findall(f"{SVG}rect"), group.findall(f"{SVG}text")
        if group.find(f"{SVG}title") is None or not rects:
            continue
        x, y, width, height = (float(rects[0].attrib[key]) for key in ("x", "y", "width", "height"))
        for text in texts:
            size = float(text.attrib.get("font-size", group.attrib.get("font-size", 11)))
            bold = "font-weight" in text.attrib
            reach = measure.width(text.text or "", size, bold)
            left = float(text.attrib["x"]) - (reach / 2 if text.attrib.get("text-anchor") == "middle" else 0)
            assert x <= left, text.text
            assert left + reach <= x + width, text.text
            assert y < float(text.attrib["y"]) < y + height
            checked += 1
    assert checked > 50


def test_widths_are_no_less_than_in_the_widest_common_font():
    # Advances of DejaVu Sans and DejaVu Sans Bold in units of 1/2048 em, from the fonts' own hmtx tables.
    regular = {
        "a": 1255,
        "i": 569,
        "m": 1995,
        "w": 1675,
        "W": 2025,
        "M": 1767,
        "0": 1303,
        " ": 651,
        "_": 1024,
        "…": 2048,
    }
    bold = {"a": 1382, "i": 702, "m": 2134, "w": 1892, "W": 2259, "M": 2038, "0": 1425, " ": 713, "_": 1024, "…": 2048}
    for table, is_bold in ((regular, False), (bold, True)):
        for char, advance in table.items():
            assert measure.width(char * 20, 10.0, is_bold) >= 20 * 10.0 * advance / 2048 * 0.99, (char, is_bold)


@pytest.mark.parametrize("text", ["", "a", "a b", "rain on leaves " * 9, "x" * 200, "日本 " * 30])
@pytest.mark.parametrize("limit", [30.0, 100.0])
def test_wrapped_text_is_the_beginning_of_the_text_and_fits(text, limit):
    lines = measure.wrap(text, 11.0, limit, 2)
    assert len(lines) <= 2
    assert all(measure.width(line, 11.0) <= limit for line in lines)
    assert text.replace(" ", "").startswith("".join(lines).replace(" ", "").removesuffix("…"))


def test_one_line_keeps_letters_and_drops_what_a_terminal_obeys():
    assert one_line(" größe\t日本\r\n\x1b[0m🎵 \u202e.\u200d ") == "größe 日本 [0m🎵 .\u200d"


# Colours

# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(colour: str) -> np.ndarray:
    value = np.array([int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)])
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    white = xyz.sum(axis=1)
    scaled = np.clip((xyz * rgb).sum(axis=1) / white, 0, None)
    f = np.where(scaled > 216 / 24389, np.cbrt(scaled), (24389 / 27 * scaled + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_statuses_differ_for_colour_blind_eyes(blindness):
    sees = np.array(BLINDNESS[blindness])
    for part in ("line", "fill"):
        seen = [lab(np.clip((sees * linear(getattr(look, part))).sum(axis=1), 0, 1)) for look in LOOKS.values()]
        for one, other in itertools.combinations(seen, 2):
            assert np.linalg.norm(one - other) > 10, (blindness, part)


def test_statuses_differ_in_line_and_word_too():
    assert len({(look.width > 2, look.dashed) for look in LOOKS.values()}) == len(LOOKS)
    assert len({look.meaning for look in LOOKS.values()}) == len(LOOKS)


def test_words_stand_out_from_their_box():
    def luminance(colour: str) -> float:
        return float((linear(colour) * [0.2126, 0.7152, 0.0722]).sum())

    for look in LOOKS.values():
        assert (luminance(look.fill) + 0.05) / (luminance(look.ink) + 0.05) > 7  # WCAG 2, AAA
        assert (luminance(look.fill) + 0.05) / (luminance(MUTED) + 0.05) > 4.5


@pytest.mark.parametrize("draw", FORMS)
def test_a_schedule_of_prompts_is_told_by_its_first(draw):
    prompts = [{"at": 0.0, "text": "slow strings"}, {"at": 9.0, "text": "drums"}, {"at": 20.0, "text": "choir"}]
    lone = scene("s", node("a", "generate", MUSIC, prompts=prompts, duration=30.0))
    told = drawn([lone], exports={})(draw)
    assert "slow strings" in told
    assert "None" not in told
