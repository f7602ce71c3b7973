"""Prepared folders, written here by hand."""

import numpy as np
import polars as pl
import pytest
import torch

from facsight.core.errors import BadTable, MissingData
from facsight.data.prepared import load_prepared
from facsight.data.recordings import Stream, StreamCard, stream_file, write_cards, write_stream

FACE = StreamCard("face", "planted", "v1", (2,), 4.0, "")
SOUND = StreamCard("sound", "planted", "v1", (3,), 8.0, "")


def saved(folder, modality, recording, time, values):
    card = {"face": FACE, "sound": SOUND}[modality]
    write_stream(stream_file(folder, recording, modality), Stream(time, values.astype(np.float32)), card)


@pytest.fixture
def clips(tmp_path):
    """Two clips with a class each: the first has 2 s of face and 1 s of sound, the second no sound."""
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).touch()
        saved(tmp_path, "face", name, np.arange(8) / 4, np.arange(16.0).reshape(8, 2))
    saved(tmp_path, "sound", "a.mp4", np.arange(8) / 8, np.ones((8, 3)))
    write_cards(tmp_path, {"face": FACE, "sound": SOUND})
    rows = {
        "file": ["a.mp4", "b.mp4"],
        "subject": ["p", "q"],
        "expression": ["anger", "neutral"],
        "split": "train",
    }
    pl.DataFrame(rows).write_csv(tmp_path / "manifest.csv")
    return tmp_path


def test_clips_are_put_on_the_clock(clips):
    found, cards = load_prepared(clips, modalities={"face": 1, "sound": 2}, step=0.5, split="train")
    assert cards == {"face": FACE, "sound": SOUND}
    one, other = found.recordings
    assert one.streams["face"].tolist() == [[1, 2], [5, 6], [9, 10], [13, 14]]
    assert one.streams["sound"].shape == (4, 2, 3)
    assert one.known["sound"].tolist() == [True, True, False, False]  # shorter than the picture
    assert not other.known["sound"].any()
    assert one.subject == "p"
    (space,) = found.spaces
    assert space.classes[int(one.truth[space.name].argmax())] == "anger"


def test_a_modality_that_is_nowhere_is_told(clips):
    stream_file(clips, "a.mp4", "sound").unlink()
    with pytest.raises(BadTable, match="'sound' is known in no recording"):
        load_prepared(clips, modalities={"face": 1, "sound": 1}, step=0.5)


def test_a_wrong_name_is_told(clips):
    with pytest.raises(MissingData, match="did you mean 'sound'"):
        load_prepared(clips, modalities={"sond": 1}, step=0.5)


def test_other_features_than_the_model_knows_are_refused(clips):
    wanted = {"face": StreamCard("face", "planted", "v2", (2,), 4.0, "")}
    with pytest.raises(BadTable, match="version v1; the model was trained on planted, version v2"):
        load_prepared(clips, modalities={"face": 1}, step=0.5, wanted=wanted)


def test_a_file_of_another_version_than_the_folder_says_is_refused(clips):
    card = StreamCard("face", "planted", "v0", (2,), 4.0, "")
    write_stream(stream_file(clips, "a.mp4", "face"), Stream(np.zeros(1), np.zeros((1, 2))), card)
    with pytest.raises(BadTable, match="version v0"):
        load_prepared(clips, modalities={"face": 1}, step=0.5)


def test_gaps_are_masked(clips):
    values = np.arange(16.0).reshape(8, 2)
    values[2:4] = np.nan
    saved(clips, "face", "a.mp4", np.arange(8) / 4, values)
    found, _ = load_prepared(clips, modalities={"face": 1}, step=0.5)
    assert found.recordings[0].known["face"].tolist() == [True, False, True, True]
    assert found.recordings[0].streams["face"].isfinite().all()


def test_frames_become_steps(tmp_path):
    """Ten frames of a video, valence a ramp, one of them not labelled."""
    (tmp_path / "v").mkdir()
    rows = []
    for k in range(10):
        name = f"v/{k:05d}.jpg"
        (tmp_path / name).touch()
        valence = None if k == 3 else k / 10
        rows.append(
            {
                "file": name,
                "sample": name,
                "video": "v",
                "frame": k,
                "start": k * 0.1,
                "valence": valence,
                "arousal": 0.0,
                "split": "val",
            }
        )
    pl.DataFrame(rows).write_csv(tmp_path / "manifest.csv")
    saved(tmp_path, "face", "v", np.arange(10) * 0.1, np.ones((10, 2)))
    write_cards(tmp_path, {"face": FACE})
    found, _ = load_prepared(tmp_path, modalities={"face": 1}, step=0.2, split="val")
    (one,) = found.recordings
    (space,) = found.spaces
    valence = one.truth[space.name][:, space.columns.index("valence")]
    torch.testing.assert_close(valence, torch.tensor([0.05, 0.2, 0.45, 0.65, 0.85]))
    assert one.frames["sample"].to_list() == [row["sample"] for row in rows]


def test_an_empty_folder_is_told(tmp_path):
    with pytest.raises(MissingData, match="facsight prepare"):
        load_prepared(tmp_path, modalities={"face": 1}, step=0.5)
