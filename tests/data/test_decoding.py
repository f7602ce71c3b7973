import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facsight.core.errors import BadMedia, MissingData
from facsight.data.decoding import decode_square, jpeg_size, to_square
from facsight.data.stacks import open_stack


def smooth(width, height, seed=0):
    """A picture of soft blobs: resampling methods agree on it, and no two places look alike."""
    y, x = np.mgrid[:height, :width]
    generator = np.random.default_rng(seed)
    values = np.zeros((height, width, 3))
    for _ in range(6):
        centre_x, centre_y = generator.uniform(0, width), generator.uniform(0, height)
        bump = np.exp(-((x - centre_x) ** 2 + (y - centre_y) ** 2) / (0.03 * width * height))
        values += bump[..., None] * generator.uniform(20, 120, 3)
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


def written(picture, kind="JPEG", **options):
    file = io.BytesIO()
    picture.save(file, kind, **({"quality": 95} if kind == "JPEG" else {}), **options)
    return file.getvalue()


def grey(picture):
    return np.asarray(picture.convert("L"), dtype=float)


@pytest.mark.parametrize("side", [90, 200, 400, 800])  # whole, a half, a quarter, an eighth of the JPEG
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_square_picture_is_what_pillow_makes_of_it(side, kind):
    picture = smooth(side, side)
    found = decode_square(written(picture, kind), 90)
    expected = grey(picture.resize((90, 90), Image.Resampling.BOX))
    assert np.abs(found - expected).mean() < 1.5


def test_colours_are_red_green_blue():
    raw = written(Image.new("RGB", (300, 300), (250, 120, 10)))
    assert np.abs(decode_square(raw, 50, colour=True)[25, 25].astype(int) - (250, 120, 10)).max() < 6


@pytest.mark.parametrize("side", [64, 160, 320])
def test_the_square_about_a_box(side):
    picture = smooth(640, 480)
    left, top = 200, 90
    box = (float(left), top + side / 4, float(left + side), top + 3 * side / 4)
    found = decode_square(written(picture), 64, box=box)
    expected = picture.crop((left, top, left + side, top + side)).resize((64, 64), Image.Resampling.BOX)
    assert np.abs(found - grey(expected)).mean() < 2


def test_what_lies_outside_the_picture_repeats_its_edge():
    picture = np.arange(100, dtype=np.uint8).reshape(10, 10)
    square = to_square(picture, 20, (-5.0, -5.0, 15.0, 15.0))
    assert (square == np.pad(picture, 5, mode="edge")).all()


def test_a_picture_that_is_not_square_keeps_its_shape():
    picture = np.full((20, 40), 200, np.uint8)
    picture[:, :20] = 100
    square = to_square(picture, 40)
    assert (square[:, :20] == 100).all()
    assert (square[:, 20:] == 200).all()


def test_the_orientation_that_a_camera_wrote_is_applied():
    picture = smooth(300, 300)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    found = decode_square(written(picture, exif=exif), 100)
    expected = grey(picture.rotate(-90).resize((100, 100), Image.Resampling.BOX))
    assert np.abs(found - expected).mean() < 1.5


def test_the_size_in_a_header_is_that_of_pillow():
    for size in ((31, 57), (640, 480), (1, 1)):
        raw = written(Image.new("RGB", size))
        assert jpeg_size(raw) == size
    assert jpeg_size(written(Image.new("L", (40, 30)), progressive=True)) == (40, 30)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "the file is empty"),
        (b"GIF89a no", "is no picture that OpenCV reads"),
        (b"\xff\xd8\xff", "is no picture|ends in the middle"),
        (written(smooth(200, 200))[:-400], "ends in the middle"),
    ],
)
def test_what_is_no_whole_picture_is_refused(raw, message):
    with pytest.raises(BadMedia, match=message):
        decode_square(raw, 32)


def test_a_jpeg_cut_off_behind_a_thumbnail_with_an_end_of_its_own_is_refused():
    thumbnail = written(smooth(20, 20))
    exif = Image.Exif()
    whole = written(smooth(200, 200), exif=exif)
    inserted = b"\xff\xe2" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    whole = whole[:2] + inserted + whole[2:]
    assert decode_square(whole, 32).shape == (32, 32)
    with pytest.raises(BadMedia, match="ends in the middle"):
        decode_square(whole[:-400], 32)


def test_a_box_outside_the_picture_is_refused():
    with pytest.raises(BadMedia, match="box lies outside the picture"):
        decode_square(written(smooth(200, 200)), 32, box=(300.0, 300.0, 400.0, 400.0))


def test_stacks_give_rows_and_name_those_they_lack(tmp_path):
    pictures = np.arange(2 * 4 * 4, dtype=np.uint8).reshape(2, 4, 4)
    np.savez(tmp_path / "faces.npz", faces=pictures)
    text = "\n".join(
        ["emotion, pixels", *("0," + " ".join(map(str, face.ravel())) for face in pictures), "0,1 2 x"]
    )
    (tmp_path / "fer2013.csv").write_text(text + "\n0,1 2 300 4\n")
    for name in ("faces.npz", "fer2013.csv"):
        read = open_stack(tmp_path / name)
        assert (read(1) == pictures[1]).all()
        with pytest.raises(BadMedia, match=r"row 9|has 0 grey values"):
            read(9)
    for row in (2, 3):
        with pytest.raises(BadMedia, match=f"row {row} of fer2013.csv"):
            open_stack(tmp_path / "fer2013.csv")(row)


@pytest.mark.parametrize("content", [b"", b"PK no zip", b"\x93NUMPY"])
def test_damaged_stacks_are_named(tmp_path: Path, content):
    (tmp_path / "faces.npz").write_bytes(content)
    with pytest.raises(MissingData, match=r"faces.npz is damaged"):
        open_stack(tmp_path / "faces.npz")
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(MissingData, match="has no column of pixels"):
        open_stack(tmp_path / "a.csv")


def test_a_stack_of_floats_is_refused(tmp_path):
    np.savez(tmp_path / "faces.npz", faces=np.zeros((2, 4, 4)))
    with pytest.raises(MissingData, match="expected pictures"):
        open_stack(tmp_path / "faces.npz")
