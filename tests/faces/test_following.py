"""Faces followed through frames, with a planted world: what is where is known, and who looked how often."""

import json

import numpy as np
import pytest

from facsight.core.errors import BadFaces
from facsight.faces.following import SEARCH_EVERY, SEARCH_RARELY, Follower
from facsight.faces.pose import mean_mesh
from facsight.faces.search import Detection, Sight
from facsight.faces.staged import Mesh, Place, StagedFinder

SIZE = (240, 360)
STEP = 0.04


def chart() -> np.ndarray:
    """A frame whose colours say where each pixel is."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    return np.stack([x % 256, y, x // 256], axis=-1).astype(np.uint8)


def corner_of(picture: np.ndarray) -> np.ndarray | None:
    """Where in the frame the middle of an upright, unshrunk picture is, less that in the picture."""
    row, column = picture.shape[0] // 2, picture.shape[1] // 2
    here, right = (picture[row, column + step].astype(int) for step in (0, 1))
    if (right - here)[1] != 0:
        return None
    return np.array([here[0] + 256 * here[2] - column, here[1] - row])


class World:
    """Faces by their centres, all 60 pixels a side; stand-ins for a detector and a mesher that see them."""

    sight = Sight(clear=0.8, small=0.01, bonus=0.1, turns=(2,), levels=1)

    def __init__(self, *faces: tuple[float, float], confidence: float = 0.9):
        self.faces, self.confidence = list(faces), confidence
        self.overlooked: list[int] = []  # by the detector
        self.slides = False  # the mesher believes that there is a face wherever it is told to look
        self.looks = self.meshes = 0

    def __call__(self, picture: np.ndarray) -> list[Detection]:
        self.looks += 1
        corner = corner_of(picture)
        if corner is None:
            return []
        height, width = picture.shape[:2]
        centres = [
            np.array(f) - corner for number, f in enumerate(self.faces) if number not in self.overlooked
        ]
        inside = [c for c in centres if (c >= 0).all() and (c <= (width, height)).all()]
        eyes = np.array([[-15.0, 0.0], [15.0, 0.0]])
        return [Detection(np.concatenate([c - 30, c + 30]), self.confidence, c + eyes) for c in inside]

    def put_mesh(self, picture: np.ndarray, place: Place) -> Mesh | None:
        """On the face nearest to the place, if it is within 25 pixels."""
        self.meshes += 1
        corner = corner_of(picture)
        assert corner is not None
        near = [np.array(f) for f in self.faces if np.linalg.norm(np.array(f) - corner - place.centre) <= 25]
        if not near and not self.slides:
            return Mesh(np.zeros((478, 3), np.float32), 0.1)
        centre = near[0] - corner if near else np.array(place.centre)
        points = np.concatenate([mean_mesh(), mean_mesh()[:10] * 0]) * [1, -1, -1]
        points = points * 60 / np.ptp(points[:468, 1])
        points[:, :2] += centre - (points[:, :2].min(axis=0) + points[:, :2].max(axis=0)) / 2
        return Mesh(points.astype(np.float32), 1.0)


class Film:
    """Frames of a world, one after the other, as a follower sees them."""

    def __init__(self, world: World, state=None):
        self.world, self.time = world, 0.0
        self.follower = Follower(StagedFinder(world, world.put_mesh), state)

    def shoot(self, *, after: float = STEP, cut: bool = False):
        self.time += after
        return self.follower.find(chart(), self.time, cut=cut)


def centres(faces) -> list[tuple[float, float]]:
    return [((f.box[0] + f.box[2]) / 2, (f.box[1] + f.box[3]) / 2) for f in faces]


def test_a_face_that_moves_is_followed_and_seldom_sought():
    world = World((80.0, 120.0))
    film, detected = Film(world), []
    for step in range(50):  # two seconds
        world.faces = [(80.0 + 4 * step, 120.0)]
        (face,) = film.shoot()
        assert centres([face])[0] == pytest.approx((80.0 + 4 * step, 120.0), abs=0.5)
        detected.append(face.detected)
    assert world.looks == sum(detected) == 4  # at 0.00, 0.52, 1.04 and 1.56 s
    assert world.meshes == 50


def test_a_confirmed_face_has_the_confidence_of_the_search_that_confirmed_it():
    world = World((80.0, 120.0))
    film = Film(world)
    film.shoot()
    world.confidence = 0.99
    told = [film.shoot()[0].confidence for _ in range(14)]
    assert told[0] == pytest.approx(0.9)
    assert told[-1] == pytest.approx(0.99)


def test_a_cut_and_a_long_pause_begin_anew():
    for how in ({"cut": True}, {"after": 0.3}):
        world = World((80.0, 120.0))
        film = Film(world)
        film.shoot()
        world.faces = [(280.0, 100.0)]
        (face,) = film.shoot(**how)
        assert centres([face])[0] == pytest.approx((280.0, 100.0), abs=0.5)
        assert face.detected


def test_a_face_that_jumps_is_found_again_within_a_tenth_of_a_second():
    world = World((80.0, 120.0))
    film = Film(world)
    for _ in range(5):
        film.shoot()
    world.faces = [(280.0, 100.0)]
    (face,) = film.shoot()
    assert centres([face])[0] == pytest.approx((280.0, 100.0), abs=0.5)


def test_a_face_that_leaves_is_gone_at_once():
    world = World((80.0, 120.0), (250.0, 120.0))
    film = Film(world)
    for _ in range(5):
        assert len(film.shoot()) == 2
    world.faces = world.faces[:1]
    assert centres(film.shoot())[0] == pytest.approx((80.0, 120.0), abs=0.5)


def test_a_mesh_that_slid_onto_the_wall_is_dropped_by_the_next_search():
    world = World((80.0, 120.0))
    film = Film(world)
    for _ in range(3):
        film.shoot()
    world.faces, world.slides = [], True
    seen = [len(film.shoot()) for _ in range(20)]
    assert seen == sorted(seen, reverse=True)
    assert sum(seen) * STEP <= SEARCH_EVERY
    assert seen[-1] == 0


def test_someone_who_appears_beside_another_is_seen_within_half_a_second():
    world = World((80.0, 120.0))
    film = Film(world)
    film.shoot()
    world.faces.append((250.0, 120.0))
    seen = [len(film.shoot()) for _ in range(14)]
    assert seen[-1] == 2
    assert seen.count(1) * STEP <= SEARCH_EVERY


def test_doubtful_faces_are_looked_at_in_every_frame_and_dropped_when_not_seen():
    world = World((80.0, 120.0), confidence=0.7)
    film = Film(world)
    film.shoot()
    before = world.looks
    for number in range(1, 6):
        (face,) = film.shoot()
        assert face.detected
        assert face.confidence == pytest.approx(0.7)
        assert world.looks == before + number
    world.overlooked = [0]
    assert film.shoot() == []


def test_a_face_where_there_was_none_is_seen_within_a_tenth_of_a_second():
    world = World()
    film = Film(world)
    for _ in range(25):
        assert film.shoot() == []
    world.faces = [(80.0, 120.0)]
    seen = [len(film.shoot()) for _ in range(4)]
    assert seen[-1] == 1


def test_an_empty_scene_is_searched_ever_more_rarely():
    world, looks = World(), []
    film = Film(world)
    for _ in range(250):
        before = world.looks
        film.shoot()
        looks.append(world.looks - before)
    searches = [number for number, count in enumerate(looks) if count > 1]
    waits = np.diff(searches) * STEP
    assert waits.max() <= SEARCH_RARELY + STEP
    assert np.all(np.diff(waits) > -STEP / 2)


def test_two_meshes_on_one_face_are_one_face():
    world = World((100.0, 120.0), (160.0, 120.0))
    film = Film(world)
    assert len(film.shoot()) == 2
    world.faces = [(120.0, 120.0)]  # within reach of both
    assert len(film.shoot()) == 1


@pytest.mark.parametrize("confidence", [0.9, 0.7])
def test_going_on_from_a_state_changes_nothing(confidence):
    def world_at(step: int, world: World) -> World:
        world.faces = (
            [] if 30 <= step < 45 else [(60.0 + 4 * step, 120.0), (300.0 - 3 * step, 60.0)][: 1 + step // 10]
        )
        return world

    whole, parts = World(confidence=confidence), World(confidence=confidence)
    film, state, time = Film(whole), None, 0.0
    for step in range(60):
        world_at(step, whole)
        expected = film.shoot()
        resumed = Film(world_at(step, parts), json.loads(json.dumps(state)))
        resumed.time = time
        found = resumed.shoot()
        state, time = resumed.follower.state(), resumed.time
        assert [(f.box, f.confidence, f.detected) for f in found] == [
            (f.box, f.confidence, f.detected) for f in expected
        ]
    assert whole.looks == parts.looks


def test_a_finder_that_leaves_no_traces_is_asked_every_time():
    class Plain:
        asked = 0

        def find(self, image):
            self.asked += 1
            return []

    plain = Plain()
    follower = Follower(plain)
    for number in range(3):
        follower.find(chart(), number * STEP)
    world = World((80.0, 120.0))
    without_mesh = Follower(StagedFinder(world, None))
    seen = [without_mesh.find(chart(), number * STEP) for number in range(3)]
    assert plain.asked == 3
    assert [len(faces) for faces in seen] == [1, 1, 1]
    assert all(face.detected for (face,) in seen)


def test_what_is_no_frame_is_refused(unchecked):
    follower = Follower(StagedFinder(World(), World().put_mesh))
    with pytest.raises(BadFaces, match="uint8"):
        follower.find(np.zeros((4, 4, 3)), 0.0)
