"""Where the search looks, with a detector made of coloured squares instead of a network."""

from dataclasses import replace

import numpy as np
import pytest

from facsight.faces.search import Detection, Sight, same_place, search, without_repeats

RED, GREEN = 0, 1


class SquareDetector:
    """Finds squares whose upper half is red and whose lower half is green, of the sizes that it can see.

    Like a real one it also finds them upside down, as if upright, with less confidence; not on the side.
    """

    sight = Sight(clear=0.85, small=0.1, bonus=0.05, turns=(2,), levels=1)

    def __init__(self, smallest: float = 0.08, largest: float = 0.7):
        self.smallest, self.largest, self.looks = smallest, largest, 0

    def __call__(self, picture):
        self.looks += 1
        found = []
        for mark in set(np.unique(picture[..., 2])) - {0}:
            rows, columns = np.nonzero(picture[..., 2] == mark)
            left, top, right, bottom = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
            share = max(right - left, bottom - top) / max(picture.shape[:2])
            upper = picture[top + (bottom - top) // 4, (left + right) // 2]
            lower = picture[bottom - 1 - (bottom - top) // 4, (left + right) // 2]
            standing = (upper > 100)[:2].tolist() + (lower > 100)[:2].tolist()
            if not self.smallest <= share <= self.largest or standing[0] == standing[2]:
                continue
            confidence = 0.95 if standing == [True, False, False, True] else 0.7
            box = np.array([left, top, right, bottom], float)
            eye_line = top + 0.3 * (bottom - top)
            eyes = np.array([[left + 1, eye_line], [right - 1, eye_line]], float)
            found.append(Detection(box, confidence, eyes))
        return found


def photo_with(*squares, height=600, width=800):
    """Each square is (left, top, side), marked in blue by its number."""
    photo = np.zeros((height, width, 3), np.uint8)
    for number, (left, top, side) in enumerate(squares, start=1):
        photo[top : top + side, left : left + side, 2] = 20 * number
        photo[top : top + side // 2, left : left + side, RED] = 255
        photo[top + side // 2 : top + side, left : left + side, GREEN] = 255
    return photo


def test_one_clear_face_takes_one_look():
    detector = SquareDetector()
    (face,) = search(photo_with((300, 200, 160)), detector)
    assert face.box.tolist() == [300, 200, 460, 360]
    assert face.confidence == 0.95
    assert detector.looks == 1


def test_small_faces_are_found_in_parts_of_the_photo():
    detector = SquareDetector()
    photo = photo_with((100, 100, 40), (420, 300, 40), (700, 520, 40))
    faces = search(photo, detector)
    assert sorted(face.box[0] for face in faces) == [100, 420, 700]
    assert 1 < detector.looks < 1 + 4 + 16 + 64 + 3 * 4


def test_photo_is_divided_again_where_nothing_is_seen_if_the_detector_asks_for_it():
    photo = photo_with((100, 100, 24), (700, 520, 24))
    detector = SquareDetector()
    assert search(photo, detector) == []
    detector.sight = replace(detector.sight, levels=2)
    assert len(search(photo, detector)) == 2


def test_a_small_face_beside_a_large_one_is_found():
    detector = SquareDetector()
    photo = photo_with((200, 100, 300), (600, 400, 70), (700, 100, 40))
    assert len(search(photo, detector)) == 3


def test_faces_on_the_seam_of_parts_come_once():
    photo = photo_with(*[(left, top, 38) for left in (360, 410) for top in (260, 310)])
    assert len(search(photo, SquareDetector())) == 4


def test_face_that_fills_the_photo_is_found_with_a_frame():
    detector = SquareDetector()
    (face,) = search(photo_with((10, 10, 580), height=600, width=600), detector)
    np.testing.assert_allclose(face.box, [10, 10, 590, 590])
    assert detector.looks == 1 + 4 + 1  # whole, parts, framed


def test_cut_out_face_is_framed_at_once():
    detector = SquareDetector(largest=0.65)
    (face,) = search(photo_with((2, 2, 44), height=48, width=48), detector)
    assert detector.looks == 1
    np.testing.assert_allclose(face.box, [2, 2, 46, 46])


def test_upside_down_face_is_turned_over():
    photo = np.ascontiguousarray(photo_with((300, 200, 160))[::-1, ::-1])
    (face,) = search(photo, SquareDetector())
    assert abs(face.roll) == pytest.approx(np.pi)
    assert face.confidence == pytest.approx((0.7 + 0.95) / 2)
    np.testing.assert_allclose(face.box, [340, 240, 500, 400])


@pytest.mark.parametrize("quarter_turns", [1, 3])
def test_face_on_its_side_is_found_by_turning_the_photo(quarter_turns):
    photo = np.ascontiguousarray(np.rot90(photo_with((300, 200, 160)), quarter_turns))
    (face,) = search(photo, SquareDetector())
    assert abs(face.roll) == pytest.approx(np.pi / 2)


def test_likeness_that_is_seen_only_once_loses_confidence():
    class OnlyAtFirst(SquareDetector):
        def __call__(self, picture):
            found = super().__call__(picture)
            return [Detection(f.box, 0.6, f.points) for f in found] if self.looks == 1 else []

    (face,) = search(photo_with((300, 200, 160)), OnlyAtFirst())
    assert face.confidence == pytest.approx(0.3)


@pytest.mark.parametrize("size", [(600, 800), (48, 48), (1, 1), (1, 900), (3000, 2)])
def test_photo_without_faces(size):
    assert search(np.zeros((*size, 3), np.uint8), SquareDetector()) == []


def test_same_place():
    box = np.array([0.0, 0, 10, 10])
    assert same_place(box, box)
    assert not same_place(box, box + 10)  # they touch
    assert same_place(box, np.array([2.0, 2, 5, 5])), "one inside the other"
    # overlap 6 x 10 = 60, union 140: 0.43; overlap 5 x 10 = 50, union 150: 0.33
    assert same_place(box, np.array([4.0, 0, 14, 10]))
    assert not same_place(box, np.array([5.0, 0, 15, 10]))


def test_the_surest_of_repeats_stays():
    eyes = np.zeros((2, 2))
    found = [
        Detection(np.array([0.0, 0, 10, 10]), 0.6, eyes),
        Detection(np.array([1.0, 0, 11, 10]), 0.9, eyes),
        Detection(np.array([50.0, 0, 60, 10]), 0.7, eyes),
    ]
    assert [face.confidence for face in without_repeats(found)] == [0.9, 0.7]
