"""Frames are counted and timed as ffprobe counts and times them, on the clock of the container."""

import shutil
import struct
import subprocess
from fractions import Fraction

import numpy as np
import pytest

from facsight.media.video import open_video
from written_video import GREYS, moving, saved, saved_fields

PROBE = shutil.which("ffprobe")
pytestmark = pytest.mark.skipif(PROBE is None, reason="needs ffprobe, which this machine has not")

MS = Fraction(1, 1000)
UNEVEN = [0, 40, 41, 500, 533, 2000, 2001, 9000, 9040, 9041, 9500, 9533]
#: How each file is written, beside its name.
FILES = {
    "constant.mp4": {"kind": "mp4"},
    "constant.mkv": {},
    "constant.mov": {"kind": "mov"},
    "constant.ts": {"kind": "mpegts"},
    "constant.avi": {"kind": "avi", "codec": "mpeg4"},
    "constant.webm": {"kind": "webm", "codec": "libvpx"},
    "ntsc.mp4": {"kind": "mp4", "base": Fraction(1001, 30000)},
    "fast.mp4": {"kind": "mp4", "base": Fraction(1, 240)},
    "variable.mkv": {"times": UNEVEN, "base": MS},
    "variable.mp4": {"times": UNEVEN, "base": MS, "kind": "mp4"},
    "variable b-frames.mp4": {"times": UNEVEN, "base": MS, "kind": "mp4", "between": 3},
    "b-frames.mp4": {"kind": "mp4", "between": 3},
    "b-frames.mkv": {"between": 3},
    "b-frames.ts": {"kind": "mpegts", "between": 3},
    "b-frames.mpg": {"kind": "mpeg", "codec": "mpeg2video", "between": 2},
    "b-frames.avi": {"kind": "avi", "codec": "mpeg4", "between": 0},
    "b-frames h265.mp4": {
        "kind": "mp4",
        "codec": "libx265",
        "between": 3,
        "options": {"x265-params": "log-level=none"},
    },
    "fragments.mp4": {
        "kind": "mp4",
        "between": 3,
        "container_options": {"movflags": "frag_keyframe+empty_moov"},
    },
    "no edit list.mp4": {"kind": "mp4", "between": 3, "container_options": {"use_editlist": "0"}},
    "late.mkv": {"times": list(range(125, 155))},
    "late.ts": {"times": list(range(125, 155)), "kind": "mpegts", "between": 2},
    "late.mp4": {"times": list(range(125, 155)), "kind": "mp4", "between": 2},
    "late.mpg": {"times": list(range(125, 155)), "kind": "mpeg", "codec": "mpeg2video"},
    "early.mkv": {"times": list(range(-5, 25))},
    "early.mp4": {"times": list(range(-5, 25)), "kind": "mp4", "between": 2},
    "early.ts": {"times": list(range(-5, 25)), "kind": "mpegts"},
    "turned.mp4": {"kind": "mp4", "turned": -90},
    "ten bits.mp4": {"kind": "mp4", "pixel_format": "yuv420p10le", "between": 2},
    "ten bits.mkv": {"codec": "ffv1", "pixel_format": "yuv420p10le"},
    "sound.mp4": {"kind": "mp4", "sound": "aac", "between": 2},
    "pictures.mov": {"kind": "mov", "codec": "mjpeg", "pixel_format": "yuvj420p"},
}


#: The edit list that is written cuts off what comes before 0.
SHOWN = {"early.mp4": 25}


def probed(path):
    """When ffprobe says that each frame is shown, in seconds; NaN where it does not know."""
    told = subprocess.run(
        [
            str(PROBE),
            *("-v", "error", "-select_streams", "v:0", "-show_entries", "frame=best_effort_timestamp_time"),
            *("-of", "default=noprint_wrappers=1:nokey=1", str(path)),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(line) if line != "N/A" else np.nan for line in told.stdout.split()]


def read(path):
    """When we say so."""
    with open_video(path) as video:
        times = [frame.at.time for frame in video.frames()]
        assert video.damage == []
    return times


def agreed(path):
    """How many frames both find, at the same times."""
    found, expected = np.array(read(path)), np.array(probed(path))
    assert len(found) == len(expected) > 0
    known = np.isfinite(expected)
    assert known[0]
    np.testing.assert_allclose(found[known], expected[known], rtol=0, atol=1e-3)
    return len(found)


@pytest.mark.parametrize("name", FILES)
def test_written_files(tmp_path, name):
    options = FILES[name]
    count = len(options.get("times", GREYS))
    path = saved(tmp_path / name, [moving(number) for number in range(count)], **options)
    assert agreed(path) == SHOWN.get(name, count)


@pytest.mark.parametrize("between", [0, 3])
@pytest.mark.parametrize("cut", [3, 8, 13])
def test_an_edit_list_that_begins_inside(tmp_path, between, cut):
    """The first frames are in the file, to decode the others, and are not shown."""
    path = saved(
        tmp_path / "video.mp4", [moving(number) for number in range(30)], kind="mp4", between=between
    )
    data = bytearray(path.read_bytes())
    place = data.index(b"elst") + 4
    version, entries = struct.unpack(">B3xI", data[place : place + 8])
    assert (version, entries) == (0, 1)
    length, begins = struct.unpack(">Ii", data[place + 8 : place + 16])
    tick = length // 30  # a frame on the clock of the file; the track has its own
    media = data.index(b"mdhd") + 4
    scale = struct.unpack(">I", data[media + 12 : media + 16])[0]
    shown = struct.pack(">Ii", length - cut * tick, begins + cut * scale // 25)
    data[place + 8 : place + 16] = shown
    path.write_bytes(data)
    assert agreed(path) == 30 - cut


@pytest.mark.parametrize(
    ("codec", "kind"), [("libx264", "mp4"), ("libx264", "matroska"), ("mpeg2video", "mpegts")]
)
def test_interlaced_files(tmp_path, codec, kind):
    pictures = [moving(number) for number in range(30)]
    path = saved_fields(tmp_path / "video", pictures, codec=codec, kind=kind)
    assert agreed(path) == 30


@pytest.mark.parametrize("folder", ["video", "video_av"])
def test_real_files(shared_data, folder):
    for path in sorted((shared_data / "samples" / folder).iterdir()):
        assert agreed(path)
