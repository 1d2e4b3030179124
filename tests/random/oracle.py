"""What a build should do, worked out the slow way: every node is rendered and compared by content.

Nothing here looks at manifests, keys or the store: a node's result is known by its kind, its whole parameters, and the
samples of its inputs. Takes are written out one by one; limits are held against the figures of each sound.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from soundgraph import backends
from soundgraph.audio.artifact import Audio
from soundgraph.audio.containers import decode
from soundgraph.backends import Made, Request, Sources
from soundgraph.core.params import Params
from soundgraph.delivery import mastering
from soundgraph.nodes import get_kind
from soundgraph.project import node_fields
from soundgraph.scene.reading import variations
from soundgraph.scene.tables import check_settings
from soundgraph.scene.tables.export_settings import ExportSettings
from tests.helpers import noise
from tests.random.projects import NodeText, ProjectText, SceneText, formats, takes_of_export

Identity = tuple[Any, ...]


@dataclass(frozen=True)
class Result:
    identity: Identity
    inputs: tuple[str, ...]
    content: str


@dataclass(frozen=True)
class Job:
    """One take of an export.

    node: its id. files: (path, format). settings: all that makes a difference to the sound of a file, as JSON.
    limits: what is demanded of its files.
    """

    scene: str
    export: str
    take: int | None
    node: str
    files: tuple[tuple[str, str], ...]
    settings: str
    limits: tuple[dict[str, Any], ...] = field(compare=False)


@dataclass(frozen=True)
class List:
    """A manifest. about: the exports, each take for itself. files: what it is made of. lists: the sounds it names."""

    scene: str
    engine: str
    path: str
    about: tuple[Job, ...]
    files: tuple[str, ...]
    lists: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """A delivered file: of which scene, made from what, and its bytes."""

    scene: str
    made_from: object
    data: bytes


@dataclass
class Expected:
    """What a build should do: which nodes and files fail, which exports it delivers, and each file's status."""

    runs: set[Identity]
    failed: set[str] = field(default_factory=set)
    jobs: list[Job] = field(default_factory=list)
    broken: list[Job] = field(default_factory=list)
    statuses: dict[str, str] = field(default_factory=dict)

    @property
    def code(self) -> int:
        return 1 if self.failed or self.broken else 0


@dataclass
class Oracle:
    """What a project's cache and its ledger of delivered files know.

    known: what each identity gave. lost: contents that are gone or damaged.
    delivered: (content, format and settings) of what has been delivered at some time: how the file looks is known.
    measured: contents whose figures are known. ledger: by path.
    """

    known: dict[Identity, str] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    delivered: set[tuple[str, str, str]] = field(default_factory=set)
    measured: set[str] = field(default_factory=set)
    ledger: dict[str, Entry] = field(default_factory=dict)

    def build(
        self,
        results: Mapping[str, Result],
        targets: Iterable[str],
        jobs: Iterable[Job],
        limits: Mapping[str, list[dict[str, Any]]],
        disk: Mapping[str, bytes],
    ) -> Expected:
        """What has to run is known from then on.

        results: of every node, by id. targets: ids of the nodes asked for. jobs: the exports to look at.
        limits: what is demanded of nodes. disk: the delivered files as they are.
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

        expected = Expected(runs)
        jobs = list(jobs)
        for name in needed(results, [*targets, *(job.node for job in jobs)]):
            result = results[name]
            if result.identity not in self.known:
                run(result)
            if name in limits:
                if result.content not in self.measured:
                    listen(result)
                    self.measured.add(result.content)
                if not all(keeps(sound(result.identity), one) for one in limits[name]):
                    expected.failed.add(name)
        for job in jobs:
            if not needed(results, [job.node]) & expected.failed:
                self._deliver(job, results[job.node], disk, expected, listen)
        by_identity = {result.identity: result.content for result in results.values()}
        for identity in runs:
            self.known[identity] = by_identity[identity]
            self.lost.discard(by_identity[identity])
        return expected

    def _deliver(self, job: Job, result: Result, disk: Mapping[str, bytes], expected: Expected, listen: Any) -> None:
        noted, statuses = [], {}
        for path, form in job.files:
            data = file_of(result, job, form)
            is_right = disk.get(path) == data
            if not is_right or (result.content, form, job.settings) not in self.delivered:
                listen(result)
            if job.limits and not all(keeps(decode.from_bytes(data), one) for one in job.limits):
                expected.broken.append(job)
                expected.statuses.update((path, "failed") for path, _ in job.files)
                return
            noted.append((result.content, form, job.settings))
            before = self.ledger.get(path)
            again = before is not None and before.made_from == noted[-1]
            statuses[path] = "current" if is_right else "restored" if again else "written"
        self.delivered.update(noted)
        expected.statuses.update(statuses)
        expected.jobs.append(job)

    def owner(self, content: str) -> Identity | None:
        """The only identity that gives this content; None where there are several, or none."""
        owners = [identity for identity, other in self.known.items() if other == content]
        return owners[0] if len(owners) == 1 else None


def needed(results: Mapping[str, Result], names: Iterable[str]) -> set[str]:
    """The nodes of these names, and all that they are made from."""
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(results[name].inputs)
    return seen


# A project, take by take


def results_of(project: ProjectText) -> dict[str, Result]:
    """The result of every take of every node of every scene, by id."""
    found: dict[str, Result] = {}
    for name, scene in project.scenes.items():
        counts = {node: shape.takes for node, shape in project.shapes(scene).items()}
        for node, (home, prefix, text) in project.nodes_of(scene).items():
            for take in range(1, counts[node] + 1):
                references = [prefix + holder[key] for holder, key in text.inputs()]
                inputs = tuple(f"{name}:{_followed(reference, take, counts)}" for reference in references)
                audios = [sound(found[other].identity) for other in inputs]
                params = _params(home, text, take)
                identity = _identity(project, text, params, [audio.digest for audio in audios])
                if identity not in _sounds:
                    _sounds[identity] = _render(project, text, params, audios)
                found[f"{name}:{_named(node, take)}"] = Result(identity, inputs, sound(identity).digest)
    return found


def jobs_of(project: ProjectText) -> list[Job]:
    """Every take of every export."""
    found = []
    for name, scene in project.scenes.items():
        shapes = project.shapes(scene)
        rate = scene.settings.get("sample_rate", 48000)
        for export, fields in scene.exports.items():
            base, _, picked = fields["node"].partition("#")
            count = takes_of_export(fields, shapes)
            kept = {"bit_depth": 24, **fields}  # a default that is written out changes nothing
            settings = json.dumps([kept["bit_depth"], kept.get("loudness_lufs"), rate])
            for take in range(1, count + 1):
                path = _filled(fields.get("path", export), int(picked or take))
                files = tuple((f"build/{path}.{form}", form) for form in formats(fields))
                limits = tuple(_limits(check) for check in scene.checks if _is_about(check, "export", export, take))
                number = take if count > 1 else None
                job = Job(name, export, number, f"{name}:{_named(base, int(picked or take))}", files, settings, limits)
                found.append(job)
    return found


def limits_of(project: ProjectText) -> dict[str, list[dict[str, Any]]]:
    """What is demanded of nodes, by id."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, scene in project.scenes.items():
        for node, shape in project.shapes(scene).items():
            for take in range(1, shape.takes + 1):
                limits = [_limits(check) for check in scene.checks if _is_about(check, "node", node, take)]
                if limits:
                    found[f"{name}:{_named(node, take)}"] = limits
    return found


def lists_of(project: ProjectText) -> list[List]:
    """Every manifest."""
    jobs = jobs_of(project)
    found = []
    for name, scene in project.scenes.items():
        for fields in scene.manifests.values():
            exports, path = fields.get("exports", list(scene.exports)), f"build/{fields['path']}"
            about = tuple(job for export in exports for job in jobs if (job.scene, job.export) == (name, export))
            sounds = [file for job in about for file in job.files]
            if fields["engine"] != "json":
                sounds = [(file, form) for file, form in sounds if form == "wav"]
            files = [f"{path}.{'json' if fields['engine'] == 'json' else 'tsv'}"]
            if fields["engine"] == "godot":
                with_takes = dict.fromkeys(job.export for job in about if job.take)
                files = [*(f"{file}.import" for file, _ in sounds), *(f"{path}/{each}.tres" for each in with_takes)]
            found.append(List(name, fields["engine"], path, about, tuple(files), tuple(file for file, _ in sounds)))
    return found


def _followed(reference: str, take: int, counts: Mapping[str, int]) -> str:
    """The take that a reference means in that take of the node it stands in."""
    base, _, picked = reference.partition("#")
    return _named(base, int(picked) if picked else take if counts[base] > 1 else 1)


def _named(name: str, take: int) -> str:
    return name if take == 1 else f"{name}#{take}"


def _filled(path: str, take: int) -> str:
    return path.replace("{take:02}", f"{take:02}").replace("{take}", str(take))


def _limits(check: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in check.items() if key not in ("node", "export")}


def _is_about(check: Mapping[str, Any], what: str, name: str, take: int) -> bool:
    asked, _, picked = check.get(what, "").partition("#")
    return asked == name and picked in ("", str(take))


# Sounds

_sounds: dict[Identity, Audio] = {}
_files: dict[tuple[str, str, str], bytes] = {}
_figures: dict[str, dict[str, Any]] = {}


def forget(most: int = 1500) -> None:
    """Lets go of what was rendered, once it is much: it would come to gigabytes in hundreds of projects."""
    for held in (_sounds, _files, _figures):
        if len(held) > most:
            held.clear()


def sound(identity: Identity) -> Audio:
    return _sounds[identity]


def file_of(result: Result, job: Job, form: str) -> bytes:
    """A delivered file."""
    key = (result.content, form, job.settings)
    if key not in _files:
        bit_depth, loudness_lufs, rate = json.loads(job.settings)
        fields = {"node": "n", "format": form, "loudness_lufs": loudness_lufs}
        settings = ExportSettings.model_validate(fields if form == "ogg" else {**fields, "bit_depth": bit_depth})
        _files[key], _ = mastering.master(sound(result.identity), settings, rate).deliver(form)  # type: ignore[arg-type]
    return _files[key]


def keeps(audio: Audio, limits: Mapping[str, Any]) -> bool:
    """Whether a sound keeps limits."""
    if audio.digest not in _figures:
        _figures[audio.digest] = check_settings.measure(audio)
    figures = _figures[audio.digest]
    for name, limit in limits.items():
        if name == "silent":
            if not limit and not abs(audio.samples).max() > 10 ** (-90 / 20):
                return False
            continue
        side, _, quantity = name.partition("_")
        figure = audio.duration if quantity == "duration" else figures[quantity]
        if figure is None:
            if side == "min":
                return False
        elif figure < limit if side == "min" else figure > limit:
            return False
    return True


def _params(scene: SceneText, text: NodeText, take: int) -> Params:
    kind = get_kind(text.kind)
    stated = {**{name: scene.settings[name] for name in kind.from_scene if name in scene.settings}, **text.fields}
    if stated.pop("variations", 1) > 1:
        stated["seed"] = variations.seed_of(stated.get("seed", 0), take)
    model = backends.find(stated["model"]) if kind.render is None else None
    return node_fields.params_for(text.kind, model).model_validate(stated)


def _identity(project: ProjectText, text: NodeText, params: Params, inputs: list[str]) -> Identity:
    dump = params.model_dump()
    if text.kind == "file":
        dump["path"] = project.recordings[text.fields["path"]]
    for holder, key in text.inputs():
        if holder is text.fields:
            dump[key] = True
    for layer in dump.get("inputs", ()):
        del layer["node"]
    return (text.kind, json.dumps(dump), *inputs)


def _render(project: ProjectText, text: NodeText, params: Params, inputs: list[Audio]) -> Audio:
    if text.kind == "file":
        seed = project.recordings[text.fields["path"]]
        return noise(0.03, 8000, 1 + seed % 2, seed)
    render = get_kind(text.kind).render
    if render is not None:
        return render(params, inputs)
    sounds = dict(zip((role for role in ("melody", "continue_from") if role in text.fields), inputs, strict=True))
    model = backends.find(params.model)  # type: ignore[attr-defined]
    assert model is not None
    loaded = backends.get(model.backend).load(model, Sources(), "cpu", None)
    (made,) = loaded.generate([Request.of(params, model, sounds)], lambda index, seconds: None)
    assert isinstance(made, Made), made
    return made.audio


# What manifests name


def named_in(one: List, data: Mapping[str, bytes]) -> list[str]:
    """The sounds that a manifest names, as paths under the project, sorted. data: its files, by path."""
    folder = one.path.rpartition("/")[0]
    if one.engine == "json":
        found = json.loads(data[f"{one.path}.json"])
        names = [file["file"] for each in found["sounds"] for file in each["files"]]
        return sorted(_resolved(folder, name) for name in names)
    if one.engine == "wwise":
        columns, *rows = [line.split("\t") for line in data[f"{one.path}.tsv"].decode().split("\r\n")[:-1]]
        names = [row[columns.index("Audio File")].replace("\\", "/") for row in rows]
        return sorted(_resolved(folder, name) for name in names if name)
    settings = [text.decode() for path, text in data.items() if path.endswith(".import")]
    sounds = [re.findall(r'^source_file="res://(.*)"$', text, re.MULTILINE) for text in settings]
    return sorted(f"build/{name}" for names in sounds for name in names)


def named_in_randomizers(data: Mapping[str, bytes]) -> list[str]:
    """The sounds that play at random in Godot."""
    texts = [text.decode() for path, text in data.items() if path.endswith(".tres")]
    return sorted(f"build/{name}" for text in texts for name in re.findall(r'path="res://([^"]*)"', text))


def _resolved(folder: str, name: str) -> str:
    while name.startswith("../"):
        folder, name = folder.rpartition("/")[0], name.removeprefix("../")
    return f"{folder}/{name}"
