"""Recordings as they come: with gaps, of one step, of labels that never change, without a modality."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from facsight.core.errors import BadTable
from facsight.core.labels import label_space
from facsight.core.sequences import SequencePrediction
from facsight.data.prepared import load_prepared
from facsight.data.recordings import Stream, StreamCard, stream_file, write_cards, write_stream
from facsight.data.simulated import AFFECT, simulate, write_simulated
from facsight.data.windows import WindowPlan, Windows
from facsight.recipe import check_recipe, read_recipe
from facsight.sequence_experiment import (
    fold_warning,
    load_recordings,
    score_sequences,
    train_folds,
    train_sequences,
)
from facsight.training.sequence_scoring import predict_windows, quick_scores

RECIPES = Path(__file__).parent.parent / "recipes"
LEVELS = label_space("biovid5").classes
SHORT = {"epochs": 1, "batch_size": 2, "optimizer": "adamw", "rate": 1e-2, "average": 0.5}


def numbers_in(value):
    if isinstance(value, dict):
        return [one for part in value.values() for one in numbers_in(part)]
    if isinstance(value, list):
        return [one for part in value for one in numbers_in(part)]
    return [value] if isinstance(value, float) else []


def trained(data, out, *, read=None, **sections):
    """The scores of a short run on these data; every term of its training is finite."""
    content = {"data": data, "fusion": {"name": "concatenation", "width": 4}, "training": SHORT}
    content |= {"method": {"name": "supervised_sequences"}} | sections
    plan = check_recipe(content)
    train_sequences(plan, out, **({} if read is None else {"read": read}))
    terms = pl.read_csv(out / "terms.csv")
    assert terms.select(pl.all().is_finite().all()).row(0) == (True,) * terms.width
    return plan


def simulated(**options):
    return simulate(4, generator=torch.Generator().manual_seed(0), **options)


def test_recordings_of_one_step(tmp_path):
    trained({"name": "simulated", "steps": 1, "recordings": 6}, tmp_path / "run")
    scores = score_sequences(tmp_path / "run")
    assert np.isfinite(numbers_in(scores)).all()
    assert len(pl.read_parquet(tmp_path / "run" / "predictions.parquet")) == 2


def test_labels_that_never_change_are_named_and_cost_something_finite(tmp_path):
    still = simulated(steps=8)
    flat = torch.full((8, 2), 0.25)
    still = replace(still, recordings=tuple(replace(r, truth={AFFECT.name: flat}) for r in still.recordings))
    write_simulated(tmp_path / "data", {"train": still, "val": still})
    data = {"name": "prepared", "folder": str(tmp_path / "data"), "step": 0.25}
    trained(
        data,
        tmp_path / "run",
        modalities={"face": {}, "voice": {}},
        method={"name": "supervised_sequences", "over": "window"},
    )
    score_sequences(tmp_path / "run")
    valence = json.loads((tmp_path / "run" / "metrics.json").read_text())["manifest_values"]["valence"]
    assert len(valence["constant_recordings"]) == 4
    assert valence["mean_ccc_per_recording"] == 0.0


def test_all_modalities_of_a_folder_are_taken_unless_some_are_named(tmp_path):
    write_simulated(tmp_path, {"train": simulated(steps=4)})
    data = ["data.name=prepared", f"data.folder={tmp_path.as_posix()}", "data.step=0.25"]
    plan = read_recipe(RECIPES / "fusion" / "concatenation.toml", data)  # as its first lines say
    assert set(load_recordings(plan, "train")[0].sizes) == {"face", "voice"}
    plan = read_recipe(RECIPES / "fusion" / "concatenation.toml", [*data, "modalities.voice={frames=5}"])
    assert load_recordings(plan, "train")[0].sizes == {"voice": (5, 12)}


def test_a_modality_that_training_lacks_is_told(tmp_path):
    deaf = simulated(steps=4)
    deaf = replace(
        deaf,
        recordings=tuple(
            replace(r, known=r.known | {"voice": torch.zeros(4, dtype=torch.bool)}) for r in deaf.recordings
        ),
    )
    plan = check_recipe({"data": {"name": "simulated"}, "method": {"name": "supervised_sequences"}})
    with pytest.raises(BadTable, match="'voice' is known in none of 4 recordings: leave it out"):
        load_recordings(plan, "train", read=lambda *asked: (deaf, {}))
    assert load_recordings(plan, "val", read=lambda *asked: (deaf, {}))[0] is deaf


@pytest.mark.parametrize("seconds", [1.0, 3.0])
def test_sound_that_is_shorter_or_longer_than_the_pictures_is_masked(tmp_path, seconds):
    """2 s of pictures, 1 s or 3 s of sound: who is missing where is known, and nothing is cut off."""
    for modality, lasts in (("face", 2.0), ("voice", seconds)):
        card = StreamCard(modality, "planted", "v1", (1,), 10.0, "")
        time = (np.arange(round(lasts * 10)) + 0.5) / 10
        write_stream(stream_file(tmp_path, "a.mp4", modality), Stream(time, np.ones((len(time), 1))), card)
    write_cards(
        tmp_path, {name: StreamCard(name, "planted", "v1", (1,), 10.0, "") for name in ("face", "voice")}
    )
    (tmp_path / "a.mp4").touch()
    (tmp_path / "manifest.csv").write_text("file,expression\na.mp4,anger\n")
    (one,) = load_prepared(tmp_path, modalities={"face": 1, "voice": 1}, step=0.5)[0].recordings
    assert one.steps == max(4, 2 * seconds)
    assert one.known["face"].sum() == 4
    assert one.known["voice"].sum() == 2 * seconds


def test_labels_that_are_shifted_by_one_window_are_found_out():
    """A network that says what is there agrees with the labels only where windows meet their own steps."""
    plan = WindowPlan(seconds=2.0, hop=1.0)
    recordings = simulated(steps=96)
    told = replace(
        recordings,
        recordings=tuple(
            replace(r, streams={"said": r.truth[AFFECT.name]}, known={"said": r.known["face"]})
            for r in recordings.recordings
        ),
    )

    def ccc(shift):
        moved = replace(
            told,
            recordings=tuple(
                replace(r, truth={AFFECT.name: r.truth[AFFECT.name].roll(shift, dims=0)})
                for r in told.recordings
            ),
        )
        windows = Windows(moved, plan)
        said = predict_windows(
            lambda seen: SequencePrediction({AFFECT.name: seen.streams["said"]}, seen.streams["said"]),
            windows,
        )
        return quick_scores(said, moved)["valence_ccc"]

    window = round(plan.seconds / recordings.step)
    assert ccc(0) == pytest.approx(1.0, abs=1e-6)
    assert max(ccc(-window), ccc(window)) < 0.8
    assert max(range(-window, window + 1), key=ccc) == 0


@pytest.fixture(scope="module")
def pain(tmp_path_factory):
    """Four people in BioVid's five levels: a face that tells nothing; signals of 512 Hz with gaps and NaN."""
    folder, noise = tmp_path_factory.mktemp("pain"), np.random.default_rng(0)
    cards = {
        "face:facsight": StreamCard("face:facsight", "planted", "v1", (4,), 10.0, "planted faces"),
        "physiology:raw": StreamCard("physiology:raw", "planted", "v1", (3,), 512.0, "gsr, ecg, emg"),
    }
    rows = []
    for person in range(4):
        for level, word in enumerate(LEVELS):
            name = f"p{person}-{level}"
            rows.append(
                {"sample": name, "file": f"recordings/{name}-x", "subject": f"p{person}", "pain_level": word}
            )
            (folder / f"recordings/{name}-x").mkdir(parents=True)
            time = np.arange(1024) / 512
            values = noise.normal(size=(1024, 3)) * (1 + level)
            values[100:160] = np.nan  # an electrode that came off
            kept = np.r_[0:512, 700:1024]  # and a stretch that was not recorded
            stream = Stream(time[kept], values[kept].astype(np.float32))
            write_stream(stream_file(folder, name, "physiology:raw"), stream, cards["physiology:raw"])
            if (person, level) != (0, 0):  # one has no face at all
                face = Stream(np.arange(20) / 10, noise.normal(size=(20, 4)).astype(np.float32))
                write_stream(stream_file(folder, name, "face:facsight"), face, cards["face:facsight"])
    write_cards(folder, cards)
    about = {"dataset": "biovid", "labels": ["biovid5"]}
    pl.DataFrame(rows).write_parquet(folder / "manifest.parquet", metadata={"facsight": json.dumps(about)})
    return folder


def shipped(name, folder, *more):
    small = ["training.epochs=1", "training.batch_size=2", "fusion.width=8"]
    return read_recipe(RECIPES / "pain" / name, [f"data.folder={folder.as_posix()}", *small, *more])


def test_the_recipe_of_pain_on_signals_with_gaps(pain, tmp_path):
    train_folds(shipped("biovid.toml", pain), tmp_path, "2")
    scores = score_sequences(tmp_path)
    assert scores["recordings"] == 8  # no pain and the strongest of four people
    assert scores["people"] == 4
    assert np.isfinite(numbers_in(scores)).all()
    assert scores["without"].keys() == {"face:facsight", "physiology:raw"}


def test_the_recipe_that_needs_the_face_only_has_a_teacher_in_each_fold(pain, tmp_path):
    plan = shipped(
        "biovid_face_only.toml", pain, "stages.student.method.anchors=1", "stages.student.method.points=2"
    )
    train_folds(plan, tmp_path, "2")
    scores = score_sequences(tmp_path)
    assert (tmp_path / "fold-2" / "teacher" / "weights.safetensors").is_file()
    # the student does not see the signals: without them nothing changes
    accuracy = scores["biovid2"]["accuracy"]["value"]
    assert scores["without"]["physiology:raw"]["accuracy"] == accuracy


def test_the_published_folds_of_pain_that_mix_people_say_so(pain, tmp_path):
    plan = shipped("biovid.toml", pain, "data.scheme=mixed-five-fold", "data.fold=1")
    assert "every person on both sides" in fold_warning(plan)
    train_sequences(plan, tmp_path)
    assert "every person on both sides" in score_sequences(tmp_path)["warning"]
