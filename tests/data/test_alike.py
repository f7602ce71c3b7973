"""Portraits that are alike because one studio took them, and copies among them."""

import io

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image

from facsight.data import alike
from facsight.data.alike import OTHERS, standing_out, usual_difference
from facsight.data.copy_search import search
from facsight.data.drawn import as_bytes, paint, people, studio
from facsight.data.near_copies import find_near_copies
from facsight.data.same_picture import difference
from facsight.data.thumbnails import make_thumbnails


def encoded(picture, quality=60):
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "jpeg", quality=quality)
    return np.array(Image.open(stream))


def cropped(picture):
    """Without 3 % of the sides, all around."""
    edge = [round(0.03 * side) for side in picture.shape[:2]]
    return picture[edge[0] : -edge[0], edge[1] : -edge[1]]


COPIES = {
    "encoded": encoded,
    "cropped": cropped,
    "mirrored": lambda picture: picture[:, ::-1],
    "all three": lambda picture: encoded(cropped(picture)[:, ::-1]),
}


@pytest.fixture(scope="module")
def portraits() -> dict[str, np.ndarray]:
    """24 drawn people in one pose and light before one wall."""
    pictures = as_bytes(paint(studio(24, people=people(range(24))), size=96)[0])[:, 0].numpy()
    return {f"person{row:02d}": picture for row, picture in enumerate(pictures)}


def both_ways(found):
    return {frozenset(pair) for pair in found.pairs.select("sample", "other").iter_rows()}


def test_people_before_one_wall_are_no_copies(portraits):
    pixels = make_thumbnails(portraits.items()).pixels
    assert sum(len(part[0]) for part in search(pixels)) > 10  # by their difference alone they would be
    assert find_near_copies(portraits.items()).pairs.is_empty()


@pytest.mark.parametrize("way", COPIES)
def test_copies_of_such_portraits_are_found(portraits, way):
    copies = {f"{name}-copy": COPIES[way](picture) for name, picture in list(portraits.items())[:8]}
    found = find_near_copies([*portraits.items(), *copies.items()])
    assert both_ways(found) == {frozenset([copy, copy.removesuffix("-copy")]) for copy in copies}


def test_what_is_usual_against_a_slow_loop(portraits, monkeypatch):
    """All others compared, one by one: the fourth least difference."""
    monkeypatch.setattr(alike, "COMPARED", OTHERS)
    pixels = make_thumbnails(portraits.items()).pixels
    rows = torch.tensor([3, 20])
    for mirrored in (False, True):
        expected = []
        for row in rows.tolist():
            mine = pixels[row].flip(1) if mirrored else pixels[row]
            apart = [difference(mine[None], pixels[k][None]).item() for k in range(len(pixels)) if k != row]
            expected.append(sorted(apart)[3])
        assert usual_difference(pixels, rows, mirrored).tolist() == pytest.approx(expected, abs=1e-4)


def test_where_little_is_alike_nothing_is_usual(portraits, generator):
    noise = torch.randint(0, 256, (40, 48, 48), generator=generator, dtype=torch.uint8)
    assert usual_difference(noise, torch.arange(40), False).isinf().all()
    few = make_thumbnails(list(portraits.items())[:4]).pixels
    assert usual_difference(few, torch.arange(4), False).isinf().all()


def test_only_what_is_far_nearer_than_usual_stands_out(monkeypatch):
    """Hand values: 0.4 and 0.8 are usual, so that the pair's bar is a quarter of 0.4."""
    monkeypatch.setattr(alike, "usual_difference", lambda pixels, rows, mirrored: torch.tensor([0.4, 0.8]))
    pairs = torch.zeros(2, dtype=torch.int64), torch.ones(2, dtype=torch.int64), torch.tensor([0.09, 0.11])
    ((one, other, apart, mirrored),) = standing_out(
        torch.zeros(2, 48, 48, dtype=torch.uint8), [(*pairs, True)]
    )
    assert (one.tolist(), other.tolist(), mirrored) == ([0], [1], True)
    assert apart.tolist() == pytest.approx([0.09])


@pytest.fixture(scope="module")
def london(shared_data) -> dict[str, np.ndarray]:
    home = shared_data / "london"
    if not (home / "labels.csv").is_file():
        pytest.skip("needs the London portraits, which are not in shared/data")
    names = pl.read_csv(home / "labels.csv")["image"].to_list()
    return {name: np.array(Image.open(home / name).convert("L").reduce(4)) for name in names}


@pytest.mark.slow
def test_studio_portraits_of_two_people_are_no_copies(london, shared_data):
    """And copies of them are; a sixth of the portraits is copied, each in all three ways."""
    subject = dict(pl.read_csv(shared_data / "london" / "labels.csv").select("image", "subject").iter_rows())
    copies = {f"{name}-copy": COPIES["all three"](picture) for name, picture in list(london.items())[::6]}
    found = both_ways(find_near_copies([*london.items(), *copies.items()]))
    people_of = [{subject[name.removesuffix("-copy")] for name in pair} for pair in found]
    assert all(len(names) == 1 for names in people_of)
    assert {frozenset([copy, copy.removesuffix("-copy")]) for copy in copies} <= found
