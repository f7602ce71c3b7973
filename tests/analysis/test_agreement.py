"""How far two tables agree."""

import numpy as np
import polars as pl
import pytest
import sklearn.metrics
from scipy.stats import pearsonr

from facsight.analysis.agreement import agree
from facsight.core.errors import BadTable


def table(**columns):
    """A face a frame, with these columns."""
    count = len(next(iter(columns.values())))
    core = {"file": ["a.mp4"] * count, "frame": list(range(count)), "status": ["ok"] * count}
    empty = {
        name: pl.Series([None] * count, dtype=pl.Float64)
        for name in ("time", "box_x0", "box_y0", "box_x1", "box_y1")
    }
    return pl.DataFrame(core | empty | columns)


def scores(found, quantity):
    return found.rows.row(by_predicate=pl.col("quantity") == quantity, named=True)


def test_numbers_by_hand():
    """Differences 1, 1, 4: mean 2, standard deviation sqrt(3). Means 3 and 1, variances 14/3 and 2/3,
    covariance 5/3: r = 5 / sqrt(28), concordance (10/3) / (16/3 + 4)."""
    ours, theirs = table(yaw=[1.0, 2.0, 6.0]), table(yaw=[0.0, 1.0, 2.0])
    told = scores(agree(ours, theirs), "yaw")
    assert told["n"] == 3
    assert (told["mean_difference"], told["sd_difference"]) == pytest.approx((2, 3**0.5))
    assert told["pearson"] == pytest.approx(5 / 28**0.5)
    assert told["concordance"] == pytest.approx((10 / 3) / (16 / 3 + 4))
    assert told["agreement"] is told["kappa"] is None


def test_labels_by_hand():
    """Three of four agree; shares .5, .5 and .25, .75, so chance gives .5."""
    ours = table(label=["anger", "anger", "fear", "fear"])
    theirs = table(label=["anger", "fear", "fear", "fear"])
    told = scores(agree(ours, theirs), "label")
    assert (told["agreement"], told["kappa"]) == pytest.approx((0.75, 0.5))
    assert told["pearson"] is told["mean_difference"] is None


def test_against_scipy_and_scikit_learn():
    rng = np.random.default_rng(0)
    one, classes = rng.normal(size=200), np.array(["anger", "fear", "neutral"])
    other, first = one + rng.normal(size=200), rng.integers(0, 3, 200)
    second = np.where(rng.random(200) < 0.6, first, rng.integers(0, 3, 200))
    found = agree(
        table(AU12_intensity=one.tolist(), label=classes[first].tolist()),
        table(AU12_intensity=other.tolist(), label=classes[second].tolist()),
    )
    numbers, labels = scores(found, "AU12_intensity"), scores(found, "label")
    assert numbers["pearson"] == pytest.approx(pearsonr(one, other).statistic)
    assert numbers["sd_difference"] == pytest.approx(np.std(one - other, ddof=1))
    assert labels["kappa"] == pytest.approx(sklearn.metrics.cohen_kappa_score(first, second))
    assert labels["agreement"] == pytest.approx(sklearn.metrics.accuracy_score(first, second))


def test_presence_is_compared_like_a_label():
    found = agree(table(AU04_presence=[0, 1, 1, 0]), table(AU04_presence=[0, 1, 0, 0]))
    assert scores(found, "AU04_presence")["agreement"] == pytest.approx(0.75)


def test_only_what_both_tables_tell_of_a_face_counts():
    ours = table(yaw=[1.0, None, 3.0, 4.0], pitch=[1.0, 2.0, 3.0, 4.0])
    theirs = table(yaw=[1.0, 2.0, None, 5.0], roll=[1.0, 2.0, 3.0, 4.0])
    found = agree(ours, theirs)
    assert found.rows["quantity"].to_list() == ["yaw"]
    assert scores(found, "yaw")["n"] == 2


def test_what_counts_or_names_rows_is_no_quantity():
    extra = {"face": [1, 2], "frame_width": [640, 640], "yaw": [0.0, 1.0]}
    assert agree(table(**extra), table(**extra)).rows["quantity"].to_list() == ["yaw"]


def test_rows_without_a_partner_are_counted_on_each_side():
    ours, theirs = table(yaw=[0.0, 1.0, 2.0, 3.0]), table(yaw=[0.0, 1.0, 2.0])[1:]
    lost = ours.with_columns(status=pl.Series(["no_face", "ok", "ok", "ok"]))
    found = agree(lost, theirs)
    assert (found.pairs, found.faces) == (2, (3, 2))


def test_what_cannot_be_said_is_null():
    one_face = scores(agree(table(yaw=[1.0]), table(yaw=[3.0])), "yaw")
    assert (one_face["n"], one_face["mean_difference"], one_face["sd_difference"]) == (1, -2, None)
    flat = scores(agree(table(yaw=[1.0, 1.0]), table(yaw=[3.0, 4.0])), "yaw")
    assert flat["pearson"] is flat["concordance"] is None
    same = scores(agree(table(label=["fear", "fear"]), table(label=["fear", "fear"])), "label")
    assert (same["agreement"], same["kappa"]) == (1, None)


def test_tables_of_different_faces():
    other = table(yaw=[1.0, 2.0]).with_columns(file=pl.Series(["b.mp4", "c.mp4"]))
    with pytest.raises(BadTable, match=r"2 faces in a.mp4, 2 faces in b.mp4, c.mp4"):
        agree(table(yaw=[1.0, 2.0]), other)
