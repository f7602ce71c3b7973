"""Faces in two stages: a detector says where they are, a mesher puts the mesh on each."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from facsight.core.errors import BadFaces
from facsight.core.landmarks import POINT_COUNT
from facsight.faces.face import Face, check_pixels
from facsight.faces.mesh68 import points_68
from facsight.faces.pose import facing_camera, head_pose
from facsight.faces.search import Detection, Detector, glance, look_again, same_place, search
from facsight.faces.view import View, square_around

#: A mesh model wants the face in a square of 1.5 times the detection, or of 1.5 times an earlier mesh.
ROOM = 1.5
#: The mesher is shown the square with this much more around it, for turning, at this many pixels or more.
SURROUNDINGS, SHOWN_SIDE = 1.5, 384
#: The last three of a detector's five points among the 68; the centre of an eye is none of them.
NOSE_AND_MOUTH = (30, 48, 54)
#: A mesh model that is less sure than this that it saw a face saw none.
LEAST_PRESENCE = 0.5
#: A mesh that is turned against its detection by more than this is put on again from where it lies.
LARGEST_TURN, MORE_TRIES = np.radians(10), 3


@dataclass(frozen=True, eq=False)
class Place:
    """A square that holds a face: centre, side, and clockwise angle of the eye line in radians."""

    centre: tuple[float, float]
    side: float
    roll: float


@dataclass(frozen=True, eq=False)
class Mesh:
    """A mesh in pixels of the picture it was found in, and how sure the model is that a face is there."""

    points: Float32[np.ndarray, "478 3"]
    presence: float
    blendshapes: dict[str, float] | None = None

    @property
    def place(self) -> Place:
        """Where the mesh lies: its bounds along its own eye line."""
        flat = self.points[:, :2]
        x, y = flat[263] - flat[33]
        roll = float(np.arctan2(y, x))
        upright = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
        turned = flat @ upright.T
        low, high = turned.min(axis=0), turned.max(axis=0)
        centre = upright.T @ ((low + high) / 2)
        return Place((float(centre[0]), float(centre[1])), float((high - low).max()), roll)


#: Puts the mesh on the face at a place of a picture; None where it sees no face.
Mesher = Callable[[UInt8[np.ndarray, "height width 3"], Place], Mesh | None]


@dataclass(frozen=True, eq=False)
class Trace:
    """What it takes to find a face again in the next frame: where its mesh lay, how sure the detector was."""

    place: Place
    confidence: float


@dataclass(frozen=True, eq=False)
class Sighting:
    """A face of a frame, and its trace; None without a mesh."""

    face: Face
    trace: Trace | None


class StagedFinder:
    """A `FaceFinder` made of a detector and a mesher.

    Without a mesher, faces have no mesh, no pose, and of the 68 points only those that the detector has.
    A face's confidence is the detector's times the mesher's; faces below `min_confidence` are left out. One
    finder may be shared by threads, which take turns.
    """

    def __init__(
        self,
        detect: Detector,
        put_mesh: Mesher | None,
        *,
        min_confidence: float = 0.5,
        release: Iterable[Callable[[], None]] = (),
    ):
        self._detect, self._put_mesh = detect, put_mesh
        self._min_confidence = min_confidence
        self._release = tuple(release)
        self._turn = threading.Lock()
        self._closed = False

    @property
    def follows(self) -> bool:
        """Whether faces leave traces."""
        return self._put_mesh is not None

    def find(self, image: UInt8[np.ndarray, "height width 3"]) -> list[Face]:
        """The faces in an RGB photo, largest box first."""
        return [seen.face for seen in self.seek(image)]

    def seek(
        self, image: UInt8[np.ndarray, "height width 3"], followed: Sequence[Sighting] = ()
    ) -> list[Sighting]:
        """The faces in an RGB photo, largest first; those that were `followed` here keep their meshes."""
        check_pixels(image)
        with self._open():
            seen = [face for face in search(image, self._detect) if face.confidence >= self._min_confidence]
            return self._sure([self._sighting(image, face, followed) for face in seen])

    def follow(self, image: UInt8[np.ndarray, "height width 3"], traces: Sequence[Trace]) -> list[Sighting]:
        """The faces of the frame before, sought where they were, largest first; without those that are lost.

        The detector looks again at those that it found doubtful.
        """
        check_pixels(image)
        with self._open():
            return self._sure([self._followed(image, trace) for trace in traces])

    def is_sure(self, trace: Trace) -> bool:
        """Whether the detector was sure of this face: it saw it as clearly as upright faces usually are."""
        return trace.confidence >= self._detect.sight.clear

    def glance(self, image: UInt8[np.ndarray, "height width 3"]) -> bool:
        """Whether one quick look shows a likely face."""
        check_pixels(image)
        with self._open():
            return glance(image, self._detect)

    def close(self) -> None:
        """Gives the models' memory back; the second call does nothing."""
        with self._turn:
            if not self._closed:
                self._closed = True
                for release in self._release:
                    release()

    @contextmanager
    def _open(self) -> Iterator[None]:
        with self._turn:
            if self._closed:
                raise BadFaces("this finder is closed; open another one with open_finder")
            yield

    def _sure(self, seen: Iterable[Sighting | None]) -> list[Sighting]:
        """Each face once, without those that are not sure enough, largest box first."""
        sure = [one for one in seen if one is not None and one.face.confidence >= self._min_confidence]
        return sorted(_without_repeats(sure), key=lambda one: one.face.area, reverse=True)

    def _sighting(self, photo: np.ndarray, seen: Detection, followed: Sequence[Sighting]) -> Sighting | None:
        """A detected face; its mesh is the one that was followed to its place, or put on anew."""
        if self._put_mesh is None:
            return Sighting(_face_without_mesh(photo, seen), None)
        for one in followed:
            if same_place(np.array(one.face.box), seen.box):
                return _confirmed(one, seen)
        mesh = self._mesh(photo, seen)
        return None if mesh is None else _sighting(photo, mesh, Trace(mesh.place, seen.confidence))

    def _followed(self, photo: np.ndarray, trace: Trace) -> Sighting | None:
        mesh = self._mesh_at(photo, trace.place)
        if mesh is None or mesh.presence < LEAST_PRESENCE:
            return None
        one = _sighting(photo, mesh, replace(trace, place=mesh.place), detected=False)
        return one if self.is_sure(trace) else self._again(photo, one)

    def _again(self, photo: np.ndarray, one: Sighting) -> Sighting | None:
        """A doubtful face, with the mean of its confidence when found and in a look at it alone."""
        assert one.trace is not None
        assert one.face.mesh is not None
        seen = Detection(
            np.array(one.face.box), one.trace.confidence, one.face.mesh[[33, 263], :2].astype(float)
        )
        again = look_again(photo, self._detect, seen)
        confidence = (one.trace.confidence + again) / 2 if again else 0.0
        return replace(_confirmed(one, replace(seen, confidence=confidence)), trace=one.trace)

    def _mesh(self, photo: np.ndarray, face: Detection) -> Mesh | None:
        """The mesh on a detected face, put on again from where it lies while it was sought elsewhere."""
        place = Place((float(face.centre[0]), float(face.centre[1])), face.side, face.roll)
        mesh = self._mesh_at(photo, place)
        for _ in range(MORE_TRIES):
            if mesh is None or _fits(mesh, place):
                break
            place = mesh.place
            mesh = self._mesh_at(photo, place)
        return mesh if mesh is not None and mesh.presence >= LEAST_PRESENCE else None

    def _mesh_at(self, photo: np.ndarray, place: Place) -> Mesh | None:
        view = _view_of(photo, place)
        centre = view.from_photo(np.array(place.centre))
        roll = _quarter_turned(place.roll, view.quarter_turns)
        inside = Place((float(centre[0]), float(centre[1])), ROOM * place.side / view.shrink, roll)
        assert self._put_mesh is not None
        mesh = self._put_mesh(view.pixels(photo), inside)
        if mesh is None:
            return None
        flat = view.to_photo(mesh.points[:, :2].astype(np.float64))
        points = np.concatenate([flat, mesh.points[:, 2:] * view.shrink], axis=1)
        return Mesh(points.astype(np.float32), mesh.presence, mesh.blendshapes)


def _view_of(photo: np.ndarray, place: Place) -> View:
    """The place with its surroundings, in which the face is within an eighth of a turn of upright."""
    height, width = photo.shape[:2]
    x, y = np.clip(place.centre, 0, (width, height))
    square = square_around((float(x), float(y)), ROOM * SURROUNDINGS * place.side)
    return square.turned(round(place.roll / (np.pi / 2))).shrunk_to(SHOWN_SIDE)


def _quarter_turned(roll: float, quarter_turns: int) -> float:
    """A clockwise angle as seen after quarter turns counter-clockwise, from -π to π."""
    turned = roll - quarter_turns * np.pi / 2
    return float(np.arctan2(np.sin(turned), np.cos(turned)))


def _fits(mesh: Mesh, place: Place) -> bool:
    turn = mesh.place.roll - place.roll
    return mesh.presence >= LEAST_PRESENCE and bool(np.cos(turn) >= np.cos(LARGEST_TURN))


def _inside(photo: np.ndarray, points: np.ndarray) -> Bool[np.ndarray, "point"]:
    """Which points lie in the photo; missing ones do not."""
    height, width = photo.shape[:2]
    return ((points >= 0) & (points <= (width, height))).all(axis=1)


def _face_without_mesh(photo: np.ndarray, seen: Detection) -> Face:
    landmarks = np.full((POINT_COUNT, 2), np.nan, np.float32)
    if len(seen.points) == 5:
        landmarks[NOSE_AND_MOUTH, :] = seen.points[2:]
    left, top, right, bottom = seen.box.tolist()
    return Face((left, top, right, bottom), seen.confidence, landmarks, _inside(photo, landmarks))


def _sighting(photo: np.ndarray, mesh: Mesh, trace: Trace, *, detected: bool = True) -> Sighting:
    """A face by its mesh, and by the detector's confidence in this frame or an earlier one."""
    landmarks = points_68(mesh.points)
    pose = head_pose(mesh.points)
    (left, top), (right, bottom) = mesh.points[:, :2].min(axis=0), mesh.points[:, :2].max(axis=0)
    face = Face(
        box=(float(left), float(top), float(right), float(bottom)),
        confidence=trace.confidence * mesh.presence,
        landmarks=landmarks,
        visible=_inside(photo, landmarks) & facing_camera(pose),
        mesh=mesh.points,
        pose=pose,
        blendshapes=mesh.blendshapes,
        detected=detected,
    )
    return Sighting(face, trace)


def _confirmed(one: Sighting, seen: Detection) -> Sighting:
    """A face that was followed, and that the detector sees in its place."""
    assert one.trace is not None
    presence = one.face.confidence / one.trace.confidence
    face = replace(one.face, confidence=seen.confidence * presence, detected=True)
    return Sighting(face, replace(one.trace, confidence=seen.confidence))


def _without_repeats(seen: Sequence[Sighting]) -> list[Sighting]:
    """Two detections can lead to one face: the surer one stays."""
    kept: list[Sighting] = []
    for one in sorted(seen, key=lambda one: one.face.confidence, reverse=True):
        if not any(same_place(np.array(one.face.box), np.array(other.face.box)) for other in kept):
            kept.append(one)
    return kept
