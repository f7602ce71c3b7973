"""The stream of optical flow: planted movements of parts of a face, and what is kept of a recording."""

import numpy as np
import pytest
import torch

from facsight.core.errors import BadRecipe
from facsight.data.recordings import read_stream, stream_file
from facsight.preparation.crop_type import crop_type
from facsight.preparation.flow_features import CELLS, SIDE, FaceFlow
from facsight.preparation.run import prepare
from planted import PlantedFinder
from planted_video import saved_video

MOUTH = slice(32, 44)


@pytest.fixture
def flow():
    return FaceFlow(crop=crop_type(64))


@pytest.fixture
def face(generator):
    """A smooth texture, wider than a crop, so that it can be moved."""
    rough = torch.rand(1, 3, 16, 20, generator=generator)
    return torch.nn.functional.interpolate(rough, (SIDE, SIDE + 12), mode="bicubic").clamp(0, 1)[0] * 255


def crop_of(face, moved=0, mouth=0):
    """The crop with all of it, or its mouth alone, moved to the right by pixels."""
    pixels = face[:, :, 6 - moved : 6 - moved + SIDE].clone()
    if mouth:
        pixels[:, MOUTH] = face[:, MOUTH, 6 - mouth : 6 - mouth + SIDE]
    return pixels.permute(1, 2, 0).round().to(torch.uint8).numpy()


def cells(flow, crops):
    return flow.of_all(flow.rows(np.stack(crops))).reshape(-1, CELLS, CELLS, 2)


def test_a_part_that_moves_is_found_where_it_is_and_by_how_far(flow, face):
    still, moved = cells(flow, [crop_of(face), crop_of(face, mouth=2)])
    assert np.abs(still).max() < 1e-4
    assert moved[9, 2:10, 0].mean() == pytest.approx(2, abs=0.4)
    assert np.abs(moved[2:6, 2:10]).mean() < 0.2
    assert np.abs(moved[9, 2:10, 1]).mean() < 0.4


def test_what_all_of_the_face_does_is_taken_off(flow, face):
    _, moved = cells(flow, [crop_of(face), crop_of(face, moved=2)])
    assert np.abs(moved[3:9, 3:9]).mean() < 0.2


def test_movement_is_since_the_first_frame_whatever_lies_between(flow, face):
    back = [crop_of(face), crop_of(face, mouth=2), crop_of(face)]
    assert np.abs(cells(flow, back)[2]).max() < 1e-4


def test_a_recording_has_a_row_a_frame_and_none_where_the_face_is_lost(tmp_path):
    video = saved_video(tmp_path / "clip.mkv", [1, 1, 0, 0, 1, 1])
    done = prepare(video, tmp_path / "out", features=["face:flow"], finder=PlantedFinder())
    assert done.samples == 1
    stream, card = read_stream(stream_file(tmp_path / "out", "clip.mkv", "face:flow"))
    assert card.size == (2 * CELLS * CELLS,)
    known = np.isfinite(stream.values).all(axis=1)
    assert known.tolist() == [True, True, False, False, True, True]
    assert np.abs(stream.values[0]).max() < 1e-4  # nothing has moved yet


def test_a_file_is_refused_and_no_frame_is_no_row(flow, tmp_path):
    with pytest.raises(BadRecipe, match="takes no file"):
        FaceFlow(tmp_path, crop=crop_type(64))
    assert flow.of_all(np.zeros((0, SIDE, SIDE), np.uint8)).shape == (0, 2 * CELLS * CELLS)
