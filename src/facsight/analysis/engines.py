"""Who reads the videos of a study: this process, several on this machine, or those of a Ray cluster.

An engine takes the videos and gives what came of each, in their order. Everything it needs lies in the
study's folder, and every video is resumed there by whoever reads it: an engine keeps no books. Several
machines need a folder that all of them see.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from facsight.analysis.one_video import OnFrames, OnVideo, Sampling, VideoOutcome, read_video_into
from facsight.analysis.reader import Reader

Engine = Callable[[Sequence[Path], Path, Reader, Sampling, OnVideo, OnFrames], Iterator[VideoOutcome]]


def one_after_the_other(
    videos: Sequence[Path],
    folder: Path,
    reader: Reader,
    sampling: Sampling,
    on_video: OnVideo,
    on_frames: OnFrames,
) -> Iterator[VideoOutcome]:
    """Read the videos in this process, with the reader at hand."""
    for video in videos:
        yield read_video_into(folder, video, reader, sampling, on_video, on_frames)
