"""Who reads the videos of a study: this process, several on this machine, or those of a Ray cluster.

An engine takes the videos and gives what came of each, in their order. Everything it needs lies in the
study's folder, and every video is resumed there by whoever reads it: an engine keeps no books, and a worker
that dies costs the frames since its last part. Several machines need a folder that all of them see.
"""

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing.context import SpawnContext
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from queue import Empty
from typing import Any

import torch

from facsight.analysis.one_video import OnProgress, Progress, Sampling, VideoOutcome, read_video_into
from facsight.analysis.reader import Reader, ReaderOptions
from facsight.core.errors import MissingData, WorkerLost

Engine = Callable[[Sequence[Path], Path, Reader, Sampling, OnProgress], Sequence[VideoOutcome]]
Task = tuple[Path, ReaderOptions, Sampling]

#: How often a video is begun again after its worker died, or after any worker of the same pool did.
TRIES = 3
#: Seconds between two looks at what the workers say.
PATIENCE = 0.2


def one_after_the_other(
    videos: Sequence[Path], folder: Path, reader: Reader, sampling: Sampling, on_progress: OnProgress
) -> Sequence[VideoOutcome]:
    """Read the videos in this process, with the reader at hand."""
    return [read_video_into(folder, video, reader, sampling, on_progress) for video in videos]


def processes(workers: int) -> Engine:
    """Read the videos in so many processes of this machine, a video in each at a time.

    `BadRecipe` for a reader with a finder of its own, which other processes cannot build. `WorkerLost` where
    workers die again and again: what they read is kept.
    """

    def engine(
        videos: Sequence[Path], folder: Path, reader: Reader, sampling: Sampling, on_progress: OnProgress
    ) -> Sequence[VideoOutcome]:
        task, done = (folder, reader.options, sampling), {}
        for _ in range(TRIES):
            left = [video for video in videos if video not in done]
            done |= _side_by_side(left, task, workers, on_progress)
            if all(video in done for video in videos):
                return [done[video] for video in videos]
        raise WorkerLost(
            f"workers died {TRIES} times, perhaps for want of memory: give the same command again with fewer "
            "--workers; what was read is kept"
        )

    return engine


def _side_by_side(
    videos: Sequence[Path], task: Task, workers: int, on_progress: OnProgress
) -> dict[Path, VideoOutcome]:
    """What came of each video, as far as the workers lived; one that dies takes the others with it."""
    context: SpawnContext = multiprocessing.get_context("spawn")
    said, stop = context.Queue(), context.Event()
    with ProcessPoolExecutor(workers, context, _begin, (said, stop)) as pool:
        futures = {pool.submit(_read_in_worker, video, task): video for video in videos}
        try:
            _listen(set(futures), said, on_progress)
            return {video: future.result() for future, video in futures.items() if not _died(future)}
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def _died(future: Future) -> bool:
    return isinstance(future.exception(), BrokenProcessPool)


def _listen(waiting: set[Future], said: "Queue[Progress]", on_progress: OnProgress) -> None:
    """Pass on what the workers say until all are done or dead; raise what goes wrong in one of them."""
    while waiting:
        done, waiting = wait(waiting, timeout=PATIENCE)
        for future in done:
            if not _died(future):
                future.result()
        while True:
            try:
                on_progress(said.get_nowait())
            except Empty:
                break


def _begin(said: "Queue[Progress]", stop: Event) -> None:
    """What a worker knows from its start: whom to tell, and when to stop. Ctrl-C is for the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _ties.update(said=said, stop=stop)


_ties: dict[str, Any] = {}


def _read_in_worker(video: Path, task: Task) -> VideoOutcome:
    def tell(progress: Progress) -> None:
        if _ties["stop"].is_set():
            raise KeyboardInterrupt
        _ties["said"].put(progress)

    return _read(video, task, tell)


def _read(video: Path, task: Task, tell: OnProgress) -> VideoOutcome:
    folder, options, sampling = task
    return read_video_into(folder, video, _reader(options), sampling, tell)


@cache
def _reader(options: ReaderOptions) -> Reader:
    """The reader of this worker, built once; workers share the processor's cores, a thread of torch each."""
    torch.set_num_threads(1)
    return Reader(**vars(options))


def on_ray(address: str | None = None) -> Engine:
    """Read the videos as tasks of a Ray cluster.

    `address` is Ray's; without one, Ray's own rule holds: the variable RAY_ADDRESS, or a cluster of this
    machine alone that ends with the program. A task whose worker dies is begun again and goes on where it
    stopped. Videos, weights and folder must have the same absolute paths on every machine. `MissingData`
    where Ray is not installed, `WorkerLost` where a video's worker dies again and again.
    """

    def engine(
        videos: Sequence[Path], folder: Path, reader: Reader, sampling: Sampling, on_progress: OnProgress
    ) -> Sequence[VideoOutcome]:
        ray = _ray()
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        try:
            remote = ray.remote(max_retries=TRIES)(_read)
            task = ray.put((folder.absolute(), reader.options, sampling))
            waiting = {remote.remote(video.absolute(), task, _say_nothing): video for video in videos}
            done: dict[Path, VideoOutcome] = {}
            while waiting:
                (ready,), _ = ray.wait(list(waiting))
                video = waiting.pop(ready)
                done[video] = _result(ray, ready)
                on_progress(Progress(video, 0, done[video].frames, done[video].announced))
            return [done[video] for video in videos]
        finally:
            ray.shutdown()

    return engine


def _say_nothing(_: Progress) -> None: ...


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise MissingData("this engine needs Ray: pip install 'facsight[ray]'") from error
    return ray


def _result(ray: Any, ready: Any) -> VideoOutcome:
    """A task's outcome; what went wrong in it as if it had gone wrong here."""
    try:
        return ray.get(ready)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None
    except ray.exceptions.RayError as error:
        raise WorkerLost(
            f"the workers of a video died {TRIES + 1} times, perhaps for want of memory: give the same "
            f"command again; what was read is kept ({type(error).__name__})"
        ) from error
