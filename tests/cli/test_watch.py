"""The verb `watch`, on clips whose frames all come and all are read, unless told otherwise."""

import re
import socket
from contextlib import contextmanager

import polars as pl
import pytest

from facsight.analysis import live
from facsight.core.errors import BadMedia
from facsight.media import camera
from planted import PlantedFinder
from planted_video import saved_video


@pytest.fixture
def in_step(monkeypatch):
    """No threads and no waiting: each frame is read before the next one comes."""
    monkeypatch.setattr(live, "newest", lambda frames, patience: ((frame, 0) for frame in frames))
    monkeypatch.setattr(camera, "sleep", lambda seconds: None)


@pytest.fixture
def clip(tmp_path):
    return saved_video(tmp_path / "clip.mkv", [1] * 30 + [0] * 10 + [2] * 15)


def lines_of(told: str) -> list[str]:
    return [one for one in told.splitlines() if " s   " in one]


def test_where_nobody_watches_there_is_a_line_a_second(facsight, in_step, clip):
    code, told, problem = facsight("watch", clip)
    assert (code, problem) == (0, "")
    times, persons = zip(*(one.split(" s   ", 1) for one in lines_of(told)), strict=True)
    assert [float(time) for time in times] == [0, 1, 2]
    assert persons[0].startswith("1 ")
    assert persons[2].startswith("1 ")
    assert ";  2 " in persons[2]
    assert told.splitlines()[-1] == f"{clip}: 55 frames in 2.2 s, 45 with a face, 0 dropped"
    assert "\x1b" not in told


def test_it_stops_by_itself_and_keeps_a_table(facsight, in_step, clip, tmp_path):
    code, told, _ = facsight("watch", clip, "--seconds", 1.3, "--out", tmp_path / "new" / "live.csv")
    assert code == 0
    # 33 frames are earlier than 1.3 s: 0, 0.04, ..., 1.28
    assert f"{clip}: 33 frames in 1.3 s, 30 with a face, 0 dropped" in told
    assert f"table  {tmp_path / 'new' / 'live.csv'}" in told
    rows = pl.read_csv(tmp_path / "new" / "live.csv")
    assert rows["status"].to_list() == ["ok"] * 30 + ["no_face"] * 3
    assert rows["frame"].to_list() == list(range(33))
    assert set(rows["file"]) == {str(clip)}


def test_every_frame_of_a_clip_that_plays_is_read_or_dropped(facsight, tmp_path):
    clip = saved_video(tmp_path / "clip.mkv", [1] * 12)
    code, told, _ = facsight("watch", clip, "--out", "live.csv")
    assert code == 0
    read, dropped = map(int, re.search(r"(\d+) frames? in .* (\d+) dropped", told).groups())
    assert read + dropped == 12
    rows = pl.read_csv(tmp_path / "live.csv")
    assert len(rows) == read
    assert rows["frame"].to_list() == sorted(set(rows["frame"]))
    assert rows["frame"].max() == 11


def test_ctrl_c_ends_it_well(facsight, in_step, clip, tmp_path, monkeypatch):
    finder = PlantedFinder(interrupted_after=7)
    monkeypatch.setattr("facsight.analysis.reader.face_finder", lambda name: finder)
    code, told, problem = facsight("watch", clip, "--out", "live.csv")
    assert (code, problem) == (0, "")
    assert f"{clip}: 7 frames in 0.2 s, 7 with a face, 0 dropped" in told
    text = (tmp_path / "live.csv").read_text()
    assert text.endswith("\n")
    assert pl.read_csv(tmp_path / "live.csv")["frame"].to_list() == list(range(7))


def test_ctrl_c_before_the_first_frame(facsight, in_step, clip, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "facsight.analysis.reader.face_finder", lambda name: PlantedFinder(interrupted_after=0)
    )
    code, told, _ = facsight("watch", clip, "--out", "live.csv")
    assert (code, told) == (0, f"{clip}: no frame was read\n")
    assert not (tmp_path / "live.csv").exists()


def test_a_camera_that_stops_loses_nothing(facsight, in_step, clip, tmp_path, monkeypatch):
    real = live.open_camera

    @contextmanager
    def unplugged(source):
        def frames(whole):
            yield from whole
            raise BadMedia("the camera was unplugged")

        with real(source) as whole:
            yield frames(whole)

    monkeypatch.setattr(live, "open_camera", unplugged)
    code, told, problem = facsight("watch", clip, "--out", "live.csv")
    assert code == 1
    assert "55 frames in 2.2 s" in told
    assert problem == "facsight: the camera was unplugged\n"
    assert len(pl.read_csv(tmp_path / "live.csv")) == 30 + 10 + 2 * 15


def test_what_cannot_be_watched(facsight, clip, tmp_path):
    code, _, problem = facsight("watch", "nowhere.mkv", "--out", "live.csv")
    assert code == 1
    assert "there is no file 'nowhere.mkv'" in problem
    assert not (tmp_path / "live.csv").exists()
    (tmp_path / "live.csv").write_text("precious")
    code, _, problem = facsight("watch", clip, "--out", "live.csv")
    assert code == 1
    assert "nothing is overwritten" in problem
    assert (tmp_path / "live.csv").read_text() == "precious"
    assert facsight("watch", clip, "--seconds", 0)[0] == 2
    assert facsight("watch", clip, "--precision", "float8")[0] == 2


def test_passwords_are_not_shown(facsight):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    code, told, problem = facsight("watch", f"rtsp://anna:geheim@127.0.0.1:{port}/geheim?key=geheim")
    assert code == 1
    assert f"rtsp://127.0.0.1:{port}/…" in problem
    assert "geheim" not in told + problem
    assert "anna" not in told + problem
    code, told, problem = facsight("watch", "ftp://anna:geheim@somewhere/geheim")
    assert code == 1
    assert "geheim" not in told + problem
