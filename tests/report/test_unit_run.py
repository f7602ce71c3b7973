"""The page of a run of action units."""

import json

import numpy as np
import polars as pl
import pytest
import torch
from sklearn.metrics import roc_auc_score, roc_curve

from facsight.core.prediction import UnitPrediction
from facsight.data.crops import UnitCropper
from facsight.data.drawn import load_drawn_units
from facsight.nn.pixels import standardise
from facsight.recipe import check_recipe
from facsight.report.run import write_run_report
from facsight.report.unit_run import SIDE, edge_table, roc, roc_points, tiles
from facsight.unit_experiment import score_units, train_units
from facsight.unit_experiment.answers import answers
from parsed_page import Page

SMALL = {
    "about": "drawn units",
    "data": {"name": "drawn_units", "faces": 60, "difficulty": 0.0},
    "network": {"widths": [8, 12, 16], "blocks": [1, 1, 1], "stem": 4, "head": "relation_graph"},
    "method": {"name": "unit_detection"},
    "training": {"epochs": 1, "batch_size": 24, "rate": 0.05},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "units"
    train_units(check_recipe(SMALL), folder)
    score_units(folder)
    return folder


def test_the_points_of_a_small_ranking():
    # from the top: present, absent and present at once, absent
    false, true = roc_points(np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, False, True, False]))
    assert false.tolist() == [0.0, 0.0, 0.5, 1.0]
    assert true.tolist() == [0.0, 0.5, 1.0, 1.0]


def test_points_span_the_area_of_sklearn(generator):
    truth = (torch.rand(80, generator=generator) < 0.3).numpy()
    chances = (torch.rand(80, generator=generator) + 0.5 * torch.from_numpy(truth)).round(decimals=1).numpy()
    false, true = roc_points(chances, truth)
    area = (np.diff(false) * (true[1:] + true[:-1]) / 2).sum()
    assert area == pytest.approx(roc_auc_score(truth, chances))
    every = roc_curve(truth, chances, drop_intermediate=False)[:2]
    places = {(round(x, 6), round(y, 6)) for x, y in zip(*every, strict=True)}
    assert {(round(x, 6), round(y, 6)) for x, y in zip(false, true, strict=True)} <= places


def test_decisions_lie_at_their_shares():
    said = pl.DataFrame(
        {
            "AU12_probability": [0.9, 0.8, 0.3, 0.2, 0.5],
            "AU12_present": [1, 1, 0, 0, None],
            "AU12_coded": [1.0, 0.0, 1.0, 0.0, None],
        }
    )
    curve = roc(said, "AU12", 0.75)
    assert curve.decided == (SIDE / 2, SIDE / 2)
    assert curve.name == "AU12 lip corner puller"


def test_a_score_that_does_not_exist_is_a_dash():
    mean = {name: {"value": None} for name in ("f1", "f1_at_half", "auc", "pointing")}
    assert [tile["value"] for tile in tiles(mean)] == ["-"] * 4


def test_edges_are_a_matrix_by_rows_and_told_from_the_strongest():
    signed = [[0.0, 0.5], [-0.1, 0.0]]
    size = [[0.0, 0.6], [0.3, 0.0]]
    table = edge_table({"signed": signed, "size": size}, ["AU1 a", "AU2 b"])
    (_, first), (second, _) = (row["cells"] for row in table["rows"])
    assert (first["value"], first["share"]) == ("+0.50", 100)
    assert (second["value"], second["share"]) == ("-0.10", 50)
    assert table["told"] == [
        "AU2 b moved the decision on AU1 a by 0.60 on average, in sum 0.50 up",
        "AU1 a moved the decision on AU2 b by 0.30 on average, in sum 0.10 down",
    ]
    assert table["names"] == ["AU1", "AU2"]


def test_mean_edges_do_not_depend_on_batches_and_are_means_of_faces():
    faces = load_drawn_units(split="val", faces=20)
    crops, count = UnitCropper(faces, size=32, standardise=standardise), len(faces.action_units)

    def predict(seen):
        n = len(seen.pixels)
        sign = torch.where(seen.pixels.flatten(1).sum(dim=1) > 0, 1.0, -1.0)
        edges = sign[:, None, None].expand(n, count, count)
        return UnitPrediction(torch.zeros(n, count), torch.ones(n, count, 4, 4), edges)

    few, many = (answers(predict, crops, batch_size=size).edges for size in (3, 20))
    assert few is not None
    assert many is not None
    torch.testing.assert_close(few, many)
    torch.testing.assert_close(few.size, torch.ones(count, count, dtype=torch.float64))
    assert few.signed.abs().max() < 1


def test_the_page_tells_every_unit_its_threshold_and_its_edges(run):
    page = write_run_report(run)
    text = " ".join(Page(page).text.split())
    scores = json.loads((run / "metrics.json").read_text())
    assert np.array(scores["edges"]["size"]).shape == (len(scores["units"]),) * 2
    for name, entry in scores["units"].items():
        assert f"{name[:2]}{int(name[2:])} " in text
        if entry["f1"]["value"] is not None:
            assert f"{entry['f1']['value']:.3f}" in text
    assert "Which unit moved the decision on which" in text
    drawn = page.read_text(encoding="utf-8").count("data:image")
    assert drawn >= 4


@pytest.mark.parametrize("options", [{"pictures": False}, {"photos": 0}])
def test_without_pictures_no_face_is_shown(run, options):
    assert "data:image" not in write_run_report(run, **options).read_text(encoding="utf-8")


def test_faces_of_other_datasets_are_never_shown(run, monkeypatch):
    monkeypatch.setattr(
        "facsight.report.drawn_answers.catalog.UNIT_DATASETS", {"drawn_units": "facsight.data.people:load"}
    )
    assert "data:image" not in write_run_report(run).read_text(encoding="utf-8")


def test_without_predictions_the_page_has_no_curves(run, tmp_path):
    aside = (run / "predictions.parquet").rename(tmp_path / "aside")
    try:
        assert "ROC curve of" not in write_run_report(run, pictures=False).read_text(encoding="utf-8")
    finally:
        aside.rename(run / "predictions.parquet")
    assert "ROC curve of" in write_run_report(run, pictures=False).read_text(encoding="utf-8")


def test_the_browser_shows_it_without_complaint(run, browser):
    browser.problems.clear()
    browser.open(write_run_report(run).as_uri())
    assert browser.ask("[...document.images].every(one => one.naturalWidth === 168)")
    wide = "document.querySelector('table.units-scored').scrollWidth"
    assert browser.ask(f"{wide} <= document.querySelector('table.units-scored').parentNode.clientWidth")
    assert browser.problems == []
