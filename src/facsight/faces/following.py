"""The faces of a video, frame after frame: sought as in a photo now and then, followed in between.

To search a frame as a photo is searched takes several looks of a detector; to put the mesh where it lay in
the frame before takes one look of the mesher, and trembles less. So a frame is searched

- if it is the first, or the first after a cut;
- half a second after the last search, or up to two seconds after searches that found nothing;
- if a face that the detector was sure of is lost, or two of them became one;
- if no face is in sight, and a quick look shows a likely one;

but never within a tenth of a second of the last search. A face that the detector found doubtful is looked at
again by it in every frame. A search that does not confirm a face drops it: a mesh that slid onto the wall
stays half a second at most. The price: someone who appears beside a face that is followed may be seen half a
second late, and a face that is small or turned over, where there was none, two seconds.
"""

from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

import numpy as np
from jaxtyping import UInt8

from facsight.faces.face import Face, FaceFinder
from facsight.faces.staged import Place, StagedFinder, Trace

#: Seconds between two searches: at least, usually, and at most, when nothing was found.
SEARCH_AGAIN, SEARCH_EVERY, SEARCH_RARELY = 0.1, 0.5, 2.0
#: Frames that are further apart than this (s) are photos: a face may be anywhere.
LONGEST_STEP = 0.25


class Follower:
    """Finds the faces of one video's frames, given in their order.

    A finder that leaves no traces (any object with `find(image)`) is asked anew for every frame. `state` is
    what `state()` of another gave: this one goes on where that one stood, bit for bit.

        follower = Follower(finder)
        for time, pixels in frames:
            faces = follower.find(pixels, time)
    """

    def __init__(self, finder: FaceFinder, state: Mapping[str, Any] | None = None):
        state = state or {"time": None, "searched": None, "wait": SEARCH_EVERY, "owed": False, "traces": []}
        self._finder = finder
        self._time: float | None = state["time"]
        self._searched: float | None = state["searched"]
        self._wait: float = state["wait"]
        self._owed: bool = state["owed"]
        self._traces = [_trace(*row) for row in state["traces"]]

    def find(
        self, image: UInt8[np.ndarray, "height width 3"], time: float, *, cut: bool = False
    ) -> list[Face]:
        """The faces of the frame at `time` (s), largest box first; a `cut` says that it begins a new shot."""
        if not (isinstance(self._finder, StagedFinder) and self._finder.follows):
            return self._finder.find(image)
        apart = cut or self._time is None or time - self._time > LONGEST_STEP
        traces = [] if apart else self._traces
        seen = self._finder.follow(image, traces)
        since = inf if apart or self._searched is None else time - self._searched
        self._owed = self._owed or self._sure(one.trace for one in seen) < self._sure(traces)
        if since >= self._wait or (since >= SEARCH_AGAIN and self._wanted(image, traces)):
            seen = self._finder.seek(image, seen)
            self._wait = SEARCH_EVERY if seen or apart else min(2 * self._wait, SEARCH_RARELY)
            self._searched, self._owed = time, False
        self._time = time
        self._traces = [one.trace for one in seen if one.trace is not None]
        return [one.face for one in seen]

    def state(self) -> dict[str, Any]:
        """All that is remembered, as plain numbers and lists that survive JSON unchanged."""
        return {
            "time": self._time,
            "searched": self._searched,
            "wait": self._wait,
            "owed": self._owed,
            "traces": [_row(trace) for trace in self._traces],
        }

    def _sure(self, traces: Iterable[Trace | None]) -> int:
        assert isinstance(self._finder, StagedFinder)
        return sum(trace is not None and self._finder.is_sure(trace) for trace in traces)

    def _wanted(self, image: np.ndarray, traces: list[Trace]) -> bool:
        assert isinstance(self._finder, StagedFinder)
        return self._owed or (not traces and self._finder.glance(image))


def _row(trace: Trace) -> list[float]:
    place = trace.place
    return [*place.centre, place.side, place.roll, trace.confidence]


def _trace(x: float, y: float, side: float, roll: float, confidence: float) -> Trace:
    return Trace(Place((x, y), side, roll), confidence)
