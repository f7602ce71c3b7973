"""Sound beside the pictures, and instead of them."""

from fractions import Fraction

import av
import numpy as np
import pytest

from facsight.core.errors import BadMedia
from facsight.media.video import open_video
from written_video import GREYS, grey, renamed_sound, saved, saved_sound, shown


def test_sound_is_told(tmp_path):
    video = open_video(saved(tmp_path / "video.mkv", GREYS, sound="pcm_s16le"))
    (track,) = video.audio
    assert (track.index, track.codec, track.rate, track.channels) == (1, "pcm_s16le", 8000, 1)
    assert track.duration == pytest.approx(1, abs=0.01)
    assert [shown(frame) for frame in video.frames()] == list(range(30))
    assert video.damage == []


def test_sound_of_an_unknown_kind_costs_no_frame(tmp_path):
    path = renamed_sound(saved(tmp_path / "video.mp4", GREYS, kind="mp4", sound="aac"))
    video = open_video(path)
    (track,) = video.audio
    assert (track.index, track.codec, track.rate, track.channels) == (1, None, None, None)
    assert track.duration == pytest.approx(1, abs=0.01)
    assert [shown(frame) for frame in video.frames()] == list(range(30))
    with pytest.raises(BadMedia, match=r"sound only \(of an unknown kind\)"):
        open_video(renamed_sound(saved_sound(tmp_path / "sound.mp4")))


def test_sound_is_no_video(tmp_path):
    with pytest.raises(BadMedia, match=r"sound only \(aac\), expected a video"):
        open_video(saved_sound(tmp_path / "sound.mp4"))
    with pytest.raises(BadMedia, match=r"sound only \(aac\) and a cover picture"):
        open_video(saved_sound(tmp_path / "covered.mp4", cover=True))


def saved_with_sounds(path, starts, *, pictures_from=0.0, kind="matroska", codec="pcm_s16le"):
    """Two seconds of pictures, and tracks of a second of sound each, on one clock in seconds."""
    with av.open(str(path), "w", format=kind) as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt, video.gop_size = 64, 48, "yuv420p", 8
        tracks = [container.add_stream(codec, rate=16000, layout="mono") for _ in starts]
        due = []
        for number in range(50):
            frame = av.VideoFrame.from_ndarray(grey(number % 40), format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number + round(pictures_from * 25), Fraction(1, 25)
            due.append((number / 25 + pictures_from, video, frame))
        for start, track in zip(starts, tracks, strict=True):
            for part in range(10):
                samples = np.zeros((1, 1600), np.float32 if track.format.name == "fltp" else np.int16)
                frame = av.AudioFrame.from_ndarray(samples, track.format.name, "mono")
                frame.rate, frame.time_base = 16000, Fraction(1, 16000)
                frame.pts = round(start * 16000) + 1600 * part
                due.append((start + part / 10, track, frame))
        for _, track, frame in sorted(due, key=lambda one: one[0]):
            container.mux(track.encode(frame))
        for track in (video, *tracks):
            container.mux(track.encode())
    return path


@pytest.mark.parametrize("kind", ["matroska", "mov"])
@pytest.mark.parametrize("starts", [[], [0.0], [0.5], [0.0, 1.2], [1.6, 0.3]])
def test_every_track_of_sound_with_its_start(tmp_path, kind, starts):
    path = saved_with_sounds(tmp_path / "video", starts, kind=kind)
    told = open_video(path).audio
    assert [track.index for track in told] == list(range(1, len(starts) + 1))
    assert [track.start for track in told] == pytest.approx(starts, abs=1e-3)
    assert [track.duration for track in told] == pytest.approx([1.0] * len(starts), abs=1e-3)
    assert {(track.codec, track.rate, track.channels) for track in told} <= {("pcm_s16le", 16000, 1)}


def decoded(path, track):
    """What comes out of a decoder: the first time of a track of sound, and the last."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=track))
    return frames[0].time, frames[-1].time + frames[-1].samples / frames[-1].rate


@pytest.mark.parametrize(
    ("kind", "codec"),
    [("mp4", "aac"), ("matroska", "libopus"), ("matroska", "aac"), ("mpegts", "mp2"), ("mpegts", "aac")],
)
@pytest.mark.parametrize("starts", [[0.0], [0.7], [0.0, 1.2]])
@pytest.mark.parametrize("pictures_from", [0.0, 0.4])
def test_sound_starts_when_it_is_first_heard(tmp_path, kind, codec, starts, pictures_from):
    """Not when there are samples that only prepare the decoder; on the clock of the frames."""
    path = saved_with_sounds(tmp_path / "video", starts, pictures_from=pictures_from, kind=kind, codec=codec)
    with open_video(path) as video:
        assert next(video.frames()).at.time == pytest.approx(pictures_from, abs=0.1)
    for number, track in enumerate(video.audio):
        start, end = decoded(path, number)
        assert track.start == pytest.approx(start, abs=2e-3)
        assert track.start + track.duration == pytest.approx(end, abs=0.08)


@pytest.mark.parametrize("kind", ["matroska", "mpegts"])
def test_the_start_of_sound_is_on_the_clock_of_the_frames(tmp_path, kind):
    codec = "mp2" if kind == "mpegts" else "pcm_s16le"
    path = saved_with_sounds(tmp_path / "video", [5.5], pictures_from=5.0, kind=kind, codec=codec)
    with open_video(path) as video:
        first = next(video.frames()).at.time
    # the samples that an encoder puts before what it was given
    assert video.audio[0].start - first == pytest.approx(0.5, abs=1e-3 if kind == "matroska" else 0.04)


@pytest.mark.parametrize(
    ("kind", "codec", "known"),
    [("matroska", "mjpeg", False), ("mov", "mjpeg", True), ("mpegts", "mpeg2video", False)],
)
@pytest.mark.parametrize("start", [3.0, 12.0])
def test_sound_that_begins_late_in_a_large_file(tmp_path, kind, codec, known, start):
    """Where the library looks no further for it, and takes the start and the duration of the whole file."""
    noise = np.random.default_rng(0).integers(0, 255, (5, 240, 320, 3), dtype=np.uint8)
    with av.open(str(tmp_path / "video"), "w", format=kind) as container:
        video = container.add_stream(codec, rate=25)
        video.width, video.height, video.gop_size, video.bit_rate = 320, 240, 1, 20_000_000
        video.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        track = container.add_stream("mp2" if kind == "mpegts" else "pcm_s16le", rate=16000, layout="mono")
        for number in range(325):
            frame = av.VideoFrame.from_ndarray(noise[number % 5], format="rgb24").reformat(
                format=video.pix_fmt
            )
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(video.encode(frame))
            if number == start * 25:
                sound = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), "s16", "mono")
                sound.rate, sound.pts, sound.time_base = 16000, round(start * 16000), Fraction(1, 16000)
                container.mux(track.encode(sound))
        container.mux(video.encode())
        container.mux(track.encode())
    with av.open(str(tmp_path / "video")) as container:
        stream = container.streams.audio[0]
        believed = float((stream.start_time or 0) * stream.time_base)
    assert known == (believed == pytest.approx(start, abs=0.1))
    (found,) = open_video(tmp_path / "video").audio
    if start < 10 or known:
        assert found.start == pytest.approx(start, abs=0.08)
        assert found.duration in (None, pytest.approx(0.5, abs=0.08))
    else:
        assert (found.start, found.duration) == (None, None)


def test_real_files_with_sound(shared_data):
    """What is told is what decoding all of it gives."""
    for path in sorted((shared_data / "samples" / "video_av").iterdir()):
        told = open_video(path).audio
        with av.open(str(path)) as container:
            first = next(container.decode(audio=0))
        (track,) = told
        start, end = decoded(path, 0)
        assert (track.rate, track.channels) == (first.rate, first.layout.nb_channels)
        assert track.start == pytest.approx(start, abs=1e-3)
        assert track.start + track.duration == pytest.approx(end, abs=0.1)
