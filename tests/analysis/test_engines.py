"""Videos read side by side, with workers that die."""

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from facsight.analysis import engines
from facsight.analysis.engines import on_ray, processes
from facsight.analysis.reader import Reader
from facsight.analysis.study import analyse_videos, load_study
from facsight.core.errors import BadOutput, BadRecipe, MissingData, WorkerLost
from planted import PlantedFinder
from planted_video import noise_video


@pytest.fixture
def videos(tmp_path):
    """Three videos without a face and one that is none."""
    bad = tmp_path / "bad.mkv"
    bad.write_text("not a video")
    return [noise_video(tmp_path / "a.mkv", 30), bad, noise_video(tmp_path / "c.mkv", 20)]


@pytest.fixture
def real_reader(weights):
    """A reader that other processes can build."""
    return Reader(weights)


def table(folder):
    return load_study(folder)[0].collect()


def test_processes_end_with_the_table_of_one(real_reader, videos, tmp_path):
    heard = []
    alone = analyse_videos(videos, tmp_path / "one", real_reader)
    outcome = analyse_videos(
        videos, tmp_path / "two", real_reader, engine=processes(2), on_progress=heard.append
    )
    assert outcome.videos == alone.videos
    assert [told.error is None for told in outcome.videos] == [True, False, True]
    assert table(tmp_path / "two").equals(table(tmp_path / "one"))
    assert sum(told.new for told in heard) == 50


def test_a_reader_that_no_other_process_can_build_is_refused(weights, videos, tmp_path):
    reader = Reader(weights, finder=PlantedFinder())
    with pytest.raises(BadRecipe, match="a finder of its own"):
        analyse_videos(videos, tmp_path / "out", reader, engine=processes(2))


def test_workers_that_die_again_and_again_are_told(real_reader, tmp_path, monkeypatch):
    video = noise_video(tmp_path / "a.mkv", 30)
    monkeypatch.setattr(engines, "_side_by_side", lambda *_: {})
    with pytest.raises(WorkerLost, match="fewer --workers"):
        analyse_videos([video], tmp_path / "out", real_reader, engine=processes(2))


@pytest.mark.slow
def test_what_goes_wrong_in_a_worker_is_raised_here(real_reader, videos, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "readings").write_text("a file where a folder is needed")
    with pytest.raises(BadOutput, match="is a file"):
        analyse_videos(videos, out, real_reader, engine=processes(2))


def kill_one_when(ready, pids, killed):
    """Kill a worker as soon as the work has begun."""
    while not ready():
        time.sleep(0.02)
    victim = pids()[0]
    os.kill(victim, signal.SIGKILL)
    killed.append(victim)


def parts_under(folder):
    return lambda: any(folder.glob("parts/*/0*.parquet"))


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_nothing(real_reader, tmp_path):
    import multiprocessing

    videos = [noise_video(tmp_path / "a.mkv", 1500), noise_video(tmp_path / "b.mkv", 300)]
    alone = analyse_videos(videos, tmp_path / "one", real_reader)
    killed = []
    children = lambda: [child.pid for child in multiprocessing.active_children()]  # noqa: E731
    watcher = threading.Thread(
        target=kill_one_when, args=(parts_under(tmp_path / "two"), children, killed), daemon=True
    )
    watcher.start()
    outcome = analyse_videos(videos, tmp_path / "two", real_reader, engine=processes(2))
    assert killed
    assert outcome.videos == alone.videos
    assert table(tmp_path / "two").equals(table(tmp_path / "one"))


def ray_workers():
    """Processes of this machine that run tasks of ours."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cmdline").read_bytes().startswith(b"ray::_read"):
                found.append(int(process.name))
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="finds Ray's workers in /proc, which is not here")
@pytest.mark.filterwarnings("ignore")  # Ray's own, in threads that outlive it
def test_a_ray_worker_that_is_killed_costs_nothing(real_reader, tmp_path):
    pytest.importorskip("ray")
    videos = [noise_video(tmp_path / "a.mkv", 1500), noise_video(tmp_path / "b.mkv", 300)]
    alone = analyse_videos(videos, tmp_path / "one", real_reader)
    killed = []
    watcher = threading.Thread(
        target=kill_one_when, args=(parts_under(tmp_path / "two"), ray_workers, killed), daemon=True
    )
    watcher.start()
    outcome = analyse_videos(videos, tmp_path / "two", real_reader, engine=on_ray())
    assert killed
    assert [told.frames for told in outcome.videos] == [told.frames for told in alone.videos]
    assert table(tmp_path / "two").equals(table(tmp_path / "one"))


def test_ray_that_is_not_installed_is_named(real_reader, videos, tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingData, match=r"facsight\[ray\]"):
        analyse_videos(videos, tmp_path / "out", real_reader, engine=on_ray())
