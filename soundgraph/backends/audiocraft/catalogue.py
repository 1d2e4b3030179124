"""The published models of audiocraft 1.3.0: what each makes, what it is made of, and how much room it takes.

Known by heart, so that a plan needs neither weights nor a network. What a language model has in numbers follows from
its architecture, and agrees with the size of each published file that is on record to half a percent
(`tests/backends/audiocraft/test_catalogue.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from soundgraph.backends import Conditioning, Family, Model, Precision

LICENCE = "CC-BY-NC-4.0"
"""Of all published weights: for non-commercial use, whatever the licence of the code."""

MAGNET_DEFAULTS: tuple[tuple[str, Any], ...] = (
    ("temperature", 3.0),
    ("top_k", 0),
    ("top_p", 0.9),
    ("cfg_coef", 10.0),
)
"""What audiocraft's `MAGNeT.set_generation_params` has where nothing is said: other than those of MusicGen."""

ENCODEC = "facebook/encodec_32khz"
"""The codec that newer checkpoints point at rather than hold: a repository of its own, in the form of transformers."""

ENCODEC_BYTES = 236_000_000
"""Of an EnCodec in float32, in a checkpoint or in its own repository."""

TEXT_ENCODER_PARAMETERS = {"t5-base": 109_628_544, "t5-large": 334_939_648}
"""Of the encoder alone. Its file has the decoder too, which is left on the disk."""

TEXT_ENCODER_FILE_BYTES = {"t5-base": 892_000_000, "t5-large": 2_950_000_000}

STEMS_BYTES = 84_141_911
"""Of demucs, which finds the melody in a recording: as large in memory as twice its file, which is in float16."""

_WIDTHS: dict[Precision, int] = {"float32": 4, "float16": 2, "bfloat16": 2, "int8": 1}

_SCALES = {"small": (1024, 24), "medium": (1536, 48), "large": (2048, 48)}
"""Width and number of the layers of the published sizes."""


@dataclass(frozen=True)
class CatalogueEntry:
    """A published model."""

    id: str
    family: Family
    layers: tuple[int, int]
    """The width and number of them."""
    text_encoder: str
    sample_rate: int
    max_duration_s: float
    channels: int = 1
    melody: bool = False
    magnet: bool = False
    codec: str = ""
    """The repository that its codec file points at; "" where it holds the codec."""
    lm_bytes: int | None = None
    """The size of its `state_dict.bin` where that is on record, else None."""

    @property
    def lm_parameters(self) -> int:
        """Of attention (4 widths squared), cross-attention (4 more, but for melody models, which take everything as a
        prefix) and feed-forward (8) in each layer; embeddings and heads of 2,048 codes; and the way in for conditions.
        """
        width, count = self.layers
        codebooks = 4 * self.channels
        norms = (4 if self.melody else 6) * width
        layer = (12 if self.melody else 16) * width * width + norms
        conditions = {"t5-base": 768, "t5-large": 1024}[self.text_encoder] + (12 if self.melody else 0)
        return count * layer + codebooks * (2049 + 2048) * width + (conditions + 4) * width

    @property
    def download_bytes(self) -> int | None:
        """About how much is to be fetched for it, from nothing; None where a size is not on record."""
        if self.lm_bytes is None:
            return None
        stems = STEMS_BYTES if self.melody else 0
        return self.lm_bytes + ENCODEC_BYTES + TEXT_ENCODER_FILE_BYTES[self.text_encoder] + stems


def memory(lm_parameters: int, codec_bytes: int, text_encoder_bytes: int) -> tuple[tuple[Precision, int], ...]:
    """About how many bytes a loaded model takes, by precision: weights only.

    The precision is that of the language model; codec and text encoder stay in float32. What a batch needs while it
    runs comes on top.
    """
    return tuple((name, lm_parameters * width + codec_bytes + text_encoder_bytes) for name, width in _WIDTHS.items())


def conditioning(melody: bool, magnet: bool) -> tuple[Conditioning, ...]:
    """What a model can be given. MAGNeT fills a piece of fixed length from nothing: it cannot go on from a sound."""
    if magnet:
        return ("text",)
    return ("text", "melody", "continuation") if melody else ("text", "continuation")


def model(entry: CatalogueEntry) -> Model:
    """The model as it is known before anyone looked for its weights."""
    encoders = TEXT_ENCODER_PARAMETERS[entry.text_encoder] * 4 + (2 * STEMS_BYTES if entry.melody else 0)
    return Model(
        id=entry.id,
        backend="audiocraft",
        family=entry.family,
        sample_rate=entry.sample_rate,
        channels=entry.channels,
        max_duration_s=entry.max_duration_s,
        licence=LICENCE,
        identity="",
        conditioning=conditioning(entry.melody, entry.magnet),
        longer=not entry.magnet,
        batches=not entry.magnet,
        defaults=MAGNET_DEFAULTS if entry.magnet else (),
        memory=memory(entry.lm_parameters, ENCODEC_BYTES, encoders),
        here=False,
    )


def _music(name: str, size: str, channels: int = 1, codec: str = "", lm_bytes: int | None = None) -> CatalogueEntry:
    melody = "melody" in name
    return CatalogueEntry(
        f"facebook/musicgen-{name}", "music", _SCALES[size], "t5-base", 32_000, 30.0, channels, melody, False, codec,
        lm_bytes,
    )  # fmt: skip


def _magnet(name: str, family: Family, seconds: float, lm_bytes: int) -> CatalogueEntry:
    layers = _SCALES["small" if "small" in name else "medium"]
    rate, encoder = (32_000, "t5-base") if family == "music" else (16_000, "t5-large")
    return CatalogueEntry(f"facebook/{name}", family, layers, encoder, rate, seconds, magnet=True, lm_bytes=lm_bytes)


# Which checkpoints hold their codec and which point at it, and the sizes of files: their pages on the hub. T5-base for
# music and T5-large for sounds: audiocraft's config/conditioner/text2music.yaml and text2sound.yaml.
PUBLISHED = (
    _music("small", "small", lm_bytes=841_000_000),
    _music("medium", "medium", lm_bytes=3_677_668_599),
    _music("large", "large", lm_bytes=6_514_108_999),
    _music("melody", "medium", lm_bytes=2_770_000_000),
    _music("melody-large", "large", codec=ENCODEC),
    _music("stereo-small", "small", 2, ENCODEC),
    _music("stereo-medium", "medium", 2, ENCODEC, 3_730_000_000),
    _music("stereo-large", "large", 2, ENCODEC, 6_580_000_000),
    _music("stereo-melody", "medium", 2, ENCODEC),
    _music("stereo-melody-large", "large", 2, ENCODEC),
    CatalogueEntry(
        "facebook/audiogen-medium", "audio", _SCALES["medium"], "t5-large", 16_000, 10.0, lm_bytes=3_678_455_287
    ),
    _magnet("magnet-small-10secs", "music", 10.0, 841_000_000),
    _magnet("magnet-medium-10secs", "music", 10.0, 3_680_000_000),
    _magnet("magnet-small-30secs", "music", 30.0, 841_000_000),
    _magnet("magnet-medium-30secs", "music", 30.0, 3_680_000_000),
    _magnet("audio-magnet-small", "audio", 10.0, 841_000_000),
    _magnet("audio-magnet-medium", "audio", 10.0, 3_680_000_000),
)  # fmt: skip

_BY_ID = {entry.id: entry for entry in PUBLISHED}


def entry(model_id: str) -> CatalogueEntry | None:
    """The published model of that id."""
    return _BY_ID.get(model_id)
