"""Landmarks of faces in a video without their trembling: a one-euro filter for each person, causal.

A landmark model trembles by a pixel or so on a face that keeps still. The filter (Casiez, Roussel and Vogel,
CHI 2012; `functional.temporal.one_euro`) holds the points of a still face and lets those of a moving one go.
Points are filtered in face sizes, the root of the area of the box, so that near and far faces are held alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from facsight.faces.face import Face
from facsight.functional.temporal import OneEuroState, one_euro

#: Hz: what is slower passes whole in a still face; and how much more passes for each face size a second.
MIN_CUTOFF, BETA = 2.0, 20.0
#: Seconds unseen after which a face begins anew.
LONGEST_GAP = 0.25


class Steadier:
    """Steadies the 68 points of each track of one video. Boxes, meshes and poses stay as they were found.

    `state` is what `state()` of another gave: this one goes on where that one stood, bit for bit.
    """

    def __init__(self, state: Mapping[str, Any] | None = None):
        self._tracks = {int(track): OneEuroState(**known) for track, known in (state or {}).items()}

    def steady(self, faces: Sequence[Face], tracks: Sequence[int], time: float) -> list[Face]:
        """The faces of the frame at `time` (s), in order; a face with a missing point stays as it is."""
        steadied = {track: self._one(face, track, time) for face, track in zip(faces, tracks, strict=True)}
        # what is not in sight begins anew: its points are known again by the time they matter
        self._tracks = {track: state for track, (_, state) in steadied.items() if state is not None}
        return [steadied[track][0] for track in tracks]

    def state(self) -> dict[str, Any]:
        """All that is remembered, as plain numbers and lists that survive JSON unchanged."""
        return {str(track): asdict(state) for track, state in self._tracks.items()}

    def _one(self, face: Face, track: int, time: float) -> tuple[Face, OneEuroState | None]:
        if not np.isfinite(face.landmarks).all():
            return face, None
        size = max(face.area, 1.0) ** 0.5
        points = face.landmarks.astype(np.float64).reshape(1, -1)
        moved, state = one_euro(
            np.array([time]),
            points,
            min_cutoff=MIN_CUTOFF,
            beta=BETA / size,
            longest_gap=LONGEST_GAP,
            state=self._tracks.get(track),
        )
        return replace(face, landmarks=moved.reshape(-1, 2).astype(np.float32)), state
