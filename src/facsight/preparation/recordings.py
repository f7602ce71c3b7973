"""Recordings to streams of features: a file a recording and modality, each made once and kept."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from facsight import catalog
from facsight.analysis.looking import reason_of
from facsight.analysis.one_video import Sampling, told_damage
from facsight.analysis.run import identity
from facsight.core.errors import BadOutput, BadRecipe, NoPictures, NoSound
from facsight.data.recordings import Stream, StreamCard, card_of, stream_file, write_stream
from facsight.faces.face import FaceFinder
from facsight.media.samples import Sound, read_sound
from facsight.media.sequence import pictures_of
from facsight.preparation.crop_type import CropType
from facsight.preparation.film import Film, watch
from facsight.preparation.ledger import Entry, Ledger, key_of

ROOM = "parts"
#: By how much sound and pictures may differ in length (s) without a word.
_APART = 0.25


@dataclass(frozen=True)
class Recording:
    """A file, or a stretch of it (seconds from, to), with its name and the file of its signals, if any.

    `path` is None where there are only signals.
    """

    name: str
    path: Path | None
    signals: Path | None
    stretch: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Features:
    """The extractors of some modalities, and what decides how their sources are read."""

    extractors: Mapping[str, Any]
    sampling: Sampling

    def of(self, source: str, modalities: Iterable[str]) -> dict[str, Any]:
        """Those of the modalities that are made from pictures, sound or signals."""
        return {name: self.extractors[name] for name in modalities if self.extractors[name].source == source}


def open_features(names: Sequence[str], crop: CropType, sampling: Sampling) -> Features:
    """The extractors of names such as `audio:logmel` or `audio:wav2vec2=PATH`, by name.

    `UnknownName` for one that is not in the catalogue, `BadRecipe` for one that is named twice.
    """
    found: dict[str, Any] = {}
    for asked in names:
        name, _, path = asked.strip().partition("=")
        if name in found:
            raise BadRecipe(f"expected each of the features once, found {name} twice")
        found[name] = catalog.load("features", name)(Path(path) if path else None, crop=crop)
    return Features(found, sampling)


@dataclass(eq=False)
class Maker:
    """Makes the streams that a folder does not hold yet, a recording after the other.

    Stretches of one file that come one after the other share one go through it.
    """

    folder: Path
    ledger: Ledger
    features: Features
    finder: Callable[[], FaceFinder]
    cards: dict[str, StreamCard] = field(default_factory=dict)
    _last: tuple[Any, Any] = (None, None)

    def make(self, recording: Recording) -> dict[str, Entry]:
        """What came of each modality of a recording."""
        files = {name: stream_file(self.folder, recording.name, name) for name in self.features.extractors}
        names = {name: file.relative_to(self.folder).as_posix() for name, file in files.items()}
        keys = {name: self._key(recording, name) for name in files}
        done = {name: self.ledger.done(names[name], keys[name]) for name in files}
        found = {name: entry for name, entry in done.items() if entry is not None}
        for name, entry in found.items():
            if entry.file is not None and (card := card_of(files[name])) is not None:
                self.cards.setdefault(name, card)
        for name, made in self._missing(recording, [name for name in files if name not in found]):
            entry = self._kept(name, names[name], keys[name], files[name], made)
            found[name] = self.ledger.add(entry)
        return {name: found[name] for name in files}

    def _key(self, recording: Recording, name: str) -> str:
        extractor = self.features.extractors[name]
        path = recording.signals if extractor.source == "signals" else recording.path
        files = footage_files(path, self.features.sampling.sequence) if path else []
        sampling = asdict(self.features.sampling) if extractor.source == "pictures" else {}
        return key_of(name, extractor.version, sampling, identities(files), recording.stretch)

    def _missing(self, recording: Recording, names: Sequence[str]) -> Iterator[tuple[str, "Made"]]:
        """What is not there yet, made: faces in one go through the video, the rest one by one."""
        faces = self.features.of("pictures", names)
        if faces:
            made = _tried(recording, lambda: self._faces(recording, faces))
            yield from made.items() if isinstance(made, dict) else ((name, made) for name in faces)
        for name, extractor in self.features.of("sound", names).items():
            yield name, _tried(recording, lambda one=extractor: self._sound(recording, one))
        for name, extractor in self.features.of("signals", names).items():
            yield name, _tried(recording, lambda one=extractor: _signal_stream(one, recording))

    def _faces(self, recording: Recording, extractors: Mapping[str, Any]) -> dict[str, "Made"]:
        sampling, path = self.features.sampling, _there(recording)
        film = self._once(
            (path, tuple(extractors)),
            lambda: watch(path, self.finder(), extractors, sampling, room_in(self.folder)),
        )
        return {
            name: _face_stream(name, extractor, film, sampling, recording.stretch)
            for name, extractor in extractors.items()
        }

    def _sound(self, recording: Recording, extractor: Any) -> "Made":
        path, rate = _there(recording), extractor.rate
        return _sound_stream(extractor, self._once((path, rate), lambda: read_sound(path, rate)), recording)

    def _once(self, what: Any, make: Callable[[], Any]) -> Any:
        """What was made last, if it was the same."""
        if self._last[0] != what:
            self._last = (None, None)  # let go of it first: sounds and films can be large
            self._last = (what, make())
        return self._last[1]

    def _kept(self, modality: str, name: str, key: str, file: Path, made: "Made") -> Entry:
        if made.stream is None or made.card is None:
            return Entry(name, key, "absent" if made.absent else "failed", reason=made.reason)
        known = self.cards.setdefault(modality, made.card)
        if known.version != made.card.version or known.size != made.card.size:
            reason = f"it has {made.card.about}, others have {known.about}"
            return Entry(name, key, "failed", reason=reason)
        try:
            write_stream(file, made.stream, made.card)
        except OSError as error:
            raise BadOutput(f"{file} could not be written: {error.strerror}") from error
        return Entry(name, key, "ok", name, None, made.told, *made.lasts)


@dataclass(frozen=True, eq=False)
class Made:
    """A stream and what it is, or the reason why there is none: its source is `absent`, or failed.

    `lasts` is from when to when its source lasts, seconds.
    """

    stream: Stream | None = None
    card: StreamCard | None = None
    told: tuple[str, ...] = ()
    reason: str | None = None
    absent: bool = False
    lasts: tuple[float, float] = (0.0, 0.0)


def _tried(recording: Recording, make: Callable[[], Any]) -> Any:
    """What is made, or why it is not."""
    try:
        return make()
    except BadOutput:
        raise
    except Exception as error:  # whatever a file does, the others are read
        reason = reason_of(error, str(recording.path))
        return Made(reason=reason, absent=isinstance(error, NoSound | NoPictures))


def _there(recording: Recording) -> Path:
    if recording.path is None:
        raise NoPictures("there is no recording of it, only signals")
    return recording.path


def _face_stream(
    name: str, extractor: Any, film: Film, sampling: Sampling, stretch: tuple[float, float] | None
) -> Made:
    card = StreamCard(
        name, type(extractor).__name__, extractor.version, extractor.size, sampling.rate, extractor.about
    )
    if not len(film.seen):
        return Made(reason="no face was seen in it", absent=True)
    rows = film.rows[name]
    if rows.dtype.kind == "f" and not np.isfinite(rows).any():
        return Made(reason="faces were seen in it, but this finder does not tell that of them", absent=True)
    if rows.dtype.kind == "f":
        values = np.full((len(film.times), *extractor.size), np.nan, np.float32)
        values[film.seen] = rows
        stream = Stream(film.times, values)
    else:  # pixels know no NaN: only the frames with the face
        stream = Stream(film.times[film.seen], rows)
    return _made(stream, card, film.told, stretch, (float(film.times[0]), float(film.times[-1])))


def _sound_stream(extractor: Any, sound: Sound, recording: Recording) -> Made:
    stream, card = extractor.stream(sound)
    damage = (f"sound damaged {told_damage(one)}" for one in sound.damage)
    told = (*(f"sound: {note}" for note in sound.notes), *damage)
    seconds = sound.end - sound.start
    empty, lasts = f"its sound of {seconds:.3f} s is too short for a row", (sound.start, sound.end)
    return _made(stream, card, told, recording.stretch, lasts, empty)


def _signal_stream(extractor: Any, recording: Recording) -> Made:
    if recording.signals is None:
        return Made(reason="it has no file of signals", absent=True)
    stream, card = extractor.stream(recording.signals)
    lasts = (float(stream.time[0]), float(stream.time[-1]))  # a file of signals has rows
    return _made(stream, card, (), recording.stretch, lasts)


def _made(
    stream: Stream,
    card: StreamCard,
    told: tuple[str, ...],
    stretch: tuple[float, float] | None,
    lasts: tuple[float, float],
    empty: str = "it holds nothing",
) -> Made:
    """A stream, or its part in a stretch, by the stretch's own clock; `empty` says why it has no row."""
    if stretch is not None:
        begin, end = stretch
        inside = (stream.time >= begin) & (stream.time < end)
        stream = Stream(stream.time[inside] - begin, stream.values[inside])
        lasts, empty = (0.0, end - begin), f"it holds nothing from {begin:g} to {end:g} s"
    if not len(stream.time):
        return Made(reason=empty, absent=True)
    return Made(stream, card, told, lasts=lasts)


def footage_files(path: Path, sequence: float | None) -> list[Path]:
    """The files that a recording is made of: of a folder of pictures those, and not the folder."""
    return (sequence is not None and pictures_of(path)) or [path]


def identities(files: Iterable[Path]) -> list[tuple[int, int]]:
    """Size and time of change of each file: what tells that it is still the one that was read."""
    return [identity(file)[1:] for file in files]


def room_in(folder: Path) -> Path:
    """Where rows of faces wait for the end of their video."""
    (folder / ROOM).mkdir(exist_ok=True)
    return folder / ROOM


def told_apart(entries: Mapping[str, Entry], features: Features) -> tuple[str, ...]:
    """Where sound and pictures of a recording do not begin and end together, in words."""
    of = {
        source: [entries[name] for name in features.of(source, entries) if entries[name].status == "ok"]
        for source in ("pictures", "sound")
    }
    if not of["pictures"] or not of["sound"]:
        return ()
    film, sound = of["pictures"][0], of["sound"][0]
    told = []
    begins, ends = (sound.start or 0.0) - (film.start or 0.0), (sound.end or 0.0) - (film.end or 0.0)
    for word, apart in (("begins", begins), ("ends", ends)):
        if abs(apart) > _APART:
            when = "after" if apart > 0 else "before"
            told.append(f"the sound {word} {abs(apart):.2f} s {when} the pictures")
    return tuple(told)
