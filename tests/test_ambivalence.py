"""BAH's made-up copy, from its lists to a score by its protocol: frames and whole videos by one recipe."""

from pathlib import Path

import polars as pl
import pytest
import torch

from facsight.core.labels import label_space
from facsight.data.opening import dataset_module, open_dataset
from facsight.data.protocol import load_protocol
from facsight.data.sequence_set import Recording, SequenceSet
from facsight.recipe import read_recipe
from facsight.scoring.score import score
from facsight.scoring.truth import truth_from_dataset
from facsight.sequence_experiment import train_sequences
from facsight.sequence_experiment.scoring import score_run

RECIPE = Path(__file__).parents[1] / "recipes" / "ambivalence" / "bah.toml"
SPACE = label_space("bah2")
SMALL = ("training.epochs=2", "training.batch_size=2", "network.dropout=0.0", "windows.seconds=2.0")


def streams(steps, generator):
    values = {name: torch.randn(steps, 3, generator=generator) for name in ("face:facsight", "audio:prosody")}
    return values, {name: torch.ones(steps, dtype=torch.bool) for name in values}


def labels(rows):
    return torch.tensor([[1.0, 0.0] if word == "absent" else [0.0, 1.0] for word in rows[SPACE.column]])


def of_frames(root, split):
    """A step a frame; nothing is planted."""
    generator, made = torch.Generator().manual_seed(0), []
    rows = open_dataset("bah_frame", root, sealed=False).split(split).table
    for (video,), own in rows.group_by("video", maintain_order=True):
        times = own.select("sample", time=pl.col("frame") * 0.2)
        made.append(
            Recording(
                str(video),
                own["subject"][0],
                *streams(len(own), generator),
                {SPACE.name: labels(own)},
                frames=times,
            )
        )
    return SequenceSet(f"bah-{split}", 0.2, (SPACE,), tuple(made))


def of_videos(root, split):
    generator = torch.Generator().manual_seed(0)
    rows = open_dataset("bah_video", root, sealed=False).split(split).table
    made = [
        Recording(sample, who, *streams(9, generator), {SPACE.name: truth})
        for sample, who, truth in zip(rows["sample"], rows["subject"], labels(rows), strict=True)
    ]
    return SequenceSet(f"bah-{split}", 0.2, (SPACE,), tuple(made))


def true_words(recordings):
    truth = torch.cat([one.truth[SPACE.name].reshape(-1, 2) for one in recordings.recordings])
    return [SPACE.classes[k] for k in truth.argmax(dim=1).tolist()]


@pytest.mark.parametrize(("dataset", "load"), [("bah_frame", of_frames), ("bah_video", of_videos)])
def test_a_made_up_copy_is_trained_on_and_scored_by_its_protocol(dataset, load, tmp_path):
    dataset_module(dataset).mock(tmp_path / "BAH")

    def read(recipe, split, wanted=None):
        return load(tmp_path / "BAH", split), {}

    run = train_sequences(read_recipe(RECIPE, SMALL), tmp_path / "run", read=read)
    score_run(run.path, read=read)
    answers = pl.read_parquet(run.path / "predictions.parquet")
    assert set(answers[SPACE.column]) <= {"absent", "present"}
    protocol = load_protocol(dataset.replace("_", "-"))
    truth = truth_from_dataset(protocol, tmp_path / "BAH", split="val")
    found = score(protocol, truth, run.path / "predictions.parquet")
    assert len(answers) == len(load(tmp_path / "BAH", "val").recordings) * (
        6 if dataset == "bah_frame" else 1
    )
    pairs = list(zip(answers[SPACE.column], true_words(load(tmp_path / "BAH", "val")), strict=True))
    f1 = []
    for word in SPACE.classes:
        hits = sum(said == there == word for said, there in pairs)
        named = sum(said == word for said, _ in pairs) + sum(there == word for _, there in pairs)
        f1.append(2 * hits / named if named else 0.0)
    assert found.official.estimate == pytest.approx(sum(f1) / 2)
