"""Interlaced videos of a bar whose place at every moment is known."""

import av
import numpy as np
import pytest

from facsight.media.track import INTERLACED
from facsight.media.video import open_video
from written_video import BOTTOM, TOP, moving, saved, saved_fields, spoil

HEIGHT, WIDTH = 96, 128


def scene(time):
    """A bright bar that moves to the right, 100 pixels a second."""
    across, left = np.arange(WIDTH), 10 + 100 * time
    cover = np.clip(across + 1 - left, 0, 1) * np.clip(left + 30 - across, 0, 1)
    return np.repeat(np.repeat((40 + 160 * cover)[None, :, None], HEIGHT, 0), 3, 2)


def whole(number):
    """A frame of one moment."""
    return scene(number / 25).round().astype(np.uint8)


def woven(number, first=TOP):
    """A frame of two moments: the lines of one field, `first`, of its time, the others a fiftieth later."""
    picture = scene(number / 25)
    picture[1 - first :: 2] = scene(number / 25 + 1 / 50)[1 - first :: 2]
    return picture.round().astype(np.uint8)


def combing(pixels):
    """How far lines differ from the mean of their neighbours above and below: the scene has no such lines."""
    grey = pixels[..., 0].astype(float)
    return np.abs(grey[1:-1] - (grey[:-2] + grey[2:]) / 2).mean()


def plain(path):
    """The frames as they are stored."""
    with av.open(str(path)) as container:
        return [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def seen(video, **choice):
    return [(frame.at, frame.pixels.tobytes()) for frame in video.frames(**choice)]


@pytest.mark.parametrize(
    ("codec", "kind"),
    [("libx264", "mp4"), ("mpeg2video", "mpegts"), ("mpeg4", "avi"), ("ffv1", "matroska")],
)
def test_combing_goes_and_times_stay(tmp_path, codec, kind):
    path = saved_fields(tmp_path / "video", [woven(n) for n in range(24)], codec=codec, kind=kind)
    stored = plain(path)
    video = open_video(path)
    frames = list(video.frames())
    assert [frame.at.time for frame in frames] == [time for time, _ in stored]
    assert [frame.at.number for frame in frames] == list(range(24))
    assert np.mean([combing(pixels) for _, pixels in stored]) > 3
    assert np.mean([combing(frame.pixels) for frame in frames]) < 0.1
    assert video.notes == [INTERLACED]
    assert video.damage == []


@pytest.mark.parametrize("first", [TOP, BOTTOM])
def test_a_frame_shows_the_moment_of_its_first_field(tmp_path, first):
    path = saved_fields(tmp_path / "video", [woven(n, first) for n in range(24)], codec="ffv1", first=first)
    truth = plain(saved_fields(tmp_path / "truth", [whole(n) for n in range(24)], codec="ffv1", marked=False))
    for frame, (_, stored), (_, true) in zip(open_video(path).frames(), plain(path), truth, strict=True):
        assert np.abs(frame.pixels.astype(int) - true).mean() < 0.1
        assert np.abs(stored.astype(int) - true).mean() > 1


@pytest.mark.parametrize("codec", ["libx264", "ffv1"])
@pytest.mark.parametrize("pictures", [woven, whole])
def test_only_what_is_said_to_be_interlaced_is_touched(tmp_path, codec, pictures):
    path = saved_fields(tmp_path / "video", [pictures(n) for n in range(12)], codec=codec, marked=False)
    video = open_video(path)
    for frame, (time, pixels) in zip(video.frames(), plain(path), strict=True):
        assert frame.at.time == time
        np.testing.assert_array_equal(frame.pixels, pixels)
    assert video.notes == []


def test_what_stands_still_stays_as_it_is(tmp_path):
    """But for the first frame, which the filter has nothing to compare with."""
    path = saved_fields(tmp_path / "video", [moving(3)[:HEIGHT]] * 10, codec="ffv1")
    frames = [frame.pixels.astype(int) for frame in open_video(path).frames()]
    (_, stored), *_ = plain(path)
    assert np.abs(frames[0] - stored).mean() < 2
    for pixels in frames[1:]:
        np.testing.assert_array_equal(pixels, stored)


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video", "ffv1"])
@pytest.mark.parametrize("choice", [{}, {"every": 3}])
def test_going_on_gives_the_frames_of_an_uninterrupted_call(tmp_path, codec, choice):
    path = saved_fields(tmp_path / "video", [woven(n) for n in range(20)], codec=codec)
    video = open_video(path)
    found = seen(video, **choice)
    for place, (at, _) in enumerate(found):
        assert seen(video, **choice, after=at) == found[place + 1 :]


def joined(path, parts):
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def mixed(tmp_path):
    """A broadcast that is interlaced from its tenth frame on, and not any more from its twentieth."""
    kinds = [(False, whole, 0), (True, woven, 12), (False, whole, 24)]
    parts = [
        saved_fields(
            tmp_path / str(start),
            [pictures(n) for n in range(start, start + 10)],
            codec="mpeg2video",
            kind="mpegts",
            marked=marked,
            from_=start,
        )
        for marked, pictures, start in kinds
    ]
    return joined(tmp_path / "video", parts)


def test_a_stream_that_is_interlaced_for_a_while(tmp_path):
    path = mixed(tmp_path)
    video = open_video(path)
    assert video.notes == []
    frames = list(video.frames())
    assert video.notes == [INTERLACED]
    stored = plain(path)
    assert [frame.at.time for frame in frames] == [time for time, _ in stored]
    assert max(combing(frame.pixels) for frame in frames) < 0.3
    assert max(combing(pixels) for _, pixels in stored) > 3
    for frame, (_, pixels) in list(zip(frames, stored, strict=True))[:10]:
        np.testing.assert_array_equal(frame.pixels, pixels)


def test_going_on_in_a_stream_that_is_interlaced_for_a_while(tmp_path):
    video = open_video(mixed(tmp_path))
    found = seen(video)
    for place, (at, _) in enumerate(found):
        assert seen(video, after=at) == found[place + 1 :]


def test_a_damaged_frame_costs_itself(tmp_path):
    path = saved_fields(tmp_path / "video", [woven(n) for n in range(24)], kind="mp4")
    spoil(path, 13)
    video = open_video(path)
    frames = list(video.frames())
    assert 22 <= len(frames) < 24
    assert len(video.damage) == 1
    times = [frame.at.time for frame in frames]
    assert np.all(np.diff(times) > 0)
    for place, frame in enumerate(frames):
        rest = [(one.at, one.pixels.tobytes()) for one in frames[place + 1 :]]
        assert seen(open_video(path), after=frame.at) == rest


@pytest.mark.parametrize("count", [1, 2])
def test_few_frames(tmp_path, count):
    path = saved_fields(tmp_path / "video", [woven(n) for n in range(count)])
    video = open_video(path)
    assert len(list(video.frames())) == count
    assert video.notes == [INTERLACED]


def test_another_size_in_the_middle(tmp_path):
    small = [woven(n)[: HEIGHT // 2, : WIDTH // 2] for n in range(10, 20)]
    parts = [
        saved_fields(tmp_path / "a", [woven(n) for n in range(10)], codec="mpeg2video", kind="mpegts"),
        saved_fields(tmp_path / "b", small, codec="mpeg2video", kind="mpegts", from_=12),
    ]
    path = joined(tmp_path / "video", parts)
    frames, stored = list(open_video(path).frames()), plain(path)
    assert [frame.at.time for frame in frames] == [time for time, _ in stored]
    assert [frame.pixels.shape for frame in frames] == [pixels.shape for _, pixels in stored]
    assert len({pixels.shape for _, pixels in stored}) == 2
    assert np.mean([combing(frame.pixels) for frame in frames]) < 0.1


def test_turned_and_coloured(tmp_path):
    colour = np.array([180, 90, 60], np.uint8)
    picture = np.full((HEIGHT, WIDTH, 3), colour)
    picture[:20] = 0
    stored = np.ascontiguousarray(np.rot90(picture))
    path = saved_fields(tmp_path / "video.mp4", [stored] * 4, kind="mp4", turned=-90)
    video = open_video(path)
    assert (video.width, video.height, video.rotation) == (WIDTH, HEIGHT, 90)
    assert INTERLACED in video.notes
    for frame in video.frames():
        np.testing.assert_allclose(frame.pixels[60, 60], colour, atol=4)
        assert frame.pixels[:15].max() < 20


def test_frames_without_fields_are_the_same_as_ever(tmp_path):
    """A look at ordinary video that it does not pass the filter: frames are given as they are decoded."""
    path = saved(tmp_path / "video", [moving(n) for n in range(8)], codec="ffv1", pixel_format="bgr0")
    for number, frame in enumerate(open_video(path).frames()):
        np.testing.assert_array_equal(frame.pixels, moving(number))
