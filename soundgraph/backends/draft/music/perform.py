"""Who plays what: chords that move by the bar, a bass under them, a melody above, drums; all on one grid of beats."""

from __future__ import annotations

from dataclasses import dataclass

from soundgraph.audio.artifact import Samples
from soundgraph.backends.draft.chance import Chance
from soundgraph.backends.draft.exact import Mono
from soundgraph.backends.draft.music.grooves import GROOVES, Groove
from soundgraph.backends.draft.music.instruments import PITCHED
from soundgraph.backends.draft.music.percussion import STROKES
from soundgraph.backends.draft.music.score import Score
from soundgraph.backends.draft.music.tables import SCALES
from soundgraph.backends.draft.stage import Stage

# Scale degrees, 0 = tonic. Every chord is three thirds of the scale, so all that is played stays in the key.
_PROGRESSIONS = {
    "bright": ((0, 4, 5, 3), (0, 5, 3, 4), (0, 3, 4, 3), (0, 3, 0, 4)),
    "dim": ((0, 5, 2, 6), (0, 3, 5, 6), (0, 6, 5, 6), (0, 5, 3, 4)),
}
_BRIGHT_SCALES = frozenset(("major", "lydian", "mixolydian"))
# A bar's rhythm for a melody: (beat, length in beats). The first note is always on the first beat.
_RHYTHMS = {
    4: (
        ((0, 1), (1, 1), (2, 2)),
        ((0, 1.5), (1.5, 0.5), (2, 1), (3, 1)),
        ((0, 2), (2, 1), (3, 1)),
        ((0, 1), (1, 0.5), (1.5, 0.5), (2, 2)),
    ),
    3: (((0, 2), (2, 1)), ((0, 1), (1, 1), (2, 1)), ((0, 3),)),
}
_SUSTAINED = ("pad", "strings", "choir", "organ", "brass")
_BROKEN = ("piano", "harp", "guitar", "distortion")
# Who strikes the chords where a style has them struck: the first of these that plays.
_STRIKING = ("distortion", "guitar", "organ", "piano", "brass", "lead")
_MELODIC = ("flute", "lead", "bells", "brass", "piano", "strings", "guitar", "harp", "distortion")
_STROKE_GAINS = {
    "kick": 0.9,
    "snare": 0.55,
    "hat": 0.3,
    "open": 0.3,
    "clap": 0.5,
    "rim": 0.5,
    "tom": 0.8,
    "ride": 0.4,
    "shaker": 0.3,
}
_GAINS = {
    "pad": 0.5,
    "strings": 0.5,
    "choir": 0.45,
    "organ": 0.4,
    "brass": 0.4,
    "bass": 0.75,
    "wobble": 0.8,
    "distortion": 0.4,
}
_PANS = {
    "piano": -0.15,
    "strings": 0.3,
    "guitar": -0.35,
    "harp": 0.35,
    "bells": 0.4,
    "flute": 0.2,
    "brass": -0.3,
    "choir": -0.1,
}


@dataclass(frozen=True)
class DecidedScore:
    """A score with everything that it left open decided."""

    bpm: float
    tonic: int
    scale: tuple[int, ...]
    beats: int
    chords: tuple[int, ...]
    """A scale degree for each bar, over and over."""
    instruments: tuple[str, ...]
    energy: float
    groove: Groove

    def pitch(self, degree: int, octave: int) -> int:
        """The MIDI number of a degree of the scale; degrees may go beyond one octave either way."""
        return 12 * (octave + 1 + degree // 7) + self.tonic + self.scale[degree % 7]


def decide(score: Score, chance: Chance) -> DecidedScore:
    """Fills in by chance what the prompt left open."""
    scale = score.scale or chance.pick(("major", "minor"))
    progression = chance.pick(_PROGRESSIONS["bright" if scale in _BRIGHT_SCALES else "dim"])
    bpm = score.bpm or chance.integer(*score.bpm_range)
    tonic = chance.integer(0, 11) if score.tonic is None else score.tonic
    groove = GROOVES[score.groove]
    return DecidedScore(bpm, tonic, SCALES[scale], score.beats, progression, score.instruments, score.energy, groove)


def play(score: Score, stage: Stage) -> Samples:
    """The music, from the first beat of a bar at time 0, cut off where the take ends."""
    return _Band(decide(score, stage.chance.child("piece")), stage).play()


class _Band:
    """The players. A note is rendered once and kept: most of a piece is notes that come again."""

    def __init__(self, piece: DecidedScore, stage: Stage):
        self._piece = piece
        self._stage = stage
        self._out = stage.blank()
        self._touch = stage.chance.child("touch")
        self._notes: dict[tuple[str, int, float], Mono] = {}

    def play(self) -> Samples:
        piece = self._piece
        players = [name for name in piece.instruments if name in PITCHED]
        tune = next((name for name in _MELODIC if name in players), "")
        striking = next((name for name in _STRIKING if name in players), "") if piece.groove.chords else ""
        bar_s = 60.0 * piece.beats / piece.bpm
        for bar in range(int(self._stage.seconds / bar_s) + 1):
            chord = piece.chords[bar % len(piece.chords)]
            for name in players:
                if name == striking:
                    self._strike(name, bar, chord)
                elif name in _SUSTAINED:
                    self._hold(name, bar, chord)
                elif name in _BROKEN:
                    self._break_up(name, bar, chord)
            for name in ("bass", "wobble"):
                if name in players:
                    self._bass(name, bar, chord)
            if tune:
                self._tune(tune, bar, chord)
            if "drums" in piece.instruments:
                self._drums(bar)
        return self._out

    def _note(self, name: str, bar: int, beat: float, beats: float, midi: int, gain: float) -> None:
        piece, stage = self._piece, self._stage
        at = self._place(bar, beat)
        if at >= stage.n:
            return
        key = (name, midi, beats)
        if key not in self._notes:
            self._notes[key] = PITCHED[name](midi, beats * 60.0 / piece.bpm, stage.rate)
        self._put(at, self._notes[key], gain * _GAINS.get(name, 0.6), _PANS.get(name, 0.0))

    def _put(self, at: int, sound: Mono, gain: float, pan: float) -> None:
        # No two strokes are equally hard. They are exactly on the beat, though: a draft is there to work on timing.
        touch = 1.0 + 0.08 * self._stage.width * self._touch.number(-1.0, 1.0)
        self._stage.put(self._out, at, sound, gain * touch, pan)

    def _hold(self, name: str, bar: int, chord: int) -> None:
        for step in (0, 2, 4):
            self._note(name, bar, 0, self._piece.beats, self._in_reach(chord + step, 55), 0.6)

    def _break_up(self, name: str, bar: int, chord: int) -> None:
        """A broken chord, in halves of a beat, or whole beats when the music is calm."""
        step_beats = 1.0 if self._piece.energy < 0.3 else 0.5
        pattern = (0, 4, 2, 4) if name == "piano" else (0, 2, 4, 7)
        for index in range(int(self._piece.beats / step_beats)):
            degree = chord + pattern[index % 4]
            midi = self._in_reach(chord, 48) if index == 0 else self._in_reach(degree, 55)
            self._note(
                name, bar, index * step_beats, 2 * step_beats, midi, 0.75 if index * step_beats % 1 == 0 else 0.5
            )

    def _strike(self, name: str, bar: int, chord: int) -> None:
        """Short chords where the style has them."""
        for beat, beats in self._piece.groove.chords:
            for step in (0, 2, 4):
                self._note(name, bar, beat, beats, self._in_reach(chord + step, 55), 0.5)

    def _bass(self, name: str, bar: int, chord: int) -> None:
        if self._piece.groove.bass:
            for beat, beats, step in self._piece.groove.bass:
                self._note(name, bar, beat, beats, self._in_reach(chord + step, 36), 1.0)
            return
        midi = self._in_reach(chord, 36)
        if self._piece.energy > 0.6:
            for half in range(2 * self._piece.beats):
                self._note(name, bar, half / 2, 0.5, midi, 1.0 if half % 2 == 0 else 0.75)
        else:
            self._note(name, bar, 0, 2, midi, 1.0)
            self._note(name, bar, 2, self._piece.beats - 2, midi, 0.85)

    def _tune(self, name: str, bar: int, chord: int) -> None:
        """Four bars of melody that come back with small changes; each bar begins on a note of its chord."""
        chance = self._stage.chance.child("tune", bar % 4 if bar % 8 < 6 else bar % 8)
        degree = chord + chance.pick((0, 2, 4)) + (7 if name == "piano" else 0)
        leap = 1 if self._stage.width < 1.5 else 2
        for beat, beats in chance.pick(_RHYTHMS[self._piece.beats]):
            midi = self._in_reach(degree, 67 if name != "flute" else 72)
            self._note(name, bar, beat, beats, midi, chance.number(0.8, 1.0))
            degree += chance.pick((-1, 1, 1, -1, 2, -2)) * leap

    def _drums(self, bar: int) -> None:
        piece = self._piece
        for name, steps in piece.groove.drums:
            for step, sign in enumerate(steps[: 4 * piece.beats]):
                if sign != ".":
                    self._stroke(name, bar, step / 4, _STROKE_GAINS.get(name, 0.6) * (1.0 if sign == "x" else 0.45))
        if piece.groove.drums:
            return
        for beat in range(piece.beats):
            off = beat % 2 == 1 if piece.beats == 4 else beat > 0
            self._stroke("snare" if off else "kick", bar, beat, 0.55 if off else 0.9)
            for half in (0.0, 0.5):
                self._stroke("hat", bar, beat + half, 0.3 if half == 0 else 0.18)
        if piece.energy > 0.6 and piece.beats == 4:
            self._stroke("kick", bar, 2.5, 0.6)

    def _stroke(self, name: str, bar: int, beat: float, gain: float) -> None:
        stage = self._stage
        key = (name, 0, 0.0)
        if key not in self._notes:
            self._notes[key] = STROKES[name](stage.rate)
        at = self._place(bar, beat)
        if at < stage.n:
            self._put(at, self._notes[key], gain, 0.25 if name == "hat" else 0.0)

    def _place(self, bar: int, beat: float) -> int:
        """The sample at a beat of a bar; the second half of a beat comes later where the style swings."""
        piece = self._piece
        late = piece.groove.swing if beat % 1.0 == 0.5 else 0.0
        return round((bar * piece.beats + beat + late) * 60.0 / piece.bpm * self._stage.rate)

    def _in_reach(self, degree: int, lowest: int) -> int:
        """A degree of the scale in the octave that begins at a MIDI number."""
        midi = self._piece.pitch(degree % 7, 0)
        return lowest + (midi - lowest) % 12
