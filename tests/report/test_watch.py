import threading
from fractions import Fraction

import av
import numpy as np
import pytest

from facsight.report.opened_study import open_study
from facsight.report.viewer import Viewer
from facsight.report.watch import clock_start, watch_page
from planted_study import made_rows, saved_study, told
from planted_video import saved_video

#: Seconds before the first frame; 200 frames follow, 25 a second.
START = 1.4
TIMES = [START + n / 25 for n in range(200)]


@pytest.mark.parametrize("start", [0.0, 1.4])
def test_where_a_players_clock_begins(tmp_path, start):
    path = saved_video(tmp_path / "a.mkv", [0] * 5, times=[start + n / 25 for n in range(5)])
    assert clock_start(path) == pytest.approx(start * 1000)


def test_a_file_that_is_no_video_has_no_clock(tmp_path):
    (tmp_path / "a.mp4").write_text("no video")
    assert clock_start(tmp_path / "a.mp4") == 0.0


def save_webm(path):
    """A video that browsers play, whose clock does not begin at 0."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=25, options={"deadline": "realtime", "cpu-used": "8"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for number, time in enumerate(TIMES):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number, np.uint8), format="rgb24")
            frame.pts, frame.time_base = round(time * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


@pytest.fixture(scope="module")
def viewer(tmp_path_factory):
    """Serves a video that plays, one that no browser plays, and one that is not there."""
    home = tmp_path_factory.mktemp("watch")
    save_webm(home / "a.webm")
    saved_video(home / "b.mkv", [0] * 5)  # lossless
    tables = [made_rows(name, TIMES, [range(200), range(50, 100)]) for name in ("a.webm", "b.mkv", "c.mp4")]
    rows = tables[0].vstack(tables[1]).vstack(tables[2])
    with Viewer(saved_study(home, rows, [told(own) for own in tables]), port=0) as viewer:
        thread = threading.Thread(target=viewer.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield viewer
        viewer.shutdown()
        thread.join()


@pytest.fixture
def watch(viewer, browser):
    """Opens the page of a video; afterwards, nothing may have gone wrong in it."""

    def open_page(number):
        browser.problems.clear()
        browser.open(f"{viewer.address}watch/{number}")
        browser.wait("document.querySelector('.chart.live .card')")
        return browser

    yield open_page
    assert browser.problems == []
    browser.open("about:blank")


def video_time(page):
    return page.ask("document.querySelector('video').currentTime")


def boxes(page):
    shown = "[...document.querySelectorAll('.box')].filter((box) => !box.hidden)"
    return [words.split(":")[0] for words in page.ask(f"{shown}.map((box) => box.textContent)")]


def test_the_video_goes_where_the_chart_is_clicked(watch):
    page = watch(0)
    page.wait("document.querySelector('video').readyState >= 2")
    page.ask("document.querySelector('.plot').scrollIntoView()")
    box = page.ask("document.querySelector('.plot').getBoundingClientRect().toJSON()")
    width = box["width"] - 217  # of the lanes, beside their names
    place = box["x"] + 216 + (TIMES[75] + 0.02 - START) / (TIMES[-1] + 0.04 - START) * width, box["y"] + 60
    page.mouse("pressed", *place, clickCount=1)
    page.mouse("released", *place, clickCount=1)
    page.wait("!document.querySelector('video').seeking && document.querySelector('video').currentTime > 2")
    assert "frame 75," in page.text(".readout .when")
    assert TIMES[75] <= video_time(page) < TIMES[76]  # Chromium keeps the file's own clock
    assert boxes(page) == ["person 1", "person 2"]


def test_the_cursor_goes_where_the_video_is(watch):
    page = watch(0)
    page.wait("document.querySelector('.box')")  # of the first frame
    assert "frame 0," in page.text(".readout .when")
    page.ask(f"document.querySelector('video').currentTime = {TIMES[120] + 0.02}")
    page.wait("document.querySelector('.readout .when').textContent.includes('frame 120,')")
    assert boxes(page) == ["person 1"]
    page.ask("document.querySelector('.plot').focus()")
    page.key(" ", " ")
    page.wait("!document.querySelector('.readout .when').textContent.includes('frame 120,')")
    page.key(" ", " ")
    assert page.ask("document.querySelector('video').paused")
    page.wait("!document.querySelector('video').seeking")
    at = float(page.ask("document.querySelector('.plot').getAttribute('aria-valuenow')"))
    assert at == pytest.approx(video_time(page), abs=0.1)


def test_what_cannot_be_played_has_its_timeline(watch):
    page = watch(1)
    page.wait("!document.querySelector('.unplayable').hidden")
    assert page.ask("document.querySelector('.scene').hidden")
    assert "This browser cannot play this file" in page.text(".screen")
    page.ask("document.querySelector('.plot').focus()")
    page.key("ArrowRight")
    page.key(" ", " ")
    assert "frame 1," in page.text(".readout .when")


def test_a_video_that_is_gone_has_its_timeline(watch):
    page = watch(2)
    assert page.ask("document.querySelector('video')") is None
    assert "frame 0," in page.text(".readout .when")


def test_a_folder_of_pictures_has_its_timeline(tmp_path):
    rows = made_rows("frames", TIMES, [range(200)])
    (tmp_path / "frames").mkdir()
    study = open_study(saved_study(tmp_path, rows, [told(rows)], sequence=25.0))
    page = watch_page(study, 0)
    assert "a folder of pictures, which is not played here" in page
    assert "<video" not in page
