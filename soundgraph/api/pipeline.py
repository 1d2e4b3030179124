"""A small pipeline for scripts: generate, trim, equalise, mix and save, a call each, with sounds as values.

For what a scene file is too much. Generated takes are cached as those of scenes are, and shared with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from soundgraph import backends
from soundgraph.api import building
from soundgraph.api.scene import Scene
from soundgraph.audio import artifact
from soundgraph.audio.artifact import Audio
from soundgraph.audio.formats import FORMATS, format_names
from soundgraph.backends import Device, Generator, Model, Precision, Refused, Request
from soundgraph.cache.action_key import action_key
from soundgraph.cache.result_record import Record
from soundgraph.core import events
from soundgraph.core.errors import NodeError, UsageError, did_you_mean, one_of, quote
from soundgraph.core.files import write_atomically
from soundgraph.core.params import reference_fields
from soundgraph.core.stopping import Stop
from soundgraph.delivery import licences, mastering
from soundgraph.execution.loaded_models import LoadedModels
from soundgraph.nodes import KINDS, get_kind
from soundgraph.planning import action
from soundgraph.planning.schedule import LoadKey
from soundgraph.project import model_names, open_cache, targets
from soundgraph.project.build_request import BuildRequest, SceneTable
from soundgraph.project.config import load_project
from soundgraph.scene import loader
from soundgraph.scene.reading import variations
from soundgraph.scene.tables.export_settings import ExportSettings
from soundgraph.session import fetch_weights


class Pipeline:
    """Models that stay loaded between calls, and the cache.

    draft: render stand-ins instead of loading models. device: where models are loaded. root: of the project; by default
    the current folder's. Raises UsageError for a device that there is no such thing as.

    >>> import soundgraph
    >>> with soundgraph.Pipeline(draft=True) as pipeline:
    ...     rain = pipeline.generate("heavy rain", model="audio", duration=1.0, seed=1)
    ...     piano = pipeline.generate("calm piano", model="music", duration=1.5)
    ...     dark = pipeline.eq(rain, bass_db=2.0, treble_db=-6.0)
    ...     both = pipeline.mix([dark, piano], weights=[0.8, 0.6])
    ...     report = pipeline.save(both, "rain_and_piano.wav", loudness_lufs=-23)
    >>> round(report.loudness_lufs, 1)
    -23.0
    """

    def __init__(self, *, draft: bool = False, device: Device = "auto", root: str | Path | None = None):
        folder = Path(root).absolute() if root is not None else Path(targets.project_root([]))
        self._project = load_project(folder)
        self._store = open_cache.open_store(self._project)
        self._draft, self._device = draft, building.checked_device(device)
        self._models = LoadedModels(self._device, self._project.sources)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.unload()
        self._store.close()

    @property
    def loaded(self) -> list[str]:
        """The ids of the models that are loaded."""
        return [model.id for model in self._models.models]

    def load(self, model: str) -> None:
        """Loads a model now, rather than when it is first needed. model: as in a scene file: "music", "audio", an id.

        Raises UsageError for a model that does not exist or cannot be had here.
        """
        self._generator(self._model(model))

    def unload(self, model: str | None = None) -> None:
        """Gives back the memory of a model, or of all."""
        if model is None:
            self._models.unload_all()
        else:
            self._models.unload_model(self._model(model))

    def generate(
        self,
        prompt: str | None = None,
        *,
        model: str = "music",
        duration: float = 10.0,
        melody: Audio | None = None,
        continue_from: Audio | None = None,
        **params: Any,
    ) -> Audio:
        """A sound from words; out of the cache, without loading the model, if it was made before.

        duration: in seconds, of the whole. melody: a sound whose melody is followed. continue_from: a sound that the
        result begins with, sample by sample. params: prompts, seed, precision, and what the
        model takes: temperature, top_k and so on.
        Raises SceneError for a parameter out of range, UsageError for a model that cannot be had or that [policy] of
        soundgraph.toml does not allow, or for what it makes nothing of.
        """
        if params.get(variations.FIELD, 1) != 1:
            raise UsageError(
                f"generate gives one sound, and {variations.FIELD} asks for more", "give each a seed of its own"
            )
        given = {"melody": melody, "continue_from": continue_from}
        sounds = {role: _checked(sound, role) for role, sound in given.items() if sound is not None}
        table = {"kind": "generate", "model": model, "duration": duration, **params, **{role: role for role in sounds}}
        if prompt is not None:
            table["prompt"] = prompt
        # Sounds that are already there stand for nodes that nobody renders.
        inputs = {role: {"kind": "gain", "input": role, "gain_db": 0.0} for role in sounds}
        scene = loader.load_data({"nodes": {"take": table, **inputs}}, "pipeline", self._project, draft=self._draft)
        node = scene.nodes["take"]
        assert node.model is not None
        if refused := licences.refusal(node, self._project.policy):
            raise UsageError(*refused)
        digests = {role: sound.digest for role, sound in sounds.items()}
        if not node.model.identity:  # without it no key can be formed, and the take would not be kept
            node = replace(node, model=self._fetched(node.model))
        assert node.model is not None
        node_action = action.action_of(node, digests, self._project.cache.salt)
        key = action_key(node_action) if node_action is not None else None
        if key is not None:
            record = self._store.records.lookup([key]).get(key)
            kept = self._store.blobs.read(record.digest) if record is not None else None
            if kept is not None:
                return kept
        request = Request.of(node.params, node.model, sounds)
        precision = node.params.precision  # type: ignore[attr-defined]
        (made,) = self._generator(node.model, precision).generate([request], lambda index, made_s: None)
        if isinstance(made, Refused):
            raise UsageError(made.reason)
        sound = artifact.make(made.audio.samples, made.audio.sample_rate)
        if node_action is not None and key is not None:
            rate, channels, length = sound.sample_rate, sound.channels, sound.n_samples
            facts = {"node": "pipeline", **({"generated": dict(made.facts)} if made.facts else {})}
            record = Record(key, sound.digest, rate, channels, length, node_action, facts, made.remarks)
            self._store.publish([(record, sound)], takes=not node.model.draft)
        return sound

    def trim(
        self, sound: Audio, *, start: float = 0.0, duration: float | None = None, pad: bool = False, **params: Any
    ) -> Audio:
        """A part of a sound, in seconds. pad: go on with silence where the sound ends before `duration`.

        params: fade_in, fade_out, in seconds.
        """
        length = {} if duration is None else {"duration": duration}
        return _render("trim", [sound], input="input", start=start, pad=pad, **length, **params)

    def eq(
        self,
        sound: Audio,
        *,
        bass_db: float = 0.0,
        treble_db: float = 0.0,
        bass_hz: float = 200.0,
        treble_hz: float = 4000.0,
        bands: Sequence[Mapping[str, Any]] = (),
    ) -> Audio:
        """More or less bass (a low shelf) and treble (a high shelf), in dB, and any further bands of the eq kind."""
        shelves = [
            {"type": "low_shelf", "freq_hz": bass_hz, "gain_db": bass_db},
            {"type": "high_shelf", "freq_hz": treble_hz, "gain_db": treble_db},
        ]
        if not isinstance(bands, Sequence) or not all(isinstance(band, Mapping) for band in bands):
            raise UsageError("eq: bands must be a list of tables", 'each as {"type": "peaking", "freq_hz": 1000.0}')
        chosen = [shelf for shelf in shelves if shelf["gain_db"]] + [dict(band) for band in bands]
        return _render("eq", [sound], input="input", bands=chosen) if chosen else sound

    def mix(
        self,
        sounds: Sequence[Audio],
        weights: Sequence[float] | None = None,
        *,
        sample_rate: int = 48000,
        **params: Any,
    ) -> Audio:
        """Sounds on top of one another, as the mix kind does it. weights: linear, one for each sound, or all 1."""
        try:
            sounds = list(sounds)
            factors = [1.0] * len(sounds) if weights is None else [float(weight) for weight in weights]
        except (TypeError, ValueError) as error:
            raise UsageError("mix takes a list of sounds, and one of numbers as their weights") from error
        if len(factors) != len(sounds):
            raise UsageError(f"{len(sounds)} sounds cannot be mixed by {len(factors)} weights")
        layers = [{"node": str(place), "weight": weight} for place, weight in enumerate(factors)]
        return _render("mix", sounds, inputs=layers, sample_rate=sample_rate, **params)

    def apply(self, kind: str, *sounds: Audio, **params: Any) -> Audio:
        """Sounds through a node of any kind that names its inputs one by one, such as "reverb" or "duck".

        sounds: in the order of the fields that name nodes. params: of the kind's table.
        Raises UsageError for a kind there is none of, for too few or too many sounds, and for what the kind refuses.
        """
        if not isinstance(kind, str) or not KINDS.has(kind) or get_kind(kind).render is None:
            raise UsageError(f"{quote(kind)} is no kind that works on sounds{did_you_mean(str(kind), KINDS.names())}")
        inputs = [field for field in reference_fields(get_kind(kind).params) if field != "inputs"]
        if len(sounds) != len(inputs):
            wanted = f"takes {one_of(inputs)}" if inputs else "takes no sound by itself"
            raise UsageError(f"{kind} {wanted}, and {len(sounds)} sounds are given")
        return _render(kind, sounds, **dict.fromkeys(inputs, "sound"), **params)

    def save(
        self, sound: Audio, path: str | Path, *, sample_rate: int | None = None, **settings: Any
    ) -> mastering.Report:
        """Writes a file, in the format of its suffix, and reports what was measured of it.

        sample_rate: in Hz; the sound's own if not given. settings: of an export: loudness_lufs, true_peak_dbtp,
        headroom, bit_depth, quality.
        Raises UsageError for a format that is not supported, a setting out of range or what is no sound; NodeError for
        a sound that cannot be saved so; OSError if the file cannot be written.
        """
        from pydantic import ValidationError

        sound = _checked(sound, "save")
        if fixed := settings.keys() & {"node", "format", "path"}:
            raise UsageError(f"save takes no {one_of(sorted(fixed))}: it writes one file, in the format of its suffix")
        if sample_rate is not None and (type(sample_rate) is not int or not 8000 <= sample_rate <= 192000):
            raise UsageError(f"save: sample_rate must be a whole number from 8000 to 192000, not {sample_rate!r}")
        if not isinstance(path, str | Path) or "\0" in str(path):
            raise UsageError(f"save: {path!r} is no path of a file")
        path = Path(path)
        form = path.suffix.removeprefix(".").lower()
        if not FORMATS.has(form):
            suffixes = [f".{known}" for known in format_names()]
            raise UsageError(f"cannot save {quote(path.name)}: its suffix must be {one_of(suffixes)}")
        try:
            checked = ExportSettings.model_validate({"node": "sound", "format": form, **settings})
        except ValidationError as error:
            from soundgraph.core import validation_words

            faults = validation_words.explain(error, ExportSettings, settings)
            raise UsageError("; ".join(what for _, what in faults)) from error
        mastered = mastering.master(sound, checked, sample_rate or sound.sample_rate)
        path.parent.mkdir(parents=True, exist_ok=True)
        data, report = mastered.as_file(form)
        write_atomically(str(path), data)
        return report

    def scene(self, data: Mapping[str, Any]) -> building.Result:
        """Builds a scene from a dict: a scene file's tables, or the flat form with `name`, `duration`, `elements`.

        With the models that are loaded; those that it loads stay so, as far as [build] memory_budget lets them.
        """
        scene = Scene.from_dict(data)
        request = BuildRequest(
            root=str(self._project.root),
            tables=[SceneTable(scene.id, scene.to_dict())],
            draft=self._draft,
            jobs=1,
            device=self._device,
        )
        return building.result_of(request, models=self._models)

    def _model(self, name: str) -> Model:
        try:
            model = model_names.resolve(name, self._project.models, self._draft, self._project.sources)
            return self._project.licensed(model)
        except model_names.UnknownModelError as error:
            raise UsageError(f"model {error}", error.hint) from error

    def _fetched(self, model: Model) -> Model:
        """The model with its weights on this machine. Raises UsageError if it cannot be had."""
        if missing := backends.get(model.backend).missing(model):
            raise UsageError(missing, "Pipeline(draft=True) renders a stand-in for it")
        if model.here:
            return model
        self._project = fetch_weights.pull(self._project, model, events.ignore, Stop())
        self._models.sources = self._project.sources
        return fetch_weights.found_again(model, self._project)

    def _generator(self, model: Model, precision: Precision | None = None) -> Generator:
        if not self._models.has(LoadKey(model.weights, precision)):
            model = self._fetched(model)
        try:
            return self._models.load(LoadKey(model.weights, precision), model, precision)
        except NodeError as error:
            raise UsageError(str(error)) from error


def _checked(sound: object, what: str) -> Audio:
    """A sound that somebody gives. Raises UsageError for what is none, such as one with NaN in it."""
    if not isinstance(sound, Audio):
        raise UsageError(f"{what}: a {type(sound).__name__} is no sound", "soundgraph.Audio(samples, sample_rate) is")
    try:
        return artifact.checked(sound)
    except NodeError as error:
        raise UsageError(f"{what}: {error}") from error


def _render(kind: str, sounds: Sequence[Audio], **params: Any) -> Audio:
    """A kind's own code on sounds that are in no scene. Raises UsageError for parameters that it refuses."""
    from pydantic import ValidationError

    from soundgraph.core import validation_words

    sounds = [_checked(sound, kind) for sound in sounds]
    used = get_kind(kind)
    try:
        checked = used.params.model_validate(params)
    except ValidationError as error:
        faults = validation_words.explain(error, used.params, params)
        raise UsageError("; ".join(f"{kind}: {what}" for _, what in faults)) from error
    assert used.render is not None
    try:
        result = used.render(checked, sounds)
    except NodeError as error:
        raise UsageError(f"{kind}: {error}") from error
    return artifact.make(result.samples, result.sample_rate)
