"""Every edition's official score, by hand."""

import math

import numpy as np
import pytest
import sklearn.metrics
import torch

from facsight.core.errors import BadLabels, UnknownName
from facsight.metrics.abaw import EDITIONS, abaw_protocol, abaw_score, abaw_tally
from oracles.agreement import exact_concordance

#: Which edition had which task: section 0 of the facts on ABAW, said once more and not read from the table.
HAD = {
    1: "VA EXPR AU",
    2: "VA EXPR AU",
    3: "VA EXPR AU MTL",
    4: "MTL LSD",
    5: "VA EXPR AU ERI",
    6: "VA EXPR AU CE EMI",
    7: "MTL CE",
    8: "VA EXPR AU CE EMI AH",
    9: "VA CE VD",
    10: "VA EXPR AU VD EMI AH",
    11: "MTL AH",
}
EVERY = [(edition, task) for edition, tasks in HAD.items() for task in tasks.split()]


def doubles(values):
    return torch.tensor(values, dtype=torch.float64)


#: Valence by the golden vector of n against n - 1: CCC .95. Arousal: half the right slope, CCC .8.
VA_TRUTH = doubles([[-0.5, -0.4], [0.0, 0.4], [0.5, -0.4], [1.0, 0.4]])
VA_PREDICTED = doubles([[-0.4, -0.2], [0.1, 0.2], [0.3, -0.2], [0.8, 0.2]])

#: Class 0: 2 hits, 1 missed, 1 false. Class 1: 1 hit, 1 missed, 1 false. Class 2: 1 hit. Others: nowhere.
CLASS_TRUTH = torch.tensor([0, 0, 0, 1, 1, 2])
CLASS_PREDICTED = torch.tensor([0, 0, 1, 1, 0, 2])
CLASS_F1 = [2 / 3, 1 / 2, 1.0]


def units(count):
    """Unit 1: 1 hit, 1 missed, F1 2/3. Unit 2: 1 hit, 1 false, F1 2/3. Unit 3: right. Others: nowhere."""
    truth, predicted = torch.zeros(4, count).long(), torch.zeros(4, count).long()
    truth[0, 0] = truth[1, 0] = predicted[0, 0] = 1
    truth[2, 1] = predicted[2, 1] = predicted[3, 1] = 1
    truth[:, 2] = predicted[:, 2] = torch.tensor([1, 0, 1, 0])
    return predicted, truth


UNIT_F1 = 2 / 3 + 2 / 3 + 1

#: Presence: 1 hit, 1 missed, 1 false, 3 rightly absent. F1 of presence 1/2, of absence 3/4.
TWO_TRUTH, TWO_PREDICTED = torch.tensor([1, 1, 0, 0, 0, 0]), torch.tensor([1, 0, 1, 0, 0, 0])


def clips(count):
    """The first emotion right but for scale (1), the second reversed (-1), others as right as the first."""
    truth = torch.linspace(0, 1, 5).double().unsqueeze(1).expand(5, count)
    predicted = 0.3 + 0.2 * truth
    predicted[:, 1] = 0.9 - truth[:, 1]
    return predicted, truth


def six_rows(table, mark):
    """The table with invalid rows after it, as in a list whose rows have labels of some tasks only."""
    return torch.cat([table, table.new_full((6 - len(table), *table.shape[1:]), mark)])


def example(task, edition):
    """Predictions, labels and the official score, each by hand."""
    early = edition in (1, 2)
    if task == "VA":
        return VA_PREDICTED, VA_TRUTH, (0.95 + 0.8) / 2
    if task == "EXPR":
        macro = sum(CLASS_F1) / (7 if early else 8)
        return CLASS_PREDICTED, CLASS_TRUTH, 0.67 * macro + 0.33 * 4 / 6 if early else macro
    if task in ("CE", "LSD"):
        return CLASS_PREDICTED, CLASS_TRUTH, sum(CLASS_F1) / {"CE": 7, "LSD": 6}[task]
    if task == "AU":
        count = 8 if edition == 1 else 12
        mean = UNIT_F1 / count
        # two of all decisions are wrong
        right = 1 - 2 / (4 * count)
        return *units(count), 0.5 * mean + 0.5 * right if early else mean
    if task == "MTL":
        parts = {kind: example(kind, 10) for kind in ("VA", "EXPR", "AU")}
        marks = {"VA": -5, "EXPR": -1, "AU": -1}
        predicted, truth = (
            {kind: six_rows(part[k], marks[kind]) for kind, part in parts.items()} for k in (0, 1)
        )
        return predicted, truth, sum(part[2] for part in parts.values())
    if task in ("ERI", "EMI"):
        count = {"ERI": 7, "EMI": 6}[task]
        return *clips(count), (count - 2) / count
    if edition == 8:
        return TWO_PREDICTED, TWO_TRUTH, 2 / 6 * (1 / 2) + 4 / 6 * (3 / 4)
    return TWO_PREDICTED, TWO_TRUTH, (1 / 2 + 3 / 4) / 2


def test_the_table_has_what_the_competitions_had():
    assert {edition: " ".join(protocols) for edition, protocols in EDITIONS.items()} == HAD


@pytest.mark.parametrize(("edition", "task"), EVERY)
def test_every_edition_by_hand(edition, task):
    predicted, truth, expected = example(task, edition)
    found = abaw_score(task, edition, predicted, truth)
    assert found.value == pytest.approx(expected, abs=1e-12)
    assert (found.task, found.edition) == (task, edition)
    assert found.convention
    assert found.invalid == ({"VA": 2, "EXPR": 0, "AU": 2} if task == "MTL" else {task: 0})
    protocol = abaw_protocol(task, edition)
    weights = sum(weight * found.parts[name] for name, weight in protocol.weights.items())
    assert found.value == pytest.approx(weights, abs=1e-12)


@pytest.mark.parametrize(("edition", "task"), EVERY)
def test_perfect_predictions_have_the_highest_score(edition, task):
    _, truth, _ = example(task, edition)
    found = abaw_score(task, edition, truth, truth)
    if task in ("VA", "ERI", "EMI", "VD", "AH"):
        assert found.value == pytest.approx(1)
    weights = abaw_protocol(task, edition).weights
    assert found.value <= sum(weights.values()) + 1e-12
    assert found.value >= example(task, edition)[2]


def test_parts_have_names():
    parts = abaw_score("EXPR", 10, CLASS_PREDICTED, CLASS_TRUTH).parts
    assert parts["F1_Neutral"] == pytest.approx(2 / 3)
    assert parts["F1_Disgust"] == pytest.approx(1)
    assert parts["F1_Other"] == 0
    assert parts["accuracy"] == pytest.approx(4 / 6)
    assert abaw_score("VA", 10, VA_PREDICTED, VA_TRUTH).parts == {
        "CCC_V": pytest.approx(0.95, abs=1e-12),
        "CCC_A": pytest.approx(0.8, abs=1e-12),
    }
    parts = abaw_score("AU", 10, *units(12)).parts
    assert (parts["F1_AU1"], parts["F1_AU26"]) == (pytest.approx(2 / 3), 0)
    assert abaw_score("EMI", 6, *clips(6)).parts["pearson_Amusement"] == pytest.approx(-1)


def test_a_mix_of_divisors_would_be_noticed():
    """Covariance by n - 1 and variances by n give 1.2667 for valence; a consistent n - 1 gives .9512."""
    found = abaw_score("VA", 3, VA_PREDICTED, VA_TRUTH).parts["CCC_V"]
    assert found == pytest.approx(exact_concordance(*(v[:, 0].tolist() for v in (VA_PREDICTED, VA_TRUTH))))
    assert found <= 1
    assert found != pytest.approx(0.9512, abs=1e-4)


def test_videos_are_pooled_and_not_averaged():
    """The golden vector: two videos with the right level and no changes; each video's own CCC is 0."""
    truth = doubles([0.5, 0.6, 0.7, -0.5, -0.6, -0.7]).unsqueeze(1).expand(6, 2)
    predicted = doubles([0.6] * 3 + [-0.6] * 3).unsqueeze(1).expand(6, 2)
    assert abaw_score("VA", 10, predicted, truth).value == pytest.approx(0.99083, abs=5e-6)


def test_scikit_learn_agrees_on_many_rows(generator):
    truth = torch.randint(8, (3000,), generator=generator)
    answers = torch.where(torch.rand(3000, generator=generator) < 0.5, truth, truth.roll(1))
    told = sklearn.metrics.f1_score(truth, answers, average="macro", labels=list(range(8)), zero_division=0)
    assert abaw_score("EXPR", 5, answers, truth).value == pytest.approx(told, abs=1e-12)
    truth = (torch.rand(3000, 12, generator=generator) < 0.2).long()
    answers = truth ^ (torch.rand(3000, 12, generator=generator) < 0.1).long()
    told = sklearn.metrics.f1_score(truth, answers, average="macro")
    assert abaw_score("AU", 5, answers, truth).value == pytest.approx(told, abs=1e-12)


def spoil(predicted, truth):
    """Invalid rows put before the others, with predictions that no submission may hold."""
    rows = [[-5.0, 0.1], [0.1, -5.0], [-5.0, -5.0], [math.nan, 0.2]]
    return torch.cat([doubles([[math.nan, 9.0]] * 4), predicted]), torch.cat([doubles(rows), truth])


def test_rows_without_a_valid_label_are_left_out_and_counted():
    found = abaw_score("VA", 10, *spoil(VA_PREDICTED, VA_TRUTH))
    assert found.value == pytest.approx(0.875, abs=1e-12)
    assert (found.rows, found.invalid) == ({"VA": 4}, {"VA": 4})
    labels = torch.cat([torch.tensor([-1, -1]), CLASS_TRUTH])
    found = abaw_score("EXPR", 10, torch.cat([torch.tensor([99, -1]), CLASS_PREDICTED]), labels)
    assert found.value == pytest.approx(sum(CLASS_F1) / 8, abs=1e-12)
    assert (found.rows, found.invalid) == ({"EXPR": 6}, {"EXPR": 2})


def test_one_unknown_unit_makes_a_row_invalid():
    predicted, truth = units(12)
    row = torch.ones(1, 12).long()
    unknown = row.clone()
    unknown[0, 7] = -1
    found = abaw_score("AU", 10, torch.cat([predicted, row]), torch.cat([truth, unknown]))
    assert found.value == pytest.approx(UNIT_F1 / 12, abs=1e-12)
    assert (found.rows, found.invalid) == ({"AU": 4}, {"AU": 1})


def test_tasks_of_one_row_are_valid_each_for_itself():
    predicted, truth, expected = example("MTL", 7)
    predicted["VA"][4:] = math.nan  # beside labels of -5
    found = abaw_score("MTL", 7, predicted, truth)
    assert found.value == pytest.approx(expected, abs=1e-12)
    assert found.rows == {"VA": 4, "EXPR": 6, "AU": 4}
    assert found.invalid == {"VA": 2, "EXPR": 0, "AU": 2}
    truth["VA"] = truth["VA"][:4]
    with pytest.raises(BadLabels, match="same rows for all kinds, invalid ones marked"):
        abaw_score("MTL", 7, predicted, truth)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -5.0, 1.5])
def test_a_bad_prediction_beside_a_valid_label_is_an_error(bad):
    predicted = VA_PREDICTED.clone()
    predicted[1, 0] = predicted[3, 1] = bad
    with pytest.raises(BadLabels, match=r"2 of 4 rows with a valid label have others, the first is row 1,"):
        abaw_score("VA", 10, predicted, VA_TRUTH)
    # the place is that in the given table, not among valid rows
    with pytest.raises(BadLabels, match="the first is row 5, counted from 0"):
        abaw_score("VA", 10, *spoil(predicted, VA_TRUTH))


@pytest.mark.parametrize("bad", [-1, 8, 99])
def test_a_class_that_is_none_is_an_error(bad):
    predicted = CLASS_PREDICTED.clone()
    predicted[4] = bad
    with pytest.raises(BadLabels, match=f"1 of 6 rows .* the first is row 4, counted from 0, with {bad}"):
        abaw_score("EXPR", 10, predicted, CLASS_TRUTH)


def test_probabilities_instead_of_decisions_are_an_error():
    predicted, truth = units(12)
    with pytest.raises(BadLabels, match="whether they reach a threshold; 4 of 4 rows"):
        abaw_score("AU", 10, predicted * 0.4 + 0.3, truth)
    with pytest.raises(BadLabels, match="of probabilities take the largest's; 1 of 1 rows"):
        abaw_score("EXPR", 10, torch.tensor([0.37]), torch.tensor([0]))
    with pytest.raises(BadLabels, match="1 of 6 rows with a valid label have others"):
        abaw_score(
            "EMI", 10, torch.cat([clips(6)[0], torch.full((1, 6), math.nan)]), torch.zeros(6, 6).double()
        )


def test_labels_that_no_release_has_are_an_error():
    with pytest.raises(BadLabels, match=r"labels from -1 to 1, or -5; 1 of 2 rows .* row 1, .* with 7\.0"):
        abaw_score("VA", 10, torch.zeros(2, 2), torch.tensor([[0.0, 0.0], [0.0, 7.0]]))
    with pytest.raises(BadLabels, match="labels from 0 to 7, or -1"):
        abaw_score("EXPR", 10, torch.zeros(1).long(), torch.tensor([8]))
    with pytest.raises(BadLabels, match="labels 0 and 1, or -1"):
        abaw_score("AU", 10, torch.zeros(1, 12).long(), torch.full((1, 12), 2))
    with pytest.raises(BadLabels, match="labels from 0 to 1"):
        abaw_score("ERI", 5, torch.zeros(1, 7), torch.full((1, 7), 2.0))


def test_sizes_that_do_not_fit():
    with pytest.raises(BadLabels, match="a prediction for each of 6 rows, found 5"):
        abaw_score("EXPR", 10, CLASS_PREDICTED[:5], CLASS_TRUTH)
    with pytest.raises(BadLabels, match=r"predictions with 2 columns, found shape \[4\]"):
        abaw_score("VA", 10, VA_PREDICTED[:, 0], VA_TRUTH)
    with pytest.raises(BadLabels, match=r"labels with 12 columns, found shape \[4, 8\]"):
        abaw_score("AU", 10, units(12)[0], units(8)[0])
    with pytest.raises(BadLabels, match="valid label, found none among 2"):
        abaw_score("EXPR", 10, torch.zeros(2).long(), torch.full((2,), -1))
    with pytest.raises(BadLabels, match="predictions for VA, EXPR, AU by name, found no names"):
        abaw_score("MTL", 7, VA_PREDICTED, VA_TRUTH)
    with pytest.raises(BadLabels, match="labels for EXPR by name, found VA"):
        abaw_score("EXPR", 10, CLASS_PREDICTED, {"VA": CLASS_TRUTH})


def test_a_task_that_an_edition_had_not():
    with pytest.raises(
        UnknownName, match="ABAW 9 had VA, CE, VD, no AU; editions with AU: 1, 2, 3, 5, 6, 8, 10"
    ):
        abaw_score("AU", 9, *units(12))
    with pytest.raises(UnknownName, match="editions 1 to 11, found 12"):
        abaw_score("AU", 12, *units(12))
    with pytest.raises(UnknownName, match="no task of ABAW: did you mean 'EXPR'"):
        abaw_score("expr", 10, CLASS_PREDICTED, CLASS_TRUTH)


def test_arrays_and_tensors_of_any_kind_of_number():
    for kind in (np.int8, np.uint8, np.int64, np.float32):
        predicted, truth = (t.numpy().astype(kind) for t in units(12))
        assert abaw_score("AU", 10, predicted, truth).value == pytest.approx(UNIT_F1 / 12, abs=1e-12)
    found = abaw_score("AU", 10, *(t.bool() for t in units(12)))
    assert found.value == pytest.approx(UNIT_F1 / 12, abs=1e-12)
    found = abaw_score("VA", 10, VA_PREDICTED.numpy().astype(np.float32), VA_TRUTH.numpy())
    assert found.value == pytest.approx(0.875, abs=1e-6)


def test_what_a_reader_of_the_score_should_know():
    found = abaw_score("EXPR", 10, CLASS_PREDICTED, CLASS_TRUTH)
    assert "no row is labelled Other: its F1 counts as 0" in found.notes
    assert not any("Disgust" in note for note in found.notes)
    flat = abaw_score("VA", 10, torch.full((4, 2), 0.1).double(), VA_TRUTH)
    assert flat.value == 0
    assert "predicted valence never changes: its correlation counts as 0" in flat.notes
    assert "AU26 is in no row: its F1 counts as 0" in abaw_score("AU", 10, *units(12)).notes


def test_a_constant_emotion_counts_zero_and_does_not_spread(generator):
    truth = torch.rand(50, 6, generator=generator).double()
    predicted = truth.clone()
    predicted[:, 2] = 0.5
    found = abaw_score("EMI", 10, predicted, truth)
    assert found.value == pytest.approx(5 / 6)
    assert found.notes == ("predicted Determination never changes: its correlation counts as 0",)


def scrambled(generator, task):
    """A good reader whose labels are in another order, and the names in that order."""
    names = list(abaw_protocol(task, 10).kinds[task].names)
    order = [1, 0, *range(2, len(names))]
    if task == "EXPR":
        truth = torch.randint(8, (2000,), generator=generator)
        answers = torch.where(torch.rand(2000, generator=generator) < 0.8, truth, truth.roll(1))
        return torch.tensor(order)[answers], truth, [names[k] for k in order]
    if task == "AU":
        truth = (torch.rand(2000, 12, generator=generator) < 0.3).long()
        answers = truth ^ (torch.rand(2000, 12, generator=generator) < 0.05).long()
    else:
        truth = torch.rand(2000, len(names), generator=generator).double()
        answers = 0.8 * truth + 0.1
    return answers[:, order], truth, [names[k] for k in order]


@pytest.mark.parametrize("task", ["EXPR", "AU", "VA", "EMI"])
def test_a_permuted_order_is_caught_by_name_and_by_the_numbers(task, generator):
    predicted, truth, names = scrambled(generator, task)
    with pytest.raises(
        BadLabels, match=r"expected the order .* take columns \[1, 0, 2|take columns \[1, 0\]"
    ):
        abaw_score(task, 10, predicted, truth, names=names)
    with pytest.raises(BadLabels, match="expected the order"):
        abaw_tally(task, 10, predicted, truth, names=names, cluster=torch.arange(2000))
    # without names it can only be suspected; with the right order it is not
    suspected = [
        note for note in abaw_score(task, 10, predicted, truth).notes if "order of the labels" in note
    ]
    assert len(suspected) == 1
    assert f"{names[1]} for {names[0]}" in suspected[0]
    expected = abaw_protocol(task, 10).kinds[task].names
    right = (
        torch.tensor([1, 0, *range(2, 8)])[predicted]
        if task == "EXPR"
        else predicted[:, [1, 0, *range(2, len(names))]]
    )
    assert not any("order" in note for note in abaw_score(task, 10, right, truth, names=expected).notes)


def test_names_of_three_tasks_at_once():
    predicted, truth, _ = example("MTL", 7)
    kinds = abaw_protocol("MTL", 7).kinds
    names = {kind: labels.names for kind, labels in kinds.items()}
    assert abaw_score("MTL", 7, predicted, truth, names=names).rows["AU"] == 4
    with pytest.raises(BadLabels, match="the order valence, arousal"):
        abaw_score("MTL", 7, predicted, truth, names=names | {"VA": ("arousal", "valence")})
