"""Opens a face finder by name. Nothing above this package knows which one it got."""

from collections.abc import Callable
from pathlib import Path

from facsight.core.errors import MissingData, UnknownName, did_you_mean
from facsight.faces.mediapipe_mesh import mediapipe_mesh_finder
from facsight.faces.mediapipe_task import mediapipe_task_finder
from facsight.faces.staged import StagedFinder
from facsight.faces.yunet import yunet_finder

#: The back end that needs no model file.
DEFAULT = "mediapipe"

#: Back ends that need a model file, each with the kind of file.
_WITH_MODEL: dict[str, tuple[str, Callable[..., StagedFinder]]] = {
    "mediapipe_task": ("a face_landmarker.task file", mediapipe_task_finder),
    "yunet": ("a YuNet .onnx file", yunet_finder),
}


def finder_names() -> tuple[str, ...]:
    """Every back end, the default first.

    >>> finder_names()
    ('mediapipe', 'mediapipe_task', 'yunet')
    """
    return (DEFAULT, *_WITH_MODEL)


def default_finder(*, min_confidence: float = 0.5) -> StagedFinder:
    """The back end that works without a download: MediaPipe 0.10.21.

    `min_confidence` leaves out faces that the finder is less sure of; 0.3 suits pictures that are known to be
    cut-out faces.
    """
    return mediapipe_mesh_finder(min_confidence=min_confidence)


def open_finder(name: str, model: str | Path | None = None, *, min_confidence: float = 0.5) -> StagedFinder:
    """The named back end, with its model file where it needs one.

    `UnknownName` for a name not in `finder_names`, `MissingData` where a model file or a library is missing.
    """
    if name == DEFAULT:
        if model is not None:
            raise MissingData(
                f"{DEFAULT!r} carries its own models, found a model file ({str(model)!r}); "
                "leave the file out, or open 'mediapipe_task' with it"
            )
        return default_finder(min_confidence=min_confidence)
    if name not in _WITH_MODEL:
        raise UnknownName(f"there is no face finder {name!r}; {did_you_mean(name, finder_names())}")
    kind, opener = _WITH_MODEL[name]
    if model is None:
        raise MissingData(
            f"{name!r} needs {kind}; give its path as model=..., "
            f"or let facsight.hub.face_finder({name!r}) download it"
        )
    return opener(Path(model), min_confidence=min_confidence)
