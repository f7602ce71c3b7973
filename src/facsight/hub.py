"""Model files by name: bundled with the package, from a local file, or downloaded once with a checksum.

Nothing is downloaded unless a model is asked for by name. Files go into `cache_folder()`; the environment
variables FACSIGHT_CACHE (another folder) and FACSIGHT_OFFLINE or HF_HUB_OFFLINE (never download) are heeded.
"""

import hashlib
import os
import shutil
import tempfile
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from importlib.resources import files
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError

from facsight.core.cache import cache_folder
from facsight.core.errors import BadCheckpoint, MissingData, UnknownName, did_you_mean
from facsight.faces.finder import DEFAULT, default_finder, open_finder
from facsight.faces.staged import StagedFinder

#: The folder beside the bundled weights with moments of neutral faces of many people.
NEUTRAL_PEOPLE = "neutral"
#: The folder beside the bundled weights with what a translator of features learnt from people.
TRANSLATION = "translation"
#: Seconds without an answer after which a download is given up.
PATIENCE = 30
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Model:
    """A file that can be downloaded: its name in the cache, where from, and what it must be."""

    file: str
    url: str
    sha256: str
    licence: str
    about: str


MODELS = {
    "face_landmarker": Model(
        "face_landmarker.task",
        "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/"
        "face_landmarker.task",
        "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
        "Apache-2.0",
        "MediaPipe FaceLandmarker: 478 points and 52 blendshapes (3.8 MB)",
    ),
    "yunet": Model(
        "yunet_n_dynamic.onnx",
        "https://raw.githubusercontent.com/ShiqiYu/libfacedetection.train/"
        "dca340aa082c71081a68d17db8e58b33a58a914b/onnx/yunet_n_dynamic.onnx",
        "104ee26c71d5c270ce79a6b3dced91c91013260d29a6bf18f9296c5b8c4c2b12",
        "Apache-2.0",
        "YuNet face detector (0.3 MB)",
    ),
}

#: The model that each face finder takes.
_MODEL_OF_FINDER = {"mediapipe_task": "face_landmarker", "yunet": "yunet"}


def bundled_weights() -> Path:
    """The reader's weights that come with the package. `MissingData` where the package was built without."""
    folder = Path(str(files("facsight"))) / "weights"
    found = sorted(folder.glob("*.safetensors"))
    if len(found) != 1:
        raise MissingData(
            f"expected the bundled reader's weights (one .safetensors file) in {folder}, found {len(found)}; "
            "install facsight again, or give a weights file by its path"
        )
    return found[0]


def bundled_neutral_people() -> Path:
    """Moments of neutral faces for the bundled reader (`nn.neutral_people`). `MissingData` without them."""
    return _bundled(NEUTRAL_PEOPLE, "of neutral faces")


def bundled_translation() -> Path:
    """The translator of features for the bundled reader (`nn.translation`). `MissingData` without it."""
    return _bundled(TRANSLATION, "with a translator of features")


def _bundled(folder: str, what: str) -> Path:
    found = sorted((Path(str(files("facsight"))) / "weights" / folder).glob("*.safetensors"))
    if len(found) != 1:
        raise MissingData(
            f"expected one file {what} beside the bundled reader's weights, found {len(found)}; install "
            "facsight again"
        )
    return found[0]


def sha256(path: Path) -> str:
    """The SHA-256 of a file's content, in small hexadecimal letters."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch(model: str | Path) -> Path:
    """The local file of a model: a path as it is, a name from `MODELS` out of the cache or downloaded.

    A download is complete and checked before it appears under its name, so an interrupted one leaves nothing
    that could be taken for a model. `UnknownName`, `MissingData` (offline, or the download failed) and
    `BadCheckpoint` (another content than expected) say what to do.
    """
    if isinstance(model, Path) or Path(model).exists():
        return _existing(Path(model))
    if model not in MODELS:
        raise UnknownName(
            f"there is no file and no downloadable model {model!r}; {did_you_mean(model, MODELS)}"
        )
    wanted = MODELS[model]
    path = cache_folder() / wanted.file
    if not (path.is_file() and sha256(path) == wanted.sha256):
        _download(wanted, path)
    return path


def face_finder(
    name: str | None = None, *, model: str | Path | None = None, min_confidence: float = 0.5
) -> StagedFinder:
    """The named face finder, its model file fetched if it needs one and none is given.

    Without a name: the one whose models are installed, or else MediaPipe's bundle, downloaded once.
    """
    if name is None and model is None:
        try:
            return default_finder(min_confidence=min_confidence)
        except MissingData:
            name = "mediapipe_task"
    name = name or DEFAULT
    wanted = model or model_of_finder(name)
    return open_finder(name, fetch(wanted) if wanted else None, min_confidence=min_confidence)


def model_of_finder(name: str) -> str | None:
    """Which of `MODELS` a face finder takes; None for one that needs none."""
    return _MODEL_OF_FINDER.get(name)


def is_offline() -> bool:
    """Whether the environment forbids downloads."""
    variables = (os.environ.get(name, "") for name in ("FACSIGHT_OFFLINE", "HF_HUB_OFFLINE"))
    return any(value.strip().lower() not in ("", "0", "false", "no", "off") for value in variables)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise MissingData(
            f"expected a model file at {path}, found none; names are {', '.join(sorted(MODELS))}"
        )
    return path


def _download(model: Model, path: Path) -> None:
    by_hand = f"download {model.url} by hand and put it at {path}"
    if is_offline():
        raise MissingData(
            f"{model.file} is not in the cache, and FACSIGHT_OFFLINE or HF_HUB_OFFLINE forbids downloads; "
            f"unset it, or {by_hand}"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{model.file}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _copy(model.url, file)
        found = sha256(part)
        if found != model.sha256:
            raise BadCheckpoint(
                f"{model.file} from {model.url} was expected to have SHA-256 {model.sha256}, "
                f"found {found}; the download was deleted. Try again, or {by_hand}"
            )
        part.chmod(0o644)
        part.replace(path)
    except (OSError, HTTPException) as error:
        raise MissingData(
            f"{model.file} could not be downloaded ({error or type(error).__name__}); try again, or {by_hand}"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _copy(url: str, file: BinaryIO) -> None:
    try:
        answer = urllib.request.urlopen(url, timeout=PATIENCE)  # noqa: S310 (an address from MODELS)
    except HTTPError as refusal:
        with refusal:
            raise OSError(f"the server answers {refusal.code} {refusal.reason}") from None
    with answer:
        shutil.copyfileobj(answer, file, _BLOCK)
        promised = answer.headers.get("Content-Length")
    if promised is not None and file.tell() != int(promised):
        raise OSError(f"the connection ended after {file.tell()} of {promised} bytes")
