"""Videos whose frames say by their grey which they are, and what is no video."""

import os
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from facsight.core.errors import BadMedia
from facsight.media import track as track_module
from facsight.media.track import Damage, Position
from facsight.media.video import VIDEO_ENDINGS, open_video
from written_video import GREYS, grey, moving, packets, saved, shown, spoil


def reason(path: Path | str) -> str:
    with pytest.raises(BadMedia) as told:
        open_video(path)
    return str(told.value)


def assert_same(found, expected):
    assert [frame.at for frame in found] == [frame.at for frame in expected]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)


@pytest.mark.parametrize(
    ("codec", "kind", "between"),
    [
        ("libx264", "mp4", 0),
        ("libx264", "mp4", 3),
        ("libx264", "matroska", 3),
        ("libx265", "mp4", 2),
        ("mpeg4", "avi", 0),
        ("mpeg4", "mp4", 2),
        ("libvpx", "webm", 0),
        ("ffv1", "matroska", 0),
    ],
)
def test_every_frame_once_at_its_time(tmp_path, codec, kind, between):
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    path = saved(tmp_path / "video", GREYS, codec=codec, kind=kind, between=between, options=options)
    with open_video(path) as video:
        frames = list(video.frames())
        assert (video.name, video.width, video.height, video.rotation) == (str(path), 64, 48, 0)
        assert video.rate == pytest.approx(25)
        assert video.duration == pytest.approx(30 / 25, abs=0.05)
        assert video.expected == 30
        assert video.audio == ()
        assert video.damage == []
    assert [frame.at.number for frame in frames] == list(range(30))
    assert [shown(frame) for frame in frames] == list(range(30))
    np.testing.assert_allclose([frame.at.time for frame in frames], np.arange(30) / 25, atol=1e-3)
    for frame in frames:
        assert frame.pixels.shape == (48, 64, 3)
        assert frame.pixels.dtype == np.uint8
        assert frame.pixels.flags["C_CONTIGUOUS"]


def test_uneven_times(tmp_path):
    times = [0, 40, 41, 500, 533, 2000, 2001, 9000]
    path = saved(tmp_path / "video.mkv", GREYS[:8], times=times, base=Fraction(1, 1000), between=2)
    frames = list(open_video(path).frames())
    assert [shown(frame) for frame in frames] == list(range(8))
    np.testing.assert_allclose([frame.at.time for frame in frames], np.array(times) / 1000, atol=1e-3)


@pytest.mark.parametrize("kind", ["matroska", "mpegts"])
def test_times_keep_the_clock_of_the_file(tmp_path, kind):
    path = saved(tmp_path / "video", GREYS[:8], times=list(range(125, 133)), kind=kind)
    video = open_video(path)
    times = [frame.at.time for frame in video.frames()]
    np.testing.assert_allclose(times, 5 + np.arange(8) / 25, atol=1e-3)
    assert video.start == pytest.approx(5, abs=1e-3)
    np.testing.assert_allclose([frame.at.time for frame in video.frames(rate=12.5)], times[::2])


@pytest.mark.parametrize(("rate", "count"), [(1, 4), (240, 30), (25, 1), (25, 2)])
def test_slow_fast_and_short(tmp_path, rate, count):
    path = saved(tmp_path / "video.mp4", GREYS[:count], base=Fraction(1, rate), kind="mp4")
    frames = list(open_video(path).frames())
    assert [shown(frame) for frame in frames] == list(range(count))
    np.testing.assert_allclose([frame.at.time for frame in frames], np.arange(count) / rate, atol=1e-3)


def test_every_nth_frame(tmp_path):
    video = open_video(saved(tmp_path / "video.mkv", GREYS, between=2))
    assert [frame.at.number for frame in video.frames(every=7)] == [0, 7, 14, 21, 28]
    assert [shown(frame) for frame in video.frames(every=7)] == [0, 7, 14, 21, 28]
    assert [frame.at.number for frame in video.frames(every=100)] == [0]


def test_so_many_frames_a_second(tmp_path):
    video = open_video(saved(tmp_path / "video.mkv", GREYS))
    # 25 frames a second on a grid of 0.1 s: at 0, 0.12, 0.2, 0.32, 0.4, ...
    expected = [0, 3, 5, 8, 10, 13, 15, 18, 20, 23, 25, 28]
    assert [frame.at.number for frame in video.frames(rate=10.0)] == expected
    assert [frame.at.number for frame in video.frames(rate=1.0)] == [0, 25]
    assert len(list(video.frames(rate=1000.0))) == 30


def test_rounded_times_do_not_cost_frames(tmp_path):
    times = [round(number * 1000 / 30) for number in range(30)]
    video = open_video(saved(tmp_path / "video.mkv", GREYS, times=times, base=Fraction(1, 1000)))
    assert [frame.at.number for frame in video.frames(rate=30.0)] == list(range(30))
    assert [frame.at.number for frame in video.frames(rate=15.0)] == list(range(0, 30, 2))


def test_gaps_give_one_frame(tmp_path):
    times = [0, 40, 80, 5000, 5040, 5080, 5200]
    video = open_video(saved(tmp_path / "video.mkv", GREYS[:7], times=times, base=Fraction(1, 1000)))
    assert [frame.at.number for frame in video.frames(rate=10.0)] == [0, 3, 6]


def test_choices_that_are_refused(tmp_path):
    video = open_video(saved(tmp_path / "video.mkv", GREYS[:2]))
    for choice in ({"every": 0}, {"rate": 0.0}, {"rate": float("nan")}, {"every": 2, "rate": 5.0}):
        with pytest.raises(BadMedia, match="expected"):
            video.frames(**choice)


RESUMED = [
    ("libx264", "mp4", 3, {}),
    ("libx264", "matroska", 3, {"x264-params": "open-gop=1:scenecut=0"}),
    ("libx264", "matroska", 0, {"x264-params": "intra-refresh=1"}),
    ("libx264", "mpegts", 2, {}),
    ("libx264", "avi", 2, {}),
    ("libx264", "h264", 2, {}),
    ("mpeg1video", "mpeg", 2, {}),
    ("mpeg2video", "mpegts", 2, {}),
    ("mpeg4", "mp4", 2, {}),
    ("mpeg4", "avi", 2, {}),
    ("libvpx", "webm", 0, {}),
]


@pytest.mark.parametrize(("codec", "kind", "between", "options"), RESUMED)
def test_going_on_after_any_frame_changes_nothing(tmp_path, codec, kind, between, options):
    pictures = [moving(number) for number in range(60 if kind == "mpeg" else 24)]
    path = saved(tmp_path / "video", pictures, codec=codec, kind=kind, between=between, options=options)
    video = open_video(path)
    whole = list(video.frames())
    assert [frame.at.number for frame in whole] == list(range(len(pictures)))
    assert video.damage == []
    for place, frame in enumerate(whole):
        assert_same(list(video.frames(after=frame.at)), whole[place + 1 :])


@pytest.mark.parametrize("choice", [{"every": 5}, {"rate": 7.0}, {"rate": 25.0}])
def test_going_on_with_chosen_frames(tmp_path, choice):
    video = open_video(saved(tmp_path / "video.mp4", GREYS, kind="mp4", between=2))
    chosen = list(video.frames(**choice))
    for place, frame in enumerate(chosen):
        assert_same(list(video.frames(**choice, after=frame.at)), chosen[place + 1 :])
    for frame in video.frames():
        expected = [later for later in chosen if later.at.number > frame.at.number]
        assert_same(list(video.frames(**choice, after=frame.at)), expected)


def test_going_on_seeks(tmp_path, monkeypatch):
    """The last frames of a video cost a group of frames, not all that come before."""
    video = open_video(saved(tmp_path / "video.mp4", GREYS, kind="mp4"))
    last = list(video.frames())[-1].at
    decoded = []
    decode = track_module.Track._time
    monkeypatch.setattr(
        track_module.Track, "_time", lambda self, frame: decoded.append(0) or decode(self, frame)
    )
    assert list(video.frames(after=last)) == []
    assert len(decoded) < 10


def test_readers_do_not_disturb_each_other(tmp_path):
    video = open_video(saved(tmp_path / "video.mp4", GREYS, kind="mp4", between=2))
    pairs = list(zip(video.frames(), video.frames(), strict=True))
    assert [(shown(one), shown(other)) for one, other in pairs] == [(n, n) for n in range(30)]


def test_closed_and_gone(tmp_path):
    path = saved(tmp_path / "video.mp4", GREYS, kind="mp4")
    with open_video(path) as video:
        frames = video.frames()
        assert next(frames).at == Position(0, 0.0)
    with pytest.raises(BadMedia, match="closed"):
        next(frames)
    video = open_video(path)
    path.unlink()
    with pytest.raises(BadMedia, match="there is no file"):
        next(video.frames())


def test_pixels_belong_to_the_caller(tmp_path):
    """Also where the decoder keeps RGB itself, and draws the next frame over it."""
    pictures = [grey(0) for _ in range(6)]
    for number, picture in enumerate(pictures):
        picture[: 8 * number] = 200
    path = saved(tmp_path / "video.mov", pictures, codec="qtrle", pixel_format="rgb24", kind="mov")
    for number, frame in enumerate(open_video(path).frames()):
        np.testing.assert_array_equal(frame.pixels, pictures[number])
        frame.pixels[:] = 0


@pytest.mark.parametrize("clockwise", [0, 90, 180, 270])
def test_rotation_is_applied(tmp_path, clockwise):
    upright = np.zeros((48, 64, 3), np.uint8)
    upright[:24, :32] = 255
    stored = np.ascontiguousarray(np.rot90(upright, clockwise // 90))
    path = saved(tmp_path / "video.mp4", [stored] * 3, kind="mp4", turned=-clockwise)
    video = open_video(path)
    assert (video.width, video.height, video.rotation) == (64, 48, clockwise)
    for frame in video.frames():
        assert frame.pixels.flags["C_CONTIGUOUS"]
        assert np.abs(frame.pixels.astype(int) - upright).mean() < 3


def test_rotation_as_a_phone_writes_it(tmp_path):
    """The matrix of an MP4 track header that asks for a quarter turn clockwise, written by hand."""
    upright = np.zeros((64, 48, 3), np.uint8)
    upright[:32, :24] = 255
    path = saved(tmp_path / "video.mp4", [np.ascontiguousarray(np.rot90(upright))] * 3, kind="mp4")
    straight = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    turned = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 48 << 16, 0, 1 << 30)
    data = path.read_bytes()
    header = data.index(b"tkhd")
    path.write_bytes(data[:header] + data[header:].replace(straight, turned, 1))
    video = open_video(path)
    assert (video.width, video.height, video.rotation) == (48, 64, 90)
    assert np.abs(next(video.frames()).pixels.astype(int) - upright).mean() < 3


@pytest.mark.parametrize(
    ("codec", "pixel_format", "off"),
    [
        ("libx264", "yuv420p10le", 2),
        ("libx264", "yuv444p", 2),
        ("libx264", "gray", 2),
        ("ffv1", "gray", 1),
        ("ffv1", "gray16le", 1),
        ("ffv1", "yuva420p", 2),
        ("ffv1", "bgra", 0),
        ("ffv1", "gbrp10le", 1),
        ("mjpeg", "yuvj420p", 2),
        ("qtrle", "rgb24", 0),
    ],
)
@pytest.mark.parametrize("size", [(48, 64), (33, 47)])
def test_pixel_formats_and_odd_sizes(tmp_path, codec, pixel_format, off, size):
    if codec == "libx264" and "420" in pixel_format and size[0] % 2:
        size = (34, 46)
    pictures = [grey(number, size) for number in (0, 10, 40)]
    kind = "mov" if codec == "qtrle" else "matroska"
    path = saved(tmp_path / "video", pictures, codec=codec, pixel_format=pixel_format, kind=kind)
    for picture, frame in zip(pictures, open_video(path).frames(), strict=True):
        assert frame.pixels.shape == picture.shape
        assert np.abs(frame.pixels.astype(int) - picture).max() <= off


@pytest.mark.parametrize(("codec", "kind"), [("libx264", "mp4"), ("libx265", "mp4"), ("ffv1", "matroska")])
def test_ten_bits_show_the_picture_of_eight(tmp_path, codec, kind):
    """Soft colours everywhere, as of skin."""
    across, down = np.meshgrid(np.linspace(0, 1, 64), np.linspace(0, 1, 48))
    picture = np.stack([60 + 160 * across, 40 + 120 * down, 200 - 150 * across * down], axis=-1)
    pictures = [np.roll(picture, shift, 1).round().astype(np.uint8) for shift in range(0, 30, 10)]
    options = {"libx264": {"qp": "0"}, "libx265": {"x265-params": "log-level=none:lossless=1"}}.get(codec, {})
    shown = []
    for bits in ("yuv444p", "yuv444p10le"):
        path = saved(tmp_path / bits, pictures, codec=codec, kind=kind, pixel_format=bits, options=options)
        video = open_video(path)
        shown.append(np.array([frame.pixels for frame in video.frames()], int))
        assert video.notes == []
    assert np.abs(shown[0] - shown[1]).max() <= 2
    assert np.abs(shown[1] - np.array(pictures)).mean() < 1


@pytest.mark.parametrize(("matrix", "red", "blue"), [(1, 0.2126, 0.0722), (6, 0.299, 0.114)])
def test_colours_by_the_matrix_that_is_named(tmp_path, matrix, red, blue):
    """Full colour to Y'CbCr by the equations of BT.709 (1) and BT.601 (6), in the range 16 to 235."""
    colour = np.array([200.0, 60.0, 40.0])
    luma = red * colour[0] + (1 - red - blue) * colour[1] + blue * colour[2]
    parts = [
        16 + luma * 219 / 255,
        128 + (colour[2] - luma) / (2 * (1 - blue)) * 224 / 255,
        128 + (colour[0] - luma) / (2 * (1 - red)) * 224 / 255,
    ]
    planes = np.stack([np.full((48, 64), round(part), np.uint8) for part in parts])
    path = tmp_path / "video.mkv"
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv444p"
        stream.codec_context.colorspace, stream.codec_context.color_range = matrix, 1
        frame = av.VideoFrame.from_ndarray(planes, format="yuv444p")
        frame.colorspace, frame.color_range = matrix, 1
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    np.testing.assert_allclose(next(open_video(path).frames()).pixels[20, 20], colour, atol=3)


@pytest.mark.parametrize("hit", [10, 28, 29])
@pytest.mark.parametrize(("codec", "kind"), [("mjpeg", "avi"), ("mpeg4", "avi"), ("libx264", "mp4")])
def test_damaged_frame_costs_itself(tmp_path, codec, kind, hit):
    pixel_format = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    pictures = [moving(number) for number in range(30)]
    path = saved(tmp_path / "video", pictures, codec=codec, kind=kind, pixel_format=pixel_format)
    spoil(path, hit)
    video = open_video(path)
    frames = list(video.frames())
    assert [round(frame.at.time * 25) for frame in frames] == [n for n in range(30) if n != hit]
    assert [damage.after for damage in video.damage] == [pytest.approx((hit - 1) / 25)]
    assert "decoded" in video.damage[0].reason
    for frame in frames:
        number = round(frame.at.time * 25)
        if codec == "mjpeg" or not hit < number < (hit // 8 + 1) * 8:
            assert np.abs(frame.pixels.astype(int) - pictures[number]).mean() < 4
    assert_same(list(video.frames()), frames)
    assert len(video.damage) == 1, "the same damage is named once"


def test_going_on_in_a_damaged_video(tmp_path):
    path = saved(tmp_path / "video", [moving(number) for number in range(30)], kind="mp4", between=2)
    spoil(path, 12)
    video = open_video(path)
    whole = list(video.frames())
    assert 27 <= len(whole) < 30
    for place, frame in enumerate(whole):
        resumed = open_video(path)
        assert_same(list(resumed.frames(after=frame.at)), whole[place + 1 :])
        assert resumed.damage == [one for one in video.damage if one.after >= frame.at.time]


@pytest.mark.parametrize("kind", ["matroska", "mp4"])
def test_truncated_file(tmp_path, kind):
    options = {"movflags": "faststart"} if kind == "mp4" else {}
    pictures = [moving(number) for number in range(30)]
    path = saved(
        tmp_path / "video",
        pictures,
        codec="mjpeg",
        pixel_format="yuvj420p",
        kind=kind,
        container_options=options,
    )
    offset, size = packets(path)[20]
    path.write_bytes(path.read_bytes()[: offset + size // 2])
    video = open_video(path)
    frames = list(video.frames())
    assert 20 <= len(frames) <= 21  # half of the last one may be shown
    assert [frame.at.number for frame in frames] == list(range(len(frames)))
    assert len(video.damage) == 1
    assert video.damage[0].after == frames[-1].at.time
    assert f"announced 1.20 s, found {len(frames) / 25:.2f} s" in video.damage[0].reason


@pytest.mark.parametrize(("kind", "codec"), [("matroska", "libx264"), ("webm", "libvpx")])
@pytest.mark.parametrize("tagged", [True, False])
@pytest.mark.parametrize("sound", [False, True])
def test_a_clock_that_starts_late_does_not_end_early(tmp_path, kind, codec, tagged, sound):
    """Most programs write into Matroska when the video ends, and not how long it is."""
    path = saved(
        tmp_path / "video",
        GREYS,
        times=list(range(125, 155)),
        kind=kind,
        codec=codec,
        sound=("libopus" if kind == "webm" else "pcm_s16le") if sound else None,
    )
    if not tagged:
        path.write_bytes(path.read_bytes().replace(b"DURATION", b"HOW LONG"))
    video = open_video(path)
    assert len(list(video.frames())) == 30
    assert video.damage == []
    assert video.duration == pytest.approx(1.2, abs=0.05)
    assert video.expected == 30


def test_a_length_that_statistics_tell_is_a_length(tmp_path):
    """As mkvmerge writes it, beside statistics."""
    late = saved(tmp_path / "late.mkv", GREYS, times=list(range(125, 155)))
    path = tmp_path / "video.mkv"
    with av.open(str(late)) as found, av.open(str(path), "w") as container:
        stream = container.add_stream_from_template(found.streams.video[0])
        stream.metadata["_STATISTICS_WRITING_APP"] = "another program"
        for packet in found.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)
    end, length = b"00:00:06.200000000", b"00:00:01.200000000"
    assert path.read_bytes().count(end) == 1
    path.write_bytes(path.read_bytes().replace(end, length))
    video = open_video(path)
    assert len(list(video.frames())) == 30
    assert (video.duration, video.damage) == (pytest.approx(1.2), [])


def test_a_late_clock_that_does_end_early(tmp_path):
    pictures = [moving(number) for number in range(60)]
    path = saved(
        tmp_path / "video", pictures, times=list(range(125, 185)), codec="mjpeg", pixel_format="yuvj420p"
    )
    path.write_bytes(path.read_bytes()[: packets(path)[20][0]])
    video = open_video(path)
    assert len(list(video.frames())) == 20
    assert "announced 2.40 s, found 0.80 s" in video.damage[0].reason


def test_truncated_transport_stream_gives_what_is_there(tmp_path):
    path = saved(tmp_path / "video", [moving(number) for number in range(30)], kind="mpegts")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    frames = list(open_video(path).frames())
    assert 10 < len(frames) < 30
    assert [frame.at.number for frame in frames] == list(range(len(frames)))


def test_times_that_go_back(tmp_path):
    """Two transport streams in one file: the second one's clock starts again."""
    path = saved(tmp_path / "video", GREYS[:12], kind="mpegts")
    again = saved(tmp_path / "again", GREYS[12:18], kind="mpegts")
    path.write_bytes(path.read_bytes() + again.read_bytes())
    video = open_video(path)
    frames = list(video.frames())
    assert [shown(frame) for frame in frames][:12] == list(range(12))
    assert np.all(np.diff([frame.at.time for frame in frames]) > 0)
    assert len(frames) == 18 or any("come after" in damage.reason for damage in video.damage)


def test_frames_without_times_follow_by_the_rate(tmp_path):
    path = saved(tmp_path / "video", GREYS, kind="h264", between=2)
    frames = list(open_video(path).frames())
    assert [shown(frame) for frame in frames] == list(range(30))
    np.testing.assert_allclose([frame.at.time for frame in frames], np.arange(30) / 25, atol=1e-3)


def test_damage_in_one_place_is_one():
    damage: list[Damage] = []
    for after, why in [(None, "a"), (1.0, "b"), (1.0, "b"), (1.0, "c"), (2.0, "b"), (None, "a")]:
        track_module.note(damage, after, why)
    assert damage == [Damage(None, "a"), Damage(1.0, "b; c"), Damage(2.0, "b")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"hello, this is text\n" * 200, "looks like text"),
        (bytes(5000), "zero bytes"),
        (b"%PDF-1.7\n" + bytes(3000), "a PDF"),
        (b"\x00\x00\x00\x18ftypmp42" + bytes(3000), "an MP4 video"),
    ],
)
def test_what_is_no_video(tmp_path, content, told):
    path = tmp_path / "video.mp4"
    path.write_bytes(content)
    assert told in reason(path)
    assert repr(str(path)) in reason(path)


def test_what_is_no_file(tmp_path):
    assert "there is no file" in reason(tmp_path / "gone.mp4")
    assert "there is no file" in reason("a\0b.mp4")
    assert "is a folder" in reason(tmp_path)
    os.mkfifo(tmp_path / "pipe.mp4")
    assert "is a pipe" in reason(tmp_path / "pipe.mp4")


def test_unreadable_file_is_told(tmp_path, monkeypatch):
    path = saved(tmp_path / "video.mp4", GREYS[:2], kind="mp4")

    def refuse(self, *_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    assert "may not be read" in reason(path)


@pytest.mark.parametrize("ending", ["jpg", "png", "bmp", "tiff", "webp", "avif"])
def test_picture_is_no_video(tmp_path, ending):
    picture = tmp_path / f"picture.{ending}"
    Image.fromarray(grey(3)).save(picture)
    assert "still picture" in reason(picture.rename(tmp_path / "video.mp4"))


def test_no_frame_that_can_be_decoded(tmp_path):
    path = saved(tmp_path / "video", GREYS[:3], codec="mjpeg", pixel_format="yuvj420p", kind="avi")
    for number in range(3):
        spoil(path, number)
    assert "no frame that can be decoded" in reason(path)


def test_frames_that_are_too_large(tmp_path, monkeypatch):
    path = saved(tmp_path / "video.mkv", GREYS[:2])
    monkeypatch.setattr(track_module, "MAX_PIXELS", 64 * 48 - 1)
    assert "64 x 48 pixels" in reason(path)


@pytest.mark.parametrize(
    "place", ["a.mp4", "{folder}/a.mp4", "file:{folder}/a.mp4", "http://127.0.0.1:9/a.mp4"]
)
def test_playlists_are_not_followed(tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    saved(tmp_path / "a.mp4", GREYS[:5], kind="mp4")
    place = place.format(folder=tmp_path)
    lists = {
        "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{place}\n#EXT-X-ENDLIST\n",
        "list.ffconcat": f"ffconcat version 1.0\nfile {place}\n",
        "list.mpd": (
            '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
            'mediaPresentationDuration="PT1S"><Period><AdaptationSet contentType="video"><Representation '
            f'id="1" mimeType="video/mp4" bandwidth="1"><BaseURL>{place}</BaseURL></Representation>'
            "</AdaptationSet></Period></MPD>"
        ),
    }
    for name, text in lists.items():
        Path(name).write_text(text)
        assert "cannot be read as a video" in reason(name)
        assert "cannot be read as a video" in reason(Path(name).rename("list.mp4"))


@pytest.mark.parametrize(
    "name", ["concat:a.mp4", "file:a.mp4", "pipe:0", "a\nb.mp4", 'it\'s "a".mp4', "%d.mp4", "-i"]
)
def test_names_are_only_names(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    saved(tmp_path / "a.mp4", GREYS[:5], kind="mp4")
    assert "there is no file" in reason(name)
    saved(tmp_path / "b", GREYS[5:8], kind="mp4").rename(tmp_path / name)
    assert [shown(frame) for frame in open_video(name).frames()] == [5, 6, 7]


def test_name_that_is_no_text(tmp_path):
    path = tmp_path / os.fsdecode(b"\xff\xfe.mp4")
    saved(tmp_path / "video", GREYS[:3], kind="mp4").rename(path)
    video = open_video(path)
    assert video.name == str(path)
    assert len(list(video.frames())) == 3


def test_endings_are_small_with_a_dot():
    assert {".mp4", ".mov", ".mkv", ".avi", ".webm", ".mpg"} <= VIDEO_ENDINGS
    assert all(ending == f".{ending[1:].lower()}" for ending in VIDEO_ENDINGS)


def plain_times(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [float(frame.pts * stream.time_base) for frame in container.decode(stream)]


@pytest.mark.parametrize("folder", ["video", "video_av"])
def test_real_videos(shared_data, folder):
    """Phones', webcams' and laboratories' videos have the frames and times that a plain decoder gives."""
    paths = sorted((shared_data / "samples" / folder).iterdir())
    assert paths
    for path in paths:
        video = open_video(path)
        at, shapes = [], set()
        for frame in video.frames(every=1):
            at.append(frame.at)
            shapes.add(frame.pixels.shape)
        assert [one.time for one in at] == plain_times(path)
        assert [one.number for one in at] == list(range(len(at)))
        assert np.all(np.diff([one.time for one in at]) > 0)
        assert shapes == {(video.height, video.width, 3)}
        assert video.damage == []
        middle = at[len(at) // 2]
        following = next(video.frames(after=middle))
        assert following.at == at[middle.number + 1]
