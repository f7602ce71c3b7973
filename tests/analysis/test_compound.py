"""Compound expressions of photos and stretches of videos, from tables whose values are known."""

import csv

import numpy as np
import polars as pl
import pytest

from facsight.analysis.compound import (
    ABOUT,
    TABLE,
    check_compounds,
    forget_compounds,
    load_compounds,
    read_compounds,
)
from facsight.analysis.reader import Reader
from facsight.analysis.run import analyse
from facsight.analysis.time_columns import SEGMENT_COLUMNS, schema
from facsight.core.errors import BadAnnotations, BadCodebook, BadLabels, BadRecipe, BadTable
from facsight.core.labels import FERPLUS, label_space
from facsight.facs.compound import WHY, decide_pair
from planted import PlantedFinder, saved_photo, tiny_reader_file
from planted_study import CLASSES, made_rows, saved_study, told

CEXPR = label_space("cexpr7")


def rows_of(file, shares, times):
    """One person whose probabilities are known."""
    rows = made_rows(file, times, [range(len(times))])
    planted = [pl.lit(shares.get(name, 0.0)).alias(f"expression_{name}") for name in CLASSES]
    return rows.with_columns(planted)


@pytest.fixture
def study(tmp_path):
    """Six seconds of a video that shows happiness and surprise, then ten of one that rests."""
    both = rows_of("a.mp4", {"happiness": 0.4, "surprise": 0.5, "neutral": 0.1}, [n / 10 for n in range(60)])
    rest = rows_of("b.mp4", {"neutral": 0.8, "happiness": 0.2}, [n / 10 for n in range(100)])
    return saved_study(tmp_path / "study", pl.concat([both, rest]), [told(both), told(rest)])


def test_stretches_of_four_seconds(study):
    found = read_compounds(study, "rules", CEXPR).table
    assert found.select("file", "start", "end", "frames").rows() == [
        ("a.mp4", 0.0, 4.0, 40),
        ("a.mp4", 4.0, 8.0, 20),
        ("b.mp4", 0.0, 4.0, 40),
        ("b.mp4", 4.0, 8.0, 40),
        ("b.mp4", 8.0, 12.0, 20),
    ]
    assert found["compound"].to_list() == ["happily surprised"] * 2 + [None] * 3
    assert found["why"].to_list() == ["pair"] * 2 + ["single"] * 3
    assert found["score"][0] == pytest.approx(0.9, abs=1e-12)
    assert found["first"][0] == "surprise"
    assert found["sentence"][0] == (
        "Shows happily surprised: surprise (50 %) and happiness (40 %) stand out together."
    )
    assert found["sentence"][2].startswith("Nothing compound can be said: no second expression stands out")


def test_marked_segments_and_their_words(study):
    marked = pl.DataFrame(
        [("a.mp4", "t", "smile, and =more", 1.0, 2.0), (None, None, "all", 0.0, 100.0)],
        schema=schema(SEGMENT_COLUMNS),
        orient="row",
    )
    found = read_compounds(study, "rules", CEXPR, marked).table
    assert set(found.select("file", "label", "frames").rows()) == {
        ("a.mp4", "all", 60),
        ("a.mp4", "smile, and =more", 10),
        ("b.mp4", "all", 100),
    }


def test_the_mean_over_the_stretch_decides(tmp_path):
    rows = made_rows("c.mp4", [n / 10 for n in range(35)], [range(35)], seed=3)
    folder = saved_study(tmp_path / "one", rows, [told(rows)])
    row = read_compounds(folder, "rules", CEXPR).table.row(0, named=True)
    means = {name: float(np.mean(rows[f"expression_{name}"].to_list())) for name in CLASSES}
    decided = decide_pair(means, CEXPR.classes)
    assert (row["compound"], row["why"], row["first"]) == (decided.compound, decided.why, decided.parts[0])
    assert row["first_probability"] == pytest.approx(decided.probabilities[0], abs=1e-12)


def test_what_is_written_says_the_same(study):
    told_of = read_compounds(study, "rules", CEXPR)
    again = load_compounds(study)
    assert again is not None
    assert again.table.to_dicts() == told_of.table.to_dicts()
    assert again.about["above"] == 1 / 8
    with (study / TABLE).open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [line["compound"] for line in lines] == ["happily surprised"] * 2 + [""] * 3
    assert {column["name"] for column in again.about["columns"]} == set(lines[0])
    (study / TABLE).unlink()
    (study / ABOUT).write_text("{", encoding="utf-8")
    with pytest.raises(BadTable, match="run `facsight analyze` again"):
        load_compounds(study)
    forget_compounds(study)
    assert load_compounds(study) is None


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compound")
    return [saved_photo(folder / f"{n}.png", n) for n in (2, 0, 1)]


def test_faces_of_photos_with_where_the_reader_looked(photos, tmp_path):
    reader = Reader(tiny_reader_file(tmp_path / "w.safetensors"), finder=PlantedFinder())
    analyse(photos, tmp_path / "out", reader)
    found = read_compounds(tmp_path / "out", "rules", CEXPR).table
    assert found["face"].to_list() == [1, 2, 1]
    assert found["by_attention"].is_in(CEXPR.classes).all()
    assert found["attention_fit"].is_between(-1, 1).all()
    # an untrained reader gives every class about as much
    assert set(found["why"]) <= set(WHY)
    # the fit by hand, from the reading itself
    evidence = reader.read(photos[2])[0].evidence
    weights = np.array(
        [1.0 if unit in (1, 2, 12, 25) else 0.0 for unit in evidence.source.units.action_units]
    )
    maps = (evidence.source.units.maps[0].numpy() * weights[:, None, None]).max(axis=0)
    by_hand = np.corrcoef(maps.ravel(), evidence.attention.ravel())[0, 1]
    if found["by_attention"][2] == "happily surprised":
        assert found["attention_fit"][2] == pytest.approx(by_hand, abs=1e-4)
    else:
        assert found["attention_fit"][2] >= by_hand - 1e-4


def test_a_model_of_compound_classes(photos, tmp_path):
    classes = label_space("rafdb_compound11").classes
    reader = Reader(tiny_reader_file(tmp_path / "w.safetensors", classes), finder=PlantedFinder())
    assert reader.codebook.name == "emotionet"  # that of the weights says nothing of compounds
    analyse(photos, tmp_path / "out", reader)
    found = read_compounds(tmp_path / "out", "model", CEXPR).table
    readings = pl.read_parquet(tmp_path / "out" / "readings.parquet").filter(status="ok")
    assert found["compound"].to_list() == readings["label"].to_list()
    assert found["why"].to_list() == ["model"] * 3
    assert found["score"][0] == pytest.approx(
        max(readings.select(pl.selectors.starts_with("expression_")).row(0)), abs=1e-9
    )
    assert "by_attention" not in found.columns


def test_what_cannot_be_said_is_refused(study, tmp_path):
    with pytest.raises(BadRecipe, match="train one on rafdb_compound"):
        check_compounds("model", FERPLUS.classes, CEXPR)
    with pytest.raises(BadLabels, match=r"need .*fear.*not among"):
        check_compounds("rules", ["happiness", "surprise"], CEXPR)
    with pytest.raises(BadLabels, match="not made of two"):
        check_compounds("rules", FERPLUS.classes, FERPLUS)
    ambiguous = pl.DataFrame(
        [("x/a.mp4", None, "all", 0.0, 1.0)], schema=schema(SEGMENT_COLUMNS), orient="row"
    )
    rows = pl.concat([rows_of(name, {"neutral": 1.0}, [0.0]) for name in ("1/x/a.mp4", "2/x/a.mp4")])
    two = [told(rows.filter(file=name)) for name in ("1/x/a.mp4", "2/x/a.mp4")]
    folder = saved_study(tmp_path / "two", rows, two)
    with pytest.raises(BadAnnotations, match="may be any of"):
        read_compounds(folder, "rules", CEXPR, ambiguous)


def test_a_codebook_that_says_nothing_of_the_classes_is_refused(tmp_path):
    file = tiny_reader_file(tmp_path / "w.safetensors", label_space("rafdb_compound11").classes)
    with pytest.raises(BadCodebook, match="ties no action unit to any of happily surprised"):
        Reader(file, finder=PlantedFinder(), codebook="facsight")


def test_nobody_seen_gives_no_row(tmp_path):
    rows = rows_of("n.mp4", {"neutral": 1.0}, [0.0, 0.1])
    nobody = rows.with_columns(status=pl.lit("no_face"), track=pl.lit(None, pl.Int32))
    folder = saved_study(tmp_path / "none", nobody, [told(nobody)])
    assert read_compounds(folder, "rules", CEXPR).table.is_empty()
    assert (folder / TABLE).read_text(encoding="utf-8").startswith("file,track,")
    assert load_compounds(folder) is not None
