"""Making results again, and comparing them with what is recorded, sample by sample."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from soundgraph import backends
from soundgraph.audio import artifact
from soundgraph.audio.artifact import Audio
from soundgraph.backends import Device, Model, Precision, Refused, Request, Sources
from soundgraph.cache.result_record import Record
from soundgraph.cache.store import Blobs
from soundgraph.core import events
from soundgraph.core.errors import NodeError
from soundgraph.core.events import Listener, ModelLoaded, ModelLoading, NodeStarted, TakeProgress
from soundgraph.planning import action, scene_graph
from soundgraph.planning.planner import Plan, Status


@dataclass(frozen=True)
class Verdict:
    """What came of making a node's result again."""

    node: str
    status: str
    """"identical"; "differs"; "failed", if it could not be made again; "unmade", if there is nothing to compare."""
    difference_db: float | None = None
    """The RMS of the difference below that of what is recorded, in dB; None unless both are equally long."""
    detail: str = ""
    """What else there is to say, as one line."""


def verify(
    plan: Plan, blobs: Blobs, sources: Sources, device: Device = "auto", listener: Listener = events.ignore
) -> Iterator[Verdict]:
    """Renders every node of a plan again from its recorded inputs. Nothing is kept of it.

    A take is made in a batch as wide as it was made in, which matters to the last bits of some precisions. Each model
    is loaded once. Raises KeyboardInterrupt as it comes.
    """
    loads: dict[tuple[tuple[str, str], Precision | None], list[str]] = {}
    for name, decision in plan.decisions.items():
        node = scene_graph.node_of(plan.graph, name)
        if decision.status is not Status.HIT or decision.record is None:
            pinned = "its pinned take is not in the cache" if decision.status is Status.ABSENT else ""
            yield Verdict(name, "unmade", None, pinned or "not built as the scene is now: build it first")
        elif node.model is None:
            yield _rendered(plan, name, decision.record, blobs)
        else:
            precision: Precision | None = node.params.precision  # type: ignore[attr-defined]
            loads.setdefault((node.model.weights, precision), []).append(name)
    for (_, precision), names in loads.items():
        model = scene_graph.node_of(plan.graph, names[0]).model
        assert model is not None
        yield from _generated(plan, model, precision, names, blobs, sources, device, listener)


def _rendered(plan: Plan, name: str, record: Record, blobs: Blobs) -> Verdict:
    node = scene_graph.node_of(plan.graph, name)
    assert node.kind.render is not None
    try:
        inputs = [_sound(blobs, record_of(plan, other)) for _, other in scene_graph.inputs_of(plan.graph, name)]
        if action.files_of(node) != record.action.get("files", {}):
            return Verdict(name, "failed", None, "its file changed meanwhile; build again")
        result = node.kind.render(node.params, inputs)
        return compared(name, _sound(blobs, record), artifact.make(result.samples, result.sample_rate))
    except (NodeError, OSError) as error:
        return Verdict(name, "failed", None, str(error))


def _generated(
    plan: Plan,
    model: Model,
    precision: Precision | None,
    names: list[str],
    blobs: Blobs,
    sources: Sources,
    device: Device,
    listener: Listener,
) -> Iterator[Verdict]:
    backend = backends.get(model.backend)
    missing = backend.missing(model) or ("" if model.here else f"the weights of {model.id} are not on this machine")
    asked: list[tuple[str, Request, Audio]] = []
    for name in names:
        node, record = scene_graph.node_of(plan.graph, name), record_of(plan, name)
        try:
            roles = scene_graph.inputs_of(plan.graph, name)
            inputs = {role: _sound(blobs, record_of(plan, other)) for role, other in roles}
            width = _made_by(record).get("width")
            request = Request.of(node.params, model, inputs, width if isinstance(width, int) else None)
            asked.append((name, request, _sound(blobs, record)))
        except NodeError as error:
            yield Verdict(name, "failed", None, str(error))
    if missing:
        yield from (Verdict(name, "failed", None, missing) for name, _, _ in asked)
        return
    left = {name for name, _, _ in asked}
    try:
        listener(ModelLoading(model.id))
        generator = backend.load(model, sources, device, precision)
        try:
            listener(ModelLoaded(model.id, generator.about))
            for name, _, _ in asked:
                listener(NodeStarted(name))
            for made in generator.generate([request for _, request, _ in asked], _report(asked, listener)):
                name, _, recorded = asked[made.index]
                left.discard(name)
                if isinstance(made, Refused):
                    yield Verdict(name, "failed", None, made.reason)
                    continue
                again = artifact.make(made.audio.samples, made.audio.sample_rate)
                yield compared(name, recorded, again, _elsewhere(_made_by(record_of(plan, name)), made.facts))
        finally:
            generator.unload()
    except NodeError as error:
        yield from (Verdict(name, "failed", None, str(error)) for name in names if name in left)


def _report(asked: list[tuple[str, Request, Audio]], listener: Listener) -> backends.Report:
    def report(index: int, made_s: float) -> None:
        listener(TakeProgress(asked[index][0], made_s, asked[index][1].duration))

    return report


def compared(name: str, recorded: Audio, again: Audio, detail: str = "") -> Verdict:
    """How a result made again compares with the recorded one."""
    if again.digest == recorded.digest:
        return Verdict(name, "identical", None, detail)
    if again.samples.shape != recorded.samples.shape or again.sample_rate != recorded.sample_rate:
        return Verdict(name, "differs", None, f"{_shape(again)} instead of {_shape(recorded)}")
    before = recorded.samples.astype(np.float64)
    difference = _rms(again.samples - before)
    loudness = _rms(before)
    below = 20 * math.log10(difference / loudness) if loudness and difference else math.inf
    return Verdict(name, "differs", below, detail)


def record_of(plan: Plan, name: str) -> Record:
    """Raises NodeError for a node whose result is not recorded."""
    record = plan.decisions[name].record
    if record is None:
        raise NodeError(f"{name} is not built as the scene is now: build it first")
    return record


def _sound(blobs: Blobs, record: Record) -> Audio:
    sound = blobs.read(record.digest)
    if sound is None:
        raise NodeError("its samples are gone from the cache, or damaged; build again")
    return sound


def _made_by(record: Record) -> Mapping[str, Any]:
    facts = record.made.get("generated", {})
    return facts if isinstance(facts, Mapping) else {}


def _elsewhere(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """How a take was made otherwise than now: "device: cuda -> cpu"."""
    both = [key for key in then if key in now and then[key] != now[key]]
    return ", ".join(f"{key}: {then[key]} -> {now[key]}" for key in both)


def _shape(sound: Audio) -> str:
    return f"{sound.n_samples} samples at {sound.sample_rate} Hz in {sound.channels} channels"


def _rms(samples: Any) -> float:
    return math.sqrt(float(np.mean(np.square(samples)))) if samples.size else 0.0
