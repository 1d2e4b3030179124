"""A stand-in for the Unreal Editor's `unreal` module: enough of it to run a manifest's script in, and look after it."""

from __future__ import annotations

import copy
import ntpath
import posixpath
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar


class Object:
    """Properties can be set only if the class has them, as in the editor."""

    defaults: ClassVar[dict[str, Any]]

    def __init__(self) -> None:
        self.properties = copy.deepcopy(self.defaults)

    def get_editor_property(self, name: str) -> Any:
        return self.properties[name]

    def set_editor_property(self, name: str, value: Any) -> None:
        if name not in self.properties:
            raise KeyError(f"{type(self).__name__} has no property {name}")
        self.properties[name] = value


def kind(name: str, **defaults: Any) -> type[Object]:
    return type(name, (Object,), {"defaults": defaults})


AssetImportTask = kind(
    "AssetImportTask",
    filename="",
    destination_path="",
    destination_name="",
    automated=False,
    replace_existing=False,
    save=False,
)
SoundWave = kind("SoundWave", looping=False)
SoundCue = kind("SoundCue", first_node=None)
SoundNodeRandom = kind("SoundNodeRandom", child_nodes=[], weights=[], randomize_without_replacement=False)
SoundNodeWavePlayer = kind("SoundNodeWavePlayer", sound_wave_asset_ptr=None, looping=False)
SoundNodeMixer = kind("SoundNodeMixer", child_nodes=[])
SoundCueFactoryNew = kind("SoundCueFactoryNew")


class Editor(ModuleType):
    """assets: by content path. saved: paths in order. log: lines, each with its level in front."""

    def __init__(self) -> None:
        super().__init__("unreal")
        self.assets: dict[str, Object] = {}
        self.sources: dict[str, str] = {}
        self.saved: list[str] = []
        self.lines: list[str] = []
        for each in (
            AssetImportTask,
            SoundWave,
            SoundCue,
            SoundNodeRandom,
            SoundNodeWavePlayer,
            SoundNodeMixer,
            SoundCueFactoryNew,
        ):
            setattr(self, each.__name__, each)
        self.AssetToolsHelpers = self
        self.EditorAssetLibrary = self

    def get_asset_tools(self) -> Editor:
        return self

    def import_asset_tasks(self, tasks: list[AssetImportTask]) -> None:
        for task in tasks:
            name = task.properties["filename"]
            assert posixpath.isabs(name) or ntpath.isabs(name)
            assert task.properties["automated"]
            assert task.properties["replace_existing"]
            if not Path(name).read_bytes().startswith(b"RIFF"):
                continue
            place = f"{task.properties['destination_path']}/{task.properties['destination_name']}"
            self.assets.setdefault(place, SoundWave())
            self.sources[place] = name

    def load_asset(self, place: str) -> Object | None:
        return self.assets.get(place)

    def does_asset_exist(self, place: str) -> bool:
        return place in self.assets

    def create_asset(self, name: str, folder: str, kind: type[Object], factory: Object) -> Object:
        assert isinstance(factory, SoundCueFactoryNew)
        self.assets[f"{folder}/{name}"] = kind()
        return self.assets[f"{folder}/{name}"]

    def save_loaded_asset(self, asset: Object, only_if_dirty: bool) -> None:
        assert not only_if_dirty
        self.saved += [place for place, each in self.assets.items() if each is asset]

    def new_object(self, kind: type[Object], outer: Object) -> Object:
        assert isinstance(outer, SoundCue)
        return kind()

    def log(self, line: str) -> None:
        self.lines.append(f"log: {line}")

    def log_warning(self, line: str) -> None:
        self.lines.append(f"warning: {line}")

    def log_error(self, line: str) -> None:
        self.lines.append(f"error: {line}")
