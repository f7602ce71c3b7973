import random
from collections import Counter
from itertools import product

import numpy as np
import polars as pl
import pytest
from sklearn.model_selection import GroupKFold, LeaveOneGroupOut, StratifiedGroupKFold

from facsight.core.errors import BadFolds, UnknownName
from facsight.data.balance import share_out
from facsight.data.folds import (
    Fold,
    group_folds,
    leave_one_out,
    official_folds,
    published_targets,
    target_folds,
)

LABELS = ("anger", "happiness", "neutral")


def people(sizes, labels=LABELS, seed=0, **columns):
    """A table with so many samples of person 0, 1, ...; every person shows some labels more than others."""
    draw = random.Random(seed)
    rows = []
    for person, size in enumerate(sizes):
        bias = [draw.random() ** 2 for _ in labels]
        rows += [(f"p{person:03d}", draw.choices(labels, bias)[0]) for _ in range(size)]
    table = pl.DataFrame(rows, schema=["subject", "label"], orient="row")
    return table.with_row_index("sample").with_columns(pl.format("s{}", "sample").alias("sample"), **columns)


def places(folds):
    return dict(folds.places.iter_rows())


def subjects(fold, part):
    return set(fold[part]["subject"])


def test_two_folds_by_hand():
    """5 + 1 against 3 + 2 samples: the largest first, each to the lighter side."""
    table = people([1, 5, 2, 3])
    folds = group_folds(table, 2, dataset="hand", seed=None)
    assert [subjects(fold, "test") for fold in folds] == [{"p001", "p000"}, {"p003", "p002"}]
    assert [subjects(fold, "train") for fold in folds] == [{"p003", "p002"}, {"p001", "p000"}]
    assert [len(fold["test"]) for fold in folds] == [6, 5]


def test_stratified_by_hand():
    """Two people who are only angry and two only happy, of unlike sizes: one of each in each fold."""
    table = people([4, 3, 9, 1]).with_columns(
        label=pl.when(pl.col("subject").is_in(["p000", "p001"]))
        .then(pl.lit("anger"))
        .otherwise(pl.lit("joy"))
    )
    folds = group_folds(table, 2, dataset="hand", stratify="label", seed=None)
    for fold in folds:
        assert set(fold["test"]["label"]) == {"anger", "joy"}
    assert not any({"p000", "p001"} <= subjects(fold, "test") for fold in folds)


@pytest.mark.parametrize("seed", range(5))
def test_every_person_is_tested_once_and_never_trained_on_then(seed):
    sizes = [random.Random(seed).randrange(1, 30) for _ in range(40)]
    table = people(sizes, seed=seed)
    folds = group_folds(table, 5, dataset="many", stratify="label", seed=seed)
    tested = Counter(person for fold in folds for person in subjects(fold, "test"))
    assert tested == Counter(dict.fromkeys(set(table["subject"]), 1))
    for fold in folds:
        assert not subjects(fold, "test") & subjects(fold, "train")
        assert len(fold["test"]) + len(fold["train"]) == len(table)


@pytest.mark.parametrize("seed", [None, 0, 1])
def test_shares_of_every_label_are_alike_in_all_folds(seed):
    table = people([20] * 100)
    folds = group_folds(table, 5, dataset="many", stratify="label", seed=seed)
    for fold in folds:
        for label, total in table["label"].value_counts().iter_rows():
            assert (fold["test"]["label"] == label).sum() == pytest.approx(total / 5, rel=0.05)


def test_several_columns_are_balanced_at_once():
    draw = np.random.default_rng(0)
    table = people([10] * 60).with_columns(
        pl.Series("AU01", draw.random(600) < 0.1), pl.Series("AU12", draw.random(600) < 0.5)
    )
    folds = group_folds(table, 3, dataset="au", stratify=("AU01", "AU12"), seed=0)
    for fold, unit in product(folds, ("AU01", "AU12")):
        assert fold["test"][unit].sum() == pytest.approx(table[unit].sum() / 3, abs=2)


def test_seeds_differ_and_the_same_seed_does_not():
    table = people(range(1, 31))
    one, again, two = (places(group_folds(table, 5, dataset="x", seed=seed)) for seed in (1, 1, 2))
    assert one == again
    assert one != two


def test_rows_in_any_order_give_the_same_folds():
    table = people(range(1, 31))
    shuffled = table.sample(fraction=1, shuffle=True, seed=3)
    for make in (
        lambda rows: group_folds(rows, 4, dataset="x", stratify="label", seed=7),
        lambda rows: leave_one_out(rows, dataset="x"),
    ):
        assert places(make(table)) == places(make(shuffled))


def test_folds_are_the_same_on_every_platform():
    """The hash, not a generator, decides: computed here from its definition."""
    import hashlib

    def weight(name):
        return 2**32 + int.from_bytes(hashlib.sha256(f"5 {name}".encode()).digest()[:4], "big")

    table = people([1] * 9)
    order = sorted(set(table["subject"]), key=lambda name: -weight(name))
    folds = group_folds(table, 3, dataset="x", seed=5)
    for position, person in enumerate(order):
        assert person in subjects(folds[str(position % 3)], "test")


@pytest.mark.parametrize("seed", range(4))
def test_without_classes_and_seed_it_is_scikit_learns_group_k_fold(seed):
    sizes = random.Random(seed).sample(range(1, 200), 23)  # no two alike: ties are a matter of convention
    table = people(sizes)
    ours = {frozenset(subjects(fold, "test")) for fold in group_folds(table, 4, dataset="x", seed=None)}
    people_of = table["subject"].to_numpy()
    theirs = {frozenset(people_of[test]) for _, test in GroupKFold(4).split(people_of, groups=people_of)}
    assert ours == theirs


def unevenness(labels, tests):
    """Sum over classes and folds of squared shares, less its least possible value."""
    kinds = sorted(set(labels))
    shares = np.array(
        [[(labels[test] == kind).sum() / (labels == kind).sum() for kind in kinds] for test in tests]
    )
    return (shares**2).sum() - len(kinds) / len(tests)


def test_labels_are_balanced_as_well_as_by_scikit_learn():
    ours, theirs = [], []
    for seed in range(12):
        table = people([random.Random(seed).randrange(1, 40) for _ in range(60)], seed=seed)
        labels, groups = table["label"].to_numpy(), table["subject"].to_numpy()
        found = places(group_folds(table, 5, dataset="x", stratify="label", seed=None))
        place = np.array([found[sample] for sample in table["sample"]])
        ours.append(unevenness(labels, [place == str(f) for f in range(5)]))
        split = StratifiedGroupKFold(5).split(labels, labels, groups)
        theirs.append(unevenness(labels, [test for _, test in split]))
    assert np.mean(ours) <= np.mean(theirs) * 1.1


def test_greedy_is_near_the_best_of_all_partitions():
    table = people([3, 5, 8, 2, 7, 4, 6, 9], seed=4)
    labels, groups = table["label"].to_numpy(), table["subject"].to_numpy()
    names = sorted(set(groups))
    every = []
    for halves in product((0, 1), repeat=len(names) - 1):
        side = dict(zip(names, (0, *halves), strict=True))
        place = np.array([side[group] for group in groups])
        every.append(unevenness(labels, [place == 0, place == 1]))
    found = places(group_folds(table, 2, dataset="x", stratify="label", seed=None))
    place = np.array([found[sample] for sample in table["sample"]])
    rank = (np.array(every) < unevenness(labels, [place == "0", place == "1"])).mean()
    assert rank < 0.15


def test_leave_one_subject_out_is_scikit_learns():
    table = people([3, 1, 4, 1, 5])
    groups = table["subject"].to_numpy()
    folds = leave_one_out(table, dataset="x")
    assert folds.names == ("p000", "p001", "p002", "p003", "p004")
    for fold, (train, test) in zip(folds, LeaveOneGroupOut().split(groups, groups=groups), strict=True):
        assert fold["train"].equals(table[train])
        assert fold["test"].equals(table[test])


def test_both_persons_of_a_media_file_stay_together():
    table = pl.DataFrame(
        {
            "sample": ["1", "2", "3", "4"],
            "subject": ["ann", "bob", "cleo", "dan"],
            "video": ["10-60_left", "10-60_right", "10-6", "left"],
        }
    )
    assert leave_one_out(table, dataset="x").names == ("ann + bob", "cleo", "dan")
    assert leave_one_out(table, dataset="x", apart="subject").names == ("ann", "bob", "cleo", "dan")
    assert leave_one_out(table, dataset="x", apart="video").names == ("10-6", "10-60", "left")


def test_groups_are_chains_of_shared_people_and_videos():
    table = pl.DataFrame(
        {
            "sample": list("123456"),
            "subject": ["a", "a", "b", "c", "d", "e"],
            "video": ["v1", "v2", "v2", "v3", "v3", "v4"],
        }
    )
    assert leave_one_out(table, dataset="x").names == ("a + b", "c + d", "e")


def test_near_copies_are_kept_together_where_the_table_knows_them():
    table = people([2] * 6).with_columns(near_copies=pl.Series([None, 7, 7, *[None] * 9]))
    groups = leave_one_out(table, dataset="x", unknown="alone").names
    assert groups == ("p000 + p001", "p002", "p003", "p004", "p005")


def planted(train, test, **columns):
    rows = pl.DataFrame({"sample": [*train, *test], **columns})
    return {"train": rows[: len(train)], "test": rows[len(train) :]}


def test_a_planted_leak_is_refused_with_the_names_and_both_sides():
    parts = planted(
        "123", "45", subject=["ann", "ann", "bob", "bob", "cleo"], video=["v", "w", "x", "y", "z"]
    )
    with pytest.raises(BadFolds, match=r"fold 'mine'.*subject 'bob' in test \(1\) and train \(1\)") as caught:
        Fold("mine", parts)
    assert "ann" not in str(caught.value)


def test_a_video_and_its_other_person_are_refused_too():
    parts = planted("12", "3", subject=["ann", "bob", "cleo"], video=["v", "w_left", "w_right"])
    with pytest.raises(BadFolds, match="video 'w' in test"):
        Fold("mine", parts)
    assert len(Fold("mine", parts, apart=("subject",))["train"]) == 2


def test_the_same_sample_twice_is_refused_whatever_may_be_shared():
    with pytest.raises(BadFolds, match="sample '2' in test"):
        Fold("mine", planted("12", "2"), apart=())


def test_a_near_copy_across_sides_is_refused():
    with pytest.raises(BadFolds, match="near copies '9' in test"):
        Fold("mine", planted("12", "3", near_copies=[9, None, 9]))


def test_many_leaks_are_counted_not_all_listed():
    names = [f"p{i}" for i in range(20)]
    parts = planted(names, [f"t{i}" for i in range(20)], subject=names * 2)
    with pytest.raises(BadFolds, match="and 15 more"):
        Fold("mine", parts)


def test_official_splits_keep_their_names():
    table = people([2, 2, 2]).with_columns(split=pl.Series(["train"] * 2 + ["val"] * 2 + ["test"] * 2))
    (fold,) = official_folds(table, dataset="x")
    assert list(fold.parts) == ["test", "train", "val"]
    assert subjects(fold, "val") == {"p001"}
    with pytest.raises(BadFolds, match="no part 'vall': did you mean 'val'"):
        fold["vall"]


def test_an_official_split_that_shares_people_has_to_be_accepted_by_name():
    table = people([2, 2]).with_columns(split=pl.Series(["train", "test", "train", "train"]))
    with pytest.raises(BadFolds, match="subject 'p000' in test"):
        official_folds(table, dataset="x")
    assert len(official_folds(table, dataset="x", apart=())["official"]["train"]) == 3


def test_rows_without_a_split_are_named():
    table = people([2]).with_columns(split=pl.Series(["train", None]))
    with pytest.raises(BadFolds, match="found none for 's1'"):
        official_folds(table, dataset="x")
    with pytest.raises(BadFolds, match="found none for 's0', 's1'"):
        official_folds(people([2]), dataset="x")


def test_the_published_lists_are_those_of_the_facts():
    """Ten of BioVid's 87 people, five of UNBC-McMaster's 25."""
    lists = published_targets()
    assert [len(set(lists[name]["subjects"])) for name in ("biovid-10", "unbc-5")] == [10, 5]
    assert [lists[name]["sources"] + len(lists[name]["subjects"]) for name in ("biovid-10", "unbc-5")] == [
        87,
        25,
    ]


def unbc(others):
    names = [*published_targets()["unbc-5"]["subjects"], *(f"other{i}" for i in range(others))]
    return pl.DataFrame({"sample": [f"{name}/{i}" for name in names for i in range(2)]}).with_columns(
        subject=pl.col("sample").str.head(-2)
    )


def test_target_subjects_are_tested_one_by_one_on_the_sources_only():
    folds = target_folds(unbc(20), "unbc-5", dataset="UNBC")
    assert folds.names == ("107-hs107", "109-ib109", "121-vw121", "123-jh123", "115-jy115")
    for fold in folds:
        assert subjects(fold, "test") == {fold.name}
        assert subjects(fold, "train") == {f"other{i}" for i in range(20)}


def test_a_published_list_wants_the_published_dataset():
    with pytest.raises(BadFolds, match="expects 20 source subjects, found 19"):
        target_folds(unbc(19), "unbc-5", dataset="UNBC")
    with pytest.raises(BadFolds, match="found no '107-hs107'"):
        target_folds(unbc(20).filter(pl.col("subject") != "107-hs107"), "unbc-5", dataset="UNBC")
    with pytest.raises(UnknownName, match="did you mean 'unbc-5'"):
        target_folds(unbc(20), "unbc5", dataset="UNBC")
    assert len(target_folds(unbc(3), ["other0"], dataset="UNBC")) == 1


UNKNOWN = pl.DataFrame({"sample": list("12345"), "subject": ["a", "b", None, "", "b"]})


def test_rows_of_unknown_people_are_refused_until_something_is_said():
    with pytest.raises(BadFolds, match="2 of 5 rows do not say their subject: '3', '4'; say what they are"):
        leave_one_out(UNKNOWN, dataset="x")
    assert leave_one_out(UNKNOWN, dataset="x", unknown="alone").names == ("3", "4", "a", "b")
    assert leave_one_out(UNKNOWN, dataset="x", unknown="together").names == ("(unknown)", "a", "b")
    dropped = leave_one_out(UNKNOWN, dataset="x", unknown="drop")
    assert dropped.names == ("a", "b")
    assert [fold["train"]["sample"].to_list() for fold in dropped] == [["2", "5"], ["1"]]


def test_too_few_groups_are_told():
    with pytest.raises(BadFolds, match="at least as many groups as folds, found 3 for 4"):
        group_folds(people([5, 5, 5]), 4, dataset="x")
    with pytest.raises(BadFolds, match="two groups to leave one out, found 1: 'p000'"):
        leave_one_out(people([5]), dataset="x")
    with pytest.raises(BadFolds, match="2 folds or more, found 1"):
        group_folds(people([5, 5]), 1, dataset="x")


@pytest.mark.parametrize("make", [leave_one_out, lambda rows, **of: group_folds(rows, 3, **of)])
def test_nothing_to_fold_by_is_told(make):
    empty = people([1]).clear()
    with pytest.raises(BadFolds, match="found none that does"):
        make(empty, dataset="x")
    with pytest.raises(BadFolds, match="apart='sample'"):
        make(people([4]).drop("subject"), dataset="x")
    assert len(make(people([3]).drop("subject"), dataset="x", apart="sample")) == 3


def test_what_cannot_be_a_table_of_samples_is_told():
    table = people([1, 1])
    with pytest.raises(BadFolds, match="listed once, these are listed again: 's0'"):
        leave_one_out(pl.concat([table, table[:1]]), dataset="x")
    with pytest.raises(BadFolds, match="column 'sample' of text"):
        leave_one_out(table.drop("sample"), dataset="x")
    with pytest.raises(BadFolds, match="1 rows without"):
        leave_one_out(table.with_columns(sample=pl.Series(["", "b"])), dataset="x")
    with pytest.raises(BadFolds, match="did you mean 'subject'"):
        leave_one_out(table, dataset="x", apart="subjct")
    with pytest.raises(BadFolds, match="did you mean 'label'"):
        group_folds(table, 2, dataset="x", stratify="lable")
    with pytest.raises(BadFolds, match="decimal numbers in 'valence'"):
        group_folds(table.with_columns(valence=0.5), 2, dataset="x", stratify="valence")
    with pytest.raises(BadFolds, match="no fold 'p00': did you mean"):
        leave_one_out(table, dataset="x")["p00"]


def test_no_fold_is_empty_even_when_classes_do_not_meet():
    grouped = pl.DataFrame({"group": list("abcd"), "label": ["x", "y", "z", "w"]})
    found = share_out(grouped, 4, ["label"], None)
    assert sorted(found["place"]) == ["0", "1", "2", "3"]
