"""Copies made of drawn faces in the ways in which pictures are copied on the web."""

import io
from itertools import combinations

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image, ImageOps

from facsight.core.errors import BadFaces, BadFolds
from facsight.data import copy_search
from facsight.data.copy_search import LIKE
from facsight.data.drawn import draw_faces
from facsight.data.leaks import leaks
from facsight.data.near_copies import clean_split, find_near_copies
from facsight.data.same_picture import difference
from facsight.data.thumbnails import make_thumbnails

SIDE = 96


def drawn(people, difficulty):
    return draw_faces(
        60, generator=torch.Generator().manual_seed(0), size=SIDE, people=people, difficulty=difficulty
    )


@pytest.fixture(scope="module")
def faces() -> dict[str, np.ndarray]:
    """Sixty faces of as many people, eight expressions among them."""
    pictures = drawn(range(1000), 0.7).faces.images[:, 0].numpy()
    return {f"face{row:02d}": picture for row, picture in enumerate(pictures)}


def jpeg(picture, quality):
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "jpeg", quality=quality)
    return np.array(Image.open(stream))


def resized(picture, side):
    return np.array(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC))


def turned(picture, degrees):
    return np.array(Image.fromarray(picture).rotate(degrees, Image.Resampling.BICUBIC))


COPIES = {
    "jpeg": lambda picture: jpeg(picture, 40),
    "smaller": lambda picture: resized(picture, 40),
    "larger": lambda picture: resized(picture, 250),
    "cropped": lambda picture: picture[4:-3, 3:-5],
    "cropped on one side": lambda picture: picture[:, 5:],
    "brighter": lambda picture: np.clip(picture * 1.0 + 40, 0, 255).astype(np.uint8),
    "less contrast": lambda picture: (picture * 0.5 + 60).astype(np.uint8),
    "mirrored": lambda picture: picture[:, ::-1],
    "mirrored and cropped": lambda picture: jpeg(np.ascontiguousarray(picture[3:-3, 3:-3][:, ::-1]), 60),
    "in a frame": lambda picture: np.array(ImageOps.expand(Image.fromarray(picture), 3, fill=0)),
    "turned": lambda picture: turned(picture, 2),
    "in colour": lambda picture: np.stack([picture] * 3, axis=2),
    "with a label": lambda picture: np.concatenate([picture[:-8], np.full_like(picture[-8:], 255)]),
}


def both_ways(found):
    return {frozenset(pair) for pair in found.pairs.select("sample", "other").iter_rows()}


@pytest.mark.parametrize("way", COPIES)
def test_every_copy_finds_its_original_and_nothing_else(faces, way):
    copies = {f"{name}-copy": COPIES[way](picture) for name, picture in list(faces.items())[:12]}
    found = find_near_copies([*faces.items(), *copies.items()])
    assert both_ways(found) == {frozenset([copy, copy.removesuffix("-copy")]) for copy in copies}
    assert set(found.pairs["mirrored"]) == {"mirrored" in way}


def test_pictures_of_different_people_are_no_copies(faces):
    found = find_near_copies(faces.items())
    assert found.pairs.is_empty()
    assert found.clusters().is_empty()
    assert len(found.samples) == 60


def test_other_pictures_of_the_same_people_are_hardly_ever_copies():
    """Five people in other poses and light; drawings have little detail, so that a few are taken for one."""
    several = drawn(range(5), 1.0)
    pictures = several.faces.images[:, 0].numpy()
    found = find_near_copies((f"{row:02d}", picture) for row, picture in enumerate(pictures))
    same = several.identity[:, None] == several.identity
    assert len(found.pairs) <= 0.02 * (int(same.sum()) - 60) / 2


def test_the_quick_looks_lose_no_pair(faces):
    """Against every pair of 24 pictures, compared thoroughly both ways."""
    some = dict(list(faces.items())[:8])
    some |= {f"{name}-b": COPIES["cropped"](picture) for name, picture in list(some.items())[:4]}
    some |= {f"{name}-c": COPIES["mirrored"](picture) for name, picture in list(some.items())[:4]}
    pixels = make_thumbnails(some.items()).pixels
    names = sorted(some)
    ends = torch.tensor(list(combinations(range(len(names)), 2))).T
    plain, mirrored = (
        difference(pixels[ends[0]], other) for other in (pixels[ends[1]], pixels[ends[1]].flip(2))
    )
    close = torch.minimum(plain, mirrored) < LIKE
    expected = {frozenset((names[i], names[j])) for i, j in ends[:, close].T.tolist()}
    assert both_ways(find_near_copies(some.items())) == expected


def test_neither_order_nor_blocks_matter(faces, monkeypatch):
    some = list(faces.items())[:20]
    some += [(f"{name}-copy", COPIES["turned"](picture)) for name, picture in some[:9]]
    whole = find_near_copies(some)
    monkeypatch.setattr(copy_search, "ROWS", 7)
    monkeypatch.setattr(copy_search, "COLUMNS", 5)
    monkeypatch.setattr(copy_search, "PAIRS", 2)
    parts = find_near_copies(reversed(some))
    assert len(whole.pairs) == 9
    assert parts.pairs.drop("distance").equals(whole.pairs.drop("distance"))
    assert parts.pairs["distance"].to_list() == pytest.approx(whole.pairs["distance"].to_list(), abs=1e-3)


def test_copies_of_copies_are_one_cluster_named_by_its_first(faces):
    one, two, *_ = faces.values()
    pictures = {"d": one, "b": one, "c": jpeg(one, 50), "e": two, "f": two[:, ::-1], "a": resized(two, 70)}
    found = find_near_copies(pictures.items())
    assert dict(found.clusters().iter_rows()) == dict.fromkeys("bcd", "b") | dict.fromkeys("aef", "a")
    same = found.pairs.filter(sample="b", other="d")
    assert same.select("distance", "mirrored").row(0) == (0.0, False)


def test_marked_tables_tell_what_crosses_splits(faces):
    names = list(faces)[:4]
    pictures = [(name, faces[name]) for name in names] + [("copy", jpeg(faces[names[0]], 60))]
    found = find_near_copies(pictures)
    table = pl.DataFrame({"sample": ["copy", *names], "split": ["test", "train", "train", "val", "val"]})
    marked = found.mark(table)
    assert marked["near_copies"].to_list() == ["copy", "copy", None, None, None]
    assert leaks(marked).select("kind", "name").rows() == [("near_copies", "copy")]
    assert found.across(table).select("sample", "other", "split", "other_split").rows() == [
        ("copy", "face00", "test", "train")
    ]
    assert leaks(clean_split(marked)).is_empty()
    assert found.mark(marked).equals(marked)


SPLIT = pl.DataFrame(
    {
        "sample": list("abcdefgh"),
        "split": ["train", "train", "val", "val", "test", "test", None, "train"],
        "near_copies": ["a", "a", "a", "d", "d", None, "a", "h"],
    }
)


def test_dropping_keeps_test_then_val():
    clean = clean_split(SPLIT)
    assert clean["split"].to_list() == [None, None, "val", None, "test", "test", None, "train"]
    assert clean["split_before"].equals(SPLIT["split"].alias("split_before"))
    assert leaks(clean).is_empty()


def test_moving_keeps_every_picture():
    clean = clean_split(SPLIT, rule="move")
    assert clean["split"].to_list() == ["train", "train", "train", "val", "val", "test", None, "train"]
    assert leaks(clean).is_empty()


def test_splits_of_other_names_have_to_be_ordered():
    table = SPLIT.with_columns(pl.col("split").replace("val", "dev"))
    with pytest.raises(BadFolds, match="in `order`, found 'dev' beside 'test'"):
        clean_split(table)
    assert clean_split(table, order=("train", "dev", "test"))["split"].to_list()[:3] == [
        "train",
        "train",
        None,
    ]
    with pytest.raises(BadFolds, match="the column 'near_copies'"):
        clean_split(table.drop("near_copies"))


def test_blank_pictures_are_named_and_are_copies_of_nothing(faces):
    blanks = {"black": np.zeros((48, 48), np.uint8), "dark": np.full((60, 90, 3), 3, np.uint8)}
    found = find_near_copies([*blanks.items(), ("face", faces["face00"])])
    assert found.blank == ("black", "dark")
    assert found.pairs.is_empty()


@pytest.mark.parametrize("count", [0, 1])
def test_one_picture_or_none(faces, count):
    found = find_near_copies(list(faces.items())[:count])
    assert (len(found.samples), len(found.pairs), len(found.clusters())) == (count, 0, 0)
    assert found.mark(pl.DataFrame({"sample": ["x"]}))["near_copies"].to_list() == [None]


def test_pictures_of_any_shape_and_size(faces):
    face = faces["face01"]
    wide = np.array(Image.fromarray(face).resize((150, 100)))
    found = find_near_copies([("a", face), ("b", wide), ("tiny", np.zeros((1, 1), np.uint8))])
    assert both_ways(found) == {frozenset("ab")}


@pytest.mark.parametrize(
    "picture",
    [np.zeros((4, 4)), np.zeros((4, 4, 4), np.uint8), np.zeros(4, np.uint8), np.zeros((0, 4), np.uint8)],
)
def test_what_is_no_picture_is_named(picture):
    with pytest.raises(BadFaces, match="odd: expected a picture"):
        find_near_copies([("odd", picture)])


def test_an_id_that_comes_twice_is_named(faces):
    with pytest.raises(BadFaces, match="found 'a' twice"):
        find_near_copies([("a", faces["face00"]), ("a", faces["face01"])])
