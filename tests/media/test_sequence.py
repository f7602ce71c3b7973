"""Folders of numbered pictures that say by their grey which they are."""

import os
import shutil

import numpy as np
import pytest
from PIL import Image

from facsight.core.errors import BadMedia
from facsight.media.sequence import open_footage, open_sequence, pictures_of
from facsight.media.track import Position
from written_video import grey, saved, shown


def filled(folder, numbers, name="frame_{:04d}.png"):
    folder.mkdir(exist_ok=True)
    for number in numbers:
        Image.fromarray(grey(number % 40)).save(folder / name.format(number))
    return folder


def reason(folder, rate=25.0):
    with pytest.raises(BadMedia) as told:
        open_sequence(folder, rate)
    return str(told.value)


def seen(video, **choice):
    return [(frame.at.number, round(frame.at.time, 6), shown(frame)) for frame in video.frames(**choice)]


def test_every_picture_at_its_time(tmp_path):
    with open_sequence(filled(tmp_path / "frames", range(12)), 30.0) as video:
        assert seen(video) == [(n, round(n / 30, 6), n) for n in range(12)]
        assert (video.name, video.width, video.height, video.rotation) == (
            str(tmp_path / "frames"),
            64,
            48,
            0,
        )
        assert (video.rate, video.expected, video.start, video.audio) == (30.0, 12, 0.0, ())
        assert video.duration == pytest.approx(12 / 30)
        assert (video.damage, video.notes) == ([], [])


def test_numbers_of_any_width_in_their_order_from_any_number(tmp_path):
    folder = filled(tmp_path / "frames", [7, 8, 9, 10, 11], "{}.png")
    (folder / "8.png").rename(folder / "008.png")
    assert [number for number, _, _ in seen(open_sequence(folder, 10.0))] == [0, 1, 2, 3, 4]
    assert [grey for _, _, grey in seen(open_sequence(folder, 10.0))] == [7, 8, 9, 10, 11]


def test_missing_numbers_cost_their_frames_and_are_named(tmp_path):
    folder = filled(tmp_path / "frames", [3, 4, 6, 10])
    video = open_sequence(folder, 2.0)
    assert seen(video) == [(0, 0.0, 3), (1, 0.5, 4), (3, 1.5, 6), (7, 3.5, 10)]
    assert video.notes == ["no picture for 4 of 8 numbers: 5, 7 to 9"]
    assert video.duration == pytest.approx(4.0)
    assert video.damage == []


def test_many_gaps_are_counted_not_listed(tmp_path):
    (told,) = open_sequence(filled(tmp_path / "frames", range(0, 60, 2)), 25.0).notes
    assert told == "no picture for 29 of 59 numbers: 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, and 19 more"


def test_other_files_are_left_out_and_named(tmp_path):
    folder = filled(tmp_path / "frames", range(3))
    (folder / "notes.txt").write_text("1")
    (folder / "cover.png").write_bytes((folder / "frame_0000.png").read_bytes())
    (folder / "take 2").write_text("a number, and no ending of a photo")
    (folder / "a\nb.csv").write_text("")
    (folder / ".frame_0009.png").write_text("hidden")
    (folder / "more_1.png").mkdir()
    video = open_sequence(folder, 25.0)
    assert [grey for _, _, grey in seen(video)] == [0, 1, 2]
    (told,) = video.notes
    assert told == r"not numbered pictures, and left out: 'a\nb.csv', 'cover.png', 'notes.txt', 'take 2'"


def test_frames_are_chosen_as_of_a_video(tmp_path):
    """By the number and by the time that a missing picture leaves as they are."""
    folder = filled(tmp_path / "frames", [n for n in range(40) if n not in (4, 20)])
    video, of_file = open_sequence(folder, 25.0), saved(tmp_path / "v", [grey(n) for n in range(40)])
    with open_footage(of_file) as other:
        for choice in ({"every": 3}, {"rate": 10.0}, {"rate": 1.0}, {"rate": 100.0}):
            expected = [frame.at.number for frame in other.frames(**choice) if frame.at.number not in (4, 20)]
            found = [number for number, _, _ in seen(video, **choice)]
            if choice == {"rate": 10.0}:  # 20 was the first of its tenth of a second: the next one is taken
                expected = sorted([*expected, 21])
            assert found == expected


@pytest.mark.parametrize("choice", [{}, {"every": 4}, {"rate": 10.0}])
def test_going_on_gives_the_frames_of_an_uninterrupted_call(tmp_path, choice):
    folder = filled(tmp_path / "frames", [n for n in range(30) if n % 7])
    (folder / "frame_0011.png").write_bytes(b"broken")
    whole = seen(open_sequence(folder, 25.0), **choice)
    for place, (number, time, _) in enumerate(whole):
        again = open_sequence(folder, 25.0)
        assert seen(again, **choice, after=Position(number, time)) == whole[place + 1 :]


def test_a_picture_that_cannot_be_read_costs_itself_and_is_named(tmp_path):
    folder = filled(tmp_path / "frames", range(8))
    content = (folder / "frame_0003.png").read_bytes()
    (folder / "frame_0003.png").write_bytes(content[: len(content) // 2])
    (folder / "frame_0004.png").write_bytes(b"")
    (folder / "frame_0006.png").unlink()
    (folder / "frame_0006.png").symlink_to("nowhere.png")
    video = open_sequence(folder, 10.0)
    assert [number for number, _, _ in seen(video)] == [0, 1, 2, 5, 7]
    assert [damage.after for damage in video.damage] == [pytest.approx(0.2), pytest.approx(0.5)]
    first, second = (damage.reason for damage in video.damage)
    assert "'frame_0003.png' is damaged or cut off" in first
    assert "'frame_0004.png' is empty" in first
    assert "link to 'nowhere.png'" in second
    told = list(video.damage)
    seen(video)
    assert video.damage == told, "the same damage is named once"


def test_a_long_stretch_that_cannot_be_read_is_named_in_short(tmp_path):
    folder = filled(tmp_path / "frames", range(60))
    for number in range(20, 55):
        (folder / f"frame_{number:04d}.png").write_bytes(b"")
    video = open_sequence(folder, 25.0)
    assert len(seen(video)) == 25
    (told,) = video.damage
    assert told.reason.count("is empty") == 10
    assert told.reason.endswith("and pictures after these")


def test_the_first_picture_that_can_be_read_gives_the_size(tmp_path):
    folder = filled(tmp_path / "frames", range(3))
    (folder / "frame_0000.png").write_bytes(b"broken")
    video = open_sequence(folder, 25.0)
    assert (video.width, video.height) == (64, 48)
    assert [number for number, _, _ in seen(video)] == [1, 2]
    assert video.damage[0].after is None


def test_pictures_of_another_size_have_their_own(tmp_path):
    folder = filled(tmp_path / "frames", range(2))
    Image.fromarray(grey(2, (30, 90))).save(folder / "frame_0002.png")
    shapes = [frame.pixels.shape for frame in open_sequence(folder, 25.0).frames()]
    assert shapes == [(48, 64, 3), (48, 64, 3), (30, 90, 3)]


def test_pictures_are_upright(tmp_path):
    folder = filled(tmp_path / "frames", [])
    picture = Image.fromarray(np.repeat(np.arange(64, dtype=np.uint8)[:, None, None], 48, 1).repeat(3, 2))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    picture.save(folder / "a1.png", exif=exif)
    (frame,) = open_sequence(folder, 25.0).frames()
    assert frame.pixels.shape == (48, 64, 3)
    assert frame.pixels[0, :, 0].tolist() == list(range(63, -1, -1))


def test_several_stems_are_refused_by_name(tmp_path):
    folder = filled(tmp_path / "frames", range(3))
    filled(folder, range(3), "mask_{:04d}.png")
    assert "2 sequences ('frame_', 'mask_')" in reason(folder)


def test_a_number_twice_is_refused_by_name(tmp_path):
    folder = filled(tmp_path / "frames", range(3))
    filled(folder, [2], "frame_{}.png")
    assert "number 2: 'frame_0002.png' and 'frame_2.png'" in reason(folder)


def test_numbers_that_count_no_frames_are_refused(tmp_path):
    folder = filled(tmp_path / "frames", [20260101123000, 20270101123000], "IMG_{}.png")
    assert "'IMG_20260101123000.png' to 'IMG_20270101123000.png'" in reason(folder)
    far = filled(tmp_path / "far", [0, 2**31 - 1], "{}.png")
    assert [number for number, _, _ in seen(open_sequence(far, 25.0))] == [0, 2**31 - 1]


def test_endings_may_be_mixed(tmp_path):
    folder = filled(tmp_path / "frames", [0, 2], "f{}.png")
    filled(folder, [1], "f{}.BMP")
    assert [grey for _, _, grey in seen(open_sequence(folder, 25.0))] == [0, 1, 2]


def test_what_is_no_sequence(tmp_path):
    empty = filled(tmp_path / "empty", [])
    assert "no numbered picture" in reason(empty)
    assert pictures_of(empty) == []
    assert "is no folder" in reason(tmp_path / "gone")
    assert pictures_of(tmp_path / "gone") == []
    (empty / "f1.png").write_bytes(b"text")
    assert "no numbered picture that can be read" in reason(empty)
    assert "looks like text" in reason(empty)
    for rate in (0.0, -1.0, float("nan"), float("inf")):
        assert "above 0" in reason(filled(tmp_path / "frames", range(2)), rate)


def test_a_folder_that_vanishes_is_an_error_not_damage(tmp_path):
    folder = filled(tmp_path / "frames", range(4))
    video = open_sequence(folder, 25.0)
    frames = video.frames()
    next(frames)
    shutil.rmtree(folder)
    with pytest.raises(BadMedia, match="is gone"):
        next(frames)
    assert video.damage == []


def test_closed(tmp_path):
    with open_sequence(filled(tmp_path / "frames", range(4)), 25.0) as video:
        frames = video.frames()
        next(frames)
    with pytest.raises(BadMedia, match="closed"):
        next(frames)


def test_names_that_are_no_text(tmp_path):
    folder = filled(tmp_path / "frames", range(2), "\u0131{}.png")
    for path in list(folder.iterdir()):
        path.rename(folder / os.fsdecode(b"\xff" + path.stem[-1:].encode() + b".png"))
    (folder / os.fsdecode(b"\xfe.txt")).touch()
    video = open_sequence(folder, 25.0)
    assert [grey for _, _, grey in seen(video)] == [0, 1]
    assert video.notes[0].isascii()


def test_a_folder_is_a_video_only_if_a_rate_is_given(tmp_path):
    folder = filled(tmp_path / "frames", range(2))
    with open_footage(folder, 25.0) as video:
        assert len(seen(video)) == 2
    with pytest.raises(BadMedia, match="is a folder"):
        open_footage(folder)
    path = saved(tmp_path / "video.mkv", [grey(n) for n in range(3)])
    with open_footage(path, 5.0) as video:
        assert [round(frame.at.time, 3) for frame in video.frames()] == [0.0, 0.04, 0.08]
