"""Photos of every kind, and what is no photo."""

import os
import threading
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from facsight.core.errors import BadMedia
from facsight.media import photo as photo_module
from facsight.media.photo import BACKGROUND, read_photo


def gradient(height: int = 40, width: int = 60) -> np.ndarray:
    """A picture in which every pixel has its own colour: x in red, y in green."""
    pixels = np.full((height, width, 3), 90, np.uint8)
    pixels[..., 0] = np.linspace(0, 255, width)[None].round()
    pixels[..., 1] = np.linspace(0, 255, height)[:, None].round()
    return pixels


def pixels_or_reason(path: Path) -> tuple[np.ndarray | None, str]:
    try:
        return read_photo(path).pixels, ""
    except BadMedia as error:
        return None, str(error)


def saved(folder: Path, name: str, picture: Image.Image, **options) -> Path:
    path = folder / name
    picture.save(path, **options)
    return path


@pytest.mark.parametrize("ending", ["png", "bmp", "tiff", "webp", "ppm"])
def test_lossless_formats_come_back_exactly(tmp_path, ending):
    options = {"lossless": True} if ending == "webp" else {}
    path = saved(tmp_path, f"photo.{ending}", Image.fromarray(gradient()), **options)
    photo = read_photo(path)
    np.testing.assert_array_equal(photo.pixels, gradient())
    assert photo.name == str(path)


def test_jpeg_comes_back_nearly(tmp_path):
    path = saved(tmp_path, "photo.jpg", Image.fromarray(gradient()), quality=95, subsampling=0)
    assert np.abs(read_photo(str(path)).pixels.astype(int) - gradient()).max() < 12


def test_array_is_taken_as_it_is():
    pixels = gradient()
    photo = read_photo(pixels)
    assert photo.pixels is pixels
    assert photo.name == "array"


def test_array_with_gaps_becomes_contiguous():
    photo = read_photo(gradient()[::2, ::-1])
    assert photo.pixels.flags["C_CONTIGUOUS"]
    np.testing.assert_array_equal(photo.pixels, gradient()[::2, ::-1])


def test_pil_image(tmp_path):
    assert read_photo(Image.fromarray(gradient())).name == "picture"
    path = saved(tmp_path, "photo.png", Image.fromarray(gradient()))
    with Image.open(path) as picture:
        photo = read_photo(picture)
        assert picture.getpixel((3, 4)) == tuple(gradient()[4, 3]), "the caller's picture still works"
    np.testing.assert_array_equal(photo.pixels, gradient())
    assert photo.name == str(path)


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((4, 4), np.uint8), r"shape \(4, 4\)"),
        (np.zeros((4, 4, 4), np.uint8), "red, green, blue"),
        (np.zeros((0, 4, 3), np.uint8), r"shape \(0, 4, 3\)"),
        (np.zeros((4, 4, 3), np.int64), "int64"),
        (np.zeros((4, 4, 3)), r"\(255 \* array\)"),
        (np.full((4, 4, 3), np.nan), "NaN"),
    ],
)
def test_other_arrays_are_refused(array, reason):
    with pytest.raises(BadMedia, match=reason):
        read_photo(array)


def test_other_objects_are_refused(unchecked):
    with pytest.raises(BadMedia, match="found list"):
        read_photo([1, 2, 3])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "tiff"])
def test_exif_orientation_is_applied(tmp_path, orientation, ending):
    upright = np.zeros((32, 48, 3), np.uint8)
    upright[:16, :16] = 255  # the top left corner is white
    undo = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: np.rot90(upright, 2).transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = Image.fromarray(np.ascontiguousarray(undo))
    path = saved(tmp_path, f"photo.{ending}", picture, exif=exif)
    pixels = read_photo(path).pixels
    assert pixels.shape == (32, 48, 3)
    assert np.abs(pixels.astype(int) - upright).mean() < 3


def test_broken_exif_data_do_not_cost_the_photo(tmp_path):
    path = saved(
        tmp_path, "photo.jpg", Image.fromarray(gradient()), exif=b"Exif\x00\x00MM\x00*\x00\x00\xff\xff"
    )
    assert read_photo(path).pixels.shape == (40, 60, 3)


@pytest.mark.parametrize("ending", ["png", "tiff"])
@pytest.mark.parametrize(("bits", "brightest"), [(16, 65535), (12, 4095), (10, 1000)])
def test_deep_greys_are_scaled_not_clipped(tmp_path, ending, bits, brightest):
    deep = np.linspace(0, brightest, 40 * 60).reshape(40, 60).round().astype(np.uint16)
    pixels = read_photo(saved(tmp_path, f"deep.{ending}", Image.fromarray(deep))).pixels
    expected = deep / (2**bits - 1) * 255
    np.testing.assert_allclose(pixels[..., 0], expected, atol=0.51)
    assert (pixels[..., 0] == pixels[..., 2]).all()
    assert len(np.unique(pixels)) > 200


def test_float_greys_are_scaled_by_their_range(tmp_path):
    grey = np.linspace(-2, 3, 40 * 60, dtype=np.float32).reshape(40, 60)
    pixels = read_photo(saved(tmp_path, "float.tiff", Image.fromarray(grey))).pixels
    np.testing.assert_allclose(pixels[..., 1], (grey + 2) / 5 * 255, atol=0.51)


def test_whole_number_greys_from_0_to_255_stay(tmp_path):
    grey = np.arange(200, dtype=np.int32).reshape(10, 20)
    pixels = read_photo(saved(tmp_path, "int.tiff", Image.fromarray(grey))).pixels
    np.testing.assert_array_equal(pixels[..., 0], grey)


def test_constant_deep_grey_is_black(tmp_path):
    grey = np.full((4, 4), 7.5, np.float32)
    assert read_photo(saved(tmp_path, "flat.tiff", Image.fromarray(grey))).pixels.max() == 0


def test_nan_greys_are_refused(tmp_path):
    grey = np.full((4, 4), np.nan, np.float32)
    with pytest.raises(BadMedia, match="NaN"):
        read_photo(saved(tmp_path, "nan.tiff", Image.fromarray(grey)))


@pytest.mark.parametrize(
    ("ending", "mode"),
    [
        *[("png", mode) for mode in ("L", "1", "P", "LA", "RGBA")],
        *[("tiff", mode) for mode in ("L", "1", "P", "LA", "RGBA", "CMYK", "YCbCr")],
        *[("jpg", mode) for mode in ("L", "CMYK", "YCbCr")],
    ],
)
def test_colour_modes(tmp_path, ending, mode):
    grey = Image.fromarray(np.repeat(np.repeat([[0, 255]], 30, 0), 20, 1).astype(np.uint8))
    pixels = read_photo(saved(tmp_path, f"{mode}.{ending}", grey.convert("RGB").convert(mode))).pixels
    assert pixels.shape == (30, 40, 3)
    assert pixels[:, :15].max() < 30
    assert pixels[:, 25:].min() > 225


def test_transparent_parts_show_mid_grey(tmp_path):
    layer = np.zeros((10, 30, 4), np.uint8)
    layer[..., 0] = 255
    layer[:, 10:20, 3] = 128
    layer[:, 20:, 3] = 255
    pixels = read_photo(saved(tmp_path, "alpha.png", Image.fromarray(layer))).pixels
    assert tuple(pixels[5, 5]) == BACKGROUND
    np.testing.assert_allclose(pixels[5, 15], [191, 63, 63], atol=1.5)  # half red, half 127
    assert tuple(pixels[5, 25]) == (255, 0, 0)


def test_transparent_palette_does_not_warn(tmp_path):
    picture = Image.fromarray(gradient()).quantize(16)
    path = saved(tmp_path, "palette.png", picture, transparency=bytes([0, 128] + [255] * 14))
    assert read_photo(path).pixels.shape == (40, 60, 3)


@pytest.mark.parametrize("ending", ["gif", "png", "webp", "tiff"])
def test_first_picture_of_an_animation(tmp_path, ending):
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("red", "blue", "lime")]
    options = {"lossless": True} if ending == "webp" else {}
    path = saved(tmp_path, f"moving.{ending}", frames[0], save_all=True, append_images=frames[1:], **options)
    pixels = read_photo(path).pixels
    assert pixels.shape == (10, 20, 3)
    np.testing.assert_allclose(pixels[5, 5], [255, 0, 0], atol=2)


def test_hundred_megapixels(tmp_path):
    path = saved(tmp_path, "large.png", Image.new("L", (12_500, 8_000), 200), compress_level=1)
    pixels = read_photo(path).pixels
    assert pixels.shape == (8_000, 12_500, 3)
    assert pixels[-1, -1].tolist() == [200] * 3


def test_too_many_pixels_are_refused_before_decoding(tmp_path, monkeypatch):
    monkeypatch.setattr(photo_module, "MAX_PIXELS", 1_000_000)
    path = saved(tmp_path, "large.png", Image.new("1", (2_000, 600)))
    with pytest.raises(BadMedia, match=r"2000 x 600 pixels, expected .* at most 1 million"):
        read_photo(path)


def test_pillows_own_limit_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    path = saved(tmp_path, "photo.png", Image.fromarray(gradient()))
    assert read_photo(path).pixels.shape == (40, 60, 3)
    assert Image.MAX_IMAGE_PIXELS == 100


@pytest.mark.parametrize("ending", ["jpg", "png", "gif", "bmp", "tiff", "webp", "ppm"])
@pytest.mark.parametrize("kept", [0.05, 0.3, 0.6, 0.9, 0.98])
def test_truncated_files_are_refused_whole(tmp_path, ending, kept):
    noise = np.random.default_rng(0).integers(0, 256, (80, 120, 3), dtype=np.uint8)
    path = saved(tmp_path, f"photo.{ending}", Image.fromarray(noise))
    whole = read_photo(path).pixels
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    pixels, reason = pixels_or_reason(path)
    if pixels is None:
        assert "damaged or cut off" in reason
    else:  # what was cut off was not part of the picture
        np.testing.assert_array_equal(pixels, whole)


def test_truncated_progressive_jpeg_is_refused(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (80, 120, 3), dtype=np.uint8)
    path = saved(tmp_path, "photo.jpg", Image.fromarray(noise), progressive=True)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(BadMedia, match="damaged or cut off"):
        read_photo(path)


def test_truncated_files_are_refused_whatever_the_caller_told_pillow(tmp_path, monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    noise = np.random.default_rng(0).integers(0, 256, (80, 120, 3), dtype=np.uint8)
    path = saved(tmp_path, "photo.jpg", Image.fromarray(noise))
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(BadMedia, match="damaged or cut off"):
        read_photo(path)


@pytest.mark.parametrize("ending", ["jpg", "png", "gif", "tiff", "webp"])
def test_no_noise_in_a_file_raises_anything_else(tmp_path, ending):
    generator = np.random.default_rng(0)
    path = saved(tmp_path, f"photo.{ending}", Image.fromarray(gradient()))
    content = bytearray(path.read_bytes())
    for _ in range(40):
        broken = bytearray(content)
        for place in generator.integers(0, len(broken), 8):
            broken[place] = generator.integers(0, 256)
        path.write_bytes(broken)
        with suppress(BadMedia):
            assert read_photo(path).pixels.ndim == 3


@pytest.mark.parametrize(
    ("content", "looks"),
    [
        (b"", r"empty \(0 bytes\)"),
        (b"hello, this is no photo\n", "looks like text"),
        (b"<!DOCTYPE html><title>404</title>", "web page"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"PK\x03\x04....", "zip"),
        (bytes(100), "nothing but zero bytes"),
        (b"\xff\xd8\xff\xe0 no more", "damaged or cut off"),
        (b"\x00\x00\x00\x20ftypheic....", "HEIC"),
        (b"\x00\x00\x00\x20ftypisom....", "MP4"),
        (b"\x01\x02\x03\x04\x81", "unknown kind"),
    ],
)
def test_what_is_no_photo_is_named(tmp_path, content, looks):
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(BadMedia, match=looks):
        read_photo(path)


def test_right_photo_under_a_wrong_name(tmp_path):
    path = saved(tmp_path, "photo.png", Image.fromarray(gradient()))
    renamed = path.rename(tmp_path / "photo.jpg")
    np.testing.assert_array_equal(read_photo(renamed).pixels, gradient())


def test_missing_file_folder_and_dangling_link(tmp_path):
    with pytest.raises(BadMedia, match=r"no file '.*gone.jpg'"):
        read_photo(tmp_path / "gone.jpg")
    with pytest.raises(BadMedia, match="is a folder"):
        read_photo(tmp_path)
    link = tmp_path / "link.jpg"
    link.symlink_to("gone.jpg")
    with pytest.raises(BadMedia, match=r"link to 'gone.jpg'"):
        read_photo(link)
    loop = tmp_path / "loop.jpg"
    loop.symlink_to(loop)
    with pytest.raises(BadMedia, match="link"):
        read_photo(loop)


def test_link_to_a_photo_keeps_its_own_name(tmp_path):
    target = saved(tmp_path, "photo.png", Image.fromarray(gradient()))
    link = tmp_path / "link.png"
    link.symlink_to(target)
    photo = read_photo(link)
    np.testing.assert_array_equal(photo.pixels, gradient())
    assert photo.name == str(link)


def test_unreadable_file(tmp_path, monkeypatch):
    path = saved(tmp_path, "photo.png", Image.fromarray(gradient()))
    path.chmod(0)
    if os.access(path, os.R_OK):  # the superuser may read everything: play the refusal

        def refuse(self, *_):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(BadMedia, match="may not be read"):
        read_photo(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipe_is_refused_without_waiting(tmp_path):
    pipe = tmp_path / "photo.jpg"
    os.mkfifo(pipe)
    with pytest.raises(BadMedia, match="pipe"):
        read_photo(pipe)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>.png", "two\nlines.png", "ü 😀.png", "-rf.png", "a'b\".png"]
)
def test_strange_names(tmp_path, name):
    if "/" in name:
        (tmp_path / name).parent.mkdir(parents=True)
    path = saved(tmp_path, name, Image.fromarray(gradient()))
    assert read_photo(path).name == str(path)
    path.write_bytes(b"")
    with pytest.raises(BadMedia) as caught:
        read_photo(path)
    assert "\n" not in str(caught.value)


def test_name_that_is_not_text(tmp_path):
    raw = os.fsencode(tmp_path) + b"/\xff\xfe.png"
    Path(os.fsdecode(raw)).write_bytes(b"")
    with pytest.raises(BadMedia) as caught:
        read_photo(os.fsdecode(raw))
    str(caught.value).encode()  # can be printed


def test_name_with_a_zero_byte():
    with pytest.raises(BadMedia, match="no file"):
        read_photo("photo\0.jpg")


def test_warning_filters_are_left_alone(tmp_path):
    path = saved(tmp_path, "photo.png", Image.fromarray(gradient()))
    before = list(warnings.filters)
    read_photo(path)
    assert warnings.filters == before


def test_threads_read_side_by_side(tmp_path):
    paths = [
        saved(tmp_path, f"{i}.png", Image.fromarray(np.full((30, 30, 3), i, np.uint8))) for i in range(20)
    ]
    read = {}

    def work(some):
        for path in some:
            read[path] = read_photo(path).pixels[0, 0, 0]

    threads = [threading.Thread(target=work, args=(paths[i::4],)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == {path: i for i, path in enumerate(paths)}
