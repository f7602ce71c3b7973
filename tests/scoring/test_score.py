"""Scores of predictions: by hand, by the competitions' formulas, and with all that may be wrong."""

from types import MappingProxyType

import numpy as np
import polars as pl
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score, f1_score

from facsight.core.errors import BadTable, MissingData
from facsight.data.protocol import load_protocol, protocol_names
from facsight.metrics import abaw_score, average_precision
from facsight.scoring.comparison import compare_scored
from facsight.scoring.score import score
from facsight.scoring.truth_file import truth_from_file
from scoring_data import frames, random_columns

ABAW = [name for name in protocol_names() if load_protocol(name).edition]


class TestByHand:
    def test_classes(self, scored):
        """Three of four right: F1 of neutral 2/3, happiness 1, sadness 2/3, four classes without any 0."""
        samples = ["a", "b", "c", "d"]
        truth = {"sample": samples, "expression": ["neutral", "happiness", "sadness", "sadness"]}
        said = {"sample": samples, "expression": ["neutral", "happiness", "sadness", "neutral"]}
        data = scored("affectnet7", truth, said).data
        assert data["official"]["value"] == 0.75
        assert data["scores"]["affectnet7"]["macro_f1"]["value"] == pytest.approx((2 / 3 + 1 + 2 / 3) / 7)
        assert data["scores"]["affectnet7"]["balanced_accuracy"]["value"] == pytest.approx((1 + 1 + 0.5) / 3)
        assert data["each"]["affectnet7"]["sadness"] == {"f1": pytest.approx(2 / 3), "recall": 0.5, "rows": 2}

    def test_values(self, scored):
        """Two videos, levels right, nothing within them: pooled CCC 1.08 / 1.09."""
        samples = [f"{video}/{n:05d}.jpg" for video in "ab" for n in range(3)]
        true, said = [0.5, 0.6, 0.7, -0.5, -0.6, -0.7], [0.6] * 3 + [-0.6] * 3
        truth = {"sample": samples, "valence": true, "arousal": true}
        data = scored("abaw10-va", truth, {"sample": samples, "valence": said, "arousal": said}).data
        assert data["official"]["value"] == pytest.approx(1.08 / 1.09, abs=1e-6)
        assert data["each"]["affwild2_va"]["valence"]["rmse"] == pytest.approx((0.04 / 6) ** 0.5, abs=1e-6)
        assert data["each"]["affwild2_va"]["valence"]["mae"] == pytest.approx(0.4 / 6, abs=1e-6)

    def test_units(self, scored):
        """AU1: one hit, one miss, one false alarm: F1 1/2. AU2 all right: 1. The rest never: 0."""
        samples, units = frames(4), load_protocol("disfa").spaces[0].columns
        true = {name: [0, 0, 0, 0] for name in units} | {"AU01": [1, 1, 0, 0], "AU02": [1, 0, 0, 0]}
        said = {name: [0, 0, 0, 0] for name in units} | {"AU01": [1, 0, 1, 0], "AU02": [1, 0, 0, 0]}
        data = scored("disfa", {"sample": samples} | true, {"sample": samples} | said).data
        assert data["official"]["value"] == pytest.approx((0.5 + 1) / 8)
        assert data["scores"]["disfa8"]["unit_accuracy"]["value"] == pytest.approx(30 / 32)

    def test_the_f1_of_every_unit_has_an_interval_over_videos(self, scored):
        """AU1 alike in both videos: F1 2/3 in any resample. AU2 found in one only: 0 to 1."""
        units = load_protocol("disfa").spaces[0].columns
        samples = frames(6, videos=2)
        true = {name: [0] * 6 for name in units} | {"AU01": [1, 1, 0] * 2, "AU02": [1, 0, 0] * 2}
        said = {name: [0] * 6 for name in units} | {"AU01": [1, 0, 0] * 2, "AU02": [1, 0, 0, 0, 0, 0]}
        each = scored("disfa", {"sample": samples} | true, {"sample": samples} | said).data["each"]["disfa8"]
        assert each["AU01"]["f1_interval"] == pytest.approx([2 / 3, 2 / 3])
        assert each["AU02"]["f1"] == pytest.approx(2 / 3)
        assert each["AU02"]["f1_interval"] == [0.0, 1.0]
        assert each["AU04"]["f1_interval"] == [0.0, 0.0]

    def test_units_as_probabilities(self, scored):
        samples, units = frames(2), load_protocol("disfa").spaces[0].columns
        true = {"sample": samples} | {name: [1, 0] for name in units}
        data = scored("disfa", true, {"sample": samples} | {name: [0.5, 0.49] for name in units}).data
        assert data["official"]["value"] == 1
        assert "shown from 0.5 on" in data["notes"][-1]

    def test_excitement_counts_as_happiness_and_others_not_at_all(self, scored):
        samples = ["a", "b", "c"]
        truth = {"sample": samples, "emotion": ["hap", "exc", "ang"], "subject": ["x", "y", "z"]}
        said = {"sample": samples, "emotion": ["happiness", "happiness", "sadness"]}
        with pytest.raises(BadTable, match="expected a class of iemocap4"):
            scored("iemocap", truth, said, truth_codes="iemocap4")
        truth["emotion"] = ["happiness", "happiness", "anger"]
        assert scored("iemocap", truth, said).data["official"]["value"] == 0.5

    def test_against_scikit_learn(self, scored):
        rng = np.random.default_rng(0)
        words = np.array(load_protocol("meld").spaces[0].classes)
        true, said = words[rng.integers(0, 7, 300)], words[rng.integers(0, 6, 300)]
        samples = [f"test/dia{k // 10}_utt{k}" for k in range(300)]
        truth = {"sample": samples, "emotion": true, "video": [s.split("_")[0] for s in samples]}
        data = scored("meld", truth, {"sample": samples, "emotion": said}).data
        assert data["official"]["value"] == pytest.approx(f1_score(true, said, average="weighted"))
        macro = f1_score(true, said, average="macro", labels=words, zero_division=0)
        assert data["scores"]["meld7"]["macro_f1"]["value"] == pytest.approx(macro)
        labels = {"sample": samples, "expression": np.resize(load_protocol("rafdb7").spaces[0].classes, 300)}
        answers = {"sample": samples, "expression": rng.permutation(labels["expression"])}
        found = scored("rafdb7", labels, answers).data["scores"]["rafdb7"]["balanced_accuracy"]["value"]
        assert found == pytest.approx(balanced_accuracy_score(labels["expression"], answers["expression"]))

    def test_probabilities(self, scored):
        samples = ["a", "b", "c", "d"]
        truth = {"sample": samples, "ambivalence": ["present", "absent", "present", "absent"]}
        chances = [0.9, 0.8, 0.7, 0.1]
        data = scored("bah-video", truth, {"sample": samples, "p_present": chances}).data
        wanted = average_precision(torch.tensor(chances), torch.tensor([1, 0, 1, 0]))
        found = data["scores"]["bah2"]["average_precision"]
        assert found == {"value": pytest.approx(float(wanted)), "interval": None}
        assert data["official"]["value"] == pytest.approx((0.8 + 2 / 3) / 2)


def as_tensor(table, space):
    """Labels of a space as the competitions' scores take them: numbers, classes by their position."""
    if space.kind == "classes":
        return torch.tensor([space.classes.index(word) for word in table[space.column]])
    return torch.tensor([table[name] for name in space.columns]).T


@pytest.mark.parametrize("name", ABAW)
def test_every_abaw_task_has_the_number_of_its_competition(name, scored):
    """The protocols' formulas, which are data, against the competitions' formulas in code."""
    protocol = load_protocol(name)
    rng = np.random.default_rng(3)
    samples = frames(400, videos=20)
    truth, said = ({"sample": samples} | random_columns(protocol.spaces, 400, rng) for _ in range(2))
    found = scored(name, truth, said)

    def as_tables(table):
        kinds = {"values": "VA", "units": "AU", "classes": "EXPR"}
        parts = {kinds[space.kind]: as_tensor(table, space) for space in protocol.spaces}
        return parts if protocol.task == "mtl" else next(iter(parts.values()))

    wanted = abaw_score(protocol.task.upper(), protocol.edition, as_tables(said), as_tables(truth))
    assert found.found.official.estimate == pytest.approx(wanted.value, abs=1e-6)


class TestWhatCounts:
    TRUTH = MappingProxyType(
        {"sample": ["a", "b", "c"], "valence": [0.5, -5.0, -0.5], "arousal": [0.25, -5.0, 0.1]}
    )

    def test_rows_without_a_label_do_not_count_and_need_no_prediction(self, scored):
        said = {"sample": ["a", "c"], "valence": [0.5, -0.5], "arousal": [0.25, 0.1]}
        data = scored("abaw10-va", self.TRUTH, said).data
        assert data["official"]["value"] == pytest.approx(1)
        assert data["rows"]["that count"] == 2

    def test_each_task_has_its_own_rows(self, scored):
        rng = np.random.default_rng(0)
        spaces = load_protocol("abaw7-mtl").spaces
        truth = {"sample": frames(30, 3)} | random_columns(spaces, 30, rng)
        truth["expression"] = [None if k % 3 else word for k, word in enumerate(truth["expression"])]
        truth["AU01"] = [-1 if k < 5 else v for k, v in enumerate(truth["AU01"])]
        data = scored("abaw7-mtl", truth, {"sample": frames(30, 3)} | random_columns(spaces, 30, rng)).data
        assert [data["rows"][space.name] for space in spaces] == [30, 10, 25]

    def test_a_row_with_some_units_coded_does_not_count(self, scored):
        units = load_protocol("disfa").spaces[0].columns
        true = {name: [1, 0, 1] for name in units} | {"AU01": [1, 0, None]}
        said = {name: [1, 0] for name in units}
        data = scored("disfa", {"sample": frames(3)} | true, {"sample": frames(2)} | said).data
        assert data["official"]["value"] == 1
        assert data["rows"]["that count"] == 2

    def test_only_the_split_that_is_scored(self, scored):
        truth = {"sample": ["a", "b"], "expression": ["fear", "anger"], "split": ["val", "train"]}
        data = scored("affectnet7", truth, {"sample": ["a", "b"], "expression": ["fear", "fear"]}).data
        assert data["official"]["value"] == 1
        assert data["rows"]["of another split or without a label"] == 1

    def test_the_order_of_the_rows_does_not_matter(self, scored):
        samples = frames(20, 4)
        rng = np.random.default_rng(0)
        spaces = load_protocol("abaw10-expr").spaces
        truth, said = ({"sample": samples} | random_columns(spaces, 20, rng) for _ in range(2))
        one = scored("abaw10-expr", truth, said).data
        other = scored("abaw10-expr", truth, said, order=rng.permutation(20).tolist()).data
        assert one["official"] == other["official"]

    def test_no_label_at_all(self, scored):
        truth = {"sample": ["a"], "valence": [-5], "arousal": [-5]}
        with pytest.raises(MissingData, match="has no labels of abaw10-va"):
            scored("abaw10-va", truth, {"sample": ["a"], "valence": [0], "arousal": [0]})


class TestWhatIsRefused:
    TRUTH = MappingProxyType(
        {
            "sample": ["v1/00001.jpg", "v1/00002.jpg", "v1_left/00001.jpg"],
            "valence": [0.0, 0.5, 1.0],
            "arousal": [0.0, 0.0, 1.0],
        }
    )

    def said(self, *samples):
        return {"sample": samples, "valence": [0.0] * len(samples), "arousal": [0.0] * len(samples)}

    def test_a_missing_row(self, scored):
        with pytest.raises(BadTable, match=r"predictions of 3 samples, 1 are missing: 'v1_left/00001\.jpg'"):
            scored("abaw10-va", self.TRUTH, self.said(*self.TRUTH["sample"][:2]))

    def test_an_unknown_row(self, scored):
        with pytest.raises(BadTable, match=r"samples that the dataset does not have: line 5: 'v2/1\.jpg'"):
            scored("abaw10-va", self.TRUTH, self.said(*self.TRUTH["sample"], "v2/1.jpg"))

    def test_a_row_twice(self, scored):
        with pytest.raises(BadTable, match="line 5: expected every sample once"):
            scored("abaw10-va", self.TRUTH, self.said(*self.TRUTH["sample"], "v1/00001.jpg"))

    @pytest.mark.parametrize(
        ("name", "hint"),
        [
            ("v1\\00001.jpg", "names are written with backslashes"),
            ("v1/00001", "names lack .jpg"),
            ("data/x/v1/00001.jpg", "names have folders before them"),
            ("v1/00001.jpg.png", "names have an ending"),
        ],
    )
    def test_what_would_make_names_agree_is_told(self, scored, name, hint):
        with pytest.raises(BadTable, match=f"it seems that {hint}"):
            scored("abaw10-va", self.TRUTH, self.said(name, *self.TRUTH["sample"][1:]))

    def test_a_person_that_is_missing_is_told(self, scored):
        truth = {"sample": ["v1_left/00001.jpg"], "valence": [0.5], "arousal": [0.5]}
        with pytest.raises(BadTable, match="names of two people in a video end in _left and _right"):
            scored("abaw10-va", truth, self.said("v1/00001.jpg"))

    def test_labels_that_cannot_be_read(self, scored):
        with pytest.raises(
            BadTable, match=r"truth\.csv, line 2: expected valence from -1 to 1, or no label, found '3"
        ):
            scored("abaw10-va", {**self.TRUTH, "valence": [3, 0, 0]}, self.said("v1/00001.jpg"))


class TestHowSure:
    def test_videos_are_drawn_and_not_frames(self, scored):
        """Every frame of a video is right, or wrong: of 10 videos the interval is wide."""
        samples = frames(2000, videos=10)
        truth = {"sample": samples, "expression": ["fear"] * 2000}
        said = {"sample": samples, "expression": ["fear" if int(s[1]) < 8 else "anger" for s in samples]}
        found = scored("abaw10-expr", truth, said).data
        assert "over 10 videos" in found["intervals"]
        low, high = found["scores"]["affwild2_expr8"]["accuracy"]["interval"]
        assert high - low > 0.3

    def test_two_persons_of_a_video_are_drawn_together(self, scored):
        samples = ["a_left/00001.jpg", "a_right/00001.jpg", "b/00001.jpg"]
        truth = {"sample": samples, "expression": ["fear", "anger", "other"]}
        assert scored("abaw10-expr", truth, truth).found.clusters == 2

    def test_unknown_persons_are_told(self, scored):
        samples = ["a", "b"]
        truth = {"sample": samples, "ambivalence": ["present", "absent"]}
        assert "no subject is known" in scored("bah-video", truth, truth).data["notes"][0]

    def test_one_video_has_no_interval(self, scored):
        truth = {"sample": frames(3), "expression": ["fear", "anger", "other"]}
        assert scored("abaw10-expr", truth, truth).data["official"]["interval"] is None


class TestComparison:
    def write(self, tmp_path, chance):
        rng = np.random.default_rng(5)
        words = load_protocol("abaw10-expr").spaces[0].classes
        samples = frames(3000, videos=60)
        true = rng.choice(words, 3000)
        pl.DataFrame({"sample": samples, "expression": true}).write_csv(tmp_path / "truth.csv")
        for k, share in enumerate(chance):
            said = np.where(rng.random(3000) < share, true, rng.choice(words, 3000))
            pl.DataFrame({"sample": samples, "expression": said}).write_csv(tmp_path / f"{k}.csv")
        protocol = load_protocol("abaw10-expr")
        truth = truth_from_file(protocol, tmp_path / "truth.csv")
        return compare_scored(*(score(protocol, truth, tmp_path / f"{k}.csv") for k in range(2)))

    def test_a_planted_difference_is_found(self, tmp_path):
        found = self.write(tmp_path, (0.4, 0.5))["scores"]["official"]
        assert found["interval"][0] > 0
        assert found["p"] < 0.01
        assert found["difference"] == pytest.approx(found["values"][1] - found["values"][0])

    def test_none_is_not(self, tmp_path):
        found = self.write(tmp_path, (0.45, 0.45))["scores"]["official"]
        assert found["interval"][0] < 0 < found["interval"][1]
        assert found["p"] > 0.05
