"""A clip of one person at rest: looked at once, and refused or doubted where it is something else."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from facsight.analysis.frames import Eye, Seen, look_along
from facsight.analysis.reader import Reader, network_input
from facsight.analysis.wording import percent, printable
from facsight.core.errors import BadFaces, BadMedia, BadRecipe, BadTimes, counted
from facsight.media.sequence import open_footage
from facsight.nn.classifier import mean_of_both, with_mirrored
from facsight.nn.neutral_people import NeutralPeople

#: Fewer frames with the face than this are refused: half a second of most videos.
LEAST_FRAMES = 12
#: A clip that shows the face for less time, in seconds, is called short.
SHORT = 3.0
#: A second face seen in more than this share of the person's frames, and in five, is another person.
BESIDE, BESIDE_FRAMES = 0.1, 5
#: A face read otherwise than usual in more than this share of frames moves.
MOVING = 0.2
NEUTRAL = "neutral"


@dataclass(eq=False)
class _Face:
    """What is kept of a track: a row a frame, and sums of maps and landmarks."""

    times: list[float] = field(default_factory=list)
    features: list[Tensor] = field(default_factory=list)
    logits: list[Tensor] = field(default_factory=list)
    maps: Tensor = field(default_factory=lambda: torch.zeros(()))
    landmarks: Tensor = field(default_factory=lambda: torch.zeros(()))

    def add(self, time: float, maps: Tensor, logits: Tensor, landmarks: Tensor) -> None:
        self.times.append(time)
        self.features.append(maps.mean(dim=(1, 2)))
        self.logits.append(logits)
        self.maps, self.landmarks = self.maps + maps, self.landmarks + landmarks


@dataclass(frozen=True, eq=False)
class NeutralClip:
    """What a reader's network makes of the person in a clip, without any adaptation; no picture is kept.

    `features` are means of the last maps over places and over the face and its mirror image, `logits` are
    calibrated, a row a frame; `maps` and `landmarks` (in the crop) are means over frames. `frames` of the
    clip were looked at, over `seconds` from the first to the last with the face. `others` tells how many
    frames other faces were seen in.
    """

    name: str
    times: Float[Tensor, "face"]
    features: Float[Tensor, "face channel"]
    logits: Float[Tensor, "face class"]
    maps: Float[Tensor, "channel h w"]
    landmarks: Float[Tensor, "68 2"]
    frames: int
    others: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.times)

    @property
    def seconds(self) -> float:
        return float(self.times[-1] - self.times[0])


def look_at_neutral(
    video: str | Path,
    reader: Reader,
    *,
    span: tuple[float, float] | None = None,
    track: int | None = None,
    sequence: float | None = None,
) -> NeutralClip:
    """Look at the one person of a clip, all of it or `span` (start, end) in seconds.

    Memory grows by a row of numbers a frame. `BadMedia` for a clip that cannot be read, has no face, fewer
    than LEAST_FRAMES frames of it, or several people, of whom `track` chooses one. `BadRecipe` for a reader
    of classes without "neutral"; `BadFaces` for features that are not finite.
    """
    if NEUTRAL not in reader.classes:
        raise BadRecipe(f"adapting needs a reader with the class {NEUTRAL!r}; this one has {reader.classes}")
    faces: dict[int, _Face] = {}
    frames = 0
    with (
        open_footage(video, sequence) as opened,
        closing(look_along(opened, Eye(reader.finder, reader.crop_size))) as batches,
    ):
        for seen, _ in batches:
            wanted = [one for one in seen if span is None or span[0] <= one.at.time < span[1]]
            frames += len(wanted)
            _add(faces, wanted, reader)
            if span is not None and seen[-1].at.time >= span[1]:
                break
    name = printable(Path(video).name)
    if span is not None and not frames:
        raise BadTimes(f"{name!r} has no frame from {span[0]:g} to {span[1]:g} s")
    chosen = _the_person(name, faces, frames, track)
    return _clip(name, faces, chosen, frames)


def doubts(clip: NeutralClip, classes: Sequence[str], people: NeutralPeople) -> dict[str, str]:
    """What speaks against taking the clip for one of a resting face, by a short code, in words."""
    shares = clip.logits.softmax(dim=1)
    label, neutral = shares.argmax(dim=1), classes.index(NEUTRAL)
    usual = int(label.mode().values)
    otherwise, away = float((label != usual).float().mean()), float((label != neutral).float().mean())
    far = people.distance(clip.features.mean(dim=0, keepdim=True)).item()
    found: dict[str, str] = {}
    if clip.seconds < SHORT:
        found["short"] = (
            f"the face is seen for {clip.seconds:.1f} s: what it shows by chance is taken for what it is; "
            "give ten seconds"
        )
    if otherwise > MOVING:
        found["moving"] = (
            f"the face does not rest: {percent(otherwise)} of the frames are read as something else than "
            f"{classes[usual]}, as which most are"
        )
    if away > 0.5:
        other = max(
            (c for c in range(len(classes)) if c != neutral), key=lambda c: float(shares[:, c].mean())
        )
        found["not_neutral"] = (
            f"{percent(away)} of the frames are read as another expression than neutral, most of all "
            f"{classes[other]}: where that is not how the face rests, adapting hides {classes[other]}"
        )
    if far > people.usual_distance:
        found["unusual"] = (
            f"the face is further from neutral faces of many people ({far:.2f} standard deviations) than "
            f"95 % of these are ({people.usual_distance:.2f}): light, camera or expression may be the reason"
        )
    if clip.others:
        found["others"] = f"{counted(len(clip.others), 'other face')} briefly in the clip: left out"
    return found


def _add(faces: dict[int, _Face], seen: Sequence[Seen], reader: Reader) -> None:
    """Let the network see the faces of some frames; a face without landmarks is left out."""
    places = [
        (one, place)
        for one in seen
        for place, face in enumerate(one.look.faces)
        if np.isfinite(face.landmarks).all()
    ]
    if not places:
        return
    crops = np.stack([one.look.crops[place] for one, place in places])
    with torch.inference_mode():
        features = reader.plain.features(with_mirrored(network_input(crops)))
        told = mean_of_both(reader.plain.read(features))
        straight, mirrored = features[-1].chunk(2)
        maps = (straight + mirrored.flip(3)) / 2
    for number, (one, place) in enumerate(places):
        points = one.look.alignments[place].to_crop(one.look.faces[place].landmarks)
        face = faces.setdefault(one.tracks[place], _Face())
        logits = told.logits[number] / reader.temperature
        face.add(one.at.time, maps[number], logits, torch.from_numpy(points).float())


def _the_person(name: str, faces: dict[int, _Face], frames: int, track: int | None) -> int:
    if not faces:
        raise BadMedia(f"{name!r} shows no face in {counted(frames, 'frame')}: film the face from the front")
    if track is not None and track not in faces:
        raise BadMedia(f"{name!r} has no face {track}; its faces are {', '.join(map(str, sorted(faces)))}")
    chosen = max(faces, key=lambda one: len(faces[one].times)) if track is None else track
    most = len(faces[chosen].times)
    beside = [n for n in sorted(faces) if len(faces[n].times) >= max(BESIDE_FRAMES, BESIDE * most)]
    if track is None and len(beside) > 1:
        told = ", ".join(f"{n} ({faces[n].times[0]:.1f} to {faces[n].times[-1]:.1f} s)" for n in beside)
        raise BadMedia(
            f"{name!r} shows {len(beside)} people, or one whose face was lost in between: {told}; cut the "
            "clip, give the seconds with one of them, or choose a face by its number"
        )
    if most < LEAST_FRAMES:
        raise BadMedia(
            f"{name!r} shows the face in {counted(most, 'frame')}, expected {LEAST_FRAMES} or more: "
            "give some ten seconds of the face at rest"
        )
    return chosen


def _clip(name: str, faces: dict[int, _Face], chosen: int, frames: int) -> NeutralClip:
    face = faces[chosen]
    features = torch.stack(face.features)
    if not torch.isfinite(features).all():
        raise BadFaces(f"the reader's features of {name!r} are not finite: its weights are damaged")
    return NeutralClip(
        name,
        torch.tensor(face.times, dtype=torch.float64),
        features,
        torch.stack(face.logits),
        face.maps / len(features),
        face.landmarks / len(features),
        frames,
        tuple(len(one.times) for number, one in faces.items() if number != chosen),
    )
