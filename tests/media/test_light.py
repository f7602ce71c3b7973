"""Videos of a high dynamic range that show patches of a known light."""

from fractions import Fraction

import av
import numpy as np
import pytest

from facsight.media.light import PEAK, WHITE, light_of, ordinary, pq_light, pq_signal, tone
from facsight.media.video import open_video

#: Light of patches in candela per square metre: greys, skin, full colours, in the primaries of BT.709.
GREYS = np.repeat(np.array([0.5, 2, 8, 20, 36, 60, 85, 130, 203, 400, 800, 1000])[:, None], 3, 1)
SKIN = np.array([[90, 50, 36], [60, 30, 20], [24, 11, 7], [80, 62, 50.0]])
COLOURS = np.array([[60, 2, 2], [2, 60, 2], [2, 2, 60], [60, 60, 5.0]])
PATCHES = np.concatenate([GREYS, SKIN, COLOURS])
SIDE = 16

#: ITU-R BT.2087: linear red, green and blue of BT.709 in those of BT.2020.
TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])


def as_pq(light):
    """The inverse of the transfer function of SMPTE ST 2084, as that document writes it."""
    y = (light / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375


def as_hlg(light):
    """ITU-R BT.2100: from the light of a display of 1,000 to that of the scene, then to the signal."""
    shown = (light @ [0.2627, 0.6780, 0.0593])[:, None] / 1000
    scene = light / 1000 / shown ** (0.2 / 1.2)
    bright = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright)


def saved_light(path, light, transfer, *, codec="ffv1", kind="matroska", turned=0):
    """A video of patches side by side, each SIDE wide, in 10 bits by the equations of BT.2020."""
    signal = (as_pq if transfer == "PQ" else as_hlg)(light @ TO_BT2020.T)
    luma = signal @ [0.2627, 0.6780, 0.0593]
    blue, red = (signal[:, 2] - luma) / 1.8814, (signal[:, 0] - luma) / 1.4746
    rows = [64 + 876 * luma, 512 + 896 * blue, 512 + 896 * red]
    wide = [np.repeat(row, side) for row, side in zip(rows, (SIDE, SIDE // 2, SIDE // 2), strict=True)]
    planes = [
        np.repeat(row[None], side, 0) for row, side in zip(wide, (SIDE, SIDE // 2, SIDE // 2), strict=True)
    ]
    packed = np.concatenate([plane.ravel() for plane in planes]).round().astype(np.uint16)
    width = SIDE * len(light)
    with av.open(str(path), "w", format=kind) as container:
        stream = container.add_stream(
            codec, rate=25, options={"x265-params": "log-level=none:crf=2"} if "265" in codec else {}
        )
        stream.width, stream.height, stream.pix_fmt = width, SIDE, "yuv420p10le"
        coding = stream.codec_context
        coding.color_trc, coding.color_primaries = {"PQ": 16, "HLG": 18}[transfer], 9
        coding.colorspace, coding.color_range = 9, 1
        if turned:
            stream.set_display_rotation(turned)
        for number in range(3):
            frame = av.VideoFrame.from_ndarray(packed.reshape(SIDE * 3 // 2, width), format="yuv420p10le")
            frame.colorspace, frame.color_range = 9, 1
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def patches(pixels):
    """The middle of each patch."""
    return pixels[SIDE // 2, SIDE // 2 :: SIDE].astype(float)


def on_a_screen(light):
    """What makes a screen of ITU-R BT.1886, whose white is 203, show this light, 0 to 255."""
    return 255 * np.clip(light / 203, 0, 1) ** (1 / 2.4)


@pytest.mark.parametrize(("codec", "kind"), [("ffv1", "matroska"), ("libx265", "mp4")])
@pytest.mark.parametrize("transfer", ["PQ", "HLG"])
def test_faces_look_as_in_an_ordinary_picture(tmp_path, transfer, codec, kind):
    path = saved_light(tmp_path / "video", PATCHES, transfer, codec=codec, kind=kind)
    video = open_video(path)
    assert len(video.notes) == 1
    assert f"high dynamic range ({transfer})" in video.notes[0]
    for frame in video.frames():
        shown = patches(frame.pixels)
        dim = PATCHES.max(axis=1) <= 90
        assert dim.sum() == 15
        errors = np.abs(shown - on_a_screen(PATCHES))
        assert errors[dim][: -len(COLOURS)].max() <= 3
        assert errors[dim].max() <= 12, "of colours at the edge of what the screen can show"
        greys = shown[: len(GREYS)]
        assert np.ptp(greys, axis=1).max() <= 2, "grey stays grey"
        assert np.all(np.diff(greys[:10, 1]) > 3), "and what is brighter is brighter"
        assert 220 < greys[8, 1] < 240, "white is bright and leaves room for what is brighter"
        assert greys[-1, 1] >= 253
    with av.open(str(path)) as container:
        flat = patches(next(container.decode(video=0)).to_ndarray(format="rgb24"))
    assert np.abs(flat[dim] - on_a_screen(PATCHES[dim])).max() > 40, "without all this they do not"


@pytest.mark.parametrize("transfer", ["PQ", "HLG"])
def test_the_table_is_the_formula(tmp_path, transfer):
    """Signals over the whole range, those within the colours that the screen can show."""
    light = np.random.default_rng(0).uniform(0.2, 1, (60, 3)) * np.geomspace(0.5, 1000, 60)[:, None]
    shown = patches(next(open_video(saved_light(tmp_path / "v", light, transfer)).frames()).pixels)
    signal = (as_pq if transfer == "PQ" else as_hlg)(light @ TO_BT2020.T)
    expected = 255 * ordinary(light_of(signal, transfer), 9)
    assert np.abs(shown - expected).max() < 6
    assert np.abs(shown - expected).mean() < 1


def test_known_points_of_the_transfer_functions():
    """ITU-R BT.2408: white (203) is 58 % in PQ and 75 % in HLG, a grey card (26) 38 % in both."""
    assert pq_signal(np.array([26.0, 203.0, 10_000.0])) == pytest.approx([0.38, 0.58, 1.0], abs=5e-3)
    assert pq_light(np.array([0.0, 1.0])) == pytest.approx([0, 10_000])
    signals = np.repeat(np.array([[0.38], [0.75], [1.0]]), 3, 1)
    assert light_of(signals, "HLG")[:, 0] == pytest.approx([26, 203, 1000], rel=0.01)
    light = np.geomspace(1e-3, 10_000, 50)
    np.testing.assert_allclose(pq_light(pq_signal(light)), light, rtol=1e-6)


def test_the_tone_curve():
    """Untouched below, at its end at white, without a step or a turn between."""
    light = np.linspace(0, PEAK, 5001)
    mapped = tone(light)
    assert mapped[light < 85] == pytest.approx(light[light < 85])
    assert mapped[-1] == pytest.approx(WHITE)
    slope = np.diff(mapped) / np.diff(light)
    assert np.all(slope > 0)
    assert np.all(slope < 1.2)
    assert np.abs(np.diff(slope)).max() < 0.05


def test_light_without_wide_colours_keeps_its_own(tmp_path):
    assert ordinary(np.array([[50.0, 20.0, 10.0]]), 1) * 255 == pytest.approx(
        on_a_screen(np.array([[50.0, 20.0, 10.0]]))
    )


def test_turned(tmp_path):
    video = open_video(
        saved_light(tmp_path / "v.mp4", PATCHES, "HLG", codec="libx265", kind="mp4", turned=-90)
    )
    width = SIDE * len(PATCHES)
    assert (video.width, video.height, video.rotation) == (SIDE, width, 90)
    frame = next(video.frames())
    turned_back = np.rot90(frame.pixels)
    np.testing.assert_allclose(patches(turned_back)[4], on_a_screen(PATCHES[4]), atol=4)


def test_going_on(tmp_path):
    video = open_video(saved_light(tmp_path / "video", PATCHES, "PQ"))
    frames = list(video.frames())
    again = list(video.frames(after=frames[0].at))
    assert [frame.at for frame in again] == [frame.at for frame in frames[1:]]
    for one, other in zip(again, frames[1:], strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)
