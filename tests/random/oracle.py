"""What a build should run, worked out the slow way: every node is rendered and compared by content.

Nothing here looks at manifests, keys or the store: a node's result is known by its kind, its whole parameters, and the
samples of its inputs.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from soundgraph import backends, kinds
from soundgraph.audio import Audio
from soundgraph.backends import Made, Request, Sources
from tests.helpers import noise
from tests.random.projects import NodeText, ProjectText, SceneText

Identity = tuple[Any, ...]


@dataclass(frozen=True)
class Result:
    identity: Identity
    inputs: tuple[str, ...]
    content: str


@dataclass
class Oracle:
    """What a project's cache knows.

    known: what each identity gave. lost: contents that are gone or damaged.
    delivered: (content, format and settings) of what has been delivered at some time: how the file looks is known.
    """

    known: dict[Identity, str] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    delivered: set[tuple[str, str]] = field(default_factory=set)

    def build(
        self,
        results: Mapping[str, Result],
        targets: Iterable[str],
        files: Mapping[str, tuple[str, str]],
        current: Collection[str],
    ) -> set[Identity]:
        """The identities that have to run; they are known from then on.

        results: of every node, by id. targets: ids of the nodes asked for.
        files: (format and settings, id of the node) of each file to deliver, by path.
        current: the paths of those that lie there as they should.
        """
        runs: set[Identity] = set()

        def run(result: Result) -> None:
            if result.identity not in runs:
                runs.add(result.identity)
                for name in result.inputs:
                    listen(results[name])

        def listen(result: Result) -> None:
            """The node's samples are wanted."""
            if result.identity not in self.known or result.content in self.lost:
                run(result)

        waiting, seen = list(targets), set()
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting.extend(results[name].inputs)
                if results[name].identity not in self.known:
                    run(results[name])
        for path, (settings, name) in files.items():
            result = results[name]
            if path not in current or (result.content, settings) not in self.delivered:
                listen(result)
            self.delivered.add((result.content, settings))
        by_identity = {result.identity: result.content for result in results.values()}
        for identity in runs:
            self.known[identity] = by_identity[identity]
            self.lost.discard(by_identity[identity])
        return runs

    def owner(self, content: str) -> Identity | None:
        """The only identity that gives this content; None where there are several, or none."""
        owners = [identity for identity, other in self.known.items() if other == content]
        return owners[0] if len(owners) == 1 else None


def results_of(project: ProjectText) -> dict[str, Result]:
    """The result of every node of every scene, by id."""
    found: dict[str, Result] = {}
    for name, scene in project.scenes.items():
        nodes: dict[str, tuple[SceneText, str, NodeText]] = {}
        if scene.include:
            nodes = {f"base.{node}": (project.shared, "base.", text) for node, text in project.shared.nodes.items()}
        nodes.update({node: (scene, "", text) for node, text in scene.nodes.items()})
        for node, (home, prefix, text) in nodes.items():
            inputs = tuple(f"{name}:{prefix}{holder[key]}" for holder, key in text.inputs())
            audios = [sound(found[other].identity) for other in inputs]
            identity = _identity(project, home, text, [audio.digest for audio in audios])
            _sounds.setdefault(identity, None)
            if _sounds[identity] is None:
                _sounds[identity] = _render(project, home, text, audios)
            found[f"{name}:{node}"] = Result(identity, inputs, sound(identity).digest)
    return found


_sounds: dict[Identity, Audio | None] = {}


def sound(identity: Identity) -> Audio:
    found = _sounds[identity]
    assert found is not None
    return found


def _params(scene: SceneText, text: NodeText) -> kinds.Params:
    kind = kinds.get(text.kind)
    stated = {**{name: scene.settings[name] for name in kind.from_scene if name in scene.settings}, **text.fields}
    return kind.params.model_validate(stated)


def _identity(project: ProjectText, scene: SceneText, text: NodeText, inputs: list[str]) -> Identity:
    dump = _params(scene, text).model_dump()
    if text.kind == "file":
        dump["path"] = project.recordings[text.fields["path"]]
    if text.kind == "mix":
        for layer in dump["inputs"]:
            del layer["node"]
    for role in ("input", "melody", "continue_from"):
        if dump.pop(role, None) is not None:
            dump[f"has {role}"] = True
    return (text.kind, json.dumps(dump), *inputs)


def _render(project: ProjectText, scene: SceneText, text: NodeText, inputs: list[Audio]) -> Audio:
    params = _params(scene, text)
    if text.kind == "file":
        seed = project.recordings[text.fields["path"]]
        return noise(0.03, 8000, 1 + seed % 2, seed)
    render = kinds.get(text.kind).render
    if render is not None:
        return render(params, inputs)
    sounds = dict(zip((role for role in ("melody", "continue_from") if role in text.fields), inputs, strict=True))
    model = backends.find(params.model)  # type: ignore[attr-defined]
    assert model is not None
    loaded = backends.get(model.backend).load(model, Sources(), "cpu", None)
    (made,) = loaded.generate([Request.of(params, sounds)], lambda index, seconds: None)
    assert isinstance(made, Made), made
    return made.audio
