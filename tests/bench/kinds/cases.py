"""What is measured: for each kind its parameters, its inputs, and who else does the same with which command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SOX, FFMPEG, PEDALBOARD = "sox", "ffmpeg", "pedalboard"


@dataclass(frozen=True)
class Peer:
    """Somebody else who does what a kind does.

    tool: SOX, FFMPEG or PEDALBOARD.
    does: effects of sox, a filter graph of ffmpeg, or an expression in pedalboard's names, `samples` and `rate`.
    times: how often it is done in a row, to make a small cost stand out from that of reading and writing files; the
        cost is divided by it.
    """

    tool: str
    does: str
    times: int = 1


@dataclass(frozen=True)
class Case:
    """One kind with some parameters.

    params: of the node, but for those that name other nodes. roles: which of those names which sound of `sounds.NAMES`;
    a list of them for `inputs`. peers: empty where nobody does the like; `note` then says why. variant: tells cases of
    one kind apart.
    """

    kind: str
    params: Mapping[str, Any] = field(default_factory=dict)
    peers: tuple[Peer, ...] = ()
    roles: Mapping[str, str | tuple[str, ...]] = field(default_factory=lambda: {"input": "stereo"})
    variant: str = ""
    note: str = ""

    @property
    def name(self) -> str:
        return f"{self.kind}, {self.variant}" if self.variant else self.kind

    @property
    def sounds(self) -> list[str]:
        """The inputs, in the order of the node's fields."""
        return [name for names in self.roles.values() for name in ([names] if isinstance(names, str) else names)]

    def table(self) -> dict[str, Any]:
        """The node as a scene has it, without its kind; each input goes by the name of its sound."""
        named = {
            role: names if isinstance(names, str) else [{"node": name} for name in names]
            for role, names in self.roles.items()
        }
        own = dict(self.params)
        for index, more in enumerate(own.pop("inputs", ())):
            named["inputs"][index].update(more)  # type: ignore[union-attr]
        return {**named, **own}


UNMEASURED = {
    "generate": "a model's work: see Generating, below",
    "file": "reads a file: what that costs is libsndfile's business",
    "speech": "espeak-ng's work",
}


def cases(seconds: float) -> list[Case]:
    """Every kind but those of `UNMEASURED`, for sounds of that many seconds."""
    s, part = f"{seconds:g}", f"{seconds / 30:g}"
    return [
        Case(
            "compressor",
            {"threshold_db": -20.0, "ratio": 4.0, "attack_ms": 10.0, "release_ms": 100.0},
            (
                Peer(PEDALBOARD, "Compressor(-20, 4, 10, 100)(samples, rate)"),
                Peer(FFMPEG, "acompressor=threshold=0.1:ratio=4:attack=10:release=100:knee=2:detection=peak"),
                Peer(SOX, "compand 0.01,0.1 6:-80,-80,-20,-20,0,-15"),
            ),
        ),
        Case(
            "convolve",
            {},
            (
                Peer(PEDALBOARD, "Convolution('room.wav', mix=1)(samples, rate)"),
                Peer(FFMPEG, "afir"),
            ),
            {"input": "stereo", "impulse": "room"},
        ),
        Case(
            "crossfade",
            {"duration": seconds / 30},
            (
                Peer(FFMPEG, f"acrossfade=duration={part}:curve1=qsin:curve2=qsin"),
                Peer(SOX, f"splice -h {seconds * 31 / 60:g},{seconds / 60:g}"),
            ),
            {"input": "first", "to": "second"},
        ),
        Case(
            "delay",
            {"time_ms": 350.0, "feedback": 0.4},
            (
                Peer(PEDALBOARD, "Delay(0.35, 0.4, 0.5)(samples, rate)"),
                Peer(FFMPEG, "aecho=1:1:350|700|1050|1400|1750|2100|2450:0.5|0.2|0.08|0.032|0.013|0.005|0.002"),
                Peer(SOX, "echo 1 1 350 0.5 700 0.2 1050 0.08 1400 0.032 1750 0.013 2100 0.005 2450 0.002"),
            ),
        ),
        Case(
            "delay",
            {"time_ms": 350.0, "feedback": 0.4, "lowpass_hz": 4000.0, "highpass_hz": 200.0},
            variant="filtered",
            note="nobody filters what feeds back",
        ),
        Case(
            "duck",
            {},
            (Peer(FFMPEG, "[0][1]sidechaincompress=threshold=0.01:ratio=4:attack=20:release=500:detection=peak"),),
            {"input": "stereo", "sidechain": "key"},
        ),
        Case(
            "envelope",
            {"points": [{"at": seconds * k / 8, "gain_db": -6.0 * (k % 2)} for k in range(8)]},
            (
                Peer(FFMPEG, f"aeval='val(ch)*{_envelope(seconds)}':c=same"),
                Peer(FFMPEG, f"volume='{_envelope(seconds)}':eval=frame", 8),
            ),
            note="the second peer moves in steps, 1024 samples long",
        ),
        Case(
            "eq",
            {
                "bands": [
                    {"type": "low_shelf", "freq_hz": 200.0, "gain_db": -3.0},
                    {"type": "peaking", "freq_hz": 1000.0, "gain_db": 4.0, "q": 1.0},
                    {"type": "high_shelf", "freq_hz": 5000.0, "gain_db": -6.0},
                ]
            },
            (
                Peer(
                    PEDALBOARD,
                    "Chain([LowShelfFilter(200, -3), PeakFilter(1000, 4, 1), HighShelfFilter(5000, -6)])"
                    "(samples, rate)",
                ),
                Peer(FFMPEG, "bass=f=200:g=-3,equalizer=f=1000:t=q:w=1:g=4,treble=f=5000:g=-6"),
                Peer(SOX, "bass -3 200 equalizer 1000 1q 4 treble -6 5000"),
            ),
        ),
        Case(
            "fade",
            {"fade_in": seconds / 30, "fade_out": seconds / 30},
            (
                Peer(FFMPEG, f"afade=t=in:d={part},afade=t=out:st={seconds * 29 / 30:g}:d={part}", 8),
                Peer(SOX, f"fade h {part} {s} {part}", 8),
            ),
        ),
        Case(
            "gain",
            {"gain_db": -6.0},
            (
                Peer(PEDALBOARD, "Gain(-6)(samples, rate)"),
                Peer(FFMPEG, "volume=-0.6dB", 16),
                Peer(SOX, "vol -0.6dB", 16),
            ),
        ),
        Case(
            "gate",
            {"threshold_db": -30.0, "attack_ms": 1.0, "release_ms": 100.0},
            (
                Peer(PEDALBOARD, "NoiseGate(-30, 10, 1, 100)(samples, rate)"),
                Peer(FFMPEG, "agate=threshold=0.03:ratio=9:attack=1:release=100:detection=peak"),
                Peer(SOX, "compand 0.001,0.1 6:-80,-160,-31,-100,-30,-30,0,0"),
            ),
        ),
        Case(
            "level",
            {"window": min(10.0, max(seconds / 6, 3.0))},
            (
                Peer(FFMPEG, "loudnorm=I=-23:LRA=1,aformat=sample_rates=48000:channel_layouts=stereo"),
                Peer(FFMPEG, "dynaudnorm=framelen=500:gausssize=31"),
            ),
            note="the second peer goes by peaks, not by loudness",
        ),
        Case(
            "limiter",
            {"ceiling_dbtp": -6.0},
            (
                Peer(PEDALBOARD, "Limiter(-6, 100)(samples, rate)"),
                Peer(FFMPEG, "alimiter=limit=0.5:attack=5:release=100:level=0"),
                Peer(FFMPEG, "aresample=192000,alimiter=limit=0.5:attack=5:release=100:level=0,aresample=48000"),
            ),
            note="only the third peer looks between the samples, and none measures its result",
        ),
        Case("loop", {"duration": seconds / 2}, note="nobody looks for the place to loop at"),
        Case("match", {}, roles={"input": "stereo", "to": "other"}, note="nobody lines up attacks"),
        Case(
            "mix",
            {"inputs": [{"weight": 0.6}, {"gain_db": -6.0, "pan": 0.0}]},
            (
                Peer(FFMPEG, "[0]volume=0.6[a];[1]volume=-6dB[b];[a][b]amix=normalize=0"),
                Peer(SOX, "-m -v 0.6 stereo.wav -v 0.5 other.wav"),
            ),
            {"inputs": ("stereo", "other")},
        ),
        Case(
            "mono",
            {},
            (Peer(FFMPEG, "pan=mono|c0=0.5*c0+0.5*c1"), Peer(SOX, "remix -")),
        ),
        Case(
            "noise",
            {"duration": seconds, "channels": 2},
            (Peer(FFMPEG, f"anoisesrc=d={s}:c=pink:r=48000"), Peer(SOX, f"synth {s} pinknoise pinknoise")),
            {},
            "pink",
            "ffmpeg's is mono: half the samples",
        ),
        Case(
            "noise",
            {"duration": seconds, "channels": 2, "color": "white"},
            (Peer(FFMPEG, f"anoisesrc=d={s}:c=white:r=48000"), Peer(SOX, f"synth {s} whitenoise whitenoise")),
            {},
            "white",
            "ffmpeg's is mono: half the samples",
        ),
        Case(
            "normalize",
            {"lufs": -23.0},
            (
                Peer(FFMPEG, "ebur128=framelog=verbose,volume=-3dB"),
                Peer(FFMPEG, "loudnorm=I=-23,aformat=sample_rates=48000:channel_layouts=stereo"),
            ),
            variant="loudness",
        ),
        Case(
            "normalize",
            {"true_peak_dbtp": -1.0},
            (Peer(FFMPEG, "ebur128=framelog=verbose:peak=true,volume=-3dB"),),
            variant="true peak",
        ),
        Case(
            "normalize",
            {"peak_dbfs": -1.0},
            (Peer(FFMPEG, "volumedetect,volume=-3dB"), Peer(SOX, "norm -1")),
            variant="peak",
        ),
        Case(
            "pad",
            {"before": seconds / 60, "after": seconds / 60},
            (
                Peer(FFMPEG, f"adelay={1000 * seconds / 60:g}:all=1,apad=pad_dur={seconds / 60:g}"),
                Peer(SOX, f"pad {seconds / 60:g} {seconds / 60:g}"),
            ),
        ),
        Case(
            "pan",
            {"pan": -0.4},
            (Peer(FFMPEG, "pan=stereo|c0=c0|c1=0.81*c1", 8), Peer(SOX, "remix 1 2v0.81", 8)),
        ),
        Case(
            "pitch",
            {"semitones": 3.0},
            (
                Peer(FFMPEG, "rubberband=pitch=1.189207"),
                Peer(SOX, "pitch 300"),
            ),
        ),
        Case(
            "resample",
            {"sample_rate": 44100},
            (
                Peer(FFMPEG, "aresample=44100:resampler=soxr:precision=28"),
                Peer(FFMPEG, "aresample=44100:filter_size=128"),
                Peer(SOX, "rate -v 44100"),
            ),
        ),
        Case(
            "reverb",
            {"decay": 1.5},
            (Peer(PEDALBOARD, "Reverb()(samples, rate)"), Peer(SOX, "reverb")),
        ),
        Case("reverse", {}, (Peer(FFMPEG, "areverse"), Peer(SOX, "reverse"))),
        Case(
            "sequence",
            {"inputs": [{}, {"crossfade": seconds / 30}]},
            (
                Peer(FFMPEG, f"acrossfade=duration={part}:curve1=qsin:curve2=qsin"),
                Peer(SOX, f"splice -h {seconds * 31 / 60:g},{seconds / 60:g}"),
            ),
            {"inputs": ("first", "second")},
        ),
        Case(
            "silence_trim",
            {},
            (
                Peer(
                    FFMPEG,
                    "silenceremove=start_periods=1:start_threshold=-60dB:detection=peak,areverse,"
                    "silenceremove=start_periods=1:start_threshold=-60dB:detection=peak,areverse",
                ),
                Peer(SOX, "silence 1 0.001 -60d reverse silence 1 0.001 -60d reverse"),
            ),
            {"input": "framed"},
        ),
        Case(
            "stereo",
            {},
            (Peer(FFMPEG, "pan=stereo|c0=0.7071*c0|c1=0.7071*c0"), Peer(SOX, "remix 1v0.7071 1v0.7071")),
            {"input": "mono"},
        ),
        Case(
            "stretch",
            {"factor": 1.25},
            (
                Peer(FFMPEG, "rubberband=tempo=0.8"),
                Peer(FFMPEG, "atempo=0.8"),
                Peer(SOX, "tempo 0.8"),
            ),
        ),
        Case(
            "tone",
            {"freq_hz": 440.0, "duration": seconds, "channels": 2},
            (Peer(FFMPEG, f"sine=f=440:d={s}:r=48000"), Peer(SOX, f"synth {s} sine 440 sine 440")),
            {},
            "sine",
            "ffmpeg's is mono: half the samples",
        ),
        Case(
            "tone",
            {"freq_hz": 40.0, "end_freq_hz": 8000.0, "waveform": "saw", "duration": seconds, "channels": 2},
            (Peer(SOX, f"synth {s} sawtooth 40/8000 sawtooth 40/8000"),),
            {},
            "saw sweep",
            "the peer's saw is full of aliases",
        ),
        Case(
            "trim",
            {"start": seconds / 60, "duration": seconds * 58 / 60},
            (
                Peer(FFMPEG, f"atrim=start={seconds / 60:g}:duration={seconds * 58 / 60:g}"),
                Peer(SOX, f"trim {seconds / 60:g} {seconds * 58 / 60:g}"),
            ),
        ),
        Case(
            "width",
            {"width": 1.5},
            (
                Peer(FFMPEG, "extrastereo=m=1.5:c=0", 8),
                Peer(SOX, "remix 1v1.25,2v-0.25 1v-0.25,2v1.25", 8),
            ),
        ),
        Case(
            "width",
            {"width": 1.5, "bass_mono_hz": 120.0},
            (
                Peer(
                    FFMPEG,
                    "stereotools=mode=lr>ms,channelsplit[m][s];[s]firequalizer=gain='if(lt(f,120),-60,3.5)'[t];"
                    "[m][t]join,stereotools=mode=ms>lr",
                ),
            ),
            variant="bass to the middle",
        ),
    ]


def _envelope(seconds: float) -> str:
    """What the points of the envelope come to, as ffmpeg writes it: from 0 dB to -6 dB and back, four times."""
    return f"pow(10,-0.3*(1-abs(mod(t,{seconds / 4:g})*{8 / seconds:g}-1)))"
