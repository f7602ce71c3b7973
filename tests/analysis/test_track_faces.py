"""The good frames of each track, looked at again: which, and what is made of them."""

import numpy as np
import polars as pl
import pytest

from facsight.analysis.frame_table import frame_schema
from facsight.analysis.study import READINGS, analyse_videos
from facsight.analysis.track_faces import (
    FRAMES_A_TRACK,
    LARGE,
    good_frames,
    look_at_tracks,
    seen_together,
    sharpness,
)
from facsight.core.errors import BadCheckpoint
from planted_people import COLOURS, ColourEmbedder, people_video


def rows_of(frames, **more):
    """Rows of one track that are all as good as can be, but for what is said."""
    count = len(frames)
    columns = {
        "track": [1],
        "box_x0": [0.0],
        "box_x1": [LARGE],
        "visible": [1.0],
        "yaw": [0.0],
        "pitch": [0.0],
    }
    columns |= {"cautions": [""]} | more
    whole = {name: values * count if len(values) == 1 else values for name, values in columns.items()}
    kinds = dict.fromkeys(("box_x0", "box_x1", "visible", "yaw", "pitch"), pl.Float64) | {
        "cautions": pl.String
    }
    return pl.DataFrame({"frame": frames, **whole}, schema_overrides=kinds)


def chosen(rows):
    return good_frames(rows)["frame"].to_list()


def test_a_short_track_is_looked_at_whole():
    assert chosen(rows_of([3, 5, 9])) == [3, 5, 9]
    assert chosen(rows_of([])) == []


def test_of_a_long_one_the_best_frame_of_each_part():
    frames = list(range(120))
    yaw = [30.0] * 120
    best = [7, 13, 29, 36, 40, 59, 65, 75, 86, 99, 107, 111]
    for frame in best:
        yaw[frame] = 1.0
    assert len(best) == FRAMES_A_TRACK
    assert chosen(rows_of(frames, yaw=yaw)) == best


@pytest.mark.parametrize(
    "worse",
    [
        {"yaw": [60.0, 0.0]},
        {"pitch": [-50.0, 0.0]},
        {"visible": [0.4, 1.0]},
        {"box_x1": [30.0, LARGE]},
        {"cautions": ["uncertain cut", ""]},
        {"cautions": ["no_landmarks", "uncertain"]},
    ],
)
def test_frames_that_are_much_worse_than_the_best_are_left_out(worse):
    assert chosen(rows_of([0, 1], **worse)) == [1]


def test_where_all_are_bad_the_best_of_them_are_taken():
    assert chosen(rows_of([0, 1], yaw=[60.0, 62.0])) == [0, 1]
    assert chosen(rows_of([0, 1], cautions=["cut", "cut"])) == []


def test_a_face_need_not_be_larger_than_large():
    assert chosen(rows_of([0, 1], box_x1=[LARGE, 10 * LARGE])) == [0, 1]


def test_each_track_has_its_own_frames():
    rows = pl.concat([rows_of([0, 1], track=[1]), rows_of([1, 2], track=[2], yaw=[70.0, 70.0])])
    assert good_frames(rows).rows() == [(0, 1), (1, 1), (1, 2), (2, 2)]


def test_tracks_of_one_frame_were_seen_together():
    rows = pl.DataFrame({"frame": [0, 0, 1, 2, 2, 3], "track": [1, 4, 2, 2, 4, 9]})
    found = seen_together(rows, [1, 2, 4, 9])
    assert {(i, j) for i, j in np.argwhere(found).tolist()} == {(0, 2), (2, 0), (1, 2), (2, 1)}


def test_a_blurred_face_is_less_sharp():
    sharp = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    mean = sharp.reshape(32, 2, 32, 2, 3).mean(axis=(1, 3))
    blurred = np.repeat(np.repeat(mean, 2, 0), 2, 1).astype(np.uint8)
    assert sharpness(blurred) < sharpness(sharp) / 1.5


#: Two shots of one person, one of two, and an empty one.
SHOTS = [(1, [0]), (2, [2]), (3, [2, 0]), (4, [])]


@pytest.fixture
def read(reader, tmp_path):
    video = people_video(tmp_path / "a.mkv", SHOTS)
    (told,) = analyse_videos([video], tmp_path / "out", reader).videos
    return video, tmp_path / "out" / READINGS / told.table


def directions():
    colours = np.array(COLOURS) - np.mean(COLOURS, axis=1, keepdims=True)
    return colours / np.linalg.norm(colours, axis=1, keepdims=True)


def test_each_track_looks_like_its_person(read):
    embedder = ColourEmbedder()
    faces = look_at_tracks(*read, embedder)
    assert faces.numbers == (1, 2, 3, 4)
    assert faces.frames.tolist() == [FRAMES_A_TRACK] * 4
    assert embedder.asked == 4 * FRAMES_A_TRACK
    assert (faces.vectors @ directions().T).argmax(axis=1).tolist() == [0, 2, 2, 0]
    assert faces.of_one.all()
    assert np.argwhere(faces.together).tolist() == [[2, 3], [3, 2]]
    np.testing.assert_allclose(np.linalg.norm(faces.vectors, axis=1), 1)


def test_blurred_frames_count_less(tmp_path, reader, read):
    """An embedder that says of a face which frame it saw; of one track every second frame is blurred."""
    sharp = []

    class Numbering(ColourEmbedder):
        numbers = 2

        def embed(self, picture, landmarks):
            own = [np.array([1.0, 0.0]) if len(sharp) % 2 else np.array([0.8, 0.6]) for _ in landmarks]
            sharp.append(len(landmarks))
            return np.stack(own)

    def measured(face):
        return 9.0 if len(sharp) % 2 == 0 else 1.0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("facsight.analysis.track_faces.sharpness", measured)
        faces = look_at_tracks(*read, Numbering())
    assert (faces.vectors[0] @ [1.0, 0.0]) > (faces.vectors[0] @ [0.8, 0.6])


def test_a_track_that_goes_on_over_a_cut_holds_two_people_and_says_so(tmp_path, reader):
    """Two people before the same wall: no cut is seen, and one takes the other's place in the track."""
    video = people_video(tmp_path / "a.mkv", [(1, [0]), (1, [2]), (2, [4])])
    (told,) = analyse_videos([video], tmp_path / "out", reader).videos
    faces = look_at_tracks(video, tmp_path / "out" / READINGS / told.table, ColourEmbedder())
    assert faces.numbers == (1, 2)
    assert faces.of_one.tolist() == [False, True]


def test_a_video_that_is_gone_gives_tracks_that_are_not_known(read):
    video, table = read
    video.unlink()
    faces = look_at_tracks(video, table, ColourEmbedder())
    assert faces.frames.tolist() == [0] * 4
    assert np.isnan(faces.vectors).all()
    assert faces.together.sum() == 2


def test_faces_that_cannot_be_embedded_are_left_out(read):
    class Blind(ColourEmbedder):
        def embed(self, picture, landmarks):
            return np.full((len(landmarks), 3), np.nan)

    faces = look_at_tracks(*read, Blind())
    assert faces.frames.tolist() == [0] * 4
    assert np.isnan(faces.vectors).all()


def test_what_is_wrong_with_the_embedder_is_told(read):
    class Broken(ColourEmbedder):
        def embed(self, picture, landmarks):
            raise BadCheckpoint("no directions")

    with pytest.raises(BadCheckpoint, match="no directions"):
        look_at_tracks(*read, Broken())


def test_a_video_without_a_face(tmp_path, reader):
    video = people_video(tmp_path / "a.mkv", [(1, [])])
    (told,) = analyse_videos([video], tmp_path / "out", reader).videos
    faces = look_at_tracks(video, tmp_path / "out" / READINGS / told.table, ColourEmbedder())
    assert faces.numbers == ()
    assert faces.vectors.shape == (0, 3)


def test_the_columns_that_are_read_are_in_the_table(reader):
    from facsight.analysis import track_faces

    assert set(track_faces._READ) <= set(frame_schema(reader.classes, reader.action_units))
