import math

import polars as pl
import pytest
import torch

from facsight.audit.alike import UNITS, save_maps
from facsight.audit.compare import as_rows, compare, compare_maps
from facsight.core.errors import BadFaces, MissingData


def write(folder, **columns):
    folder.mkdir()
    pl.DataFrame(columns).write_parquet(folder / "audit-val.parquet")
    return folder


@pytest.fixture
def pair(tmp_path):
    one = write(tmp_path / "a", face=["x", "y", "z"], truth=["p", "q", "p"], score=[0.1, 0.2, 0.3])
    other = write(tmp_path / "b", face=["z", "y", "x"], truth=["p", "q", "p"], score=[0.8, 0.7, 0.6])
    return one, other


def test_faces_are_paired_by_name_not_by_row(pair):
    (found,) = compare(pair)
    assert found.score == "score"
    assert found.values[0].estimate == pytest.approx(0.2)
    # x: .6 - .1, y: .7 - .2, z: .8 - .3: the same difference on every face leaves no doubt
    assert found.differences[0].estimate == pytest.approx(0.5)
    assert found.differences[0].low == pytest.approx(0.5)
    assert found.differences[0].high == pytest.approx(0.5)


def test_only_faces_that_all_runs_have_count(tmp_path, pair):
    fewer = write(tmp_path / "c", face=["y", "w"], truth=["q", "q"], score=[0.5, 9.0])
    (found,) = compare([pair[0], fewer])
    assert found.faces == 1
    assert found.differences[0].estimate == pytest.approx(0.3)


def test_faces_without_a_value_in_one_run_are_left_out(tmp_path, pair):
    gaps = write(tmp_path / "c", face=["x", "y", "z"], truth=["p"] * 3, score=[0.1, math.nan, 0.3])
    (found,) = compare([pair[0], gaps])
    assert found.faces == 2
    assert found.differences[0].estimate == pytest.approx(0.0)


def test_people_are_resampled_together(tmp_path):
    faces = [f"f{i}" for i in range(40)]
    person = ["one"] * 20 + ["other"] * 20
    a = write(tmp_path / "a", face=faces, person=person, score=[0.0] * 40)
    b = write(tmp_path / "b", face=faces, person=person, score=[0.0] * 20 + [1.0] * 20)
    (alone,), (together,) = compare([a, b]), compare([a, b], by="person")
    # with two people, a quarter of the resamples holds one of them twice: the interval is all of [0, 1]
    assert (together.differences[0].low, together.differences[0].high) == (0.0, 1.0)
    assert alone.differences[0].low > 0.2
    assert alone.differences[0].high < 0.8


def test_a_run_that_was_not_audited_is_named(tmp_path, pair):
    with pytest.raises(MissingData, match="facsight audit"):
        compare([pair[0], tmp_path])


def test_runs_on_other_data_do_not_compare(tmp_path, pair):
    other = write(tmp_path / "c", face=["other"], truth=["p"], score=[1.0])
    with pytest.raises(BadFaces, match="no face in common"):
        compare([pair[0], other])


def test_an_unknown_column_is_answered_with_the_nearest(pair):
    with pytest.raises(MissingData, match="did you mean 'truth'"):
        compare(pair, by="truht")


def test_rows_are_plain_data(pair):
    (row,) = as_rows(compare(pair), ["a", "b"])
    assert row["differences"]["b"][0] == pytest.approx(0.5)
    assert set(row["values"]) == {"a", "b"}


def test_maps_of_runs_are_compared_on_the_same_faces(tmp_path, generator):
    truth = torch.randn(3, 4, 4, generator=generator)
    one = write(tmp_path / "a", face=["x", "y", "z"], truth=["p"] * 3, score=[0.1] * 3)
    other = write(tmp_path / "b", face=["z", "x"], truth=["p"] * 2, score=[0.1] * 2)
    save_maps(one / "audit-val.safetensors", {"attention": truth, UNITS: truth})
    save_maps(other / "audit-val.safetensors", {"attention": truth[[2, 0]], UNITS: truth[[2, 0]]})
    found = compare_maps({"a": one, "b": other})
    assert found is not None
    assert set(found.names) == {"a: attention", UNITS, "b: attention"}
    assert found.faces == 2
    assert float(found.likeness.min()) > 0.999


def test_a_run_whose_audit_saved_no_maps_is_named(pair):
    with pytest.raises(MissingData, match="again"):
        compare_maps({"a": pair[0], "b": pair[1]})
