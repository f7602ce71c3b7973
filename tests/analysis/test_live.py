"""Watching: always the newest frame, whatever comes too soon is dropped and counted."""

import threading
from collections.abc import Iterable
from contextlib import contextmanager

import pytest

from facsight.analysis import ahead, live
from facsight.analysis.live import watch
from facsight.core.errors import BadMedia
from facsight.media.camera import CameraFrame
from facsight.media.track import Position
from planted import photo_with
from planted_video import saved_video

STEP = 0.04


def frame(number: int, faces: int = 1) -> CameraFrame:
    return CameraFrame(Position(number, number * STEP), photo_with(faces, size=(200, 320)), number * STEP)


@pytest.fixture
def camera(monkeypatch):
    """Lets any frames be those of a camera; `closed` is set when it is."""
    closed = threading.Event()

    def plug_in(frames: Iterable[CameraFrame]) -> threading.Event:
        @contextmanager
        def open_camera(source):
            try:
                yield iter(frames)
            finally:
                closed.set()

        monkeypatch.setattr(live, "open_camera", open_camera)
        return closed

    return plug_in


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "facsight-newest"]


def test_a_slow_reader_drops_frames_and_stays_at_the_newest(reader, camera, monkeypatch):
    """While one frame is read nine more come: the next reading is of the ninth, and none is ever older."""
    rounds, come = 5, 9
    clock, read = [0.0], reader.read_looks
    busy, offered = threading.Semaphore(0), threading.Semaphore(0)

    def frames():
        yield frame(0)
        for first in range(1, rounds * come, come):
            busy.acquire()
            for number in range(first, first + come):
                clock[0] = number * STEP
                yield frame(number)
            offered.release()

    def slowly(looks):
        busy.release()
        if int(looks[0].name) < rounds * come:
            offered.acquire()
        return read(looks)

    camera(frames())
    monkeypatch.setattr(reader, "read_looks", slowly)
    monkeypatch.setattr(live, "monotonic", lambda: clock[0])
    results = list(watch(reader, 0))
    assert [result.at.number for result in results] == [0, 9, 18, 27, 36, 45]
    assert [result.dropped for result in results] == [0, 8, 16, 24, 32, 40]
    assert [result.time for result in results] == pytest.approx([9 * n * STEP for n in range(6)])
    # nine frames pass in a reading; none passes in the last
    assert [result.latency for result in results] == pytest.approx([9 * STEP] * 5 + [0.0])


def test_a_file_is_watched_to_its_end(reader, tmp_path):
    clip = saved_video(tmp_path / "clip.mkv", [2, 2, 1, 1, 0, 0, 2, 2])
    known = list(reader.read_video(clip))
    results = list(watch(reader, str(clip)))
    numbers = [result.at.number for result in results]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == 7
    assert results[-1].dropped == 8 - len(results), "each frame is read or dropped"
    assert not threads()
    for result in results:
        whole = known[result.at.number]
        assert (result.at, result.size) == (whole.at, whole.size)
        for reading, alike in zip(result.readings, whole.readings, strict=True):
            assert reading.box == alike.box
            assert reading.expression == pytest.approx(alike.expression, abs=1e-5)
        assert result.latency > 0


def test_persons_are_followed_and_cuts_end_it(reader, camera):
    """A frame of another size is a cut."""
    other = CameraFrame(Position(2, 2 * STEP), photo_with(2, size=(210, 320)), 0.0)
    taken = threading.Semaphore(0)

    def in_step():
        for one in (frame(0, 2), frame(1, 2), other):
            yield one
            taken.acquire()

    camera(in_step())
    results = []
    for result in watch(reader, 0):
        results.append((result.shot, result.tracks))
        taken.release()
    assert results == [(1, [1, 2]), (1, [1, 2]), (2, [3, 4])]


def test_what_goes_wrong_in_the_thread_is_raised_after_the_results(reader, camera):
    def unplugged():
        yield frame(0)
        raise BadMedia("it was unplugged")

    closed = camera(unplugged())
    results = watch(reader, 0)
    assert next(results).at.number == 0
    with pytest.raises(BadMedia, match="it was unplugged"):
        next(results)
    assert closed.is_set()
    assert not threads()


def test_what_cannot_be_opened_is_told(reader, tmp_path):
    with pytest.raises(BadMedia, match="there is no file"):
        next(watch(reader, str(tmp_path / "clip.mkv")))
    with pytest.raises(BadMedia, match="begins with ftp"):
        next(watch(reader, "ftp://somewhere/x"))


def endless():
    number = 0
    while True:
        yield frame(number)
        number += 1


def test_a_listener_that_stops_closes_camera_and_thread(reader, camera):
    closed = camera(endless())
    results = watch(reader, 0)
    next(results)
    assert threads()
    results.close()
    assert closed.wait(60)
    assert not threads()


def test_a_reader_that_fails_closes_camera_and_thread(reader, camera, monkeypatch):
    def fail(looks):
        raise ValueError("no")

    closed = camera(endless())
    monkeypatch.setattr(reader, "read_looks", fail)
    with pytest.raises(ValueError, match="no"):
        next(watch(reader, 0))
    assert closed.wait(60)
    assert not threads()


def test_a_camera_that_gives_nothing_is_given_up_and_a_file_is_not(reader, camera, monkeypatch):
    monkeypatch.setattr(live, "SILENCE", 0.05)
    monkeypatch.setattr(ahead, "FAREWELL", 0.01)
    released = threading.Event()

    def hanging():
        yield frame(0)
        released.wait()

    closed = camera(hanging())
    with pytest.raises(BadMedia, match=r"'rtsp://cam.local/…' has given no picture for 0\.05 s"):
        list(watch(reader, "rtsp://anna:geheim@cam.local/x"))
    released.set()
    assert closed.wait(60)

    def slow():
        yield frame(0)
        threading.Event().wait(0.2)
        yield frame(1)

    camera(slow())
    assert len(list(watch(reader, "./clip.mkv"))) == 2
