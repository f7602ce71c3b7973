"""Landmarks steadied: what is planted comes back, with less tremble than what was seen."""

import json

import numpy as np
import pytest

from facsight.faces.face import Face
from facsight.faces.steady import LONGEST_GAP, Steadier
from facsight.functional.temporal import one_euro

RATE = 25
SHAPE = np.random.default_rng(5).uniform(20, 80, (68, 2))


def face_at(place, *, noise=0.0, generator=None, size=100.0) -> Face:
    """A face of `size` pixels whose points were seen with noise in pixels."""
    points = SHAPE * size / 100 + place
    if noise:
        points = points + generator.normal(0, noise, points.shape)
    box = (float(place[0]), float(place[1]), float(place[0] + size), float(place[1] + size))
    return Face(box, 0.9, points.astype(np.float32), np.full(68, True))


def film(places, *, noise, seed, steadier=None):
    """True points and steadied ones of a face that goes through these places."""
    generator, steadier = np.random.default_rng(seed), steadier or Steadier()
    seen, shown = [], []
    for number, place in enumerate(places):
        face = face_at(place, noise=noise, generator=generator)
        seen.append(face.landmarks)
        shown.append(steadier.steady([face], [1], number / RATE)[0].landmarks)
    return np.array([SHAPE + place for place in places]), np.array(seen), np.array(shown)


@pytest.mark.parametrize("seed", range(3))
def test_a_still_face_trembles_less_and_does_not_shift(seed):
    truth, seen, shown = film([(10.0, 20.0)] * 100, noise=1.0, seed=seed)
    tremble = lambda points: np.diff(points[10:], axis=0).std()  # noqa: E731
    assert tremble(shown) < tremble(seen) / 2
    assert abs((shown - truth)[10:].mean()) < 0.1
    assert (shown - truth)[10:].std() < 0.7 * (seen - truth)[10:].std()


@pytest.mark.parametrize("seed", range(3))
def test_a_moving_face_is_not_left_behind(seed):
    speed = 60.0  # pixels a second: more than half a face
    truth, seen, shown = film([(speed * n / RATE, 0.0) for n in range(75)], noise=1.0, seed=seed)
    behind = (truth - shown)[25:, :, 0].mean()
    assert 0 <= behind < 2.0
    errors = [np.abs(points - truth)[25:].mean() for points in (shown, seen)]
    assert errors[0] < 1.5 * errors[1]


def test_points_are_filtered_by_the_formula_in_face_sizes():
    from facsight.faces.steady import BETA, MIN_CUTOFF

    places = [(0.0, 0.0), (3.0, 0.0), (3.0, 5.0)]
    _, seen, shown = film(places, noise=0.0, seed=0)
    expected, _ = one_euro(
        np.arange(3) / RATE,
        seen.reshape(3, -1).astype(float) / 100,  # the face is 100 pixels a side
        min_cutoff=MIN_CUTOFF,
        beta=BETA,
        longest_gap=LONGEST_GAP,
    )
    np.testing.assert_allclose(shown.reshape(3, -1), 100 * expected, rtol=1e-5)


def test_large_faces_are_held_as_small_ones():
    shown = []
    for size in (50.0, 200.0):
        steadier, found = Steadier(), []
        for number in range(5):
            face = face_at((number * size / 50, 0.0), size=size)
            found.append(steadier.steady([face], [1], number / RATE)[0].landmarks / size)
        shown.append(np.array(found))
    np.testing.assert_allclose(shown[0], shown[1], atol=1e-5)


def test_each_person_has_a_filter_and_who_was_away_begins_anew():
    steadier = Steadier()
    one, other = face_at((0.0, 0.0)), face_at((200.0, 0.0))
    steadier.steady([one, other], [1, 2], 0.0)
    swapped = steadier.steady([other, one], [2, 1], 0.04)
    np.testing.assert_allclose(swapped[0].landmarks, other.landmarks, atol=1e-3)
    steadier.steady([one], [1], 0.08)  # 2 is not in sight
    far = face_at((300.0, 50.0))
    _, back = steadier.steady([one, far], [1, 2], 0.12)
    np.testing.assert_array_equal(back.landmarks, far.landmarks)


def test_a_missing_point_leaves_the_face_as_it_is():
    face = face_at((0.0, 0.0))
    face.landmarks[3] = np.nan
    (shown,) = Steadier().steady([face], [1], 0.0)
    assert shown is face


def test_going_on_from_a_state_changes_nothing():
    places = [(4.0 * n, 10.0) for n in range(12)]
    _, _, whole = film(places, noise=1.0, seed=1)
    generator, state, shown = np.random.default_rng(1), None, []
    for number, place in enumerate(places):
        steadier = Steadier(json.loads(json.dumps(state)))
        face = face_at(place, noise=1.0, generator=generator)
        shown.append(steadier.steady([face], [1], number / RATE)[0].landmarks)
        state = steadier.state()
    np.testing.assert_array_equal(np.array(shown), whole)
