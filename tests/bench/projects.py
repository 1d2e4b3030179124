"""The projects that are built: S scenes of 19 nodes, as values, and as scene files for soundgraph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

LAYERS = 6
NODES_PER_SCENE = 3 * LAYERS + 1
EDGES_PER_SCENE = 3 * LAYERS

# Words of one length, so that an edit need not change a file's size.
_WORDS = ("rain", "wind", "fire", "bell", "door", "beep")


@dataclass(frozen=True)
class SceneSpec:
    """One scene: six layers (generate, trim, EQ), mixed in `order`.

    prompts: what each layer is generated from.
    order: the mix's inputs, by layer. Weights belong to places, so another order is another sound.
    nudged: whether one step near the sources says something new that gives the very same result: for soundgraph a
        trim whose length differs by less than half a sample, for the others a second line that the action ignores.
    """

    name: str
    prompts: tuple[str, ...]
    order: tuple[int, ...] = tuple(range(LAYERS))
    nudged: bool = False

    def with_prompt(self, layer: int, prompt: str) -> SceneSpec:
        return replace(self, prompts=(*self.prompts[:layer], prompt, *self.prompts[layer + 1 :]))

    def with_other_word(self, layer: int, turn: int = 1) -> SceneSpec:
        """The scene with another word, of equal length, in one prompt; `turn` 1 to 5 give different ones."""
        word, rest = self.prompts[layer].split(" ", 1)
        other = _WORDS[(_WORDS.index(word) + turn) % len(_WORDS)]
        return self.with_prompt(layer, f"{other} {rest}")

    def swapped(self) -> SceneSpec:
        """The scene with the first two inputs of its mix in each other's place."""
        first, second, *rest = self.order
        return replace(self, order=(second, first, *rest))

    def text_result(self) -> str:
        """What the delivered text file of this scene holds when a peer built it right: the prompts in mix order."""
        return "".join(f"{self.prompts[layer]}\n" for layer in self.order)


def scenes(count: int) -> tuple[SceneSpec, ...]:
    """`count` scenes, no two prompts alike."""
    return tuple(
        SceneSpec(name, tuple(f"{_WORDS[layer]} of scene {name}, layer {layer}" for layer in range(LAYERS)))
        for name in (f"s{index:04d}" for index in range(count))
    )


@dataclass(frozen=True)
class Step:
    """One node as the peers see it: a text file made from others.

    kind: "generate" keeps the first line of its source; the others join their inputs.
    """

    output: str
    kind: str
    inputs: tuple[str, ...]


def steps(scene: SceneSpec) -> Iterator[Step]:
    """The 19 nodes of a scene, inputs before their users. Generate nodes read one source file each."""
    name = scene.name
    for layer in range(LAYERS):
        yield Step(f"out/{name}_gen{layer}.txt", "generate", (f"src/{name}_{layer}.txt",))
        yield Step(f"out/{name}_trim{layer}.txt", "trim", (f"out/{name}_gen{layer}.txt",))
        yield Step(f"out/{name}_eq{layer}.txt", "eq", (f"out/{name}_trim{layer}.txt",))
    yield Step(f"out/{name}_mix.txt", "mix", tuple(f"out/{name}_eq{layer}.txt" for layer in scene.order))


def source_files(specs: tuple[SceneSpec, ...]) -> dict[str, str]:
    """The peers' source files: a prompt each, and a second line that no action reads."""
    return {
        f"src/{scene.name}_{layer}.txt": f"{prompt}\n{'note 2' if scene.nudged and layer == 0 else 'note 1'}\n"
        for scene in specs
        for layer, prompt in enumerate(scene.prompts)
    }


def soundgraph_files(specs: tuple[SceneSpec, ...], cache_dir: Path | None = None) -> dict[str, str]:
    """The same scenes for soundgraph: one TOML file each, and a project file.

    cache_dir: a cache shared between clones; the project's own if None.
    """
    project = f'[cache]\ndir = "{cache_dir}"\n' if cache_dir else "# A project of the benchmark.\n"
    return {"soundgraph.toml": project} | {f"graphs/{scene.name}.toml": _toml(scene) for scene in specs}


def _toml(scene: SceneSpec) -> str:
    number = int(scene.name[1:])
    parts = ["[scene]\nsample_rate = 16000\n"]
    for layer, prompt in enumerate(scene.prompts):
        trimmed_s = 0.200001 if scene.nudged and layer == 0 else 0.2
        # A seed of its own for each layer: a draft knows only some words, and equal sounds would be one take.
        parts.append(
            f'[nodes.gen{layer}]\nkind = "generate"\nmodel = "draft/audio"\nprompt = "{prompt}"\nduration = 0.25\n'
            f"seed = {number * LAYERS + layer}\n\n"
            f'[nodes.trim{layer}]\nkind = "trim"\ninput = "gen{layer}"\nstart = 0.025\nduration = {trimmed_s}\n\n'
            f'[nodes.eq{layer}]\nkind = "eq"\ninput = "trim{layer}"\n'
            f'bands = [{{ type = "high_shelf", freq_hz = {2000 + 300 * layer}, gain_db = -6.0 }}]\n'
        )
    inputs = "".join(
        f'  {{ node = "eq{layer}", weight = {1.0 - 0.15 * place:.2f} }},\n' for place, layer in enumerate(scene.order)
    )
    parts.append(f'[nodes.mix]\nkind = "mix"\ninputs = [\n{inputs}]\n')
    parts.append(f'[exports.{scene.name}]\nnode = "mix"\nformat = "wav"\n')
    return "\n".join(parts)


def put(root: Path, files: Mapping[str, str]) -> None:
    """Write files under `root`. One that holds its text already is left alone: only what was edited looks edited."""
    for path, text in files.items():
        target = root / path
        try:
            if target.read_text() == text:
                continue
        except FileNotFoundError:
            target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
