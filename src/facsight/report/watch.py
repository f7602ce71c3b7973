"""The page of one video of a study, with the video itself beside its timeline."""

import stat
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from facsight.core.errors import FacsightError
from facsight.media.track import open_track
from facsight.media.video import VIDEO_ENDINGS, is_video
from facsight.report.opened_study import Study
from facsight.report.page import render
from facsight.report.script import script
from facsight.report.study import CHART, page_values, video_section, with_pictures

SCRIPT = script(*CHART, "watch.js")


def watch_page(study: Study, number: int) -> str:
    """The page of the video with this number, from 0. No faces are cut out: they are in the video."""
    rows = study.rows(number)
    section = video_section(study, number, rows, boxes=True)
    values = page_values(study, [with_pictures(study, number, rows, section, pictures=False)])
    return render("study.html", **values | {"script": SCRIPT, "watch": _watch(study, number)})


def video_file(study: Study, number: int) -> Path | None:
    """Where a video is, if it still is there: a regular file with the ending or the content of a video."""
    path = study.path(number)
    try:
        there = stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return None
    return path if there and (path.suffix.lower() in VIDEO_ENDINGS or is_video(path)) else None


def clock_start(path: Path) -> float:
    """When a player's clock, which begins at 0, begins on the container's, in milliseconds."""
    try:
        with open_track(str(path)) as track:
            return max(0, track.container.start_time or 0) * 1000 / av.time_base
    except (FacsightError, FFmpegError):
        return 0.0


def _watch(study: Study, number: int) -> dict[str, Any]:
    path, last = video_file(study, number), len(study.videos) - 1
    return {
        "before": number - 1 if number else None,
        "after": number + 1 if number < last else None,
        "names": [told["file"] for told in study.videos],
        "source": f"/video/{number}" if path else None,
        "pictures": study.about["sequence"] is not None and study.path(number).is_dir(),
        "start": clock_start(path) if path else 0.0,
    }
