"""What all scenes of a build share, each looked at once: included files, models, recordings."""

from __future__ import annotations

from pathlib import Path

from soundgraph.backends import Model
from soundgraph.core import toml_document
from soundgraph.core.errors import NodeError, SceneError
from soundgraph.core.params import Params
from soundgraph.core.toml_document import NO_TEXTS, Sheet, Texts
from soundgraph.nodes import Kind
from soundgraph.project import model_names
from soundgraph.project.config import Project


class SceneSources:
    """The files and models that scenes name. Each is looked at once, and so is one that cannot be used."""

    def __init__(self, project: Project, draft: bool = False, texts: Texts = NO_TEXTS):
        self.project = project
        self.texts = texts
        self._draft = draft
        self._included: dict[Path, Sheet | SceneError] = {}
        self._models: dict[str, Model | model_names.UnknownModelError] = {}
        self._faults: dict[tuple[str, str], str] = {}

    def scene(self, path: Path) -> Sheet:
        """A scene's own file. Raises SceneError if it cannot be read."""
        return toml_document.read(path, toml_document.display(path, self.project.root), self.texts)

    def included(self, path: Path) -> Sheet:
        """An included file, read once. Raises SceneError if it cannot be read."""
        sheet = self._included.get(path)
        if sheet is None:
            try:
                sheet = self.scene(path)
            except SceneError as error:
                sheet = error
            self._included[path] = sheet
        if isinstance(sheet, SceneError):
            raise sheet
        return sheet

    def model(self, name: str) -> Model:
        """The model that a generate node asks for. Raises UnknownModelError."""
        model = self._models.get(name)
        if model is None:
            project = self.project
            try:
                model = project.licensed(model_names.resolve(name, project.models, self._draft, project.sources))
            except model_names.UnknownModelError as error:
                model = error
            self._models[name] = model
        if isinstance(model, model_names.UnknownModelError):
            raise model
        return model

    def inspect(self, kind: Kind, params: Params, path: str) -> str:
        """What is wrong with the file at `path`, which `params` names; "" if it can be used."""
        if kind.inspect is None:
            return ""
        key = (kind.params.__qualname__, path)
        if key not in self._faults:
            try:
                kind.inspect(params)
                self._faults[key] = ""
            except NodeError as error:
                self._faults[key] = str(error)
        return self._faults[key]
