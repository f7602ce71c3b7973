"""What is to be read: photos or videos, and into tables of which kind."""

from collections.abc import Callable, Iterable, Mapping
from inspect import signature
from pathlib import Path
from typing import Any, Literal

from facsight.analysis.reader import Reader
from facsight.analysis.run import Outcome, analyse
from facsight.analysis.study import StudyOutcome, analyse_videos
from facsight.core.endings import PHOTO_ENDINGS
from facsight.core.errors import BadRecipe, MissingData, counted, did_you_mean
from facsight.media.folder import find_footage, find_media
from facsight.media.video import VIDEO_ENDINGS

Only = Literal["photos", "videos"]


def analyze(
    inputs: str | Path | Iterable[str | Path],
    out: str | Path,
    *,
    reader: Reader | None = None,
    only: Only | None = None,
    **options: Any,
) -> Outcome | StudyOutcome:
    """Read photos, or videos, and folders of them into tables in the folder `out`.

    What `facsight analyze` does, but for the page, which `facsight report OUT` writes. `options` are those of
    `analysis.run.analyse` for photos, of `analysis.study.analyse_videos` for videos (`every`, `rate`,
    `sequence`, `over_time`, `people`, ...). What cannot be read is in `failed` of what is returned, with its
    reason, and ends nothing; the same call goes on where it was stopped. `MissingData` where there is nothing
    to read, `BadRecipe` for photos and videos at once, and for an option that what is read does not have.
    """
    given, folder = [inputs] if isinstance(inputs, str | Path) else list(inputs), Path(out)
    photos, videos = photos_or_videos(map(Path, given), folder, only, options.get("sequence"))
    if videos:
        _check_options(options, analyse_videos, counted(len(videos), "video"))
        return analyse_videos(videos, folder, reader or Reader(), **options)
    _check_options(options, analyse, counted(len(photos), "photo"))
    return analyse(photos, folder, reader or Reader(), **options)


def _check_options(options: Mapping[str, Any], read: Callable[..., Any], what: str) -> None:
    """Refuse an option that reading these files does not have: most are of videos only."""
    known = [name for name, one in signature(read).parameters.items() if one.kind is one.KEYWORD_ONLY]
    for name in options:
        if name not in known:
            raise BadRecipe(
                f"found {what}, which the option {name!r} is not for: {did_you_mean(name, known)}"
            )


def photos_or_videos(
    inputs: Iterable[Path], out: Path, only: Only | None, sequence: float | None
) -> tuple[list[Path], list[Path]]:
    """The photos, or the videos, that are to be read: one of the lists is empty."""
    inputs = list(inputs)
    if sequence is not None and only != "photos":
        photos, videos = [], find_footage(inputs, out)
    else:
        photos, videos = find_media(inputs, out)
    if only is not None:
        photos, videos = (photos, []) if only == "photos" else ([], videos)
    if photos and videos:
        raise BadRecipe(
            f"found {counted(len(photos), 'photo')} and {counted(len(videos), 'video')}: tables differ; "
            "give --only photos or --only videos, each with an --out of its own"
        )
    if not photos and not videos:
        raise MissingData(_nothing(", ".join(map(str, inputs)), only, sequence))
    return photos, videos


def _nothing(names: str, only: Only | None, sequence: float | None) -> str:
    if sequence is not None:
        return f"no folder of numbered pictures in {names}: expected pictures such as frame_0001.png"
    endings = {"photos": PHOTO_ENDINGS, "videos": VIDEO_ENDINGS, None: PHOTO_ENDINGS | VIDEO_ENDINGS}
    return (
        f"no {only or 'photo or video'} in {names}: expected files that end with "
        f"{', '.join(sorted(endings[only]))}"
    )
