"""Predictions after steps: each video for itself, in seconds, probabilities still probabilities."""

import numpy as np
import polars as pl
import pytest

from facsight.core.errors import BadRecipe, BadTable
from facsight.data.protocol import load_protocol
from facsight.functional.windows import box
from facsight.scoring.postprocess import one_axis, postprocess
from facsight.scoring.score import scored
from facsight.scoring.steps import FILTERS, Step, Steps
from scoring_data import frames

CLASSES = load_protocol("abaw10-expr").spaces[0].classes
OPTIONS = {
    "box": {"seconds": 0.5, "padding": "zero"},
    "gaussian": {"seconds": 0.2},
    "median": {"seconds": 0.3},
    "savgol": {"seconds": 0.4, "order": 3},
    "one_euro": {"min_cutoff": 1.0, "beta": 2.0},
    "fill": {"method": "nearest"},
}


def steps(*named, fps=30.0):
    return Steps(tuple(named), fps)


def va(samples, seed=0):
    rng = np.random.default_rng(seed)
    return {"sample": samples} | {n: rng.uniform(-1, 1, len(samples)) for n in ("valence", "arousal")}


def chances(samples, seed=0, classes=CLASSES):
    rng = np.random.default_rng(seed)
    scores = np.exp(2 * rng.normal(size=(len(samples), len(classes))))
    shares = scores / scores.sum(axis=1, keepdims=True)
    return {"sample": samples} | {f"p_{name}": shares[:, k] for k, name in enumerate(classes)}


def expressions(samples):
    return {"sample": samples, "expression": np.resize(CLASSES, len(samples))}


class TestOverTime:
    def test_each_video_is_filtered_by_the_numbers_of_its_own_frames(self, read):
        """Rows of three videos in a mixed order; frame 3 of each is missing, frame 10 comes before 9."""
        numbers = [1, 2, 4, 5, 6, 7, 8, 10, 9]
        samples = [f"{v}/{n:05d}.jpg" for n in numbers for v in ("v_left", "v_right", "w")]
        said = va(samples)
        protocol, _, found = read("abaw10-va", said, said)
        after = postprocess(found, protocol.spaces, steps(Step("box", {"seconds": 0.1}))).table
        for video in ("v_left", "v_right", "w"):
            own = sorted(k for k, s in enumerate(samples) if s.startswith(f"{video}/"))
            own.sort(key=lambda k: samples[k])
            series = np.array([[found.table[n][k] for n in ("valence", "arousal")] for k in own], np.float64)
            wanted = box(np.array(sorted(numbers)) / 30, series, 0.1)
            given = [[after[n][k] for n in ("valence", "arousal")] for k in own]
            np.testing.assert_allclose(given, wanted, atol=1e-6)

    def test_frames_without_a_label_count_as_neighbours(self, read):
        truth = {"sample": frames(3), "valence": [0.5, -5, 0.5], "arousal": [0.5, -5, 0.5]}
        said = {"sample": frames(3), "valence": [0.0, 0.9, 0.0], "arousal": [0.0, 0.9, 0.0]}
        protocol, _, found = read("abaw10-va", truth, said)
        after = postprocess(found, protocol.spaces, steps(Step("box", {"seconds": 0.1}))).table
        np.testing.assert_allclose(after["valence"], [0.45, 0.3, 0.45], atol=1e-6)

    @pytest.mark.parametrize("name", FILTERS)
    def test_probabilities_stay_normalised_and_give_the_answer(self, read, name):
        samples = frames(120, videos=3)
        protocol, _, found = read("abaw10-expr", expressions(samples), chances(samples))
        after = postprocess(found, protocol.spaces, steps(Step(name, OPTIONS[name]))).table
        shares = after.select(f"probability_of_{name}" for name in CLASSES).to_numpy()
        np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
        assert shares.min() >= 0
        assert after["expression"].to_list() == [CLASSES[k] for k in shares.argmax(axis=1)]

    def test_values_stay_in_their_range(self, read):
        said = {"sample": frames(30), "valence": [-1.0] * 15 + [1.0] * 15, "arousal": [0.0] * 30}
        protocol, _, found = read("abaw10-va", said, said)
        step = Step("savgol", {"seconds": 0.5, "order": 3})
        after = postprocess(found, protocol.spaces, steps(step)).table["valence"]
        assert (after.min(), after.max()) == (-1, 1)
        assert set(after.to_list()) != {-1.0, 1.0}

    def test_only_the_named_columns(self, read):
        said = va(frames(30))
        protocol, _, found = read("abaw10-va", said, said)
        only = steps(Step("gaussian", {"seconds": 0.2}, ("arousal",)))
        after = postprocess(found, protocol.spaces, only).table
        assert after["valence"].equals(found.table["valence"])
        assert not after["arousal"].equals(found.table["arousal"])

    def test_parts_of_many_videos_do_not_matter(self, read, monkeypatch):
        samples = frames(300, videos=20)
        protocol, _, found = read("abaw10-expr", expressions(samples), chances(samples))
        own = steps(Step("gaussian", {"seconds": 0.2}))
        whole = postprocess(found, protocol.spaces, own).table
        monkeypatch.setattr("facsight.scoring.postprocess._TOGETHER", 40)
        assert len(one_axis(found.table, 30.0).parts) == 7  # 15 frames a video, so three videos a part
        assert postprocess(found, protocol.spaces, own).table.equals(whole)

    def test_a_step_over_a_long_gap(self, read):
        samples = [f"v/{n:05d}.jpg" for n in (1, 2, 100, 101)]
        said = {"sample": samples, "valence": [0, 0, 1, 1], "arousal": [0, 0, 1, 1]}
        protocol, _, found = read("abaw10-va", said, said)
        for gap, kept in ((1.0, True), (5.0, False)):
            step = Step("gaussian", {"seconds": 3.0, "longest_gap": gap})
            after = postprocess(found, protocol.spaces, steps(step)).table["valence"].to_list()
            assert (after == [0, 0, 1, 1]) == kept


class TestFilling:
    def test_missing_frames_are_interpolated_and_then_count(self, read):
        truth = va(frames(8, videos=2), seed=1)
        rows = [k for k, s in enumerate(truth["sample"]) if s != "v0/00002.jpg"]
        said = {n: [column[k] for k in rows] for n, column in truth.items()}
        protocol, labels, found = read("abaw10-va", truth, said)
        with pytest.raises(BadTable, match="1 are missing"):
            scored(protocol, labels, found)
        after = postprocess(found, protocol.spaces, steps(Step("fill")))
        assert (after.rows, after.table["line"][2]) == (8, 0)
        assert "(1 missing rows filled)" in after.about["postprocess"]
        middle = (truth["valence"][0] + truth["valence"][4]) / 2  # frames 0 and 4 of v0, of 0, 2, 4, 6
        assert after.table["valence"][2] == pytest.approx(middle, abs=1e-6)
        assert scored(protocol, labels, after).matched.rows["that count"] == 8

    def test_the_ends_and_long_gaps_stay_missing(self, read):
        truth = va([f"v/{n:05d}.jpg" for n in (1, 2, 3, 40, 41)])
        said = {n: np.array(column)[[1, 3]] for n, column in truth.items()}
        protocol, _, found = read("abaw10-va", truth, said)
        after = postprocess(found, protocol.spaces, steps(Step("fill", {"longest_gap": 1.0})))
        assert after.missing.to_list() == found.missing.to_list()
        nearest = Step("fill", {"longest_gap": 1.0, "method": "nearest"})
        after = postprocess(found, protocol.spaces, steps(nearest))
        assert after.table["line"].to_list() == [0, 2, 0, 3, 0]

    def test_a_video_without_any_prediction_gets_none(self, read):
        truth = va(frames(6, videos=2))
        said = {n: column[::2] for n, column in truth.items()}
        protocol, _, found = read("abaw10-va", truth, said)
        own = steps(Step("fill", {"method": "nearest"}))
        assert len(postprocess(found, protocol.spaces, own).missing) == 3

    def test_answers_without_probabilities_come_from_the_nearest_frame(self, read):
        truth = expressions(frames(5))
        said = {"sample": frames(5)[::4], "expression": ["fear", "anger"]}
        protocol, _, found = read("abaw10-expr", truth, said)
        after = postprocess(found, protocol.spaces, steps(Step("fill"))).table
        assert after["expression"].to_list() == ["fear", "fear", "fear", "anger", "anger"]


class TestOfRows:
    def test_a_threshold_decides(self, read):
        units = load_protocol("disfa").spaces[0].columns
        said = {"sample": frames(3)} | {name: [0.2, 0.3, 0.7] for name in units}
        protocol, _, found = read("disfa", {"sample": frames(3)} | {n: [0, 1, 1] for n in units}, said)
        step = Step("threshold", {"of": {units[0]: 0.3, units[1]: 0.8}})
        after = postprocess(found, protocol.spaces, Steps((step,))).table
        assert after[units[0]].to_list() == [0, 1, 1]
        assert after[units[1]].to_list() == [0, 0, 0]
        assert after[units[2]].to_list() == pytest.approx([0.2, 0.3, 0.7])

    def test_a_bias_multiplies_and_a_scale_moves(self, read):
        samples = ["a", "b"]
        protocol, _, found = read(
            "bah-video",
            {"sample": samples, "ambivalence": ["absent", "present"]},
            {"sample": samples, "p_present": [0.25, 0.0]},
        )
        step = Step("bias", {"of": {"present": float(np.log(3))}})
        after = postprocess(found, protocol.spaces, Steps((step,))).table
        np.testing.assert_allclose(after["probability_of_present"], [0.5, 0.0], atol=1e-6)
        said = {"sample": ["v/1", "v/2"], "valence": [0.5, -0.8], "arousal": [0.1, 0.2]}
        protocol, _, found = read("abaw10-va", said, said)
        step = Step("scale", {"of": {"valence": [2.0, 0.1]}})
        after = postprocess(found, protocol.spaces, Steps((step,))).table
        assert after["valence"].to_list() == pytest.approx([1.0, -1.0])  # 1.1 and -1.5, clipped
        assert after["arousal"].to_list() == pytest.approx([0.1, 0.2])

    def test_no_times_are_needed(self, read):
        said = va(["one", "two"])
        protocol, _, found = read("abaw10-va", said, said)
        step = Step("scale", {"of": {"valence": [1.0, 0.0]}})
        assert postprocess(found, protocol.spaces, Steps((step,))).table.equals(found.table)


class TestWhatIsRefused:
    BOX = Step("box", {"seconds": 1.0})

    def test_samples_without_the_number_of_a_frame(self, read):
        said = va(["v/00001.jpg", "portrait.jpg"])
        protocol, _, found = read("abaw10-va", said, said)
        with pytest.raises(BadTable, match=r"samples that are frames.* 1 predicted.*'portrait\.jpg'"):
            postprocess(found, protocol.spaces, steps(self.BOX))

    def test_two_samples_of_one_frame(self, read):
        said = va(["v/00001.jpg", "v/1.jpg"])
        protocol, _, found = read("abaw10-va", said, said)
        with pytest.raises(BadTable, match="two samples are frame 1 of v"):
            postprocess(found, protocol.spaces, steps(self.BOX))

    @pytest.mark.parametrize(("fps", "message"), [(None, "--fps 30"), (0.0, "above 0"), (-1.0, "above 0")])
    def test_a_rate_that_cannot_be(self, read, fps, message):
        said = va(frames(3))
        protocol, _, found = read("abaw10-va", said, said)
        with pytest.raises(BadRecipe, match=message):
            postprocess(found, protocol.spaces, steps(self.BOX, fps=fps))

    def test_answers_cannot_be_smoothed(self, read):
        said = expressions(frames(3))
        protocol, _, found = read("abaw10-expr", said, said)
        for step in (self.BOX, Step("bias", {"of": {"fear": 1.0}})):
            with pytest.raises(BadTable, match="has only answers for expression"):
                postprocess(found, protocol.spaces, steps(step))


def test_what_was_done_is_told_after_what_was_done_before(read):
    said = va(frames(3))
    protocol, _, found = read("abaw10-va", said, said)
    own = steps(Step("box", {"seconds": 1.5}, ("valence",)))
    once = postprocess(found, protocol.spaces, own)
    assert once.about["postprocess"] == "box seconds=1.5 (valence) at 30 frames a second"
    assert postprocess(once, protocol.spaces, own).about["postprocess"].count("; then box") == 1
    assert isinstance(once.table, pl.DataFrame)
