"""A trained network of sequences, asked about videos."""

from dataclasses import asdict

import numpy as np
import polars as pl
import pytest
import torch

from facsight.analysis.by_model import load_by_model
from facsight.assembly import assemble, spaces_as_data
from facsight.core.errors import BadRecipe, BadTable
from facsight.core.labels import LabelSpace
from facsight.data.recordings import StreamCard
from facsight.nn.weights import save_network
from facsight.preparation.crop_type import crop_type
from facsight.preparation.sound_features import LogMel
from facsight.sequence_reading import read_by_model
from written_sound import beep, saved_av

AFFECT = LabelSpace("affect", ("valence", "arousal"), kind="values", low=-1.0, high=1.0)


def saved_run(folder, *, version=None, fusion="gated", more=(), features=True):
    """A network of sound whose valence is set by hand: high where there is a sound."""
    extractor = LogMel(None, crop=crop_type(48))
    card = StreamCard("audio:logmel", "LogMel", version or extractor.version, (64,), 100.0, "")
    streams = {"audio:logmel": asdict(card)} if features else {}
    architecture = {
        "sizes": {"audio:logmel": [64]},
        "outputs": {space.name: len(space) for space in (AFFECT, *more)},
        "modalities": {},
        "fusion": {"name": fusion, "width": 4},
        "temporal": {},
        "network": {},
    }
    torch.manual_seed(0)
    network = assemble(architecture)
    if fusion == "gated":
        network.encoders["audio:logmel"].mean.fill_(-22.5)
        layer = network.fusion.layers["audio:logmel"]
        torch.nn.init.constant_(layer.weight, 1.0)
        torch.nn.init.zeros_(layer.bias)
        torch.nn.init.constant_(network.outputs["affect"].weight, 0.2)
        torch.nn.init.zeros_(network.outputs["affect"].bias)
    card = {
        "name": folder.name,
        "about": "",
        "architecture": architecture,
        "spaces": spaces_as_data([AFFECT, *more]),
        "of_steps": {space.name: True for space in (AFFECT, *more)},
        "step": 0.25,
        "windows": {"seconds": 1.0, "hop": 0.5, "dilation": 0.0},
        "features": streams,
        "data": "made by hand",
        "recipe": "",
    }
    folder.mkdir()
    save_network(network, folder / "weights.safetensors", card)
    return folder


@pytest.fixture
def videos(tmp_path):
    """Two seconds of silence with a beep from 1.0 to 1.5 s, and a video without sound."""
    saved_av(tmp_path / "beep.mkv", beep(2.0, 1.0, length=0.5), pictures=np.zeros((50, 32, 32, 3), np.uint8))
    saved_av(tmp_path / "mute.mkv", None, pictures=np.zeros((50, 32, 32, 3), np.uint8))
    return [tmp_path / "beep.mkv", tmp_path / "mute.mkv"]


def test_answers_lie_where_the_sound_is(videos, tmp_path):
    (tmp_path / "out").mkdir()
    told = read_by_model(videos, tmp_path / "out", saved_run(tmp_path / "run"))
    rows = told.of_video(str(videos[0]))
    assert rows["start"].to_list() == [k * 0.25 for k in range(len(rows))]
    loud = set(rows.filter(pl.col("valence") > 0.5)["start"])
    assert {1.0, 1.25} <= loud <= {0.75, 1.0, 1.25, 1.5}  # a frame of 25 ms may reach into the next step
    assert (rows["weight_audio_logmel"] > 0.99).all()
    assert told.about["modalities"] == {"audio:logmel": "weight_audio_logmel"}


def test_a_video_without_what_the_model_reads_is_told(videos, tmp_path):
    (tmp_path / "out").mkdir()
    told = read_by_model(videos, tmp_path / "out", saved_run(tmp_path / "run"))
    assert told.of_video(str(videos[1])).is_empty()
    assert any("no track of sound" in note for note in told.about["notes"][str(videos[1])])
    assert str(videos[0]) not in [file for file, notes in told.about["notes"].items() if "failed" in notes]


def test_what_was_written_is_read(videos, tmp_path):
    (tmp_path / "out").mkdir()
    told = read_by_model(videos, tmp_path / "out", saved_run(tmp_path / "run"))
    found = load_by_model(tmp_path / "out")
    assert found is not None
    assert found.about == told.about
    assert found.table.collect().equals(told.table.collect())
    assert pl.read_csv(tmp_path / "out" / "by_model.csv").height == told.table.collect().height


def test_features_of_another_version_are_refused(videos, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(BadTable, match="'audio:logmel' was made by"):
        read_by_model(videos[:1], tmp_path / "out", saved_run(tmp_path / "run", version="other"))


def test_a_network_without_shares_says_where_modalities_are_there(videos, tmp_path):
    (tmp_path / "out").mkdir()
    told = read_by_model(videos[:1], tmp_path / "out", saved_run(tmp_path / "run", fusion="concatenation"))
    assert told.about["weighs"] is False
    assert (told.of_video(str(videos[0]))["known_audio_logmel"] == 1).all()


def test_one_bad_file_does_not_end_the_others(videos, tmp_path):
    (tmp_path / "bad.mkv").write_text("no video")
    (tmp_path / "out").mkdir()
    told = read_by_model([tmp_path / "bad.mkv", videos[0]], tmp_path / "out", saved_run(tmp_path / "run"))
    assert not told.of_video(str(videos[0])).is_empty()
    assert told.about["notes"][str(tmp_path / "bad.mkv")]


def test_every_task_of_a_network_of_several_has_its_columns(videos, tmp_path):
    """Expression, valence and arousal, and units in each step: what `progressive` leaves reads videos so."""
    faces = LabelSpace("faces", ("calm", "glad"), kind="classes")
    units = LabelSpace("some_units", ("AU1", "AU12"), kind="units")
    (tmp_path / "out").mkdir()
    told = read_by_model(videos[:1], tmp_path / "out", saved_run(tmp_path / "run", more=(faces, units)))
    spaces = {space["name"]: space["columns"] for space in told.about["spaces"]}
    assert list(spaces) == ["affect", "faces", "some_units"]
    rows = told.of_video(str(videos[0]))
    classes = rows.select(spaces["faces"]).to_numpy()
    np.testing.assert_allclose(classes.sum(axis=1), 1.0, rtol=1e-5)
    shown = rows.select(spaces["some_units"]).drop_nulls().to_numpy()
    assert ((shown >= 0) & (shown <= 1)).all()
    assert len(rows) > 0


def test_a_model_of_simulated_features_is_refused(videos, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(BadRecipe, match="whose features no video has"):
        read_by_model(videos[:1], tmp_path / "out", saved_run(tmp_path / "run", features=False))
