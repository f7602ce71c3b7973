"""Discord is planted: in neither modality, nor in who it is, but in the two together."""

import polars as pl
import pytest
import torch

from facsight.data.opening import open_dataset
from facsight.data.recordings import read_stream, stream_file
from facsight.data.simulated.discord import CLASSES, EACH, SPACE, write_discord


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("discord")
    write_discord(root, {"train": 12, "val": 3}, generator=torch.Generator().manual_seed(0), noise=0.5)
    return root


def signs(folder):
    """The sign that each modality shows: happiness against sadness, loudness against the person's mean."""
    table = open_dataset("manifest", folder).table
    face, voice = [], []
    for sample in table["sample"]:
        shares = read_stream(stream_file(folder, sample, "face:facsight"))[0].values.mean(axis=0)
        face.append(float(shares[CLASSES.index("happiness")] - shares[CLASSES.index("sadness")]))
        voice.append(float(read_stream(stream_file(folder, sample, "audio:prosody"))[0].values[:, 0].mean()))
    table = table.with_columns(face=pl.Series(face) > 0, loudness=pl.Series(voice))
    return table.with_columns(voice=pl.col("loudness") > pl.col("loudness").mean().over("subject"))


def test_together_they_tell_and_alone_they_do_not(folder):
    table = signs(folder)
    discord = table[SPACE.column].cast(pl.String) == "discord"
    assert ((table["face"] != table["voice"]) == discord).mean() > 0.9
    for name in ("face", "voice"):
        assert (table[name] == discord).mean() == pytest.approx(0.5, abs=0.05)


def test_everybody_has_every_pair_of_signs_twice_and_nobody_is_in_two_splits(folder):
    table = open_dataset("manifest", folder).table
    assert table.group_by("subject").len()["len"].unique().to_list() == [EACH]
    halves = table.group_by("subject").agg((pl.col(SPACE.column).cast(pl.String) == "discord").mean())
    assert halves[SPACE.column].unique().to_list() == [0.5]
    assert table.group_by("subject").agg(pl.col("split").n_unique())["split"].max() == 1


def test_the_same_generator_gives_the_same_recordings(folder, tmp_path):
    write_discord(tmp_path, {"train": 12, "val": 3}, generator=torch.Generator().manual_seed(0), noise=0.5)
    one, other = (
        read_stream(stream_file(root, "val 2/7", "audio:prosody"))[0] for root in (folder, tmp_path)
    )
    assert (one.values == other.values).all()
