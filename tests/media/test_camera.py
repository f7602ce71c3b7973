"""Files at their own pace, streams from a small server on this machine, and cameras that are not there."""

import errno
import io
import socket
import traceback
from collections.abc import Callable, Iterator
from threading import Event, Thread

import av
import numpy as np
import pytest
from PIL import Image

from facsight.core.errors import BadMedia
from facsight.media import camera as camera_module
from facsight.media import source as source_module
from facsight.media.camera import CLOCKS_APART, TICK, CameraFrame, SourceClock, open_camera
from planted_video import saved_video

MULTIPART = "multipart/x-mixed-replace;boundary=next"
GREYS = [40, 90, 140, 190, 60, 110, 160, 210]


class FakeTime:
    """Time passes while someone sleeps, and by `each` whenever it is asked for."""

    def __init__(self, each: float = 0.0):
        self.now, self.each, self.slept = 100.0, each, []

    def monotonic(self) -> float:
        self.now += self.each
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def fake_time(monkeypatch) -> Callable[..., FakeTime]:
    def start(**options) -> FakeTime:
        fake = FakeTime(**options)
        monkeypatch.setattr(camera_module, "monotonic", fake.monotonic)
        monkeypatch.setattr(camera_module, "sleep", fake.sleep)
        return fake

    return start


def jpeg(grey: int, orientation: int = 1) -> bytes:
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (64, 48), (grey, grey, grey)).save(file, "JPEG", quality=95, exif=exif)
    return file.getvalue()


def parts(pictures: list[bytes]) -> bytes:
    heads = [f"--next\r\nContent-Type: image/jpeg\r\nContent-Length: {len(one)}\r\n\r\n" for one in pictures]
    return b"".join(head.encode() + one + b"\r\n" for head, one in zip(heads, pictures, strict=True))


@pytest.fixture
def served(monkeypatch) -> Iterator[Callable[..., str]]:
    """Starts servers that give any answer to whoever asks, once; gives their addresses, with a password."""
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    over, threads = Event(), []

    def serve(body: bytes, *, status: str = "200 OK", head: str = "", hold: bool = False) -> str:
        server = socket.create_server(("127.0.0.1", 0))

        def answer():
            with server, server.accept()[0] as client:
                client.recv(65536)
                client.sendall(f"HTTP/1.0 {status}\r\n{head}\r\n".encode() + body)
                if hold:
                    over.wait()

        threads.append(Thread(target=answer))
        threads[-1].start()
        return f"http://anna:geheim@127.0.0.1:{server.getsockname()[1]}/way"

    yield serve
    over.set()
    for thread in threads:
        thread.join()


def frames_of(source: str | int) -> list[CameraFrame]:
    with open_camera(source) as frames:
        return list(frames)


def reason(source: str | int) -> str:
    """Why there are no frames, or no more; nothing that Python shows of the error has the password."""
    with pytest.raises(BadMedia) as caught:
        frames_of(source)
    assert "geheim" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None or "geheim" not in repr(caught.value.__context__)
    return str(caught.value)


def test_a_file_is_played_at_its_own_pace(tmp_path, fake_time):
    path = saved_video(tmp_path / "clip.mkv", [1, 2, 0, 1], times=[2.0, 2.04, 2.5, 4.0])
    fake = fake_time()
    frames = frames_of(str(path))
    assert [frame.at.number for frame in frames] == [0, 1, 2, 3]
    np.testing.assert_allclose([frame.at.time for frame in frames], [0, 0.04, 0.5, 2.0], atol=1e-9)
    np.testing.assert_allclose([frame.received - 100 for frame in frames], [0, 0.04, 0.5, 2.0], atol=1e-9)
    assert [int(frame.pixels[0, 0, 0]) for frame in frames] == [1, 2, 0, 1]
    np.testing.assert_allclose(fake.slept, [0, 0.04, 0.46, 1.5], atol=1e-9)


def test_a_file_that_is_behind_does_not_wait(tmp_path, fake_time):
    path = saved_video(tmp_path / "clip.mkv", [1] * 4, times=[0.0, 0.1, 0.2, 2.0])
    fake = fake_time()
    received = []
    with open_camera(str(path)) as frames:
        for frame in frames:
            received.append(frame.received - 100)
            fake.now += 0.5  # what decoding the next one takes
    np.testing.assert_allclose(received, [0, 0.5, 1.0, 2.0], atol=1e-9)


def test_files_that_are_not_there_or_no_videos(tmp_path):
    assert "there is no file" in reason(str(tmp_path / "clip.mkv"))
    (tmp_path / "clip.mkv").write_text("no video, only text\n" * 100)
    assert "looks like text" in reason(str(tmp_path / "clip.mkv"))


@pytest.fixture
def devices(tmp_path, monkeypatch):
    monkeypatch.setattr(source_module, "DEVICES", tmp_path)
    monkeypatch.setattr("platform.system", lambda: "Linux")
    return tmp_path


def test_a_camera_that_is_not_there(devices):
    assert "found nothing; the system shows no camera" in reason(7)
    for number in (10, 2):
        (devices / f"video{number}").touch()
    told = reason("7")
    assert f"expected a camera at '{devices}/video7', found nothing" in told
    assert f"the system shows {devices}/video2, {devices}/video10: give one of these" in told


def test_a_device_that_is_no_camera(devices):
    (devices / "video0").write_bytes(b"x")
    assert "is no camera that gives pictures" in reason(0)
    assert "'/dev/null' is there, but is no camera" in reason("/dev/null")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (errno.EBUSY, "in use by another program"),
        (errno.EACCES, "may not be used by this user"),
        (errno.EPERM, "may not be used by this user"),
        (errno.EIO, "cannot be opened (said)"),
    ],
)
def test_a_camera_that_cannot_be_used(devices, monkeypatch, code, told):
    def refuse(place, *_, **__):
        raise av.error.FFmpegError(code, "said", place)

    monkeypatch.setattr(av, "open", refuse)
    assert told in reason(0)


def test_a_system_without_cameras(devices, monkeypatch):
    def refuse(*_, **__):
        raise ValueError("no container format 'v4l2'")

    monkeypatch.setattr(av, "open", refuse)
    assert "cannot be opened (ValueError)" in reason(0)


def test_a_stream_of_pictures_has_the_times_of_its_receipt(served, fake_time):
    fake_time(each=3.0)  # its own clock would count 25 a second
    frames = []
    address = served(parts([jpeg(grey) for grey in GREYS]), head=f"Content-Type: {MULTIPART}\r\n")
    with open_camera(address) as live, pytest.raises(BadMedia) as ended:
        frames.extend(live)
    assert [round(float(frame.pixels.mean()), -1) for frame in frames] == GREYS
    assert {frame.pixels.shape for frame in frames} == {(48, 64, 3)}
    assert [frame.at.number for frame in frames] == list(range(8))
    assert [frame.at.time for frame in frames] == list(range(0, 24, 3))
    assert [frame.received - frames[0].received for frame in frames] == list(range(0, 24, 3))
    assert "http://127.0.0.1" in str(ended.value)
    assert "stopped after 8 frames, 21.0 s" in str(ended.value)


def test_pictures_are_turned_upright(served):
    address = served(parts([jpeg(90, orientation=6)] * 8), head=f"Content-Type: {MULTIPART}\r\n")
    with open_camera(address) as frames:
        assert next(frames).pixels.shape == (64, 48, 3)


def test_a_stream_that_announces_its_length_ends_there(served, tmp_path):
    clip = saved_video(tmp_path / "clip.mkv", [1, 0] * 30).read_bytes()
    frames = frames_of(served(clip))
    np.testing.assert_allclose([frame.at.time for frame in frames], np.arange(60) / 25, atol=1e-9)
    assert "stopped after" in reason(served(clip[: len(clip) // 4]))


def test_a_stream_that_stalls_or_never_answers(served, monkeypatch):
    monkeypatch.setattr(camera_module, "ANSWER_WITHIN", 1.0)
    pictures = parts([jpeg(90)] * 8)
    told = reason(served(pictures, head=f"Content-Type: {MULTIPART}\r\n", hold=True))
    assert "(nothing came for 1 s)" in told
    monkeypatch.setattr(camera_module, "ANSWER_WITHIN", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for scheme in ("http", "rtsp", "rtmp"):
            told = reason(f"{scheme}://anna:geheim@127.0.0.1:{port}/way")
            assert f"'{scheme}://127.0.0.1:{port}/…' did not answer within 0.3 s" in told


def test_addresses_that_give_no_stream(served):
    assert "404 Not Found" in reason(served(b"", status="404 Not Found"))
    assert "401 Unauthorized" in reason(served(b"", status="401 Unauthorized"))
    assert "cannot be opened as a stream" in reason(served(b"<html>geheim</html>" * 100))
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert "Connection refused" in reason(f"rtsp://anna:geheim@127.0.0.1:{port}/geheim")


def test_a_picture_is_no_stream(served):
    assert "is a still picture, expected a video" in reason(served(jpeg(90)))


def test_what_an_address_leads_to_elsewhere_is_not_opened(served, tmp_path):
    clip = saved_video(tmp_path / "clip.mkv", [1, 0, 2])
    for place in (f"file://{clip}", str(clip)):
        told = reason(served(b"", status="302 Found", head=f"Location: {place}\r\n"))
        assert "cannot be opened" in told
        playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{place}\n#EXT-X-ENDLIST\n"
        assert "cannot be opened" in reason(served(playlist.encode()))


@pytest.mark.parametrize(
    ("stamps", "received", "times"),
    [
        pytest.param([5.0, 5.1, 5.3], [0.0, 0.2, 0.3], [0.0, 0.1, 0.3], id="its own"),
        pytest.param([None, None, None], [7.0, 7.2, 7.5], [0.0, 0.2, 0.5], id="ours"),
        pytest.param([5.0, 5.1, 0.0, 0.1], [0.0, 0.1, 0.3, 0.4], [0.0, 0.1, 0.3, 0.4], id="back"),
        pytest.param([5.0, 5.1, 50.0, 50.2], [0.0, 0.1, 0.3, 0.4], [0.0, 0.1, 0.3, 0.5], id="ahead"),
        pytest.param([5.0, 5.1, 5.2], [0.0, 3.0, 3.0], [0.0, 0.1, 0.2], id="burst after a stall"),
        pytest.param([5.0, 5.0, 5.1], [0.0, 0.0, 0.0], [0.0, TICK, TICK + 0.1], id="twice"),
        pytest.param([None, 5.0, 5.1], [0.0, 0.2, 0.3], [0.0, 0.2, 0.3], id="late stamps"),
    ],
)
def test_which_clock_tells_the_time(stamps, received, times):
    clock = SourceClock()
    told = [clock.time(stamp, moment) for stamp, moment in zip(stamps, received, strict=True)]
    np.testing.assert_allclose(told, times, atol=1e-9)


def test_time_goes_on_whatever_the_source_says():
    generator = np.random.default_rng(0)
    clock, received, times = SourceClock(), 0.0, []
    for stamp in generator.normal(0, CLOCKS_APART, 500):
        received += float(generator.exponential(0.05))
        times.append(clock.time(float(stamp) if stamp > 0 else None, received))
    assert np.diff(times).min() >= TICK * 0.999
