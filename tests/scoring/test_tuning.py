"""Tuning claims what is there and nothing else: planted noise, planted bias, pure noise, and leaks."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from facsight.core.errors import BadRecipe, BadTable
from facsight.data.protocol import load_protocol
from facsight.scoring.postprocess import postprocess
from facsight.scoring.tuning import as_data, tune
from scoring_data import frames

VIDEOS, FRAMES = 20, 120
SAMPLES = [f"v{k:02d}/{n:05d}.jpg" for k in range(VIDEOS) for n in range(1, FRAMES + 1)]
CLASSES = load_protocol("abaw10-expr").spaces[0].classes


def slow_curves(rng):
    """For every video a sum of three waves of 3 to 12 seconds, from -1 to 1."""
    time = np.arange(FRAMES) / 30
    waves = np.sin(2 * np.pi * (time / rng.uniform(3, 12, (VIDEOS, 3, 1)) + rng.random((VIDEOS, 3, 1))))
    return waves.mean(axis=1).ravel()


def noisy_slow(seed):
    """What is slow, under noise: smoothing helps."""
    rng = np.random.default_rng(seed)
    truth = {name: slow_curves(rng) for name in ("valence", "arousal")}
    said = {n: (c + rng.normal(0, 0.4, c.shape)).clip(-1, 1) for n, c in truth.items()}
    return {"sample": SAMPLES} | truth, {"sample": SAMPLES} | said


def noisy_white(seed):
    """What changes from frame to frame: every filter takes away more signal than noise."""
    rng = np.random.default_rng(seed)
    truth = {name: rng.normal(0, 0.3, len(SAMPLES)).clip(-1, 1) for name in ("valence", "arousal")}
    said = {n: (c + rng.normal(0, 0.2, c.shape)).clip(-1, 1) for n, c in truth.items()}
    return {"sample": SAMPLES} | truth, {"sample": SAMPLES} | said


def unrelated(seed):
    """Predictions that know nothing, of levels that stay the same in a video."""
    rng = np.random.default_rng(seed)

    def drawn():
        level = np.repeat(rng.normal(0, 0.3, VIDEOS), FRAMES)
        return {n: (level + rng.normal(0, 0.1, len(SAMPLES))).clip(-1, 1) for n in ("valence", "arousal")}

    return {"sample": SAMPLES} | drawn(), {"sample": SAMPLES} | drawn()


def biased_classes(seed, bias=1.5):
    """Predictions that say neutral too often."""
    rng = np.random.default_rng(seed)
    places = rng.integers(8, size=len(SAMPLES))
    scores = rng.normal(size=(len(SAMPLES), 8)) + 2 * np.eye(8)[places] + bias * np.eye(8)[0]
    return classes(places, np.exp(scores))


def classes(places, weights):
    shares = weights / weights.sum(axis=1, keepdims=True)
    truth = {"sample": SAMPLES, "expression": np.array(CLASSES)[places]}
    return truth, {"sample": SAMPLES} | {f"p_{n}": shares[:, k] for k, n in enumerate(CLASSES)}


def guessed_classes(seed):
    """Labels and predictions of few frames, each class as likely, without any relation."""
    rng = np.random.default_rng(seed)
    return classes(rng.integers(8, size=len(SAMPLES)), np.exp(rng.normal(size=(len(SAMPLES), 8))))


def of(tuned):
    return as_data(tuned)


class TestWhatIsThere:
    @pytest.mark.parametrize("seed", range(3))
    def test_smoothing_helps_what_is_slow_and_noisy(self, read, seed):
        found = of(tune(*read("abaw10-va", *noisy_slow(seed)), ["smooth"], fps=30.0))
        assert found["gain"] > 0.1
        assert found["interval"][0] > 0
        assert found["gain"] == pytest.approx(found["cross_fitted"] - found["untuned"])
        assert abs(found["optimism"]) < 0.01

    @pytest.mark.parametrize("seed", range(3))
    def test_it_does_not_help_what_is_white(self, read, seed):
        found = of(tune(*read("abaw10-va", *noisy_white(seed)), ["smooth"], fps=30.0))
        assert (found["gain"], found["optimism"], found["chosen"]) == (0, 0, "nothing")

    @pytest.mark.parametrize("seed", range(3))
    def test_a_planted_bias_is_undone(self, read, seed):
        tuned = tune(*read("abaw10-expr", *biased_classes(seed)), ["bias"])
        found = of(tuned)
        assert found["gain"] > 0.05
        assert found["interval"][0] > 0
        for fold in tuned.folds:
            [step] = fold.steps.steps
            others = [step.flat.get(name, 0.0) for name in CLASSES[1:]]
            assert step.flat["neutral"] - np.mean(others) == pytest.approx(-1.5, abs=0.3)

    @pytest.mark.parametrize("seed", range(3))
    def test_nothing_is_undone_where_nothing_is_planted(self, read, seed):
        found = of(tune(*read("abaw10-expr", *biased_classes(seed, bias=0.0)), ["bias"]))
        assert -0.02 < found["gain"] <= 0
        assert found["optimism"] >= 0

    def test_thresholds_of_rare_units(self, read):
        """Probabilities that never reach .5: F1 is 0 until there is a threshold."""
        rng = np.random.default_rng(0)
        units = load_protocol("abaw10-au").spaces[0].columns
        truth = {name: (rng.random(len(SAMPLES)) < 0.1).astype(int) for name in units}
        said = {n: 0.2 * c + rng.uniform(0, 0.2, len(SAMPLES)) for n, c in truth.items()}
        tuned = tune(
            *read("abaw10-au", {"sample": SAMPLES} | truth, {"sample": SAMPLES} | said), ["threshold"]
        )
        assert of(tuned)["untuned"] == 0
        assert of(tuned)["cross_fitted"] > 0.99
        assert set(tuned.chosen.steps[0].flat.values()) == {0.2}

    def test_what_was_shrunk_is_stretched(self, read):
        truth, said = noisy_slow(0)
        said = {n: c if n == "sample" else 0.3 * truth[n] + 0.1 for n, c in said.items()}
        tuned = tune(*read("abaw10-va", truth, said), ["scale"])
        assert of(tuned)["cross_fitted"] > 0.999
        for step in tuned.chosen.steps:
            [(scale, offset)] = step.flat.values()
            assert (scale, offset) == (pytest.approx(1 / 0.3, rel=0.01), pytest.approx(-1 / 3, abs=0.01))

    def test_each_task_of_several_is_tuned_for_itself(self, read):
        protocol = load_protocol("abaw7-mtl")
        rng = np.random.default_rng(0)
        (truth, said), (words, shares) = noisy_slow(0), biased_classes(0)
        units = {name: (rng.random(len(SAMPLES)) < 0.2).astype(int) for name in protocol.spaces[2].columns}
        rare = {n: 0.3 * c + rng.uniform(0, 0.1, len(SAMPLES)) for n, c in units.items()}
        own = read("abaw7-mtl", truth | words | units, said | shares | rare)
        tuned = tune(*own, ["smooth", "threshold", "bias"], fps=30.0)
        names = [(step.name, step.columns) for step in tuned.chosen.steps]
        assert [name for name, _ in names] == ["box", "box", "bias", "threshold"]
        assert [columns for name, columns in names if name == "box"] == [("valence",), ("arousal",)]


class TestLeaks:
    """Each of these fails where a fold's own rows have a say in its options."""

    def test_guessed_classes_gain_by_a_bias_only_on_the_rows_that_chose_it(self, read):
        """Of 10 seeds: the mean gain is above its three standard errors on the same rows, and below them
        on others; the gain on the same rows would fail the test that the cross-fitted one passes."""
        found = [of(tune(*read("abaw10-expr", *guessed_classes(seed)), ["bias"])) for seed in range(10)]
        same = [one["chosen_and_scored_on_all"] - one["untuned"] for one in found]
        cross = [one["gain"] for one in found]
        assert min(same) >= 0
        bound = 3 * np.std(cross, ddof=1) / np.sqrt(10)
        assert np.mean(cross) < bound < np.mean(same)
        for one, gain, kept in zip(found, cross, same, strict=True):
            assert one["optimism"] == pytest.approx(kept - gain)

    def test_values_that_know_nothing_gain_nothing(self, read):
        cross = []
        for seed in range(6):
            found = of(tune(*read("abaw10-va", *unrelated(seed)), ["smooth", "scale"], fps=30.0))
            assert found["chosen_and_scored_on_all"] >= found["untuned"]
            cross.append(found["gain"])
        assert np.mean(cross) < 3 * np.std(cross, ddof=1) / np.sqrt(6)

    @pytest.mark.parametrize(("name", "what"), [("abaw10-va", "smooth"), ("abaw10-expr", "bias")])
    def test_a_folds_options_do_not_depend_on_its_own_labels(self, read, name, what):
        make = {"abaw10-va": unrelated, "abaw10-expr": guessed_classes}[name]
        truth, said = make(1)
        before = tune(*read(name, truth, said), [what, *(["scale"] if what == "smooth" else [])], fps=30.0)
        protocol, labels, found = read(name, truth, said)
        columns = [column for space in protocol.spaces for column in space.columns]
        for k in range(len(before.folds)):
            mine = labels.table["cluster"].is_in([f"v{v:02d}" for v in range(k, VIDEOS, 5)])
            turned = labels.table.with_columns(
                pl.when(mine).then(pl.col(column).reverse()).otherwise(column).alias(column)
                for column in columns
            )
            after = tune(
                protocol, replace(labels, table=turned), found,
                [what, *(["scale"] if what == "smooth" else [])], fps=30.0,
            )  # fmt: skip
            assert after.folds[k].steps == before.folds[k].steps
            assert any(one.steps != other.steps for one, other in zip(after.folds, before.folds, strict=True))

    def test_the_tuned_predictions_are_those_of_each_folds_own_steps(self, read):
        protocol, labels, found = read("abaw10-va", *unrelated(2))
        tuned = tune(protocol, labels, found, ["smooth", "scale"], fps=30.0)
        assert len({str(fold.steps) for fold in tuned.folds}) > 1
        video = labels.table["cluster"]
        for k, fold in enumerate(tuned.folds):
            mine = video.is_in([f"v{v:02d}" for v in range(k, VIDEOS, 5)])
            wanted = postprocess(found, protocol.spaces, fold.steps).table.filter(mine)
            given = tuned.crossfitted.predictions.table.filter(mine)
            for name in ("valence", "arousal"):
                np.testing.assert_allclose(given[name], wanted[name], atol=1e-6)

    def test_two_persons_of_a_video_are_in_one_fold(self, read):
        samples = [f"{video}/{n:05d}.jpg" for n in range(40) for video in ("a_left", "a_right", "b", "c")]
        rng = np.random.default_rng(0)
        truth = {"sample": samples} | {n: rng.uniform(-1, 1, 160) for n in ("valence", "arousal")}
        tuned = tune(*read("abaw10-va", truth, truth), ["scale"])
        assert sorted(fold.rows for fold in tuned.folds) == [40, 40, 80]
        assert len(tuned.rows) == 160


class TestWhatIsRefused:
    def small(self, read, samples=None, name="abaw10-va"):
        samples = samples or frames(20, videos=4)
        rng = np.random.default_rng(0)
        truth = {"sample": samples} | {n: rng.uniform(-1, 1, len(samples)) for n in ("valence", "arousal")}
        return read(name, truth, truth)

    def test_one_video(self, read):
        with pytest.raises(BadTable, match=r"at least 2 videos.* all 10 rows are of one"):
            tune(*self.small(read, frames(10)), ["smooth"], fps=30.0)

    def test_labels_of_the_result(self, read):
        protocol, labels, found = self.small(read)
        with pytest.raises(BadRecipe, match="nothing is tuned on them"):
            tune(protocol, replace(labels, opened_test=True, split="test"), found, ["scale"])

    def test_frames_of_which_the_video_is_not_known(self, read):
        with pytest.raises(BadTable, match="not known which frames are of one"):
            tune(*self.small(read, ["a.jpg", "b.jpg", "c.jpg"]), ["scale"])

    def test_ids_without_numbers_cannot_be_smoothed_but_scaled(self, read):
        samples = [f"v{k % 3}/{word}.jpg" for k, word in enumerate("abcdefghi")]
        rng = np.random.default_rng(0)
        truth = {"sample": samples, "video": [s[:2] for s in samples]}
        truth |= {n: rng.uniform(-1, 1, 9) for n in ("valence", "arousal")}
        own = read("abaw10-va", truth, {n: c for n, c in truth.items() if n != "video"})
        with pytest.raises(BadTable, match=r"9 predicted ones are none, the first is 'v0/a\.jpg'"):
            tune(*own, ["smooth"], fps=30.0)
        assert of(tune(*own, ["scale"]))["untuned"] == pytest.approx(1)

    def test_words_and_rates(self, read):
        own = self.small(read)
        with pytest.raises(BadRecipe, match="'smoth' cannot be tuned: did you mean 'smooth'"):
            tune(*own, ["smoth"])
        with pytest.raises(BadRecipe, match="expected what to tune"):
            tune(*own, [])
        with pytest.raises(BadRecipe, match="--fps 30"):
            tune(*own, ["smooth"])

    def test_nothing_to_tune(self, read):
        with pytest.raises(BadTable, match="of bias nothing can be tuned"):
            tune(*self.small(read), ["bias"])
        truth, _ = biased_classes(0)
        with pytest.raises(BadTable, match="expression has answers only, no probabilities"):
            tune(*read("abaw10-expr", truth, truth), ["bias", "smooth"], fps=30.0)

    def test_missing_frames_and_no_numbers(self, read):
        truth, said = noisy_slow(0)
        with pytest.raises(BadTable, match="1 are missing"):
            tune(*read("abaw10-va", truth, {n: c[1:] for n, c in said.items()}), ["scale"])
        said["valence"][3] = np.nan
        with pytest.raises(BadTable, match="line 5: expected a finite number for valence"):
            tune(*read("abaw10-va", truth, said), ["scale"])

    def test_missing_frames_without_a_label_are_gaps(self, read):
        """Frames 40 to 79 of every video are neither labelled nor predicted."""
        truth, said = noisy_slow(0)
        there = np.array([not 40 <= int(s[4:9]) < 80 for s in SAMPLES])
        truth = {n: c if n == "sample" else np.where(there, c, -5) for n, c in truth.items()}
        said = {n: np.array(c)[there] for n, c in said.items()}
        found = of(tune(*read("abaw10-va", truth, said), ["smooth"], fps=30.0))
        assert found["gain"] > 0.1


def test_rows_that_do_not_count_are_left_as_they_are(read):
    truth, said = noisy_slow(0)
    split = ["val" if s < "v15" else "train" for s in SAMPLES]
    protocol, labels, found = read("abaw10-va", truth | {"split": split}, said)
    tuned = tune(protocol, labels, found, ["smooth"], fps=30.0)
    assert len(tuned.rows) == 15 * FRAMES == sum(fold.rows for fold in tuned.folds)
    after = tuned.crossfitted.predictions.table
    assert after[15 * FRAMES :].equals(found.table[15 * FRAMES :])


def test_intensities_of_units_are_smoothed_each_for_itself(read):
    """Protocols with folds have no split: what predictions must then be is told."""
    rng, units = np.random.default_rng(0), load_protocol("disfa-intensity").spaces[0].columns
    samples = [f"SN{k:03d}/{n}" for k in range(VIDEOS) for n in range(1, FRAMES + 1)]
    truth = {name: (2.5 + 2.4 * slow_curves(rng)).round() for name in units}
    said = {n: (c + rng.normal(0, 2, c.shape)).clip(0, 5) for n, c in truth.items()}
    people = {"sample": samples, "subject": [s[:5] for s in samples]}
    tuned = tune(
        *read("disfa-intensity", people | truth, {"sample": samples} | said), ["smooth", "scale"], fps=30.0
    )
    assert of(tuned)["interval"][0] > 0
    assert [step.columns for step in tuned.chosen.steps] == [(name,) for name in units]
    assert of(tuned)["over"] == "subjects"
    assert "did not learn from the person" in tuned.notes[0]


def test_two_classes_from_one_probability(read):
    rng, samples = np.random.default_rng(0), frames(2000, videos=20)
    present = rng.random(2000) < 0.3
    truth = {"sample": samples, "ambivalence": np.where(present, "present", "absent")}
    said = {"sample": samples, "p_present": np.where(present, 0.3, 0.1) + rng.uniform(0, 0.1, 2000)}
    tuned = tune(*read("abaw8-ah", truth | {"subject": [s[:3] for s in samples]}, said), ["bias"])
    assert of(tuned)["cross_fitted"] == pytest.approx(1, abs=1e-6)
