"""Photos and videos in, readings with their evidence out."""

import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL.Image import Image
from torch import Tensor

from facsight import __version__
from facsight.analysis.cautions import face_cautions
from facsight.analysis.columns import Column, unadapted_columns
from facsight.analysis.evidence import Source, weigh
from facsight.analysis.frames import FrameResult, Stop, read_frames
from facsight.analysis.looking import Look, look_at, look_at_many
from facsight.analysis.person_file import Person, load_person
from facsight.analysis.reading import PhotoResult, Reading
from facsight.analysis.unit_reader import UnitReader, UnitReading
from facsight.analysis.units_of_classes import chosen_codebook, units_used
from facsight.core.errors import BadRecipe
from facsight.core.prediction import Prediction
from facsight.faces.face import FaceFinder
from facsight.faces.finder import DEFAULT, finder_names
from facsight.facs.au_maps import AuMaps, render_au_maps
from facsight.facs.codebook import DEFAULT_CODEBOOK
from facsight.hub import bundled_weights, face_finder, sha256
from facsight.media.footage import Footage
from facsight.media.photo import read_photo
from facsight.media.sequence import open_footage
from facsight.nn.classifier import fold_normalisation, mean_of_both, with_mirrored
from facsight.nn.personal import personal
from facsight.nn.pixels import standardise
from facsight.nn.precision import check_precision
from facsight.nn.weights import load_network

#: Faces that go through the network together: enough to keep two cores busy, and little memory.
FACES_AT_ONCE = 32


@dataclass(frozen=True)
class ReaderOptions:
    """What a reader is built from, by `Reader(**vars(options))`, here or in another process."""

    weights: Path
    finder: str
    codebook: str | Path | None
    precision: str
    person: Path | None = None
    units: Path | None = None


class Reader:
    """Reads expressions from photos and videos, with the evidence for each reading.

    `weights` is a `.safetensors` file written by facsight, by default the bundled reader; `finder` finds
    faces and their 68 points (a name, or any object with `find(image)`); `codebook` says which action units
    belong to an expression, by default the one that the weights were trained with. `precision` "bfloat16" is
    about twice as fast as "float32" on processors that multiply in it (`nn.precision`), and changes
    probabilities by up to about 0.01. With a `person` (`facsight.adapt`, or their file) faces are read as
    theirs, and what is read without, by `plain`, stands beside. `units` is a run folder, or the weights, of a
    recipe of action units: what it says of each face stands beside. One reader serves one thread.
    """

    def __init__(
        self,
        weights: str | Path | None = None,
        *,
        finder: FaceFinder | str | None = None,
        codebook: str | Path | None = None,
        precision: str = "float32",
        person: Person | str | Path | None = None,
        units: str | Path | None = None,
    ):
        self.units = None if units is None else UnitReader(units)
        self.precision, self._codebook_asked = check_precision(precision), codebook
        self.weights = Path(weights) if weights else bundled_weights()
        network, self.card = load_network(self.weights)
        self.network = fold_normalisation(network).to(memory_format=torch.channels_last)  # pyright: ignore
        self.classes = tuple(self.card["classes"])
        self.crop_size, self.temperature = int(self.card["crop_size"]), float(self.card["temperature"])
        self.codebook = chosen_codebook(codebook, self.card.get("codebook", DEFAULT_CODEBOOK), self.classes)
        self.action_units = units_used(self.codebook, self.classes)
        self._unit_weights = self.codebook.weights(self.classes, self.action_units)
        if finder is None or isinstance(finder, str):
            self.finder, self.finder_name = face_finder(finder), finder or DEFAULT
        else:
            self.finder, self.finder_name = finder, type(finder).__name__
        self.plain, self.person = self.network, None
        if person is not None:
            self._take(person)

    def for_person(self, person: Person | str | Path) -> "Reader":
        """This reader as it reads one person: what `facsight.adapt` gave, or their file.

        It shares the network and the finder with this one. `BadCheckpoint` for a person who was adapted to
        another reader, or a file that is damaged.
        """
        theirs = copy.copy(self)
        theirs._take(person)
        return theirs

    def _take(self, person: Person | str | Path) -> None:
        chosen = person if isinstance(person, Person) else load_person(person)
        chosen.check(self.weights)
        self.network = personal(self.plain, chosen.style)
        self.person = chosen

    @property
    def beside(self) -> tuple[Column, ...]:
        """The columns beside those of every reader: what is read without the person, where there is one."""
        unadapted = () if self.person is None else unadapted_columns(self.classes)
        return (*unadapted, *(() if self.units is None else self.units.columns))

    @property
    def unit_size(self) -> int | None:
        """The crops that the network of action units sees, where there is one."""
        return None if self.units is None else self.units.crop_size

    def read(self, photo: str | Path | np.ndarray | Image) -> list[Reading]:
        """The faces of one photo, largest first; empty where there is none.

        A path, a NumPy array (height, width, 3) uint8 RGB, or a PIL image. `BadMedia` says why a photo cannot
        be read.
        """
        look = look_at(read_photo(photo), self.finder, self.crop_size, self.unit_size)
        return self.read_looks([look])[0].readings

    def read_many(self, photos: Iterable[str | Path], *, at_once: int = 16) -> Iterator[PhotoResult]:
        """One result per photo, in order; a photo that cannot be read gives its reason and ends nothing.

        The faces of `at_once` photos share passes through the network. Memory does not grow with the number
        of photos.
        """
        looks = look_at_many(photos, self.finder, self.crop_size, self.unit_size)
        while some := list(islice(looks, at_once)):
            yield from self.read_looks(some)

    def read_video(
        self,
        video: str | Path,
        *,
        every: int = 1,
        rate: float | None = None,
        steady: bool = False,
        sequence: float | None = None,
    ) -> Iterator[FrameResult]:
        """One result per frame, in order, also of frames without a face; streamed, in constant memory.

        `every` n-th frame, or at most `rate` frames a second; `steady` takes the tremble out of the landmarks
        (`faces.steady`). With `sequence` frames a second, a folder of numbered pictures is read as a video
        (`media.sequence`). `BadMedia` says why a video cannot be read; what is damaged inside it costs its
        frames only.

        >>> for frame in Reader().read_video("interview.mp4", rate=5):  # doctest: +SKIP
        ...     print(frame.at.time, [reading.label for reading in frame.readings])
        """
        with open_footage(video, sequence) as opened:
            for results, _ in self.read_frames(opened, every=every, rate=rate, steady=steady):
                yield from results

    def read_frames(
        self, video: Footage, *, stop: Stop | None = None, **options: Any
    ) -> Iterator[tuple[list[FrameResult], Stop]]:
        """Batches of an open video's results, each with what is needed to go on after it.

        `options` are those of `read_video`, without `sequence`.
        """
        size, chosen = self.crop_size, {"stop": stop, "unit_size": self.unit_size, **options}
        return read_frames(video, self.finder, size, self.read_looks, **chosen)

    @property
    def options(self) -> ReaderOptions:
        """What builds this reader again. `BadRecipe` for one that was given a finder and not a name."""
        if self.finder_name not in finder_names():
            raise BadRecipe(
                f"a reader with a finder of its own ({self.finder_name}) cannot be built again in another "
                "process; give the name of a finder, or read in this process"
            )
        if self.person is not None and self.person.file is None:
            raise BadRecipe("a person who lies in no file cannot be read in another process: save them first")
        person = self.person and self.person.file and self.person.file.absolute()
        asked = self._codebook_asked
        units = self.units and self.units.weights.absolute()
        return ReaderOptions(self.weights.absolute(), self.finder_name, asked, self.precision, person, units)

    def describe(self) -> dict[str, Any]:
        """Which reader this is, as plain data: two that say the same read the same."""
        person = {} if self.person is None else {"person": self.person.describe()}
        units = {} if self.units is None else {"units": self.units.describe()}
        return (
            person
            | units
            | {
                "facsight": __version__,
                "card": {key: value for key, value in self.card.items() if key != "architecture"},
                "weights": {"file": self.weights.name, "sha256": sha256(self.weights)},
                "finder": self.finder_name,
                "precision": self.precision,
                "codebook": {"name": self.codebook.name, "version": self.codebook.version},
                "classes": list(self.classes),
                "action_units": list(self.action_units),
            }
        )

    @torch.inference_mode()
    def read_looks(self, looks: Sequence[Look]) -> list[PhotoResult]:
        """The readings of photos after `analysis.looking`; the faces of all of them are read together."""
        faces = [(look, place) for look in looks for place in range(len(look.faces))]
        batches = [self._read(faces[i : i + FACES_AT_ONCE]) for i in range(0, len(faces), FACES_AT_ONCE)]
        readings = iter([reading for batch in batches for reading in batch])
        return [
            PhotoResult(look.name, look.size, list(islice(readings, len(look.faces))), look.error)
            for look in looks
        ]

    def _read(self, faces: Sequence[tuple[Look, int]]) -> list[Reading]:
        """Read the faces given as (photo, place in it), all in one pass."""
        pixels = network_input(np.stack([look.crops[place] for look, place in faces]))
        prediction, plain = self._predict(pixels)
        height, width = prediction.attention.shape[1:]
        landmarks = np.stack(
            [look.alignments[place].to_crop(look.faces[place].landmarks) for look, place in faces]
        )
        points = torch.from_numpy(landmarks).float()
        units = render_au_maps(
            points,
            (height, width),
            extent=(self.crop_size, self.crop_size),
            action_units=self.action_units,
        )
        probabilities = prediction.probabilities.tolist()
        sources = [
            self._source(
                look,
                place,
                row,
                prediction=_only(prediction, number),
                units=_units_of(units, number),
                pixels=pixels[number : number + 1],
                landmarks=points[number : number + 1],
            )
            for number, ((look, place), row) in enumerate(zip(faces, probabilities, strict=True))
        ]
        evidence = weigh(prediction.attention, prediction.label, units, sources, kind="attention")
        beside = [None] * len(faces) if plain is None else plain.probabilities.tolist()
        units_read = self._read_units(faces)
        rows = zip(faces, evidence, prediction.uncertainty.tolist(), beside, units_read, strict=True)
        return [
            Reading(
                box=look.faces[place].box,
                confidence=look.faces[place].confidence,
                landmarks=look.faces[place].landmarks,
                pose=look.faces[place].pose,
                expression=dict(told.source.probabilities),
                label=told.label,
                uncertainty=uncertainty,
                evidence=told,
                visible=look.faces[place].visible,
                detected=look.faces[place].detected,
                unadapted=None if before is None else dict(zip(self.classes, before, strict=True)),
                units=own,
            )
            for (look, place), told, uncertainty, before, own in rows
        ]

    def _read_units(self, faces: Sequence[tuple[Look, int]]) -> list[tuple[UnitReading, ...]]:
        """What the network of action units says of each face; nothing where there is none."""
        if self.units is None:
            return [()] * len(faces)
        return self.units.read(network_input(np.stack([look.unit_crops[place] for look, place in faces])))

    def _predict(self, pixels: Tensor) -> tuple[Prediction, Prediction | None]:
        """Predictions whose probabilities are calibrated: this reader's, and that without the person."""
        with torch.autocast(pixels.device.type, torch.bfloat16, enabled=self.precision == "bfloat16"):
            features = self.network.features(with_mirrored(pixels))
            told = self.network.read(features)
            plain = None if self.person is None else self.plain.read(features)
        return self._calibrated(told), None if plain is None else self._calibrated(plain)

    def _calibrated(self, both: Prediction) -> Prediction:
        told = mean_of_both(both)
        return Prediction(told.logits / self.temperature, told.attention, told.class_maps)

    def _source(self, look: Look, place: int, probabilities: list[float], **seen: Any) -> Source:
        """`seen`: what the network was given and what it said, as `Source` has it."""
        assert look.size is not None  # a photo with faces has been read
        alignment = look.alignments[place]
        return Source(
            probabilities=dict(zip(self.classes, probabilities, strict=True)),
            **seen,
            network=self.network,
            temperature=self.temperature,
            weights=self._unit_weights,
            alignment=alignment,
            photo_size=look.size,
            cautions=face_cautions(look.faces[place], alignment, look.size, max(probabilities)),
        )


def network_input(crops: np.ndarray) -> Tensor:
    """Crops (n, side, side, 3) as the network takes them."""
    standard = standardise(torch.from_numpy(crops).permute(0, 3, 1, 2))
    return standard.contiguous(memory_format=torch.channels_last)


def _only(prediction: Prediction, face: int) -> Prediction:
    """One face of a batch, as a batch of one."""
    one = slice(face, face + 1)
    return Prediction(prediction.logits[one], prediction.attention[one], prediction.class_maps[one])


def _units_of(units: AuMaps, face: int) -> AuMaps:
    return AuMaps(units.maps[face : face + 1], units.valid[face : face + 1], units.action_units)
