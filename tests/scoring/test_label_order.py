"""A permuted label order is told; readers that are only bad are not, as rarely as the test promises."""

import numpy as np
import polars as pl
import pytest
import torch

from facsight.core.labels import label_space
from facsight.scoring.label_order import FALSE_ALARM, suspected_order
from facsight.scoring.tallies import SpaceTally, tally_space
from scoring_data import frames

SPACE = label_space("affectnet7")
RAFDB = label_space("rafdb7")


def tally(true, said, cluster=None, space=SPACE):
    cluster = np.arange(len(true)) if cluster is None else cluster
    enum = pl.Enum(space.classes)
    words = np.array(space.classes)
    table = pl.DataFrame({"cluster": pl.Series(cluster, dtype=pl.Int64)}).with_columns(
        pl.Series("expression", words[said], dtype=enum),
        pl.Series("true_expression", words[true], dtype=enum),
    )
    return tally_space(table, space, int(cluster.max()) + 1)


def reader(rng, rows, right, classes=7, prior=None):
    """True classes, and those of a reader that is right this often and else says anything."""
    true = rng.choice(classes, rows, p=prior)
    return true, np.where(rng.random(rows) < right, true, rng.integers(0, classes, rows))


@pytest.mark.parametrize("right", [0.3, 0.6, 0.9])
def test_a_permuted_order_is_suspected_and_undone(right):
    rng = np.random.default_rng(0)
    true, said = reader(rng, 700, right)
    other = rng.permutation(7)
    found = suspected_order(tally(true, other[said]))
    assert found is not None
    undone = {SPACE.classes[other[k]]: SPACE.classes[k] for k in range(7)}
    assert found.renaming == undone
    assert found.renamed == pytest.approx(right + (1 - right) / 7, abs=0.12)


def test_the_codes_of_one_release_read_as_those_of_another():
    """AffectNet's numbers read as FER2013's: 11 % instead of 90 % was a user's complaint."""
    rng = np.random.default_rng(1)
    true, said = reader(rng, 500, 0.9)
    wrong = np.array([SPACE.index(label_space("fer2013").classes[k]) for k in said])
    found = suspected_order(tally(true, wrong))
    assert found is not None
    assert "happiness for anger" not in str(
        found
    )  # what is right stays as it is: 3 is surprise, not happiness
    assert all(found.renaming[label_space("fer2013").classes[k]] == SPACE.classes[k] for k in range(7))


def test_two_exchanged_classes_are_named():
    rng = np.random.default_rng(2)
    true, said = reader(rng, 2000, 0.9)
    swapped = np.where(said == 4, 5, np.where(said == 5, 4, said))
    found = suspected_order(tally(true, swapped))
    assert "reading fear for disgust, disgust for fear raises" in str(found)


@pytest.mark.parametrize("right", [0.0, 0.1, 0.5, 1.0])
def test_an_honest_reader_is_not(right):
    rng = np.random.default_rng(3)
    for _ in range(20):
        assert suspected_order(tally(*reader(rng, 500, right))) is None


def test_a_reader_that_says_one_class_always_is_not():
    """Renaming the one word to the commonest class would raise plain accuracy from 5 % to 60 %."""
    rng = np.random.default_rng(4)
    true, _ = reader(rng, 600, 0, prior=[0.05, 0.6, 0.1, 0.1, 0.05, 0.05, 0.05])
    assert suspected_order(tally(true, np.zeros(600, dtype=int))) is None


def test_a_permuted_order_of_few_videos_is_suspected_only_if_they_are_enough():
    rng = np.random.default_rng(5)
    true, said = reader(rng, 4000, 0.7)
    other = np.array([1, 2, 3, 4, 5, 6, 0])
    few, many = rng.integers(0, 12, 4000), rng.integers(0, 60, 4000)
    assert suspected_order(tally(true, other[said], few)) is None
    assert suspected_order(tally(true, other[said], many)) is not None


def test_false_alarms_are_as_rare_as_promised():
    """Readers that know nothing, in videos with moods of their own: the hardest case, for frames are alike.

    2,000 of them; if one in 1,000 were suspected, more than 8 would be with a probability below 1e-3.
    """
    rng = np.random.default_rng(6)
    alarms = 0
    for _ in range(2000):
        sums = np.zeros((40, 7, 7))
        sums[np.arange(40), rng.integers(0, 7, 40), rng.integers(0, 7, 40)] = 5  # a mood, an answer a video
        counted = torch.from_numpy(sums)
        known = SpaceTally(SPACE, counted.flatten(1), counted.sum(dim=2), scores={}, each={}, rows=200)
        alarms += suspected_order(known) is not None
    assert alarms <= 8 * FALSE_ALARM * 1000


def test_it_is_told_with_the_score(scored):
    rng = np.random.default_rng(7)
    words = np.array(RAFDB.classes)
    true, said = reader(rng, 400, 0.8)
    samples = [f"test_{k:04d}.jpg" for k in range(400)]
    codes = np.array([RAFDB.codes[k] for k in said])
    truth = {"sample": samples, "expression": words[true]}
    right = scored("rafdb7", truth, {"sample": samples, "expression": codes}, codes="rafdb7").data
    assert right["suspicions"] == []
    assert right["official"]["value"] > 0.75
    wrong = scored("rafdb7", truth, {"sample": samples, "expression": codes - 1}, codes="fer2013").data
    assert wrong["official"]["value"] < 0.5
    assert "seem to be named in another order" in wrong["suspicions"][0]


@pytest.mark.parametrize("protocol", ["abaw10-va", "abaw10-au"])
def test_exchanged_columns_are_told(protocol, scored):
    rng = np.random.default_rng(8)
    samples = frames(600, videos=30)
    names = ["valence", "arousal"] if protocol == "abaw10-va" else [
        f"AU{k:02d}" for k in (1, 2, 4, 6, 7, 10, 12, 15, 23, 24, 25, 26)
    ]  # fmt: skip
    if protocol == "abaw10-va":
        true = {name: rng.uniform(-1, 1, 600) for name in names}
        said = {name: np.clip(v + rng.normal(0, 0.2, 600), -1, 1) for name, v in true.items()}
    else:
        true = {name: (rng.random(600) < 0.4).astype(int) for name in names}
        said = {name: np.where(rng.random(600) < 0.9, v, 1 - v) for name, v in true.items()}
    assert scored(protocol, {"sample": samples} | true, {"sample": samples} | said).data["suspicions"] == []
    moved = dict(zip(names, [said[name] for name in (*names[1:], names[0])], strict=True))
    [told] = scored(protocol, {"sample": samples} | true, {"sample": samples} | moved).data["suspicions"]
    assert f"{names[0]} for {names[1]}" in told
