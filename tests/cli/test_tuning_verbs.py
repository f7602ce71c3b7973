"""Tuning from the command line: both scores, what was chosen, and everything that is kept of it."""

import json

import numpy as np
import polars as pl
import pytest

from facsight.data.opening import dataset_module

VIDEOS, FRAMES = 12, 60
SCORE = ("score", "val.csv", "--protocol", "abaw10-va", "--truth", "truth.csv")


@pytest.fixture
def noisy(tmp_path):
    """`truth.csv` and `val.csv`: slow valence and arousal of 12 videos, and the same under noise."""
    rng, time = np.random.default_rng(0), np.arange(FRAMES) / 30
    samples = [f"v{k:02d}/{n:05d}.jpg" for k in range(VIDEOS) for n in range(1, FRAMES + 1)]
    level = rng.random((2, VIDEOS, 1))
    truth = 0.6 * np.sin(2 * np.pi * (time / rng.uniform(2, 8, (2, VIDEOS, 1)) + level)).reshape(2, -1)
    said = (truth + rng.normal(0, 0.3, truth.shape)).clip(-1, 1)
    for name, (valence, arousal) in (("truth", truth), ("val", said)):
        columns = {"sample": samples, "valence": valence, "arousal": arousal}
        table = pl.DataFrame(columns).with_columns(split=pl.lit("val"))
        (table if name == "truth" else table.drop("split")).write_csv(tmp_path / f"{name}.csv")
    return tmp_path


def kept(folder, name="val.csv.abaw10-va.json"):
    return json.loads((folder / name).read_text())


def test_both_scores_are_told_and_kept(facsight, noisy):
    code, told, _ = facsight(*SCORE, "--tune", "smooth,scale", "--fps", "30")
    data = kept(noisy)
    assert code == 0
    for words in (
        "official, tuned and cross-fitted",
        "official, untuned",
        "gain    +",
        "optimism ",
        "fold 5  ",
    ):
        assert words in told
    tuning = data["tuning"]
    assert data["official"]["value"] == tuning["cross_fitted"] > data["untuned"]["value"] == tuning["untuned"]
    assert tuning["interval"][0] > 0
    assert [fold["videos"] for fold in tuning["folds"]] == [3, 3, 2, 2, 2]
    assert all("box seconds=" in fold["steps"] for fold in tuning["folds"])
    assert "val.csv.abaw10-va.toml" in told


def test_the_tuned_predictions_score_what_was_told_and_say_what_was_done(facsight, noisy):
    for ending in ("parquet", "csv"):
        facsight(*SCORE, "--tune", "smooth", "--fps", "30", "--tuned-out", f"tuned.{ending}")
        tuned = kept(noisy)["official"]["value"]
        again = ("score", f"tuned.{ending}", *SCORE[2:])
        code, told, _ = facsight(*again)
        assert (code, "note    post-processed: cross-fitted over 5 folds (fold 1: box" in told) == (0, True)
        assert kept(noisy, f"tuned.{ending}.abaw10-va.json")["official"]["value"] == pytest.approx(
            tuned, abs=1e-5
        )
        _, told, problem = facsight(*again, "--tune", "scale")
        assert "they are post-processed already: cross-fitted over 5 folds" in problem


def test_the_steps_go_on_other_predictions(facsight, noisy):
    facsight(*SCORE, "--tune", "smooth", "--fps", "30", "--out", "s.json")
    code, told, problem = facsight(*SCORE, "--postprocess", "s.toml", "--tuned-out", "after.csv")
    assert code == 0
    assert "chosen on the very labels they are scored on (affwild2_va, val)" in problem
    assert "official, before post-processing" in told
    data = kept(noisy)
    assert data["official"]["value"] > data["untuned"]["value"]
    assert data["about"]["postprocess"].startswith("box seconds=")
    assert json.loads((noisy / "after.csv.json").read_text()) == data["about"]
    pl.read_csv(noisy / "truth.csv").with_columns(split=pl.lit("train")).write_csv(noisy / "other.csv")
    options = ("--truth", "other.csv", "--split", "train", "--postprocess", "s.toml")
    code, _, problem = facsight(*SCORE[:4], *options)
    assert (code, problem) == (0, "")


def test_steps_with_another_rate(facsight, noisy):
    facsight(*SCORE, "--tune", "smooth", "--fps", "30", "--out", "s.json")
    facsight(*SCORE, "--postprocess", "s.toml", "--fps", "15")
    assert "at 15 frames a second" in kept(noisy)["about"]["postprocess"]


def test_missing_frames_are_filled_first(facsight, noisy):
    pl.read_csv(noisy / "val.csv").filter(pl.col("sample") != "v03/00020.jpg").write_csv(noisy / "val.csv")
    code, _, problem = facsight(*SCORE, "--tune", "scale")
    assert (code, "1 are missing: 'v03/00020.jpg'" in problem) == (2, True)
    (noisy / "fill.toml").write_text('fps = 30\n[[step]]\nname = "fill"\n')
    code, told, _ = facsight(*SCORE, "--postprocess", "fill.toml")
    assert (code, "(1 missing rows filled)" in told) == (0, True)
    assert kept(noisy)["untuned"]["value"] is None
    code, _, _ = facsight(*SCORE, "--postprocess", "fill.toml", "--tune", "smooth")
    assert code == 0
    written = (noisy / "val.csv.abaw10-va.toml").read_text()
    assert written.index('"fill"') < written.index('"box"')


def test_submissions_are_written_after_the_steps(facsight, noisy):
    pl.read_csv(noisy / "val.csv").select("sample").write_csv(noisy / "sample.txt")
    text = '[[step]]\nname = "scale"\n[step.of]\nvalence = [0.0, 0.25]\n'
    (noisy / "s.toml").write_text(text)
    options = ("--protocol", "abaw10-va", "--sample", "sample.txt", "--out", "sub", "--postprocess", "s.toml")
    code, told, _ = facsight("submit", "write", "val.csv", *options)
    assert (code, "post-processed: scale valence=0x+0.25" in told) == (0, True)
    assert ",0.250000," in (noisy / "sub" / "predictions.txt").read_text().splitlines()[1]
    facsight("submit", "complete", "val.csv", *options)
    code, told, _ = facsight("submit", "write", "sub/completed.parquet", *options[:6])
    assert (code, "post-processed: scale valence=0x+0.25" in told) == (0, True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--tune", "smoth"), "'smoth' cannot be tuned: did you mean 'smooth'"),
        (("--tune", ""), "expected what to tune, of smooth"),
        (("--tune", "smooth"), "need the frames a second: --fps 30"),
        (("--tune", "smooth", "--fps", "0"), "frames a second above 0"),
        (("--fps", "30"), "--fps and --tuned-out are for predictions"),
        (("--tuned-out", "x.csv"), "--fps and --tuned-out are for predictions"),
        (("--tune", "scale", "--untuned", "val.csv"), "here both are scored"),
        (("--tune", "scale", "--tuned-out", "x.txt"), "ends in .csv or .parquet"),
        (("--tune", "threshold"), "of threshold nothing can be tuned"),
        (("--postprocess", "none.toml"), "none.toml cannot be read"),
    ],
)
def test_wrong_use(facsight, noisy, options, message):
    code, _, problem = facsight(*SCORE, *options)
    assert code in (1, 2)
    assert message in problem


def test_steps_that_these_labels_chose_are_not_tuned_on(facsight, noisy):
    facsight(*SCORE, "--tune", "smooth", "--fps", "30", "--out", "s.json")
    code, _, problem = facsight(*SCORE, "--tune", "scale", "--postprocess", "s.toml")
    assert (code, "tune without them" in problem) == (2, True)


def test_one_video(facsight, noisy):
    for name in ("val", "truth"):
        pl.read_csv(noisy / f"{name}.csv").head(FRAMES).write_csv(noisy / f"{name}.csv")
    code, _, problem = facsight(*SCORE, "--tune", "smooth", "--fps", "30")
    assert (code, "tuning needs rows of at least 2 videos" in problem) == (2, True)


def test_labels_of_the_result_are_not_opened(facsight, tmp_path):
    dataset_module("rafdb").mock(tmp_path / "raf")
    (tmp_path / "p.csv").write_text("sample,expression\ntest_0015.jpg,surprise\n")
    code, _, problem = facsight("score", "p.csv", "--protocol", "rafdb7", "--root", "raf", "--tune", "bias")
    assert (code, "nothing is tuned on them" in problem) == (2, True)
    assert not (tmp_path / "test-labels-opened.json").exists()
