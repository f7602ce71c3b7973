"""A trained model's answers on the page of videos."""

import json

import polars as pl
import pytest

from facsight.analysis.by_model import ABOUT, TABLE, load_by_model
from facsight.core.errors import BadTable
from facsight.report.by_model import model_section
from facsight.report.study import write_study_report
from parsed_page import Page
from planted_study import made_rows, saved_study, told

HOSTILE = "<b>.mp4"


def saved_answers(folder, **about):
    """Two seconds of answers about one video of twelve: valence falls, arousal is not known at the end."""
    steps = pl.DataFrame(
        {
            "file": HOSTILE,
            "start": [k * 0.5 for k in range(4)],
            "end": [k * 0.5 + 0.5 for k in range(4)],
            "valence": [1.0, 0.5, 0.0, -1.0],
            "arousal": [0.0, 0.0, None, None],
            "weight_face": [1.0, 0.5, 0.25, 0.0],
            "weight_audio": [0.0, 0.5, 0.75, 1.0],
        }
    )
    steps.write_parquet(folder / TABLE)
    space = {"name": "affect", "low": -1.0, "high": 1.0, "columns": ["valence", "arousal"]}
    told_of = {
        "model": "joint <i>",
        "data": "simulated recordings",
        "modalities": {"face": "weight_face", "audio": "weight_audio"},
        "step": 0.5,
        "weighs": True,
        "spaces": [space | {"shown": ["valence", "arousal"]}],
        "notes": {HOSTILE: ["it has no sound"]},
    }
    (folder / ABOUT).write_text(json.dumps(told_of | about), encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    rows = made_rows(HOSTILE, [n / 25 for n in range(300)], [range(300)])
    return saved_study(tmp_path / "study", rows, [told(rows)])


def test_a_folder_without_answers_has_none(folder):
    assert load_by_model(folder) is None
    assert "By the model" not in Page(write_study_report(folder)).text


def test_the_page_shows_lines_lanes_and_notes_and_escapes_names(folder):
    saved_answers(folder)
    path = write_study_report(folder)
    text = " ".join(Page(path).text.split())
    assert "By the model joint <i>, from face and audio" in text
    assert "joint <i>: it has no sound." in text
    assert "how much the network weighed each modality" in text
    assert 'aria-label="affect of &lt;b&gt;.mp4"' in path.read_text(encoding="utf-8")
    assert (
        "<i>"
        not in path.read_text(encoding="utf-8").replace("<i></i>", "").partition("By the model")[2][:200]
    )


def test_without_weights_the_lanes_say_where_modalities_were_there(folder):
    saved_answers(folder, weighs=False, modalities={"face": "known_face"})
    table = pl.read_parquet(folder / TABLE).rename({"weight_face": "known_face"})
    table.write_parquet(folder / TABLE)
    assert "Lanes show where each modality was there" in " ".join(
        Page(write_study_report(folder)).text.split()
    )


@pytest.mark.parametrize("gone", [TABLE, ABOUT])
def test_half_of_the_answers_is_told(folder, gone):
    saved_answers(folder)
    (folder / gone).unlink()
    with pytest.raises(BadTable, match="remove them, or run the same"):
        load_by_model(folder)


def charts_of(folder):
    return model_section(load_by_model(folder), HOSTILE)["charts"]


def test_many_columns_are_shown_four_in_a_chart(folder):
    saved_answers(folder)
    names = [f"AU{unit:02d}" for unit in (1, 2, 4, 6, 7, 12)]
    table = pl.read_parquet(folder / TABLE).with_columns(pl.lit(0.5).alias(name) for name in names)
    table.write_parquet(folder / TABLE)
    space = {"name": "units", "low": 0.0, "high": 1.0, "columns": names, "shown": names}
    saved = json.loads((folder / ABOUT).read_text(encoding="utf-8")) | {"spaces": [space]}
    (folder / ABOUT).write_text(json.dumps(saved), encoding="utf-8")
    assert [[name for name, _ in chart.lines] for chart in charts_of(folder)] == [names[:4], names[4:]]


def test_an_answer_for_a_whole_video_is_a_line(folder):
    saved_answers(folder)
    whole = pl.read_parquet(folder / TABLE)[:1].with_columns(end=pl.lit(12.0))
    whole.write_parquet(folder / TABLE)
    (chart,) = charts_of(folder)
    across = [
        float(at.split()[0]) for _, path in chart.lines[:1] for at in path[1:].replace("L", "M").split("M")
    ]
    assert len(across) > 10
    assert max(across) - min(across) > 0.9 * (chart.width - chart.left - 10)
