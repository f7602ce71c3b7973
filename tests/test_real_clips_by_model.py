"""Clips of real people, from `prepare` to `analyze --model`: face and voice together, curves in the report.

Nobody has labelled these clips. What is to be told is what they show themselves: valence is the log-odds
of the reader's happiness, arousal the loudness of the voice in dB, so that each lies in one modality, and the
truth is known.
"""

import json

import numpy as np
import polars as pl
import pytest

from facsight.cli.app import run as front_desk
from facsight.data.recordings import read_stream, stream_file

STEP = 0.2
HELD_OUT = ("grid_lbax4n.mpg", "grid_swiz3n.mpg")
RECIPE = """
about = "Planted in real clips"
[data]
name = "prepared"
step = 0.2
[fusion]
name = "gated"
width = 16
[modalities."face:facsight"]
[modalities."audio:prosody"]
[method]
name = "supervised_sequences"
[training]
epochs = 60
batch_size = 4
optimizer = "adamw"
rate = 1e-2
average = 0.9
precision = "no"
"""


def left_with(words):
    with pytest.raises(SystemExit) as left:
        front_desk([str(word) for word in words])
    return left.value.code


def planted(folder, sample):
    """Times, and what is to be told there: happiness and loudness, each between -1 and 1."""
    face, _ = read_stream(stream_file(folder, sample, "face:facsight"))
    voice, _ = read_stream(stream_file(folder, sample, "audio:prosody"))
    shown = np.clip(face.values[:, -8:][:, 1].astype(float), 1e-4, 1 - 1e-4)
    happiness = np.log(shown / (1 - shown))
    loudness = np.array([voice.values[np.abs(voice.time - time) <= STEP / 2, 0].mean() for time in face.time])
    return face.time, np.tanh((happiness + 4) / 3), np.tanh((loudness + 30) / 12)


def label(folder):
    """The manifest of a prepared folder, a row a frame, with what is planted."""
    rows = []
    for row in pl.read_parquet(folder / "manifest.parquet").iter_rows(named=True):
        time, valence, arousal = planted(folder, row["sample"])
        split = "val" if row["sample"].endswith(HELD_OUT) else "train"
        for k, (at, v, a) in enumerate(zip(time, valence, arousal, strict=True)):
            if np.isfinite([v, a]).all():
                rows.append(
                    {
                        "sample": f"{row['sample']}/{k + 1:05d}",
                        "video": row["sample"],
                        "frame": k + 1,
                        "start": float(at),
                        "end": float(at),
                        "split": split,
                        "valence": v,
                        "arousal": a,
                        "file": row["features"],
                        "features": row["features"],
                    }
                )
    about = {"dataset": "made", "labels": ["affwild2_va"]}
    pl.DataFrame(rows).write_parquet(folder / "manifest.parquet", metadata={"facsight": json.dumps(about)})


@pytest.fixture(scope="module")
def learnt(shared_data, tmp_path_factory):
    """The clips, what was prepared of them, and a run that was trained on four and has not seen two."""
    home = tmp_path_factory.mktemp("clips")
    clips = shared_data / "samples" / "video_av"
    names = "face:facsight,audio:prosody"
    assert left_with(["prepare", clips, "--features", names, "--rate", 10, "--out", home / "features"]) == 0
    label(home / "features")
    (home / "recipe.toml").write_text(RECIPE)
    folder = f"data.folder={home / 'features'}"
    assert left_with(["train", home / "recipe.toml", folder, "--out", home / "run"]) == 0
    return clips, home


@pytest.mark.slow
def test_each_is_learnt_from_the_modality_that_shows_it(learnt):
    _, home = learnt
    assert left_with(["score", home / "run"]) == 0
    scores = json.loads((home / "run" / "metrics.json").read_text())
    without = scores["without"]
    assert scores["affwild2_va"]["arousal"]["ccc"]["value"] > 0.6
    assert without["audio:prosody"]["arousal_ccc"] < 0.2 < without["face:facsight"]["arousal_ccc"]


@pytest.mark.slow
def test_curves_of_clips_that_were_not_seen(learnt, tmp_path, capsys):
    clips, home = learnt
    files = [clips / name for name in HELD_OUT]
    out = tmp_path / "out"
    assert left_with(["analyze", *files, "--model", home / "run", "--out", out]) == 0
    assert "with a face" in capsys.readouterr().out
    table = pl.read_csv(out / "by_model.csv")
    for clip in files:
        own = table.filter(pl.col("file").str.ends_with(clip.name))
        time, _, loudness = planted(home / "features", f"video_av/{clip.name}")
        there = np.array([own.filter(pl.col("start") <= at)["arousal"][-1] for at in time])
        known = np.isfinite(loudness)
        assert np.corrcoef(there[known], loudness[known])[0, 1] > 0.5, clip.name
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "By the model run, from face:facsight and audio:prosody" in page
    assert 'aria-label="arousal' in page or ">arousal<" in page
