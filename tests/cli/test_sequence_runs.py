"""Training and scoring of recordings from the terminal: folds, protocols, stages, and what is told."""

import json
import shutil

import numpy as np
import polars as pl
import pytest

from facsight.cli.app import run
from facsight.core.labels import label_space
from facsight.data.recordings import Stream, StreamCard, stream_file, write_cards, write_stream

RECIPE = """
about = "voices"
[data]
name = "prepared"
step = 0.5
[fusion]
name = "concatenation"
width = 8
[method]
name = "supervised_sequences"
[training]
epochs = 5
batch_size = 8
optimizer = "adamw"
rate = 5e-2
average = 0.5
[modalities."audio:tone"]
"""
EMOTIONS = label_space("ravdess8").classes


def left_with(arguments):
    with pytest.raises(SystemExit) as left:
        run([str(word) for word in arguments])
    return left.value.code


@pytest.fixture(scope="module")
def voices(tmp_path_factory):
    """Six actors in eight emotions of RAVDESS, each with a tone of its own, as they are prepared."""
    folder = tmp_path_factory.mktemp("voices")
    card = StreamCard("audio:tone", "planted", "v1", (8,), 2.0, "planted tones")
    rows = []
    for actor in range(1, 7):
        for emotion, word in enumerate(EMOTIONS, 1):
            name = f"03-01-{emotion:02d}-01-01-01-{actor:02d}"
            values = np.tile(np.eye(8, dtype=np.float32)[emotion - 1], (4, 1))
            write_stream(stream_file(folder, name, "audio:tone"), Stream(np.arange(4) / 2, values), card)
            file = stream_file(folder, name, "audio:tone").parent.relative_to(folder).as_posix()
            rows.append(
                {
                    "sample": name,
                    "file": file,
                    "subject": f"Actor_{actor:02d}",
                    "emotion": word,
                    "video": name,
                }
            )
    write_cards(folder, {"audio:tone": card})
    about = {"dataset": "ravdess", "labels": ["ravdess8"]}
    pl.DataFrame(rows).write_parquet(folder / "manifest.parquet", metadata={"facsight": json.dumps(about)})
    return folder


@pytest.fixture(scope="module")
def folds(voices, tmp_path_factory):
    home = tmp_path_factory.mktemp("runs")
    (home / "voices.toml").write_text(RECIPE)
    out = home / "folds"
    words = ["train", home / "voices.toml", f"data.folder={voices}", "data.protocol=ravdess"]
    assert left_with([*words, "--folds", "protocol", "--out", out]) == 0
    return out


def test_a_run_under_the_protocol_of_its_data(folds, capsys):
    assert left_with(["score", folds, "--protocol", "ravdess"]) == 0
    said = capsys.readouterr().out
    assert "RAVDESS speech, eight emotions, actors apart" in said
    assert "planted tones" in said  # from which features the predictions are
    official = json.loads((folds / "predictions.parquet.ravdess.json").read_text())
    scores = json.loads((folds / "metrics.json").read_text())
    assert official["official"]["value"] == scores["ravdess8"]["accuracy"]["value"] > 0.3
    assert official["rows"]["that count"] == 48
    assert len(scores["folds"]) == 6


def test_scores_are_shown_with_confusion_people_and_folds(folds, capsys):
    assert left_with(["score", folds]) == 0
    said = capsys.readouterr().out
    assert "accuracy of a person, mean ± spread" in said
    assert "true class by row, answer by column" in said
    assert "each fold" in said
    assert "without" in said


def test_one_fold_alone_is_no_whole_result(folds, capsys):
    assert left_with(["score", folds / "fold-1", "--protocol", "ravdess"]) == 2
    assert "40 are missing" in capsys.readouterr().err


def test_a_protocol_of_other_data_is_refused(folds, capsys):
    assert left_with(["score", folds, "--protocol", "biovid"]) == 2
    assert "was prepared from ravdess, biovid is about biovid" in " ".join(capsys.readouterr().err.split())


def test_folds_are_for_recordings(tmp_path, capsys):
    path = tmp_path / "faces.toml"
    path.write_text('[data]\nname = "drawn"\n[method]\nname = "supervised"\n')
    assert left_with(["train", path, "--folds", "5"]) == 2
    assert "--folds is for recipes of recordings" in " ".join(capsys.readouterr().err.split())


def test_features_of_another_version_are_refused_by_name(folds, voices, tmp_path, capsys):
    other = tmp_path / "other"
    shutil.copytree(voices, other)
    cards = json.loads((other / "features.json").read_text())
    cards["audio:tone"]["version"] = "v2"
    (other / "features.json").write_text(json.dumps(cards))
    assert left_with(["score", folds, "--folder", other]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert (
        "'audio:tone' was made by planted, version v2; the model was trained on planted, version v1" in said
    )
