"""What there is to draw, whichever form it is drawn in: a plan's scenes, boxes and models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from soundgraph.core.text import counted, one_line
from soundgraph.planning import scene_graph
from soundgraph.planning.planner import Plan, Status
from soundgraph.planning.schedule import Step
from soundgraph.views.diagram import wording


@dataclass(frozen=True)
class Box:
    """A node, as every form of a diagram shows it."""

    id: str
    name: str
    """One line, harmless to a terminal but not escaped for any format; so is `detail`."""
    kind: str
    status: Status
    detail: str
    layer: int
    """The most nodes that stand between it and a source; 0 where it has no inputs."""
    model: str
    """The id of the model that makes it; "" where none does."""
    inputs: tuple[str, ...]
    """Ids, each once."""
    files: tuple[str, ...]
    """What exports deliver of it."""


@dataclass(frozen=True)
class Part:
    """A scene: its boxes, each after its inputs, and the ids of those that exports deliver, in the exports' order."""

    scene: str
    boxes: dict[str, Box]
    delivered: tuple[str, ...]

    def by_model(self) -> tuple[dict[str, list[Box]], list[Box]]:
        """The boxes that a model makes, by its id in the order of first use; and all others."""
        made: dict[str, list[Box]] = {}
        others = []
        for box in self.boxes.values():
            if box.model:
                made.setdefault(box.model, []).append(box)
            else:
                others.append(box)
        return made, others

    def count(self) -> Counter[Status]:
        return Counter(box.status for box in self.boxes.values())


@dataclass(frozen=True)
class View:
    """All that a diagram shows."""

    parts: tuple[Part, ...]
    """In the order of their scenes."""
    loads: Mapping[str, str]
    """What is to be said of each model, by its id."""

    def label(self, model: str) -> str:
        """ "facebook/musicgen-small, 1 load": of a box around what the model makes."""
        return f"{one_line(model)}, {self.loads[model]}"


def view(plan: Plan, steps: Sequence[Step], exports: Mapping[str, Sequence[str]]) -> View:
    """Gathers what the forms have in common. See the package for the arguments."""
    layers: dict[str, int] = {}
    parts: dict[str, dict[str, Box]] = {}
    for name, decision in plan.decisions.items():
        node, scene = scene_graph.node_of(plan.graph, name), scene_graph.scene_of(plan.graph, name)
        inputs = tuple(dict.fromkeys(other for _, other in scene_graph.inputs_of(plan.graph, name)))
        layers[name] = max((layers[other] + 1 for other in inputs), default=0)
        detail = wording.detail(node, scene)
        if decision.shares is not None:
            detail = f"same as {decision.shares.removeprefix(f'{scene.id}:')}, {detail}"
        parts.setdefault(scene.id, {})[name] = Box(
            id=name,
            name=one_line(node.name),
            kind=node.kind_name,
            status=decision.status,
            detail=one_line(detail),
            layer=layers[name],
            model="" if node.model is None else node.model.id,
            inputs=inputs,
            files=tuple(one_line(file) for file in exports.get(name, ())),
        )
    delivered: dict[str, list[str]] = {}
    for name, files in exports.items():
        if name in plan.decisions and files:
            delivered.setdefault(scene_graph.scene_of(plan.graph, name).id, []).append(name)
    return View(
        tuple(Part(scene, boxes, tuple(delivered.get(scene, ()))) for scene, boxes in parts.items()),
        _loads(plan, steps),
    )


def _loads(plan: Plan, steps: Sequence[Step]) -> dict[str, str]:
    """What each model costs. A model is loaded once for all scenes, so a scene must not claim a load for itself."""
    loads: dict[str, str] = {}
    for name in plan.decisions:
        model = scene_graph.node_of(plan.graph, name).model
        if model is not None:
            loads[model.id] = "no load"
    made: dict[str, list[str]] = {}
    for step in steps:
        made.setdefault(step.model.id, []).extend(step.nodes)
    for model_id, names in made.items():
        count = sum(step.reload_needed for step in steps if step.model.id == model_id)
        scenes = len({scene_graph.scene_of(plan.graph, name).id for name in names})
        loads[model_id] = f"{counted(count, 'load')}" + f" for {scenes:,} scenes" * (scenes > 1)
    return loads
