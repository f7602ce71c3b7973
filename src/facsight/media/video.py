"""Frames of any video, upright, with the container's own times, or a reason why not.

- Only local regular files are read. What a file names, such as the parts of a playlist, is never opened.
- Frames are numbered as they are decoded, in the order in which they are shown. A frame whose time does not
  come after that of the one before is left out, without a number, and named in `damage`.
- A frame without a time follows the one before by 1 / rate, or 1/25 s if no rate is known; so does every
  frame of H.264 or HEVC in AVI, which keeps no times for them.
- Frames that are decoded with errors are left out and named in `damage`, and so is what cannot be decoded at
  all. Frames after it, up to the next key frame, may show its traces: they are given as they are decoded.
  Damage that the decoder does not notice is not named, and need not look the same when it is read again.
- The rotation that the camera wrote is applied in quarter turns; mirroring is not.
- Pixels need not be square: the sample aspect ratio is not applied.
- Colours are converted as swscale does it: sources of more than 8 bits are rounded, an unnamed colour matrix
  is BT.601, primaries other than those of BT.709 are not converted, transparency is dropped.
- What a stream says has a high dynamic range is tone mapped (`media.light`), and what it says is interlaced
  is deinterlaced (`media.fields`); both are named in `notes`.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from jaxtyping import UInt8

from facsight.core.errors import BadMedia
from facsight.media.clock import duration_of, seconds_of, whole_duration
from facsight.media.file import check_file
from facsight.media.footage import Footage, Pixels
from facsight.media.light import TRANSFERS, ToneMap
from facsight.media.sound import AudioTrack, tracks_of_sound
from facsight.media.track import (
    USUAL_RATE,
    Position,
    Unsure,
    following,
    ignore,
    note,
    open_track,
)

#: Endings of file names that are taken for videos in a folder, in small letters.
VIDEO_ENDINGS = frozenset(
    (
        *(".3g2", ".3gp", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".m2ts", ".m2v", ".m4v", ".mkv"),
        *(".mov", ".mp4", ".mpe", ".mpeg", ".mpg", ".mts", ".mxf", ".ogv", ".qt", ".ts", ".vob", ".webm"),
        ".wmv",
    )
)

#: What is noted of a video with the transfer function of a high dynamic range.
TONE_MAPPED = (
    "it has a high dynamic range ({}): its tones are mapped to those of an ordinary picture (BT.2390)"
)


@dataclass(eq=False)
class Video(Footage):
    """A video that was found good, as its container describes it; made by `open_video`."""

    _announced: float | None = None
    #: Transfer function and primaries of a high dynamic range.
    _light: tuple[str, int] | None = None

    def _all(self, after: Position | None) -> Iterator[tuple[Position, Callable[[], Pixels]]]:
        """Decoded by several threads as long as all is well, which gives the same frames as one.

        From the first damage on one thread goes on, as what several make of it depends on their number.
        """
        last, tones = after, ToneMap(*self._light) if self._light else None
        for damage in (None, self.damage):
            try:
                for at, frame in following(self.name, last, damage, self.notes):
                    last = at
                    yield at, partial(upright, frame, tones)
                break
            except Unsure:
                continue
        self._check_end(last)

    def _check_end(self, last: Position | None) -> None:
        wait = 1 / (self.rate or USUAL_RATE)
        if last and self._announced:
            found = last.time - self._first + wait
            if self._announced - found > max(min(1, 0.05 * self._announced), 2 * wait):
                reason = f"ends early: announced {self._announced:.2f} s, found {found:.2f} s"
                note(self.damage, last.time, reason)


def open_video(path: str | Path) -> Video:
    """The video in a local file, whatever its ending; its first frame has been decoded.

    `BadMedia` says what was found instead: no file, a folder, nothing, no media, sound only, a picture, no
    frame that can be decoded, frames of more than `MAX_PIXELS`, or a file that may not be read.
    """
    name = os.fspath(path)
    check_file(Path(path), "video")
    with open_track(name) as track:
        container, stream = track.container, track.stream
        time, frame = next((found for found in track.frames(ignore) if found[1]), (0.0, None))
        if frame is None:
            raise BadMedia(f"{name!r} holds no frame that can be decoded; copy or download it again")
        turned, light = _turns(frame), _light_of(stream.codec_context)
        rate = float(stream.average_rate or stream.guessed_rate or 0) or None
        whole, announced = whole_duration(container, time), duration_of(stream, time)
        duration = announced or whole
        return Video(
            name=name,
            width=frame.height if turned % 2 else frame.width,
            height=frame.width if turned % 2 else frame.height,
            rotation=-90 * turned % 360,
            rate=rate,
            duration=duration,
            expected=stream.frames or (round(duration * rate) if duration and rate else None),
            start=seconds_of(stream, stream.start_time),
            audio=_sounds(name) if container.streams.audio else (),
            notes=[*track.notes, *([TONE_MAPPED.format(light[0])] if light else [])],
            _first=time,
            _announced=announced or (None if container.streams.audio else whole),
            _light=light,
        )


def is_video(path: Path) -> bool:
    """Whether a file holds moving pictures, whatever its ending; none of them is decoded."""
    try:
        check_file(path, "video")
        with open_track(os.fspath(path)):
            return True
    except BadMedia:
        return False


def _light_of(coding: VideoCodecContext) -> tuple[str, int] | None:
    transfer = TRANSFERS.get(coding.color_trc)
    return (transfer, coding.color_primaries) if transfer else None


def _turns(frame: VideoFrame) -> int:
    """Quarter turns against the clock that make a frame upright."""
    return round(frame.rotation / 90) % 4


def upright(frame: VideoFrame, tones: ToneMap | None = None) -> UInt8[np.ndarray, "height width 3"]:
    """A decoded frame's pixels as RGB, turned as the camera wrote."""
    pixels = (tones(frame) if tones else frame).to_ndarray(format="rgb24", threads=1)
    # copied, as the decoder may still need what it shares
    return np.array(np.rot90(pixels, _turns(frame)), order="C")


def _sounds(name: str) -> tuple[AudioTrack, ...]:
    with open_track(name) as track:
        return tracks_of_sound(track.container, track.stream)
