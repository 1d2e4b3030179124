"""Previews: a node's sound as a build would make it, rendered in memory. Nothing is published, noted or claimed."""

from __future__ import annotations

import contextlib
import math
import shlex
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from soundgraph import backends
from soundgraph.audio import artifact
from soundgraph.audio.artifact import Audio
from soundgraph.backends import Refused, Request
from soundgraph.cache.action_key import Action, action_key
from soundgraph.core import stopping
from soundgraph.core.errors import NodeError, UsageError, did_you_mean
from soundgraph.core.stopping import Stop
from soundgraph.core.text import first_of
from soundgraph.execution.result_buffer import LostError
from soundgraph.nodes import Form
from soundgraph.planning import action, scene_graph
from soundgraph.planning.planner import Plan
from soundgraph.project.lockfile import Take
from soundgraph.scene.tables.scene import Node
from soundgraph.session.session import Session

_HELD_BYTES = 256 * 2**20
_NAMED = 8
"""How many nodes that have to be generated first are named; of the others it is said how many they are."""


@dataclass(frozen=True)
class SoundWindow:
    """A part of a sound. What lies behind the sound's end is not part of it."""

    start_s: float = 0.0
    """Where it begins, in seconds from the sound's beginning."""
    seconds: float | None = None
    """How long it is; None for all that follows."""

    def __post_init__(self) -> None:
        """Raises UsageError for times that are negative, or no numbers."""
        for name, value in (("start_s", self.start_s), ("seconds", self.seconds)):
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise UsageError(f"{name} must be a number of seconds from 0, not {value!r}")

    def samples(self, sample_rate: int, n_samples: int) -> tuple[int, int]:
        """(first, behind the last) of a sound of that rate and length. Windows side by side share no sample."""
        first = _sample(self.start_s, sample_rate, n_samples)
        return first, n_samples if self.seconds is None else _sample(
            self.start_s + self.seconds, sample_rate, n_samples
        )

    def of(self, sound: Audio) -> Audio:
        """A copy: whoever gets it may write to it, and previews share the sound itself."""
        first, end = self.samples(sound.sample_rate, sound.n_samples)
        return Audio(np.array(sound.samples[:, first:end], order="C"), sound.sample_rate)


def _sample(seconds: float, sample_rate: int, n_samples: int) -> int:
    """The sample at a time; `n_samples` for what lies behind the end, however far."""
    return n_samples if seconds * sample_rate >= n_samples else artifact.n_samples(seconds, sample_rate)


WHOLE = SoundWindow()


@dataclass
class RenderedSounds:
    """Sounds that previews have made, by action key: the next preview need not make them again. In memory only; those
    that were used last stay. Safe to use from several threads, and for several sessions."""

    most_bytes: int = _HELD_BYTES
    _sounds: OrderedDict[str, Audio] = field(default_factory=OrderedDict)  # what was used last is last
    _bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: str) -> Audio | None:
        with self._lock:
            if key in self._sounds:
                self._sounds.move_to_end(key)
            return self._sounds.get(key)

    def put(self, key: str, sound: Audio) -> None:
        with self._lock:
            if (before := self._sounds.pop(key, None)) is not None:
                self._bytes -= before.samples.nbytes
            self._sounds[key] = sound
            self._bytes += sound.samples.nbytes
            while self._bytes > self.most_bytes:
                _, oldest = self._sounds.popitem(last=False)
                self._bytes -= oldest.samples.nbytes


class NotGeneratedError(UsageError):
    """A preview needs takes that nobody has made yet: making them would take minutes. nodes: their ids."""

    def __init__(self, node: str, nodes: Sequence[str]):
        self.nodes = tuple(nodes)
        targets = shlex.join(nodes) if len(nodes) <= _NAMED else shlex.quote(node)
        are = "is" if len(nodes) == 1 else "are"
        super().__init__(
            f"{node} cannot be previewed before {first_of(nodes, _NAMED)} {are} generated",
            f"soundgraph build {targets} does that; a preview of the draft needs no model",
        )


def preview(
    session: Session,
    node: str,
    window: SoundWindow = WHOLE,
    stop: Stop | None = None,
    *,
    rendered: RenderedSounds | None = None,
) -> Audio:
    """The sound of a node: its samples are those that a build would publish, and so is its digest.

    What is in the cache is read from there, the rest is rendered here; drafts are, too, other takes are not. Of a part
    of a sound that is in the cache only that part is read, and not checked against its digest. A sound that is found
    damaged otherwise is set aside, as by every reader, and made again in memory.

    node: "scene:node", any of the session's scenes. stop: is looked at between nodes. rendered: sounds of earlier
    previews; what is made here is added.

    Raises UsageError for a node that there is not, and for a pinned take that is not in the cache; NotGeneratedError
    for takes that would have to be made, NodeError for a node that fails, StoppedError, StoreError.
    """
    if node not in session.graph:
        raise UsageError(f'no scene has a node "{node}"{did_you_mean(node, session.graph)}')
    rendered = rendered or RenderedSounds()
    lost: frozenset[str] = frozenset()
    with contextlib.nullcontext() if stop is None else stopping.heeding(stop):
        while True:
            plan = session.plan(lost=lost, targets=[node])
            try:
                return _Preview(session, plan, node, rendered).sound(window)
            except LostError as error:  # it is made again, of what else there is
                lost |= {error.digest}


class _Preview:
    """One preview of one node by one plan. Raises LostError for a sound of the plan that is not in the cache."""

    def __init__(self, session: Session, plan: Plan, node: str, rendered: RenderedSounds):
        self._plan, self._graph, self._node = plan, plan.graph, node
        self._store, self._sources, self._rendered = session.store, session.project.sources, rendered
        self._sounds: dict[str, Audio] = {}  # by node: what is held for its users
        self._uses: Counter[str] = Counter()  # how many nodes still need it

    def sound(self, window: SoundWindow) -> Audio:
        record = self._plan.decisions[self._node].record
        if record is not None and window != WHOLE:
            first, end = window.samples(record.sample_rate, record.n_samples)
            part = self._store.blobs.window(record.digest, first, end - first)
            if part is not None:
                return part
        to_make = self._to_make()
        self._uses.update(other for name in to_make for _, other in scene_graph.inputs_of(self._graph, name))
        for name in to_make:
            stopping.refuse_to_begin()
            self._sounds[name] = self._made(name)
            for _, other in scene_graph.inputs_of(self._graph, name):
                self._release(other)
        return window.of(self._sound_of(self._node))

    def _to_make(self) -> list[str]:
        """The nodes whose sounds have to be made, each after its inputs. Raises what keeps them from being made."""
        wanted, to_make = {self._node}, []
        for name in reversed(list(self._plan.decisions)):
            if name in wanted and not self._is_at_hand(name):
                to_make.append(name)
                wanted.update(self._graph.predecessors(name))
        to_make.reverse()
        for name in to_make:
            if (take := self._plan.decisions[name].pin) is not None:
                raise self._absent(name, take)
        # Of those whose keys are not known yet, it shows when their inputs are there.
        if takes := [name for name in to_make if self._is_take(name) and self._plan.decisions[name].key is not None]:
            raise NotGeneratedError(self._node, takes)
        return to_make

    def _absent(self, name: str, take: Take) -> UsageError:
        what, hint = self._plan.pins.absence(take)
        return UsageError(f"{name}: {what}", hint)

    def _is_at_hand(self, name: str) -> bool:
        decision = self._plan.decisions[name]
        if decision.record is not None and self._store.blobs.has(decision.record.digest):
            return True
        if (
            decision.pin is None
            and decision.key is not None
            and (sound := self._rendered.get(decision.key)) is not None
        ):
            self._sounds[name] = sound  # before another preview has it dropped
        return name in self._sounds

    def _is_take(self, name: str) -> bool:
        """Whether a model makes it, and not a stand-in for one."""
        model = scene_graph.node_of(self._graph, name).model
        return model is not None and not model.draft

    def _sound_of(self, name: str) -> Audio:
        if name not in self._sounds:
            record = self._plan.decisions[name].record
            assert record is not None
            self._sounds[name] = self._read(record.digest)
        return self._sounds[name]

    def _read(self, digest: str) -> Audio:
        sound = self._store.blobs.read(digest)
        if sound is None:
            raise LostError(digest)
        return sound

    def _release(self, name: str) -> None:
        self._uses[name] -= 1
        if not self._uses[name] and name != self._node:
            self._sounds.pop(name, None)

    def _made(self, name: str) -> Audio:
        roles = scene_graph.inputs_of(self._graph, name)
        inputs = {role: self._sound_of(other) for role, other in roles}
        node, decision = scene_graph.node_of(self._graph, name), self._plan.decisions[name]
        made_of, key = decision.action, decision.key
        if key is None:
            made_of = self._action_of(name, inputs)
            key = action_key(made_of)
            if (sound := self._in_cache(name, key)) is not None:
                return sound
        if (sound := self._rendered.get(key)) is not None:  # of a node that says the same
            return sound
        try:
            sound = self._generated(node, inputs) if node.model is not None else _rendered(node, inputs.values())
            if action.files_of(node) != (made_of or {}).get("files", {}):
                raise NodeError("the file changed while it was read")
        except OSError as error:
            raise NodeError(f"{name}: {error.filename}: {error.strerror}") from error
        except NodeError as error:
            raise NodeError(f"{name}: {error}") from error
        self._rendered.put(key, sound)
        return sound

    def _action_of(self, name: str, inputs: Mapping[str, Audio]) -> Action:
        """Of a node whose key was not known before. Raises NotGeneratedError for weights that are not known here."""
        digests = {role: sound.digest for role, sound in inputs.items()}
        forms = [Form(sound.sample_rate, sound.channels) for sound in inputs.values()]
        made_of = action.action_of(scene_graph.node_of(self._graph, name), digests, self._plan.salt, forms)
        if made_of is None:
            raise NotGeneratedError(self._node, [name])
        return made_of

    def _in_cache(self, name: str, key: str) -> Audio | None:
        """What the cache has of a node whose key was not known before. Raises NotGeneratedError for a take it lacks."""
        take = self._plan.pins.of(name, key) if self._is_take(name) else None
        if take is not None:
            record = self._store.records.kept(take.key, take.digest)
        else:
            record = self._store.records.lookup([key]).get(key)
        if record is not None and record.digest not in self._plan.lost:
            return self._read(record.digest)
        if take is not None:
            raise self._absent(name, take)
        if self._is_take(name):
            raise NotGeneratedError(self._node, [name])
        return None

    def _generated(self, node: Node, inputs: Mapping[str, Audio]) -> Audio:
        """A draft: it depends on its own request only, so that it need not be made in a batch."""
        assert node.model is not None
        request = Request.of(node.params, node.model, inputs)
        generator = backends.get(node.model.backend).load(node.model, self._sources, "auto", None)
        try:
            for made in generator.generate([request], lambda index, made_s: stopping.refuse_to_begin()):
                if isinstance(made, Refused):
                    raise NodeError(made.reason)
                return artifact.make(made.audio.samples, made.audio.sample_rate)
        finally:
            generator.unload()
        raise RuntimeError(f"the backend {node.model.backend} did not answer a request")


def _rendered(node: Node, inputs: Iterable[Audio]) -> Audio:
    assert node.kind.render is not None
    result = node.kind.render(node.params, list(inputs))
    return artifact.make(result.samples, result.sample_rate)
