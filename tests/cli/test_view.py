import socket

import pytest

from facsight.report.viewer import Viewer
from planted_study import made_rows, saved_study, told


@pytest.fixture
def study(tmp_path):
    rows = made_rows("a.mp4", [n / 25 for n in range(30)], [range(30)])
    return saved_study(tmp_path / "study", rows, [told(rows)])


@pytest.fixture
def stopped_at_once(monkeypatch):
    """A person presses Ctrl-C as soon as it serves."""

    def serve_forever(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(Viewer, "serve_forever", serve_forever)


def test_it_says_where_it_is_and_ends_cleanly(facsight, study, stopped_at_once):
    code, told_, problem = facsight("view", study, "--port", 0)
    assert (code, problem) == (0, "")
    assert "http://127.0.0.1:" in told_
    assert "Stopped." in told_
    assert "Everyone" not in told_


def test_serving_others_is_warned_of(facsight, study, stopped_at_once):
    code, told_, _ = facsight("view", study, "--port", 0, "--host", "0.0.0.0")
    assert code == 0
    assert "Everyone who can reach this computer can watch these videos" in told_


def test_a_port_that_is_taken(facsight, study):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, _, problem = facsight("view", study, "--port", taken.getsockname()[1])
    assert code == 1
    assert "Address already in use; choose another --port" in " ".join(problem.split())


def test_a_folder_that_is_none(facsight, tmp_path):
    code, _, problem = facsight("view", tmp_path)
    assert code == 2
    assert "folder of videos" in problem


def test_a_page_that_cannot_be_made_is_one_line(facsight, study, monkeypatch):
    def serve_forever(self):
        self.on_trouble("the page of a.mp4 cannot be made: its table is gone")
        raise KeyboardInterrupt

    monkeypatch.setattr(Viewer, "serve_forever", serve_forever)
    code, _, problem = facsight("view", study, "--port", 0)
    assert code == 0
    assert "facsight: the page of a.mp4 cannot be made: its table is gone; give the same" in problem
